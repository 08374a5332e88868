//! Connectors, and a partner's integrations with them.

use std::collections::BTreeMap;

use model::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::credentials::Credentials;
use super::legs::Guide;
use super::settings::SectionForm;
use super::{Moment, each};

/// The connectors there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectorList {
    /// In the order of their names.
    pub(crate) connectors: Vec<Connector>,
}

/// A connector: what it takes to connect to one kind of PSA.
#[derive(Serialize, ToSchema)]
pub(crate) struct Connector {
    /// Its name, as integrations give it.
    #[schema(example = "examplepsa")]
    name: String,
    /// The PSA's name.
    #[schema(example = "Example PSA")]
    title: String,
    /// Who connects it: `partner`, or `operator` where it is the vendor's own system.
    #[schema(value_type = String, example = "partner")]
    connected_by: runtime::ConnectedBy,
    /// The connector's version.
    #[schema(example = "1.0.0")]
    version: String,
    /// What this PSA's people call things, e.g. `company`.
    #[schema(example = json!({"company": "Client"}))]
    words: BTreeMap<String, String>,
    /// What the partner has to paste.
    credentials: Vec<CredentialField>,
    /// What a person does in the PSA to have that.
    guide: Vec<Guide>,
    /// What the partner can set.
    sections: Vec<SectionForm>,
}

impl From<runtime::ConnectorForm> for Connector {
    fn from(form: runtime::ConnectorForm) -> Self {
        Self {
            name: form.name,
            title: form.title,
            connected_by: form.connected_by,
            version: form.version,
            words: form.words,
            credentials: each(form.credentials),
            guide: each(form.guide),
            sections: each(form.sections),
        }
    }
}

/// One thing that the partner pastes.
#[derive(Serialize, ToSchema)]
pub(crate) struct CredentialField {
    /// Its name in `credentials`.
    #[schema(example = "client_secret")]
    name: String,
    /// What a form calls it.
    #[schema(example = "Client Secret")]
    label: String,
    /// Where to find it.
    help: Option<String>,
    /// Whether a form hides it.
    secret: bool,
    /// What it is when left out.
    default: Option<String>,
}

impl From<runtime::FormField> for CredentialField {
    fn from(field: runtime::FormField) -> Self {
        Self {
            name: field.name,
            label: field.label,
            help: field.help,
            secret: field.secret,
            default: field.default,
        }
    }
}

/// A connector and what it needs to connect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionInput {
    /// The connector's name.
    #[schema(example = "examplepsa")]
    pub(crate) connector: String,
    /// What the partner pasted, by the names of the connector's credential fields.
    #[schema(value_type = BTreeMap<String, String>, write_only,
        example = json!({"client_id": "...", "client_secret": "..."}))]
    pub(crate) credentials: BTreeMap<String, Secret>,
}

/// New credentials of an integration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialsInput {
    /// What the partner pasted, by the names of the connector's credential fields.
    #[schema(value_type = BTreeMap<String, String>, write_only,
        example = json!({"client_id": "...", "client_secret": "..."}))]
    pub(crate) credentials: BTreeMap<String, Secret>,
}

/// How a connection test went.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionReport {
    /// Whether the credentials work.
    ok: bool,
    /// The result in a sentence.
    #[schema(example = "Connection successful")]
    message: String,
    /// How to mend it, where that is known.
    remedy: Option<String>,
    /// The rights that were looked at.
    rights: Vec<Right>,
}

/// One right that the credentials should have.
#[derive(Serialize, ToSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "the field is named for people who read the JSON"
)]
pub(crate) struct Right {
    /// What it allows.
    #[schema(example = "Create tickets")]
    right: String,
    /// Whether they have it.
    granted: bool,
    /// How to grant it.
    remedy: Option<String>,
}

impl From<runtime::ConnectionReport> for ConnectionReport {
    fn from(report: runtime::ConnectionReport) -> Self {
        Self {
            ok: report.ok,
            message: report.message,
            remedy: report.remedy,
            rights: each(report.rights),
        }
    }
}

impl From<runtime::RightReport> for Right {
    fn from(report: runtime::RightReport) -> Self {
        Self {
            right: report.right,
            granted: report.granted,
            remedy: report.remedy,
        }
    }
}

/// The name and password that callouts must bring, or null for none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalloutCredentialsInput {
    /// The name; without a colon, which HTTP Basic cannot carry.
    #[schema(example = "psa")]
    pub(crate) username: String,
    /// The password.
    #[schema(value_type = String, write_only)]
    pub(crate) password: Secret,
}

