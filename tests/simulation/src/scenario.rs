//! One seed: what is asked, what goes wrong, and what must hold at the end.
//!
//! The callers behave as callers do: what is not acknowledged is handed in again, under the same
//! id, until it is. Then the faults stop, everything is mapped, and the promises are checked.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::{ClosedBy, Content, CustomerId, IntegrationId, RequestId, State};
use runtime::MappingChange;
use simulators::autotask::Mishap;
use simulators::faults::{Fault, Planned};

use crate::dice::Dice;
use crate::sharing::Sharing;
use crate::wire::Fuse;
use crate::world::World;

/// How long after the last fault everything may take to settle, in simulated time: a poll, the
/// longest backoff and the longest recheck fit several times.
const SETTLE: Duration = Duration::from_hours(24);

/// What one seed came to, for the person who wonders whether the seeds reach what they should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
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
    /// Test tickets that were made.
    pub tests: usize,
    /// Calls that the PSA got.
    pub calls: usize,
}

/// Something that happens from outside.
#[derive(Clone, Debug)]
enum Act {
    Open(usize),
    /// Two at the same moment.
    OpenBoth(usize, usize),
    CloseInPsa,
    CloseByProduct,
    Forge,
    Mishap(Mishap),
    Jump(i64),
    Test,
    Wait(Duration),
}

/// Plays the scenario of `seed` and checks the promises; a broken one panics with the seed.
pub async fn play(seed: u64) -> Tally {
    let dice = Dice::new(seed.wrapping_mul(0x9e37_79b9) ^ 0x5eed);
    let mut world = World::new(seed);
    let integration = world.set_up().await;
    let sharing = Sharing::of(&dice);
    world.choose(&integration, sharing.settings()).await;
    let mut tally = Tally::default();
    plan_faults(&world, &dice);
    let mut contents = contents(&world, &dice);
    sharing.make_alike(&dice, &mut contents);
    let mut acts = acts(&dice, contents.len());
    acts.reverse();
    let mut fuse = lit(&dice);
    world.kill().await;
    world.start(fuse.clone());
    let mut acknowledged = BTreeSet::new();
    while let Some(act) = acts.last().cloned() {
        tokio::select! {
            biased;
            () = fuse.burnt() => {
                tally.deaths += 1;
                world.kill().await;
                tokio::time::sleep(dice.span(Duration::from_secs(3))).await;
                fuse = lit(&dice);
                world.start(fuse.clone());
            }
            done = perform(&world, &dice, &act, &contents) => {
                acknowledged.extend(done);
                acts.pop();
            }
        }
    }
    // From here on nothing goes wrong any more.
    world.psa.faults().clear();
    world.product.faults().clear();
    world.kill().await;
    world.start(Arc::default());
    map_everybody(&world, &integration).await;
    settle(&world, seed, &acknowledged).await;
    check(&world, seed, &acknowledged, &mut tally).await;
    let engine = world.engine();
    let requests = engine.requests(&world.partner, None, None, 1_000).await;
    sharing.check(&world, seed, &requests.expect("requests"), &mut tally);
    tally
}

/// A fuse for the next life; some lives have none.
fn lit(dice: &Dice) -> Arc<Fuse> {
    if dice.percent(20) {
        Arc::default()
    } else {
        Fuse::of(1 + dice.below(45))
    }
}

fn plan_faults(world: &World, dice: &Dice) {
    let faults = [
        Fault::TooManyRequests { retry_after: None },
        Fault::TooManyRequests {
            retry_after: Some(7),
        },
        Fault::PlainError,
        Fault::Unavailable,
        Fault::GatewayTimeout,
        Fault::DropAnswer,
        Fault::DropRequest,
        Fault::Hang,
        Fault::HangAfter,
        Fault::Slow {
            milliseconds: 4_000,
        },
        Fault::CutBody,
    ];
    for _ in 0..dice.below(6) {
        let likely = u16::try_from(20 + dice.below(150)).unwrap_or_default();
        let planned = Planned::next(*dice.pick(&faults))
            .times(u32::MAX)
            .per_mille(likely);
        // Most of what goes wrong is to meet effects, where it matters most.
        let planned = if dice.percent(60) {
            planned.method("POST").entity("Tickets")
        } else {
            planned
        };
        world.psa.faults().add(planned);
    }
    if dice.percent(30) {
        let fault = *dice.pick(&[Fault::PlainError, Fault::DropAnswer, Fault::HangAfter]);
        world
            .product
            .faults()
            .add(Planned::next(fault).times(u32::MAX).per_mille(200));
    }
}

