//! Requests: what the product sends, and where each of them stands.

use std::collections::BTreeMap;

use model::{CustomerId, RequestId, State, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{Moment, each};

/// A user request as the product reports it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestInput {
    /// The product's id for it. It becomes the reference that the ticket carries, whence its
    /// length. The same id twice is one request.
    #[schema(value_type = String, min_length = 1, max_length = 50,
        pattern = "^[A-Za-z0-9._:@+-]+$", example = "1650")]
    id: RequestId,
    /// The customer whose user asked. A customer that is not known yet is no error: the request
    /// waits until it is, and is mapped.
    #[schema(value_type = String, min_length = 1, max_length = 64, example = "c-7")]
    customer_id: CustomerId,
    /// What kind of request it is, as a code.
    #[serde(deserialize_with = "report_type")]
    #[schema(min_length = 1, max_length = 100, example = "url_block")]
    report_type: String,
    /// The host or domain it is about.
    #[serde(default)]
    #[schema(example = "files.example")]
    hostname: Option<String>,
    /// The full address it is about.
    #[serde(default)]
    #[schema(example = "https://files.example/a")]
    url: Option<String>,
    /// What the user or the product gave as the reason.
    #[serde(default)]
    #[schema(example = "Needed for the tender")]
    reason: Option<String>,
    /// Who asked, as far as it is known.
    #[serde(default)]
    user: Option<RequestUser>,
    /// When the user asked, RFC 3339.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-07-01T12:00:00Z")]
    opened_at: Option<Timestamp>,
}

/// The longest report type, in characters.
const REPORT_TYPE_MAX: usize = 100;

fn report_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.chars().count() {
        1..=REPORT_TYPE_MAX => Ok(text),
        count => Err(D::Error::custom(format_args!(
            "report type must have 1 to {REPORT_TYPE_MAX} characters, this one has {count}"
        ))),
    }
}

impl From<RequestInput> for model::Content {
    fn from(input: RequestInput) -> Self {
        Self {
            id: input.id,
            customer_id: input.customer_id,
            report_type: input.report_type,
            hostname: input.hostname,
            url: input.url,
            reason: input.reason,
            user: input.user.map(model::User::from),
            opened_at: input.opened_at,
        }
    }
}

/// Who asked.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestUser {
    /// The product's id of the user.
    #[serde(default)]
    id: Option<String>,
    /// Full name.
    #[serde(default)]
    #[schema(example = "Dana Reyes")]
    name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    #[schema(example = "dana@fabrikam.example")]
    email: Option<String>,
    /// Login name.
    #[serde(default)]
    username: Option<String>,
}

impl From<RequestUser> for model::User {
    fn from(user: RequestUser) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            username: user.username,
        }
    }
}

impl From<model::User> for RequestUser {
    fn from(user: model::User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            username: user.username,
        }
    }
}

/// What the product said about a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestContent {
    /// The product's id for it.
    #[schema(example = "1650")]
    id: String,
    /// The customer whose user asked.
    #[schema(example = "c-7")]
    customer_id: String,
    /// What kind of request it is.
    #[schema(example = "url_block")]
    report_type: String,
    /// The host or domain it is about.
    hostname: Option<String>,
    /// The full address it is about.
    url: Option<String>,
    /// The reason that was given.
    reason: Option<String>,
    /// Who asked: what the product said, and what was found out besides.
    user: Option<RequestUser>,
    /// When the user asked.
    opened_at: Option<Moment>,
}

impl From<model::Content> for RequestContent {
    fn from(content: model::Content) -> Self {
        Self {
            id: content.id.to_string(),
            customer_id: content.customer_id.to_string(),
            report_type: content.report_type,
            hostname: content.hostname,
            url: content.url,
            reason: content.reason,
            user: content.user.map(RequestUser::from),
            opened_at: content.opened_at.map(Moment::from),
        }
    }
}

/// A request and where it stands.
#[derive(Serialize, ToSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "what was sent keeps the name it was sent under"
)]
pub(crate) struct Request {
    /// The product's id for it.
    #[schema(example = "1650")]
    id: String,
    /// Where it is.
    state: RequestState,
    /// Its ticket, once it has one.
    ticket: Option<Ticket>,
    /// The integration that has its ticket.
    integration: Option<String>,
    /// The issue it waits behind while it is parked or failed.
    issue: Option<String>,
    /// When it was accepted.
    accepted_at: Moment,
    /// When the product asked to close it.
    close_asked_at: Option<Moment>,
    /// Which side closed it, once it is closed.
    closed_by: Option<ClosedBy>,
    /// Why it was closed, in the words of whoever closed it.
    resolution: Option<String>,
    /// What the product said.
    request: RequestContent,
    /// What happened to it, oldest first. Only where one request is read, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<HistoryEntry>>,
}

impl Request {
    /// Without its history.
    pub(crate) fn brief(request: model::Request) -> Self {
        Self {
            history: None,
            ..Self::from(request)
        }
    }
}

