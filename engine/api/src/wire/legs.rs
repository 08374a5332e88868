//! What an integration stands on.

use serde::Serialize;
use utoipa::ToSchema;

use super::integrations::{Health, Held, ScheduleLine};
use super::runs::Run;
use super::{Moment, each};

/// What an integration stands on, and how each of it is doing.
#[derive(Serialize, ToSchema)]
pub(crate) struct Legs {
    /// Whether its credentials work.
    health: Health,
    /// That people keep it from being used, if they do.
    held: Option<Held>,
    /// Callouts; null where the PSA sends none.
    callout: Option<CalloutLeg>,
    /// What runs by the clock, and how it last went.
    schedule: Vec<ScheduleLeg>,
    /// How much is taken of what the PSA allows.
    shares: Vec<ShareLeg>,
}

impl From<runtime::Legs> for Legs {
    fn from(legs: runtime::Legs) -> Self {
        Self {
            health: legs.health.into(),
            held: legs.held.map(Held::from),
            callout: legs.callout.map(CalloutLeg::from),
            schedule: each(legs.schedule),
            shares: each(legs.shares),
        }
    }
}

/// How callouts are doing.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalloutLeg {
    /// When one last came; null when none ever did, and closes are found by the clock only.
    seen_at: Option<Moment>,
    /// What a person does in the PSA so that callouts come.
    guide: Vec<Guide>,
}

impl From<runtime::CalloutLeg> for CalloutLeg {
    fn from(leg: runtime::CalloutLeg) -> Self {
        Self {
            seen_at: leg.seen_at.map(Moment::from),
            guide: each(leg.guide),
        }
    }
}

impl From<runtime::GuidePart> for Guide {
    fn from(part: runtime::GuidePart) -> Self {
        Self {
            title: part.title,
            steps: part.steps,
        }
    }
}

/// One part of what a person does in the PSA.
#[derive(Serialize, ToSchema)]
pub(crate) struct Guide {
    /// What it is about.
    #[schema(example = "Creating a Workflow Rule")]
    title: String,
    /// Step by step.
    steps: Vec<String>,
}

/// Something that runs by the clock.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScheduleLeg {
    /// What, and when next.
    schedule: ScheduleLine,
    /// Its latest run, as far as one is remembered.
    last: Option<Run>,
}

impl From<runtime::ScheduleLeg> for ScheduleLeg {
    fn from(leg: runtime::ScheduleLeg) -> Self {
        Self {
            schedule: leg.line.into(),
            last: leg.last.map(Run::from),
        }
    }
}

/// How much is taken of one of the PSA's limits.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShareLeg {
    /// Calls that count at this moment.
    taken: u32,
    /// How many this engine makes at most.
    share: u32,
    /// How many the PSA allows everyone together.
    allowed: u32,
    /// In which stretch of time.
    #[schema(example = "1h")]
    per: String,
}

impl From<runtime::ShareLeg> for ShareLeg {
    fn from(leg: runtime::ShareLeg) -> Self {
        Self {
            taken: leg.taken,
            share: leg.share,
            allowed: leg.allowed,
            per: model::span::print(leg.per),
        }
    }
}
