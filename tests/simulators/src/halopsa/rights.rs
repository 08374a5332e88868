//! What the agent behind the API application may do and see.
//!
//! Missing rights on whole modules are refused. Missing visibility is not: lists are just shorter.
//! A token carries the rights of the moment it was given out, so a change needs a new token.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::entities::{Area, Entity};

/// How far a right on a module goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Neither reading nor writing.
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    Modify,
}

/// The agent's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a permission of its own"
)]
pub struct Rights {
    /// Whether the application's login type is "Agent"; without it tickets are refused.
    pub login_is_agent: bool,
    /// Tickets and their actions.
    pub tickets: Access,
    /// Clients, sites and users.
    pub customers: Access,
    /// Items and suppliers.
    pub items: Access,
    /// Recurring invoices.
    pub invoices: Access,
    /// Whether it may change the set-up: ticket types, custom fields, webhooks.
    pub administrator: bool,
    /// Whether it has a default team; without one it sees no agent but "Unassigned".
    pub has_default_team: bool,
    /// Teams whose agents and tickets it sees; all of them when absent.
    pub teams: Option<BTreeSet<i64>>,
    /// Clients it sees, with all that is theirs; all of them when absent.
    pub clients: Option<BTreeSet<i64>>,
    /// Whether it may change tickets that are closed.
    pub edits_closed_tickets: bool,
}

impl Default for Rights {
    fn default() -> Self {
        Self {
            login_is_agent: true,
            tickets: Access::Modify,
            customers: Access::Modify,
            items: Access::Modify,
            invoices: Access::Modify,
            administrator: true,
            has_default_team: true,
            teams: None,
            clients: None,
            edits_closed_tickets: true,
        }
    }
}

impl Rights {
    /// How far the rights on an entity go.
    pub(crate) fn access(&self, entity: &Entity) -> Access {
        match entity.area {
            Area::Tickets if !self.login_is_agent => Access::None,
            Area::Tickets => self.tickets,
            Area::Customers => self.customers,
            Area::Items => self.items,
            Area::Invoices => self.invoices,
            Area::Agents | Area::Setup if !self.administrator => Access::Read,
            Area::Integrations if !self.administrator => Access::None,
            Area::Agents | Area::Setup | Area::Integrations => Access::Modify,
        }
    }

    /// Whether the agent sees a client, and what belongs to it.
    pub(crate) fn sees_client(&self, client: Option<i64>) -> bool {
        let seen = |clients: &BTreeSet<i64>| client.is_some_and(|id| clients.contains(&id));
        self.clients.as_ref().is_none_or(seen)
    }

    /// Whether the agent sees a team, with its tickets and agents.
    pub(crate) fn sees_team(&self, team: Option<i64>) -> bool {
        let seen = |teams: &BTreeSet<i64>| team.is_some_and(|id| teams.contains(&id));
        self.teams.as_ref().is_none_or(seen)
    }
}
