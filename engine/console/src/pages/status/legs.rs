//! The things that an integration stands on, in words.

use model::{Health, Held, Outcome};
use runtime::{Legs, ScheduleLeg, ShareLeg};

use crate::form::{often, sentence};
use crate::moment::Moment;

/// One of them.
pub(super) struct LegLine {
    pub(super) title: String,
    /// How it looks: `good`, `idle`, `warn` or `bad`.
    pub(super) look: &'static str,
    pub(super) state: &'static str,
    pub(super) told: Option<String>,
    /// What the moment is of.
    pub(super) when: &'static str,
    pub(super) at: Option<Moment>,
    /// How much of how much, where it is a share.
    pub(super) share: Option<(u32, u32)>,
}

/// All of them: credentials, callouts, what runs by itself, limits.
pub(super) fn lines(legs: &Legs) -> Vec<LegLine> {
    let mut lines = vec![credentials(legs)];
    if let Some(callout) = &legs.callout {
        lines.push(callouts(callout.seen_at.map(Moment::from)));
    }
    lines.extend(legs.schedule.iter().map(scheduled));
    lines.extend(legs.shares.iter().map(share));
    lines
}

fn credentials(legs: &Legs) -> LegLine {
    let (look, state, told, at) = match (&legs.held, &legs.health) {
        (Some(Held::Disconnected { at }), _) => {
            let told = "The credentials are forgotten. Save others on the page Settings.";
            ("bad", "Disconnected", Some(told.to_owned()), Some(*at))
        }
        (_, Health::Stopped { message, at, .. }) => {
            let told = sentence(message);
            ("bad", "Rejected", Some(told), Some(*at))
        }
        (Some(Held::Paused { at }), _) => {
            let told = "What comes waits. Resume it on the page Settings.";
            ("warn", "Paused", Some(told.to_owned()), Some(*at))
        }
        (None, Health::Good) => ("good", "Good", None, None),
    };
    LegLine {
        title: "Credentials".to_owned(),
        look,
        state,
        told,
        when: "Since",
        at: at.map(Moment::from),
        share: None,
    }
}

fn callouts(seen_at: Option<Moment>) -> LegLine {
    let none = "None has arrived yet. Until one does, closed tickets are found by schedule.";
    LegLine {
        title: "Callouts".to_owned(),
        look: if seen_at.is_some() { "good" } else { "idle" },
        state: if seen_at.is_some() {
            "Arriving"
        } else {
            "Not yet"
        },
        told: seen_at.is_none().then(|| none.to_owned()),
        when: "Last arrived",
        at: seen_at,
        share: None,
    }
}

fn scheduled(leg: &ScheduleLeg) -> LegLine {
    let last = leg.last.as_ref();
    let (look, state) = match last.map(|run| &run.outcome) {
        None => ("idle", "Not yet"),
        Some(Outcome::Running) => ("busy", "Running"),
        Some(Outcome::Succeeded) => ("good", "Good"),
        Some(Outcome::Failed { .. }) => ("bad", "Failed"),
    };
    let failure = last.and_then(|run| match &run.outcome {
        Outcome::Failed { message, .. } => Some(sentence(message)),
        _ => None,
    });
    LegLine {
        title: leg.line.title.clone(),
        look,
        state,
        told: failure.or_else(|| Some(often(&leg.line.every))),
        when: "Last run",
        at: last.map(|run| run.started_at.into()),
        share: None,
    }
}

fn share(leg: &ShareLeg) -> LegLine {
    let is_near = u64::from(leg.taken) * 10 >= u64::from(leg.share) * 9;
    let told = format!(
        "{} of {} calls used. {} are allowed {}, to everyone together.",
        leg.taken,
        leg.share,
        leg.allowed,
        model::span::every(leg.per)
    );
    LegLine {
        title: "Share of the request limit".to_owned(),
        look: if is_near { "warn" } else { "good" },
        state: if is_near { "Nearly used up" } else { "Good" },
        told: Some(told),
        when: "",
        at: None,
        share: Some((leg.taken, leg.share)),
    }
}
