//! One seed: what is asked, what goes wrong, and what must hold at the end.
//!
//! The callers behave as callers do: what is not acknowledged is handed in again, under the same
//! id, until it is. Then the faults stop, everything is mapped, and the promises are checked.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::act::{self, Act, Stage};
use crate::check;
use crate::dice::Dice;
use crate::fuse::Fuse;
use crate::notices;
use crate::partner::Partner;
use crate::promise::Broken;
use crate::sharing::Sharing;
use crate::trouble;
use crate::world::World;

/// How long a caller waits before it repeats a call that was not answered.
pub(crate) const CALLER_WAITS: Duration = Duration::from_millis(500);

/// How long the engine stays dead at most, besides the time that what it had sent takes.
const DEAD_MAX: Duration = Duration::from_secs(3);

/// What one seed came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Requests that were acknowledged.
    pub requests: usize,
    /// Times that the engine died.
    pub deaths: usize,
    /// Requests that were closed in the PSA.
    pub closed_in_psa: usize,
    /// Requests that were closed by the product.
    pub closed_by_product: usize,
    /// Requests that were added to the open ticket of an earlier one.
    pub joined: usize,
    /// Requests that opened again the ticket of an earlier one.
    pub reopened: usize,
    /// Requests that came by a notice.
    pub noticed: usize,
    /// Test tickets that were made.
    pub tests: usize,
    /// Reduces all that happened, in its order and at its time, to a number.
    pub trace: (u64, u64),
    /// The promise that was broken, if one was.
    pub broken: Option<Broken>,
}

/// How the next life of the engine ends, unless the scenario ends first.
struct Fate {
    fuse: Fuse,
    moment: Duration,
}

impl Fate {
    fn of(dice: &Dice) -> Self {
        let never = Duration::from_hours(24 * 365);
        let (steps, moment) = match dice.below(10) {
            0..=1 => (u64::MAX, never),
            2..=3 => (u64::MAX, dice.span(Duration::from_secs(40))),
            // Short lives die while they pick up what the last one left, long ones anywhere.
            4..=5 => (1 + dice.below(60), never),
            6..=7 => (1 + dice.below(600), never),
            _ => (1 + dice.below(6_000), never),
        };
        let fuse = Fuse::of(steps);
        Self { fuse, moment }
    }

    /// Returns when it is time to die.
    async fn comes(&self) {
        tokio::select! {
            biased;
            () = self.fuse.burnt() => {}
            () = sleep(self.moment) => {}
        }
    }
}

/// Plays the scenario of `seed` and holds it against the promises.
pub async fn play(seed: u64) -> Outcome {
    let dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x5eed);
    let mut world = World::drawn(seed);
    let sharing = Sharing::of(&dice, seed);
    let mut settings = sharing.settings();
    if catches_all(seed) {
        settings["catch_all_company"] = json!(true);
    }
    let mut partner = Partner::set_up(&world, settings).await;
    if notices::are_sent(seed) {
        partner.take_notices(&world).await;
    }
    let every = *dice.pick(&["10s", "30s", "1m", "5m"]);
    partner.poll_every(&world, every).await;
    let mut outcome = Outcome::default();
    let acknowledged = torment(&mut world, &partner, (&dice, sharing), &mut outcome).await;
    trouble::end(&world);
    world.kill().await;
    world.start(Fuse::endless());
    let checked = check::all(&world, &partner, (&acknowledged, sharing), &mut outcome).await;
    let checked = match checked {
        Ok(()) if catches_all(seed) => check::nobody_waits_for_a_mapping(&world),
        checked => checked,
    };
    outcome.broken = world.network.manners.broken().or(checked.err());
    outcome.trace = world.trace.sum();
    outcome
}

/// Whether tickets of customers that nobody mapped go to a company that catches all.
pub(crate) fn catches_all(seed: u64) -> bool {
    seed % 4 == 3
}

/// Plays what happens from outside, through as many lives as it takes. Gives what was
/// acknowledged.
async fn torment(
    world: &mut World,
    partner: &Partner,
    (dice, sharing): (&Dice, Sharing),
    outcome: &mut Outcome,
) -> BTreeSet<String> {
    trouble::begin(world, dice);
    let notified = partner.notices().is_some();
    if notified {
        trouble::begin_lookups(world, dice);
    }
    let mut requests = act::requests(world, dice);
    sharing.make_alike(dice, &mut requests);
    let logs_in = world.psa.sessions().is_some();
    let mut acts = Act::all(dice, requests.len(), logs_in, sharing);
    if notified {
        Act::add_to_notices(dice, &mut acts);
    }
    acts.reverse();
    let mut acknowledged = BTreeSet::new();
    let mut fate = Fate::of(dice);
    world.kill().await;
    world.start(fate.fuse.clone());
    while let Some(act) = acts.last().cloned() {
        let stage = Stage {
            world,
            partner,
            dice,
            sharing,
            requests: &requests,
        };
        let done = tokio::select! {
            biased;
            () = fate.comes() => None,
            done = stage.perform(&act) => Some(done),
        };
        let days_off = match (&done, &act) {
            (Some(_), Act::SwitchOff(days)) => Some(*days),
            _ => None,
        };
        let dies = done.is_none() || days_off.is_some();
        if let Some(done) = done {
            world.trace.note(&format!("{act:?}"));
            acknowledged.extend(done);
            acts.pop();
        }
        if dies {
            outcome.deaths += 1;
            world.trace.note("the engine dies");
            world.kill().await;
            match days_off {
                Some(days) => world.leap(days),
                None => sleep(dice.span(DEAD_MAX)).await,
            }
            fate = Fate::of(dice);
            world.start(fate.fuse.clone());
        }
    }
    acknowledged
}
