//! Work: what lies in the queue, as data. A job says what to do and for whom, never how far it has
//! come: every job can be run again from its beginning, because effects are guarded.

use model::{IntegrationId, IssueId, PartnerId, RequestId, RunId, Timestamp, Trigger};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::NewJob;

use crate::issues::Recheck;

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// Something happened to a request; which integration sees to it is decided when it is run,
    /// since it may be parked until one exists.
    Request {
        partner: PartnerId,
        request: RequestId,
        event: RequestEvent,
    },
    /// A pipeline is to be run once.
    Pipeline {
        partner: PartnerId,
        integration: IntegrationId,
        pipeline: String,
        run: RunId,
        trigger: Trigger,
        /// What the event brought, by name, e.g. `hint`.
        roots: Map<String, Value>,
    },
    /// A pipeline is to be run whenever its time has come. There is one such job per pipeline and
    /// schedule; each ends with the next one.
    Schedule {
        partner: PartnerId,
        integration: IntegrationId,
        pipeline: String,
        generation: u64,
        /// How often in a row it has failed.
        #[serde(default)]
        failures: u32,
    },
    /// One piece of the work behind an issue is to be tried again.
    Recheck {
        partner: PartnerId,
        issue: IssueId,
        #[serde(default)]
        recheck: Recheck,
    },
    /// An event is to be told to the product.
    Deliver {
        partner: PartnerId,
        message: Message,
    },
    /// The time of an integration's former credentials may be over.
    Lapse {
        partner: PartnerId,
        integration: IntegrationId,
    },
}

/// What happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RequestEvent {
    Opened,
    CloseAsked,
}

/// An event as the product is told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Unique; the product drops what it has seen before.
    pub(crate) id: String,
    /// E.g. `request.closed`.
    pub(crate) event: String,
    pub(crate) at: Timestamp,
    pub(crate) data: Value,
}

impl Work {
    /// Whose it is.
    pub(crate) const fn partner(&self) -> &PartnerId {
        match self {
            Self::Request { partner, .. }
            | Self::Pipeline { partner, .. }
            | Self::Schedule { partner, .. }
            | Self::Recheck { partner, .. }
            | Self::Deliver { partner, .. }
            | Self::Lapse { partner, .. } => partner,
        }
    }

    /// The queued form of this work.
    pub(crate) fn job(&self, id: String, lane: String, priority: u8, due: Timestamp) -> NewJob {
        NewJob {
            id,
            group: self.partner().as_str().to_owned(),
            lane,
            priority,
            due,
            fold: None,
            payload: serde_json::to_vec(self).unwrap_or_default(),
        }
    }

    /// Reads what [`Work::job`] wrote.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(payload)
    }
}

impl RequestEvent {
    /// The name of the event, as pipelines know it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Opened => "request.opened",
            Self::CloseAsked => "request.close_asked",
        }
    }
}

/// Sending to the product goes after tickets, before directories.
pub(crate) const DELIVERY_PRIORITY: u8 = 0;

/// Nobody waits for the end of former credentials, which cannot be used any more anyway.
pub(crate) const LAPSE_PRIORITY: u8 = 2;

/// The job id of what happened to a request: the same thing is never queued twice.
pub(crate) fn request_job(partner: &PartnerId, request: &RequestId, event: RequestEvent) -> String {
    format!("{partner}/{}/{request}", event.name())
}
