//! Looking for requests, seeing to one once more, and the fleet.

use std::collections::BTreeMap;

use model::{CustomerId, PartnerId, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::integrations::{Health, Held};
use super::requests::RequestState;
use super::{Moment, each};

/// Which requests to find.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityAsked {
    /// A request's or a ticket's id or number, a host, a user or a customer, or a part of one.
    pub(crate) find: Option<String>,
    /// Only those in this state.
    pub(crate) state: Option<RequestState>,
    /// Only those of this customer.
    #[param(value_type = Option<String>)]
    pub(crate) customer: Option<CustomerId>,
    /// Only those after this one: the `next` of the list before.
    #[param(value_type = Option<String>)]
    pub(crate) after: Option<RequestId>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// What seeing to a request once more set going.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replay {
    /// Which of these.
    pub(crate) replayed: Replayed,
}

/// What seeing to a request once more set going.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Replayed {
    /// The work that waited is tried again now.
    TriedAgain,
    /// Its ticket is read again, and what is found there counts.
    TicketRead,
    /// Nothing: it is over, and has no ticket.
    Nothing,
}

impl From<runtime::Replayed> for Replayed {
    fn from(replayed: runtime::Replayed) -> Self {
        match replayed {
            runtime::Replayed::TriedAgain => Self::TriedAgain,
            runtime::Replayed::TicketRead => Self::TicketRead,
            runtime::Replayed::Nothing => Self::Nothing,
        }
    }
}

/// Which partners to show.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FleetAsked {
    /// Only those after this one: the `next` of the list before.
    #[param(value_type = Option<String>)]
    pub(crate) after: Option<PartnerId>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// How all partners are doing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fleet {
    /// The partners, by id.
    pub(crate) partners: Vec<FleetLine>,
    /// What to give as `after` for the next ones; null when there are none.
    pub(crate) next: Option<String>,
}

/// How one partner is doing.
#[derive(Serialize, ToSchema)]
pub(crate) struct FleetLine {
    /// The product's id for it.
    #[schema(example = "msp-100")]
    id: String,
    /// The name people know it by.
    #[schema(example = "Northwind Managed Services")]
    name: String,
    /// Its integrations, in the order of their making.
    integrations: Vec<FleetIntegration>,
    /// How many issues are open.
    open_issues: usize,
    /// Requests in each state.
    #[schema(example = json!({"waiting": 0, "ticketed": 12, "closed": 40}))]
    requests: BTreeMap<&'static str, i64>,
}

impl From<runtime::FleetLine> for FleetLine {
    fn from(line: runtime::FleetLine) -> Self {
        let requests = line.requests.into_iter();
        Self {
            id: line.partner.to_string(),
            name: line.name,
            integrations: each(line.integrations),
            open_issues: line.open_issues,
            requests: requests
                .map(|(state, count)| (state.name(), count))
                .collect(),
        }
    }
}

/// How one integration is doing.
#[derive(Serialize, ToSchema)]
pub(crate) struct FleetIntegration {
    /// Its id.
    id: String,
    /// The PSA's name.
    #[schema(example = "Example PSA")]
    title: String,
    /// Whether its credentials work.
    health: Health,
    /// That people keep it from being used, if they do.
    held: Option<Held>,
    /// When its latest run ended, whatever it came to.
    ran_at: Option<Moment>,
}

impl From<runtime::FleetIntegration> for FleetIntegration {
    fn from(one: runtime::FleetIntegration) -> Self {
        Self {
            id: one.integration.id.to_string(),
            title: one.title,
            health: one.integration.health.into(),
            held: one.integration.held.map(Held::from),
            ran_at: one.ran_at.map(Moment::from),
        }
    }
}
