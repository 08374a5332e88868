//! A family file as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::connector::SectionText;
use super::value::{Name, Named};
use crate::family::ConnectedBy;

/// What every connector of a family provides, so that pipelines need not know which one they work
/// on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail family")]
pub(crate) struct FamilyFile {
    /// The family's name. Its schemas are in the folder `schemas/NAME`.
    pub(crate) family: Name,
    /// What people call such a system.
    pub(crate) title: String,
    /// The version of this file.
    pub(crate) version: String,
    /// Who connects such a system: each partner, or only those who run the engine.
    #[serde(default)]
    pub(crate) connected_by: ConnectedBy,
    /// Settings that every connector of the family has, by section: they follow the connector's own
    /// in the section of the same name.
    #[serde(default)]
    pub(crate) settings: Named<SectionText>,
    /// What stops work in such a system until a person mends it, each with a sentence about it.
    /// Error rules and pre-flight checks of connectors name one of these.
    #[serde(default)]
    pub(crate) causes: Named<String>,
    /// The operations.
    pub(crate) operations: Named<ContractText>,
}

/// What one operation is given and gives back.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Contract")]
pub(crate) struct ContractText {
    /// What it does, in a sentence.
    pub(crate) about: String,
    /// What it is given: names, each with the name of its schema.
    #[serde(default)]
    pub(crate) input: Named<Name>,
    /// The schema of the one record it gives back.
    pub(crate) one: Option<Name>,
    /// The schema of the record it gives back if there is one.
    pub(crate) maybe: Option<Name>,
    /// The schema of each of the records it gives back.
    pub(crate) many: Option<Name>,
    /// Whether a connector may lack it. A step that uses it is passed over then.
    #[serde(default)]
    pub(crate) optional: bool,
    /// What is lost without it, for the people who will miss it.
    pub(crate) without: Option<String>,
    /// That it changes the remote side, and how it is made sure that it does so once.
    pub(crate) effect: Option<EffectText>,
}

/// How it is made sure that an effect happens once: exactly one of the three.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Effect", extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct EffectText {
    /// The operation that finds what it made, from the same input. It is asked after a lost answer.
    pub(crate) find: Option<Name>,
    /// The operation that reads the quantity that it changes, from the same input. It is asked
    /// after a lost answer: a quantity as it was to be shows that the change took hold.
    pub(crate) read: Option<Name>,
    /// That it may be sent again.
    pub(crate) repeat: Option<RepeatText>,
}

/// That an effect may be sent again.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Repeat")]
pub(crate) enum RepeatText {
    /// Doing it twice is the same as doing it once.
    Safe,
}