impl From<model::Request> for Request {
    fn from(request: model::Request) -> Self {
        let user = request.user();
        Self {
            id: request.content.id.to_string(),
            state: request.state.into(),
            ticket: request.ticket.map(Ticket::from),
            integration: request.integration.map(|id| id.to_string()),
            issue: request.issue.map(|id| id.to_string()),
            accepted_at: request.accepted_at.into(),
            close_asked_at: request.close_asked_at.map(Moment::from),
            closed_by: request.closed_by.map(ClosedBy::from),
            resolution: request.resolution,
            request: model::Content {
                user,
                ..request.content
            }
            .into(),
            history: Some(each(request.history)),
        }
    }
}

/// Where a request is; at all times in exactly one of these.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RequestState {
    /// Accepted and being worked on.
    Waiting,
    /// It has a ticket that is open, as far as is known.
    Ticketed,
    /// It cannot go on until something is set up, and then goes on by itself.
    Parked,
    /// A rule of the partner's says that it gets no ticket.
    Ignored,
    /// The PSA refused it; an issue says why and how to mend it.
    Failed,
    /// It is done.
    Closed,
}

impl From<State> for RequestState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Ticketed => Self::Ticketed,
            State::Parked => Self::Parked,
            State::Ignored => Self::Ignored,
            State::Failed => Self::Failed,
            State::Closed => Self::Closed,
        }
    }
}

impl From<RequestState> for State {
    fn from(state: RequestState) -> Self {
        match state {
            RequestState::Waiting => Self::Waiting,
            RequestState::Ticketed => Self::Ticketed,
            RequestState::Parked => Self::Parked,
            RequestState::Ignored => Self::Ignored,
            RequestState::Failed => Self::Failed,
            RequestState::Closed => Self::Closed,
        }
    }
}

/// Which side closed a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClosedBy {
    /// The product asked for it.
    Product,
    /// The ticket was closed in the PSA.
    Psa,
}

impl From<model::ClosedBy> for ClosedBy {
    fn from(side: model::ClosedBy) -> Self {
        match side {
            model::ClosedBy::Product => Self::Product,
            model::ClosedBy::Psa => Self::Psa,
        }
    }
}

/// The ticket of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// Its id, a number or a text, just as the PSA gave it.
    #[schema(value_type = Value, example = 8412)]
    id: Value,
    /// What people call it, where that differs from the id.
    #[schema(example = "T20260701.0042")]
    number: Option<String>,
    /// Where a person opens it.
    url: Option<String>,
}

impl From<model::TicketKey> for Ticket {
    fn from(ticket: model::TicketKey) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number,
            url: ticket.url,
        }
    }
}

/// One thing that happened to a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    /// When.
    at: Moment,
    /// What, in a word or two.
    #[schema(example = "ticketed")]
    what: String,
    /// More about it, for people.
    detail: Option<String>,
}

impl From<model::HistoryEntry> for HistoryEntry {
    fn from(entry: model::HistoryEntry) -> Self {
        Self {
            at: entry.at.into(),
            what: entry.what,
            detail: entry.detail,
        }
    }
}

/// Which requests to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestsAsked {
    /// Only those in this state.
    pub(crate) state: Option<RequestState>,
    /// Only those after this one, in the order of the list: the `next` of the list before.
    #[param(value_type = Option<String>)]
    pub(crate) after: Option<RequestId>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// Requests, without their histories.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestList {
    /// The requests.
    pub(crate) requests: Vec<Request>,
    /// What to give as `after` for the next ones; null when there are none.
    pub(crate) next: Option<String>,
}

/// How a request is closed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseInput {
    /// Why, in words for the people who read the ticket.
    #[serde(default)]
    #[schema(example = "Allowed by policy")]
    pub(crate) resolution: Option<String>,
}

/// Where all accepted requests are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ledger {
    /// Whether every accepted request is in exactly one state. It always is.
    adds_up: bool,
    /// Requests that were accepted and are still kept.
    accepted: i64,
    /// Requests in each state, as kept along with each change.
    #[schema(example = json!({
        "waiting": 0, "ticketed": 12, "parked": 1, "ignored": 0, "failed": 0, "closed": 40
    }))]
    states: BTreeMap<&'static str, i64>,
    /// Requests in each state, counted just now. While requests come in, the two counts may be a
    /// few apart.
    recounted: BTreeMap<&'static str, i64>,
}

impl From<runtime::LedgerReport> for Ledger {
    fn from(report: runtime::LedgerReport) -> Self {
        let counts = |ledger: &model::Ledger| {
            ledger
                .states
                .iter()
                .map(|(state, count)| (state.name(), *count))
                .collect()
        };
        Self {
            adds_up: report.ledger.adds_up(),
            accepted: report.ledger.accepted,
            states: counts(&report.ledger),
            recounted: counts(&report.recounted),
        }
    }
}