/// A partner's integrations.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntegrationList {
    /// In the order of their making.
    pub(crate) integrations: Vec<Integration>,
}

/// One partner's configured use of one connector.
#[derive(Serialize, ToSchema)]
pub(crate) struct Integration {
    /// Its id, made by the engine.
    pub(crate) id: String,
    /// The connector's name.
    #[schema(example = "examplepsa")]
    connector: String,
    /// The PSA's name.
    #[schema(example = "Example PSA")]
    title: String,
    /// What this PSA's people call things.
    words: BTreeMap<String, String>,
    /// Whether its credentials work.
    health: Health,
    /// What is known of its credentials; they themselves are never shown.
    credentials: Credentials,
    /// That people keep it from being used, if they do.
    held: Option<Held>,
    /// Where the PSA reports changes of tickets.
    callout: CalloutAddress,
    /// Which sections of its settings are switched on.
    #[schema(example = json!({"tickets": true}))]
    sections: BTreeMap<String, bool>,
    /// What it does by the clock.
    schedule: Vec<ScheduleLine>,
    /// How many issues it has.
    open_issues: usize,
    /// When it was made.
    created_at: Moment,
}

impl Integration {
    /// With its callout address under `public_url`.
    pub(crate) fn at(public_url: Option<&str>, view: runtime::IntegrationView) -> Self {
        let base = public_url.unwrap_or_default().trim_end_matches('/');
        Self {
            id: view.id.to_string(),
            connector: view.connector,
            title: view.title,
            words: view.words,
            health: view.health.into(),
            credentials: view.credentials.into(),
            held: view.held.map(Held::from),
            callout: CalloutAddress {
                url: format!("{base}{}", view.callout_path),
                seen_at: view.callout_seen_at.map(Moment::from),
            },
            sections: view.sections,
            schedule: each(view.schedule),
            open_issues: view.open_issues,
            created_at: view.created_at.into(),
        }
    }
}

/// How people keep an integration from being used.
#[derive(Serialize, ToSchema)]
pub(crate) struct Held {
    /// How.
    how: HeldHow,
    /// Since when.
    since: Moment,
}

/// How people keep an integration from being used.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HeldHow {
    /// Until it is resumed.
    Paused,
    /// Its credentials are forgotten; until it is given others.
    Disconnected,
}

impl From<model::Held> for Held {
    fn from(held: model::Held) -> Self {
        let (how, since) = match held {
            model::Held::Paused { at } => (HeldHow::Paused, at),
            model::Held::Disconnected { at } => (HeldHow::Disconnected, at),
        };
        let since = since.into();
        Self { how, since }
    }
}

/// Where the PSA reports changes of tickets.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalloutAddress {
    /// To be pasted into the PSA. Whoever knows it can send hints, and nothing more: the engine
    /// reads the ticket itself. A path alone where the server was not told its public address.
    #[schema(example = "https://dovetail.example/callouts/R2h0bGVuZ3RoYW5kcmFuZG9t")]
    url: String,
    /// When a callout last came; null when none ever did.
    seen_at: Option<Moment>,
}

/// Whether an integration may be used.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Whether its credentials were good when last used.
    good: bool,
    /// Why nothing is sent, when they were not.
    stopped: Option<Stopped>,
}

/// Why an integration sends nothing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stopped {
    /// What the PSA's answer meant, e.g. `credentials_rejected`.
    #[schema(example = "credentials_rejected")]
    class: &'static str,
    /// What it said.
    message: String,
    /// When.
    at: Moment,
}

impl From<model::Health> for Health {
    fn from(health: model::Health) -> Self {
        match health {
            model::Health::Good => Self {
                good: true,
                stopped: None,
            },
            model::Health::Stopped { class, message, at } => {
                let stopped = Stopped {
                    class: class.name(),
                    message,
                    at: at.into(),
                };
                Self {
                    good: false,
                    stopped: Some(stopped),
                }
            }
        }
    }
}

/// One pipeline that runs by the clock.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleLine {
    /// The pipeline's name.
    #[schema(example = "pull_tickets")]
    pipeline: String,
    /// What it does, in words.
    title: String,
    /// How long from one run to the next.
    #[schema(example = "2m")]
    every: String,
    /// When it runs next.
    next_at: Option<Moment>,
}

impl From<runtime::ScheduleLine> for ScheduleLine {
    fn from(line: runtime::ScheduleLine) -> Self {
        Self {
            pipeline: line.pipeline,
            title: line.title,
            every: line.every,
            next_at: line.next_at.map(Moment::from),
        }
    }
}
