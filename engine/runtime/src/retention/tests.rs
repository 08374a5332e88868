//! What is removed, what stays, and that the ledger adds up in between.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use definition::Library;
use exchange::{Lack, RawAnswer, SeededRandom, TokioClock, Transport, TransportError};
use model::{Content, IntegrationId, State, TicketKey};
use serde_json::json;
use store::Memory;

use super::*;
use crate::core::add_request;
use crate::{Config, NewPartner, Parts};

const START: Timestamp = Timestamp::from_millis(1_782_907_200_000);
const DAY: Duration = Duration::from_hours(24);

/// A day, but for the last second of it.
const BARELY: Duration = Duration::from_secs(24 * 60 * 60 - 1);

struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: &exchange::Request) -> Result<RawAnswer, TransportError> {
        Err(TransportError::not_sent(Lack::Connect, "no network"))
    }
}

struct World {
    runtime: Runtime,
    partner: PartnerId,
}

impl World {
    async fn new(retention: Retention) -> Self {
        let runtime = Runtime::new(Parts {
            store: Arc::new(Memory::new()),
            library: Arc::new(Library::default()),
            transport: Arc::new(Nowhere),
            clock: Arc::new(TokioClock::new(START)),
            random: Arc::new(SeededRandom::new(1)),
            config: Config {
                retention,
                ..Config::default()
            },
        });
        let partner = PartnerId::new("north").unwrap();
        let new = NewPartner {
            id: partner.clone(),
            name: "North".to_owned(),
            webhook: None,
        };
        runtime.put_partner(new).await.unwrap();
        Self { runtime, partner }
    }

    /// A request that is in `state` since now, and what was exchanged for it.
    async fn put(&self, id: &str, state: State, ticket: Option<&str>) {
        let core = &self.runtime.core;
        let content = json!({ "id": id, "customer_id": "c-1", "report_type": "url_block" });
        let content: Content = serde_json::from_value(content).unwrap();
        let mut request = Request::accepted(content, core.now());
        request.integration = ticket.map(|_| IntegrationId::new("i-1").unwrap());
        request.ticket = ticket.map(|id| TicketKey {
            id: json!(id),
            number: None,
            url: None,
        });
        request.enter(state, core.now(), None);
        let mut batch = Batch::new();
        add_request(&mut batch, &self.partner, &request);
        let exchanges = ExchangesRow(Vec::new());
        batch.put_record("north", &[id], &exchanges, Expect::Any);
        if let Some(ticket) = ticket {
            let parts = ["i-1", ticket];
            let row = core.store.get_record::<TicketRow>("north", &parts).await;
            let mut row = row.unwrap().map(|row| row.value).unwrap_or_default();
            row.requests.push(request.content.id.clone());
            batch.put_record("north", &parts, &row, Expect::Any);
        }
        core.store.commit(batch).await.unwrap();
    }

    async fn round(&self) -> usize {
        let removed = self.runtime.core.remove_of(&self.partner).await.unwrap();
        let report = self.runtime.ledger(&self.partner).await.unwrap();
        assert!(report.ledger.adds_up(), "{report:?}");
        assert_eq!(report.ledger, report.recounted);
        removed
    }

    async fn left(&self) -> Vec<String> {
        let requests = self.runtime.requests(&self.partner, None, None, 1_000);
        let ids = requests
            .await
            .unwrap()
            .into_iter()
            .map(|it| it.content.id.to_string());
        ids.collect()
    }

    async fn has_exchanges(&self, id: &str) -> bool {
        let key = ExchangesRow::key("north", &[id]);
        self.runtime.core.store.get(&key).await.unwrap().is_some()
    }

    async fn has_ticket(&self, id: &str) -> bool {
        let key = TicketRow::key("north", &["i-1", id]);
        self.runtime.core.store.get(&key).await.unwrap().is_some()
    }
}

fn month() -> Retention {
    Retention {
        requests: 30 * DAY,
        exchanges: 7 * DAY,
        runs: 500,
    }
}

