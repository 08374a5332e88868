//! A state that is brought back: a backup is taken at some moment of a seed, things go on, the
//! machine is lost, and an engine begins on what the backup holds. The product sends again what it
//! has sent, as the one who restores is told to have it do, and the promises about tickets hold.
//!
//! Faults of calls are as in other seeds. What the seed does not do is die besides, nor share
//! tickets: of that no promise is made after a restore.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::act::{self, Act, Stage};
use crate::check;
use crate::dice::Dice;
use crate::notices;
use crate::partner::{Partner, text};
use crate::promise::Broken;
use crate::sharing::Sharing;
use crate::trouble;
use crate::world::World;

/// Whether the state that was brought back is said to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// As `dovetail restore` does.
    Restored,
    /// As if somebody had copied the files: the test's own proof that it matters.
    Nothing,
}

/// What a seed came to.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Requests at the end.
    pub requests: usize,
    /// Tickets that were made between the backup and the loss.
    pub made_since: usize,
    /// Tickets that were closed between the two.
    pub closed_since: usize,
    /// The promise that was broken, if one was.
    pub broken: Option<Broken>,
}

/// Plays `seed`.
pub async fn play(seed: u64, told: Told) -> Outcome {
    let dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x0bac);
    let sharing = Sharing::none();
    let mut world = World::drawn(seed);
    let mut partner = Partner::set_up(&world, sharing.settings()).await;
    if notices::are_sent(seed) {
        partner.take_notices(&world).await;
    }
    partner.poll_every(&world, "1m").await;
    trouble::begin(&world, &dice);
    let requests = act::requests(&world, &dice);
    let acts = acts(&dice, requests.len(), sharing);
    let taken = dice.index(acts.len());
    let lost = taken + dice.index(acts.len() - taken);
    let (mut backup, mut sent) = (Vec::new(), BTreeSet::new());
    let (mut before, mut outcome) = (count(&world), Outcome::default());
    for (at, act) in acts.iter().enumerate() {
        let stage = Stage {
            world: &world,
            partner: &partner,
            dice: &dice,
            sharing,
            requests: &requests,
        };
        // A test ticket of that time is known to nobody afterwards, and a person has to close it.
        let is_lost = at > taken && at <= lost && matches!(act, Act::Test);
        if !is_lost {
            sent.extend(stage.perform(act).await);
        }
        if at == taken {
            backup = world.back_up().await;
            before = count(&world);
        }
        if at == lost {
            let closes = closes(&world, &partner).await;
            world.lose(&backup, told).await;
            let now = count(&world);
            outcome.made_since = now.0 - before.0;
            outcome.closed_since = now.1.saturating_sub(before.1);
            send_again(&world, &partner, (&requests, &sent, &closes)).await;
        }
    }
    trouble::end(&world);
    let checked = check::tickets(&world, &partner, &sent).await;
    outcome.requests = sent.len();
    outcome.broken = checked.err();
    outcome
}

/// What happens: requests, closes from both sides, mappings and time.
fn acts(dice: &Dice, requests: usize, sharing: Sharing) -> Vec<Act> {
    let mut acts = Act::all(dice, requests, false, sharing);
    acts.retain(|act| {
        matches!(
            act,
            Act::Open(_)
                | Act::CloseInPsa
                | Act::CloseByProduct
                | Act::Mishap(_)
                | Act::Map
                | Act::Test
                | Act::Wait(_)
        )
    });
    acts
}

/// How many tickets there are, and how many of them are closed.
fn count(world: &World) -> (usize, usize) {
    let tickets = world.psa.tickets();
    let closed = tickets.iter().filter(|ticket| ticket.closed).count();
    (tickets.len(), closed)
}

/// The requests that the product has closed.
async fn closes(world: &World, partner: &Partner) -> Vec<String> {
    let mut known = partner.requests(world).await;
    known.retain(|request| !request["close_asked_at"].is_null());
    known.iter().map(|request| text(&request["id"])).collect()
}

async fn send_again(
    world: &World,
    partner: &Partner,
    (requests, sent, closes): (&[Value], &BTreeSet<String>, &[String]),
) {
    for request in requests {
        if sent.contains(&text(&request["id"])) {
            partner.report(world, request).await;
        }
    }
    for id in closes {
        partner.close(world, id, None).await;
    }
}
