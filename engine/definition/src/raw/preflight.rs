//! A pre-flight check as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Computed, Name, Picked, SpanText, Template};

/// Something that would stop tickets, looked for before it does. What is found opens the same issue
/// as a failure of the same cause about the same thing, and clears it when it is gone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub(crate) struct CheckText {
    /// The operation that tells. It changes nothing.
    pub(crate) operation: Name,
    /// Looks at each company that a customer is mapped to. The operation is given the company, or
    /// is called once for all of them where `by` tells the records apart.
    pub(crate) for_each: Option<ForEachText>,
    /// Which company a record belongs to, by the company's id: `$` is then the list of the records
    /// of one company.
    #[schemars(example = "$.company_id")]
    pub(crate) by: Option<Computed>,
    /// Where in the operation's result the parts are; each is looked at. Without it, `$` is the
    /// result: the one record, or the list of them.
    pub(crate) items: Option<Picked>,
    /// Something is wrong where this holds: anything but false, null, zero and what is empty.
    pub(crate) is: Option<Computed>,
    /// Something is wrong where this does not hold.
    pub(crate) not: Option<Computed>,
    /// What that is, by a name of the family's.
    pub(crate) cause: Name,
    /// What the cause is about. Without it, the company of `for_each`, or the integration.
    pub(crate) about: Option<Computed>,
    /// One sentence that names it, for the issue.
    pub(crate) title: Template,
    /// How a person mends it.
    pub(crate) remedy: Template,
    /// How often one of the requests that come to wait for it is tried again.
    #[schemars(example = "10m")]
    pub(crate) recheck: Option<SpanText>,
}

/// What a check is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ForEach")]
pub(crate) enum ForEachText {
    /// Each company that a customer is mapped to: `company`.
    Company,
}