async fn pass(span: Duration) {
    tokio::time::advance(span).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_over_goes_when_its_time_has_passed_and_not_before() {
    let world = World::new(month()).await;
    world.put("closed", State::Closed, None).await;
    world.put("ignored", State::Ignored, None).await;
    pass(6 * DAY + BARELY).await;
    assert_eq!(world.round().await, 0);
    assert!(world.has_exchanges("closed").await);
    pass(Duration::from_secs(1)).await;
    assert_eq!(world.round().await, 0);
    assert!(
        !world.has_exchanges("closed").await,
        "what was exchanged goes before"
    );
    pass(22 * DAY + BARELY).await;
    assert_eq!(world.round().await, 0);
    assert_eq!(world.left().await, ["closed", "ignored"]);
    pass(Duration::from_secs(1)).await;
    assert_eq!(world.round().await, 2);
    assert!(world.left().await.is_empty());
    let wanted = crate::Wanted::default();
    let found = world
        .runtime
        .find_requests(&world.partner, &wanted, None, 10);
    assert!(
        found.await.unwrap().requests.is_empty(),
        "nor is it found by its time"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_open_never_goes() {
    let world = World::new(month()).await;
    let open = [State::Waiting, State::Parked, State::Failed];
    for state in open {
        world.put(state.name(), state, None).await;
    }
    world.put("ticketed", State::Ticketed, Some("t-1")).await;
    pass(4_000 * DAY).await;
    assert_eq!(world.round().await, 0);
    assert_eq!(
        world.left().await,
        ["failed", "parked", "ticketed", "waiting"]
    );
    assert!(world.has_exchanges("ticketed").await && world.has_ticket("t-1").await);
}

#[tokio::test(start_paused = true)]
async fn the_requests_of_one_ticket_go_together() {
    let world = World::new(month()).await;
    world.put("a", State::Closed, Some("t-1")).await;
    world.put("c", State::Closed, Some("t-2")).await;
    pass(20 * DAY).await;
    world.put("b", State::Closed, Some("t-1")).await;
    world.put("d", State::Ticketed, Some("t-2")).await;
    pass(15 * DAY).await;
    assert_eq!(
        world.round().await,
        0,
        "the second of each still needs the first"
    );
    pass(15 * DAY).await;
    assert_eq!(world.round().await, 2);
    assert_eq!(world.left().await, ["c", "d"]);
    assert!(!world.has_ticket("t-1").await && world.has_ticket("t-2").await);
}

#[tokio::test(start_paused = true)]
async fn the_last_that_happened_to_a_request_counts() {
    let world = World::new(month()).await;
    world.put("r", State::Parked, None).await;
    pass(40 * DAY).await;
    let id = RequestId::new("r").unwrap();
    world
        .runtime
        .close(&world.partner, &id, None)
        .await
        .unwrap();
    pass(29 * DAY).await;
    assert_eq!(world.round().await, 0);
    pass(DAY).await;
    assert_eq!(world.round().await, 1);
}

#[tokio::test(start_paused = true)]
async fn many_go_in_several_commits_and_each_is_counted_once() {
    let world = World::new(month()).await;
    for number in 0..1_100 {
        let ticket = format!("t-{}", number / 2);
        world
            .put(&format!("r-{number}"), State::Closed, Some(&ticket))
            .await;
    }
    world.put("open", State::Parked, None).await;
    pass(30 * DAY).await;
    assert_eq!(world.round().await, 1_100);
    assert_eq!(world.left().await, ["open"]);
}

#[test]
fn what_a_partner_promises_counts() {
    let span = |values: serde_json::Value| {
        let section = json!({ "on": true, "values": values,
            "rules": { "url_block": { "values": { "back": "40d", "text": "9999d or so" } } } });
        let section: model::Section = serde_json::from_value(section).unwrap();
        longest_in(&BTreeMap::from([("tickets".to_owned(), section)]))
    };
    assert_eq!(span(json!({ "reopen": "7d", "queue": 5 })), 40 * DAY);
    assert_eq!(span(json!({ "reopen": "400d" })), 400 * DAY);
}

/// Passes that are good at the same time do not keep those that are over.
#[tokio::test(start_paused = true)]
async fn passes_that_are_over_go_while_others_are_good() {
    let world = World::new(month()).await;
    let core = &world.runtime.core;
    let spend = async |name: &str, life: Duration| {
        for number in 0..300 {
            let id = crate::integrations::token_hash(&format!("{name} {number}"));
            let until = core.now().after(life);
            assert!(world.runtime.spend_pass(&id, until).await.unwrap());
            assert!(!world.runtime.spend_pass(&id, until).await.unwrap(), "once");
        }
    };
    spend("good", 30 * DAY).await;
    spend("short", Duration::from_mins(15)).await;
    pass(DAY).await;
    spend("later", DAY).await;
    let left: Vec<crate::tables::SpentRow> = core.all(NOBODY, &[]).await.unwrap();
    assert!((600..620).contains(&left.len()), "{} are left", left.len());
}
