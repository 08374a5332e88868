//! A user request, from the moment it is accepted until it is closed on both sides.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{CustomerId, IntegrationId, IssueId, RequestId, State, Timestamp};

/// How many entries a request's history keeps; the first ones stay, the middle goes.
pub const HISTORY_MAX: usize = 100;

/// What the product says about a request. It never changes: the same id with other content is
/// another request under a name that is taken, and is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The product's id for it, which becomes the reference that the ticket carries.
    pub id: RequestId,
    /// The customer whose user asked.
    pub customer_id: CustomerId,
    /// What kind of request it is, as a code such as `url_block`.
    pub report_type: String,
    /// The host or domain it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The full address it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the user or the product gave as the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who asked, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// When the user asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
}

/// Who asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The product's id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Login name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

impl User {
    /// This, with what `other` has where this has nothing.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            id: self.id.or_else(|| other.id.clone()),
            name: self.name.or_else(|| other.name.clone()),
            email: self.email.or_else(|| other.email.clone()),
            username: self.username.or_else(|| other.username.clone()),
        }
    }
}

/// A request and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What the product said.
    pub content: Content,
    /// Who asked, as it was found out afterwards; empty where it was looked for in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<User>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Where it is.
    pub state: State,
    /// The integration that has its ticket, fixed before the ticket is created: with two PSAs a
    /// request must not get a ticket in each.
    pub integration: Option<IntegrationId>,
    /// The ticket, once there is one.
    pub ticket: Option<TicketKey>,
    /// The issue it waits behind while it is parked or failed.
    pub issue: Option<IssueId>,
    /// When the product asked to close it.
    pub close_asked_at: Option<Timestamp>,
    /// Why it was closed, in the words of whoever closed it.
    pub resolution: Option<String>,
    /// Who closed it, once it is closed.
    pub closed_by: Option<ClosedBy>,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl Request {
    /// A request that was just accepted.
    pub fn accepted(content: Content, at: Timestamp) -> Self {
        let mut request = Self {
            content,
            described: None,
            accepted_at: at,
            state: State::Waiting,
            integration: None,
            ticket: None,
            issue: None,
            close_asked_at: None,
            resolution: None,
            closed_by: None,
            history: Vec::new(),
        };
        request.note(at, "accepted", None);
        request
    }

    /// Adds to the history. When it is full, the oldest entry after the first goes: how a request
    /// began and how it stands matter more than its two-hundredth retry.
    pub fn note(&mut self, at: Timestamp, what: &str, detail: Option<String>) {
        if self.history.len() >= HISTORY_MAX {
            self.history.remove(1);
        }
        self.history.push(HistoryEntry {
            at,
            what: what.to_owned(),
            detail,
        });
    }

    /// Moves to `state`, leaving whatever issue it waited behind.
    pub fn enter(&mut self, state: State, at: Timestamp, detail: Option<String>) {
        self.state = state;
        self.issue = None;
        self.note(at, state.name(), detail);
    }

    /// Who asked: what the product said, and where it said nothing, what was found out.
    pub fn user(&self) -> Option<User> {
        match (&self.content.user, &self.described) {
            (Some(said), Some(found)) => Some(said.clone().or(found)),
            (said, found) => said.clone().or_else(|| found.clone()),
        }
    }

    /// When it was closed, if it is.
    pub fn closed_at(&self) -> Option<Timestamp> {
        let mut history = self.history.iter().rev();
        let closed = history.find(|entry| entry.what == State::Closed.name());
        closed
            .filter(|_| self.state == State::Closed)
            .map(|entry| entry.at)
    }

    /// Whether anything can still happen to it.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed | State::Ignored)
    }
}

/// What identifies a ticket in its PSA.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketKey {
    /// The id, a number or a text, just as the PSA gave it.
    pub id: Value,
    /// What people call it, where that differs from the id.
    #[serde(default)]
    pub number: Option<String>,
    /// Where a person opens it.
    #[serde(default)]
    pub url: Option<String>,
}

impl TicketKey {
    /// The id as text, for keys and comparisons.
    pub fn id_text(&self) -> String {
        id_text(&self.id)
    }
}

/// A remote id as text: `8` and `"8"` are the same ticket.
pub fn id_text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// Which side closed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedBy {
    /// The product asked for it.
    Product,
    /// The ticket was closed in the PSA.
    Psa,
}

/// One thing that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What, in a word or two, e.g. `ticketed`.
    pub what: String,
    /// More about it, for people; no secrets.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[test]
    fn a_full_history_keeps_its_beginning_and_its_end() {
        let content = Content {
            id: RequestId::new("1").unwrap(),
            customer_id: CustomerId::new("c").unwrap(),
            report_type: "url_block".to_owned(),
            hostname: None,
            url: None,
            reason: None,
            user: None,
            opened_at: None,
        };
        let mut request = Request::accepted(content, Timestamp::from_millis(0));
        for n in 0..300 {
            request.note(Timestamp::from_millis(n), "tried again", None);
        }
        assert_eq!(request.history.len(), HISTORY_MAX);
        assert_eq!(request.history.first().unwrap().what, "accepted");
        assert_eq!(
            request.history.last().unwrap().at,
            Timestamp::from_millis(299)
        );
    }
}