fn contents(world: &World, dice: &Dice) -> Vec<Content> {
    let count = u32::try_from(3 + dice.below(14)).unwrap_or_default();
    let content = |request: simulators::product::UserRequest| Content {
        id: RequestId::new(request.id).expect("an id"),
        customer_id: CustomerId::new(request.customer_id).expect("an id"),
        report_type: request.report_type,
        hostname: Some(request.hostname),
        url: Some(request.url),
        reason: Some(request.reason),
        user: None,
        opened_at: None,
    };
    world
        .product
        .generated_requests(count)
        .into_iter()
        .map(content)
        .collect()
}

fn acts(dice: &Dice, requests: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    for request in 0..requests {
        let both = request + 1 < requests && dice.percent(30);
        acts.push(if both {
            Act::OpenBoth(request, request + 1)
        } else {
            Act::Open(request)
        });
        for _ in 0..dice.below(4) {
            acts.push(match dice.below(13) {
                0..=2 => Act::CloseInPsa,
                3..=5 => Act::CloseByProduct,
                6 => Act::Forge,
                7 => Act::Mishap(*dice.pick(&[Mishap::Lost, Mishap::Doubled, Mishap::HeldBack])),
                8 => Act::Jump(i64::try_from(dice.below(120_000)).unwrap_or_default() - 60_000),
                9 => Act::Test,
                // The same request again.
                10 => {
                    Act::Open(usize::try_from(dice.below(request as u64 + 1)).unwrap_or_default())
                }
                _ => Act::Wait(dice.span(Duration::from_secs(20))),
            });
        }
    }
    acts
}

/// Hands in a request until it is acknowledged.
async fn open(world: &World, contents: &[Content], at: usize) -> RequestId {
    let content = contents.get(at).expect("a request").clone();
    let id = content.id.clone();
    let accepted = world.engine().accept(&world.partner, content).await;
    accepted.expect("an acknowledgement");
    id
}

/// Does one thing from outside. Gives the ids of the requests that were acknowledged by it.
async fn perform(world: &World, dice: &Dice, act: &Act, contents: &[Content]) -> Vec<RequestId> {
    tokio::time::sleep(dice.span(Duration::from_secs(2))).await;
    let engine = world.engine();
    match act {
        Act::Open(at) => return vec![open(world, contents, *at).await],
        Act::OpenBoth(one, other) => {
            let one = open(world, contents, *one);
            let (one, other) = tokio::join!(one, open(world, contents, *other));
            return vec![one, other];
        }
        Act::CloseInPsa => {
            let open: Vec<i64> = world
                .psa
                .tickets()
                .iter()
                .filter(|ticket| ticket.completed_date.is_none())
                .map(|ticket| ticket.id)
                .collect();
            if !open.is_empty() {
                world
                    .psa
                    .close_ticket_as_technician(*dice.pick(&open))
                    .expect("a closed ticket");
            }
        }
        Act::CloseByProduct => {
            let known = engine
                .requests(&world.partner, None, None, 1_000)
                .await
                .expect("requests");
            if !known.is_empty() {
                let id = dice.pick(&known).content.id.clone();
                let why = dice.percent(50).then(|| "not needed any more".to_owned());
                engine
                    .close(&world.partner, &id, why)
                    .await
                    .expect("an acknowledgement");
            }
        }
        Act::Forge => {
            let ticket = i64::try_from(dice.below(40_000)).unwrap_or_default();
            world
                .psa
                .forge_callout(ticket, &format!("T20260701.{ticket:04}"));
        }
        Act::Mishap(mishap) => world.psa.add_mishap(*mishap),
        Act::Jump(millis) => world.jump(*millis),
        Act::Test => world.send_test_ticket().await,
        Act::Wait(span) => tokio::time::sleep(*span).await,
    }
    Vec::new()
}

/// Maps every customer that is not mapped yet, as a person would who sees the issues.
async fn map_everybody(world: &World, integration: &IntegrationId) {
    let engine = world.engine();
    let lines = engine
        .company_mappings(&world.partner, integration)
        .await
        .expect("the mapping");
    let companies = engine
        .companies(&world.partner, integration, None, 1)
        .await
        .expect("companies");
    let company = companies.first().expect("a company").id.clone();
    let open = lines
        .into_iter()
        .filter(|line| line.company.is_none() && !line.ignored);
    let changes = open.map(|line| MappingChange {
        customer: line.customer.id,
        company: Some(company.clone()),
        ignore: false,
    });
    let changes: Vec<MappingChange> = changes.collect();
    engine
        .put_company_mappings(&world.partner, integration, changes)
        .await
        .expect("a mapping");
}

