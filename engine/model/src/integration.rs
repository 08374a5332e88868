//! One partner's configured use of one connector, and which company is which customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Class, CustomerId, Entered, IntegrationId, PartnerId, Secret, Spare, Timestamp};

/// One partner's configured use of one connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Integration {
    /// Its id, made by the engine.
    pub id: IntegrationId,
    /// Whose it is.
    pub partner: PartnerId,
    /// The connector's name.
    pub connector: String,
    /// What the partner pasted, by the names of the connector's credential fields.
    pub credentials: BTreeMap<String, Secret>,
    /// Who gave them; nothing for those of a time when that was not written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered: Option<Entered>,
    /// Counts the changes of `credentials`, so that work which read older ones is told apart.
    #[serde(default)]
    pub credentials_generation: u64,
    /// The next or the former credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spare: Option<Spare>,
    /// The settings, by section, e.g. `tickets`.
    pub sections: BTreeMap<String, Section>,
    /// Whether its credentials work.
    pub health: Health,
    /// That people keep it from being used, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// How often its pipelines run, where the partner wants it otherwise than the family: spans
    /// such as `2m` by the names of pipelines.
    pub schedule: BTreeMap<String, String>,
    /// Counts the changes of `schedule`, so that jobs of an older one know that they are over.
    pub schedule_generation: u64,
    /// The secret part of its callout address.
    pub callout_token: Secret,
    /// The name and password that a callout must bring as HTTP Basic, where the partner set them.
    pub callout_basic: Option<(String, Secret)>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Integration {
    /// Whether `section` is switched on.
    pub fn is_on(&self, section: &str) -> bool {
        self.sections.get(section).is_some_and(|section| section.on)
    }

    /// All settings as one value, `{section: {setting: value}}`.
    pub fn settings_value(&self) -> Value {
        let sections = self.sections.iter();
        Value::Object(
            sections
                .map(|(name, one)| (name.clone(), Value::Object(one.values.clone())))
                .collect(),
        )
    }
}

/// The settings of one section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Whether the partner switched this part of the integration on.
    pub on: bool,
    /// Values by the names of the connector's settings.
    pub values: Map<String, Value>,
    /// What is otherwise for requests of one report type, by its code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, Rule>,
    /// The partner's own script, as it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

/// What is otherwise for requests of one report type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether such requests get no ticket at all.
    #[serde(default)]
    pub ignore: bool,
    /// Values that take the place of the section's, by the names of settings.
    #[serde(default)]
    pub values: Map<String, Value>,
}

/// Whether an integration may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Its credentials were good when last used.
    Good,
    /// Its credentials were refused. Nothing is sent with them again until others are saved,
    /// because repeating a refused secret locks the account.
    Stopped {
        /// What the remote side's answer meant.
        class: Class,
        /// What it said, without secrets.
        message: String,
        /// When.
        at: Timestamp,
    },
}

/// That people keep an integration from being used. Its work waits, and nothing of it is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Until somebody resumes it.
    Paused {
        /// Since when.
        at: Timestamp,
    },
    /// Its credentials are forgotten and its callout address is closed. Until somebody gives it
    /// credentials, no new request goes to it; what it had begun stays with it, because a ticket
    /// that is there already must not be made anew elsewhere.
    Disconnected {
        /// Since when.
        at: Timestamp,
    },
}

/// Which company a customer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The customer, as the product knows it.
    pub customer: CustomerId,
    /// The company's id, just as the PSA gave it; `None` when the customer is to be ignored.
    pub company: Option<Value>,
    /// What the integration does for the customer, as long as it has a company.
    #[serde(default)]
    pub ticks: Ticks,
    /// When a person saved it.
    pub saved_at: Timestamp,
}

impl Mapping {
    /// Whether the customer's requests become tickets here.
    pub const fn takes_tickets(&self) -> bool {
        self.company.is_some() && self.ticks.tickets
    }

    /// Whether the customer's usage is billed here.
    pub const fn takes_billing(&self) -> bool {
        self.company.is_some() && self.ticks.billing
    }
}

/// What an integration does for a customer that is mapped to a company: all of it, unless a person
/// has taken off a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticks {
    /// Whether requests become tickets. While this is off they wait, and go on once it is on.
    pub tickets: bool,
    /// Whether usage is billed. While this is off, what the PSA bills stays as it is.
    pub billing: bool,
}

impl Default for Ticks {
    fn default() -> Self {
        Self {
            tickets: true,
            billing: true,
        }
    }
}
