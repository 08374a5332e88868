//! Something a person has to know or mend, with its remedy. It clears itself when it is mended.

use serde::{Deserialize, Serialize};

use crate::{IntegrationId, IssueId, PartnerId, State, Timestamp};

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueKind {
    /// A customer has requests and no company.
    UnmappedCustomer,
    /// A customer has requests, and its tick for tickets is off.
    TicketsOff,
    /// Requests arrive and no integration has tickets switched on.
    NoTicketIntegration,
    /// The PSA refuses the credentials.
    CredentialsRejected,
    /// The credentials lack a right.
    RightMissing,
    /// The PSA refuses what is sent.
    Refused,
    /// The PSA has not answered for a while.
    Unreachable,
    /// What the PSA holds does not tell whether an effect happened, or how often.
    Ambiguous,
    /// A script of the connector or the partner failed.
    ScriptFailed,
    /// A read could not be shown to be complete, or gave records that break their schema.
    Incomplete,
    /// The product does not take our events.
    Undelivered,
    /// People keep the integration from being used.
    Held,
    /// The state was brought back from a backup, and what was done by itself waits for a person.
    Restored,
}

impl IssueKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::UnmappedCustomer,
        Self::TicketsOff,
        Self::NoTicketIntegration,
        Self::CredentialsRejected,
        Self::RightMissing,
        Self::Refused,
        Self::Unreachable,
        Self::Ambiguous,
        Self::ScriptFailed,
        Self::Incomplete,
        Self::Undelivered,
        Self::Held,
        Self::Restored,
    ];

    /// The name used in ids and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnmappedCustomer => "unmapped_customer",
            Self::TicketsOff => "tickets_off",
            Self::NoTicketIntegration => "no_ticket_integration",
            Self::CredentialsRejected => "credentials_rejected",
            Self::RightMissing => "right_missing",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Ambiguous => "ambiguous",
            Self::ScriptFailed => "script_failed",
            Self::Incomplete => "incomplete",
            Self::Undelivered => "undelivered",
            Self::Held => "held",
            Self::Restored => "restored",
        }
    }

    /// Where a request is while it waits behind such an issue: parked when it goes on by itself
    /// once something is set up, failed when it was tried and refused.
    pub const fn state_behind(self) -> State {
        match self {
            Self::UnmappedCustomer
            | Self::TicketsOff
            | Self::NoTicketIntegration
            | Self::CredentialsRejected
            | Self::Held => State::Parked,
            _ => State::Failed,
        }
    }
}

/// Something a person has to know or mend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The same cause for the same subject always has the same id, so that a thousand requests
    /// with one cause are one issue.
    pub id: IssueId,
    /// Whose it is.
    pub partner: PartnerId,
    /// What kind it is.
    pub kind: IssueKind,
    /// The integration it is about, if any.
    pub integration: Option<IntegrationId>,
    /// What it is due to, by a name of the family's, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What it is about: what the cause names, such as a company's id, or the customer that is not
    /// mapped or has no tickets; `None` for the integration as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Whether a pre-flight found it, so that it stands also while no work waits behind it.
    #[serde(default)]
    pub foreseen: bool,
    /// One sentence that names the thing.
    pub title: String,
    /// What was observed, e.g. what the PSA answered; no secrets.
    pub detail: Option<String>,
    /// What a person can do about it.
    pub remedy: String,
    /// When it was first seen.
    pub opened_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
}