/// Waits until nothing moves any more: no request waits for work, none that was asked to close is
/// open, and no ticket is closed whose request is not.
async fn settle(world: &World, seed: u64, acknowledged: &BTreeSet<RequestId>) {
    let end = tokio::time::Instant::now() + SETTLE;
    loop {
        let engine = world.engine();
        let requests = engine
            .requests(&world.partner, None, None, 1_000)
            .await
            .expect("requests");
        let moving = requests.iter().find(|request| {
            let waits = matches!(
                request.state,
                State::Waiting | State::Parked | State::Failed
            );
            let closes = request.close_asked_at.is_some() && request.is_open();
            let ticket = world.ticket_of(request);
            let gone = ticket.is_some_and(|ticket| ticket.completed_date.is_some());
            waits || closes || (gone && request.is_open())
        });
        let untold = world.untold(&requests);
        let tests = world.open_test_tickets();
        let is_over = moving.is_none() && !untold && tests.is_empty();
        if is_over && requests.len() >= acknowledged.len() {
            return;
        }
        if tokio::time::Instant::now() > end {
            let issues = engine.issues(&world.partner).await;
            panic!(
                "seed {seed}: does not settle: {moving:#?}\nuntold: {untold}\ntest tickets that \
                 are open: {tests:?}\n{issues:#?}"
            );
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
}

/// The promises, seen from outside.
async fn check(world: &World, seed: u64, acknowledged: &BTreeSet<RequestId>, tally: &mut Tally) {
    let engine = world.engine();
    let requests = engine
        .requests(&world.partner, None, None, 1_000)
        .await
        .expect("requests");
    for id in acknowledged {
        assert!(
            requests.iter().any(|request| request.content.id == *id),
            "seed {seed}: request {id} was acknowledged and is lost"
        );
    }
    for request in &requests {
        let id = &request.content.id;
        let tickets = world.psa.tickets_by_external_id(id.as_str());
        assert!(
            tickets.len() <= 1,
            "seed {seed}: request {id} has {} tickets",
            tickets.len()
        );
        let linked = request.ticket.as_ref().map(model::TicketKey::id_text);
        if let Some(ticket) = tickets.first() {
            assert_eq!(
                linked,
                Some(ticket.id.to_string()),
                "seed {seed}: request {id} and its ticket do not know each other\n{request:#?}"
            );
        }
        let ticket = world.ticket_of(request);
        assert_eq!(
            linked,
            ticket.as_ref().map(|ticket| ticket.id.to_string()),
            "seed {seed}: the ticket of request {id} is not there\n{request:#?}"
        );
        if let Some(ticket) = ticket {
            let is_closed = ticket.completed_date.is_some();
            let sharers = requests.iter().filter(|one| one.ticket == request.ticket);
            let is_over = sharers.clone().all(|one| one.state == State::Closed);
            assert_eq!(
                is_over,
                is_closed,
                "seed {seed}: the requests of ticket {} are closed: {is_over}, it is closed: \
                 {is_closed}\n{:#?}",
                ticket.id,
                sharers.collect::<Vec<_>>()
            );
        }
        match request.closed_by {
            Some(ClosedBy::Psa) => tally.closed_in_psa += 1,
            Some(ClosedBy::Product) => tally.closed_by_product += 1,
            None => {}
        }
    }
    let told = world.product.received_of("request.closed");
    assert_eq!(
        told.len(),
        tally.closed_in_psa,
        "seed {seed}: closes told to the product"
    );
    let rejected = world.product.rejected();
    assert!(
        rejected.is_empty(),
        "seed {seed}: badly signed events: {rejected:?}"
    );
    let ledger = engine.ledger(&world.partner).await.expect("the ledger");
    assert!(
        ledger.ledger.adds_up(),
        "seed {seed}: the ledger does not add up: {ledger:?}"
    );
    assert_eq!(
        ledger.ledger, ledger.recounted,
        "seed {seed}: the ledger is not what is there"
    );
    let violations = world.psa.violations();
    assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    let issues = engine.issues(&world.partner).await.expect("issues");
    assert!(
        issues.is_empty(),
        "seed {seed}: issues that do not clear themselves: {issues:#?}"
    );
    let tests = world.test_tickets();
    let references: BTreeSet<_> = tests.iter().map(|ticket| &ticket.external_id).collect();
    assert_eq!(
        references.len(),
        tests.len(),
        "seed {seed}: a test was made twice: {tests:?}"
    );
    tally.tests = tests.len();
    tally.requests = requests.len();
    tally.calls = world.psa.calls().len();
}
