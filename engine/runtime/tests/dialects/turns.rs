//! A run that somebody asks for and the one that the schedule has planned: each is run once, and
//! neither waits for the other.

#![expect(clippy::indexing_slicing, reason = "a failed test should panic")]

use std::time::Duration;

use exchange::RawAnswer;
use model::{Outcome, Run, Trigger};
use serde_json::json;

use crate::world::{World, granted, is_to};

const OPERATIONS: &str = "
  probe: { get: /probe }
  things: { get: /things }
  list_companies: { get: /companies, items: '$[*]', record: { id: $.id, name: $.name } }
";

/// How often the sample's pipelines run by themselves.
const EVERY: Duration = Duration::from_hours(6);

async fn runs(world: &World, id: &model::IntegrationId) -> Vec<Run> {
    let mut runs = world.runtime.runs(&world.partner, id, 100).await.unwrap();
    runs.retain(|run| run.pipeline == "read_companies" && run.outcome == Outcome::Succeeded);
    runs.reverse();
    runs
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_for_is_one_read_and_the_scheduled_one_keeps_its_time() {
    let world = World::new("", OPERATIONS, |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        RawAnswer::json(200, &json!([{ "id": 1, "name": "Contoso" }]))
    })
    .await;
    let id = world.create().await;
    let first = world.next_run(&id, "read_companies").await;
    let asked = world
        .runtime
        .sync(&world.partner, &id, Some("read_companies"))
        .await
        .unwrap();
    world
        .work_until(async || runs(&world, &id).await.len() == 3)
        .await;
    let after = runs(&world, &id).await;
    let ran: Vec<_> = after.iter().map(|run| (&run.id, run.trigger)).collect();
    let [_, second, third] = after.as_slice() else {
        panic!("{after:#?}");
    };
    assert_eq!(ran[1], (&asked[0], Trigger::Person), "{after:#?}");
    assert_eq!(ran[2].1, Trigger::Schedule, "{after:#?}");
    let passed = |from: &Run, to: &Run| {
        let millis = to.started_at.as_millis() - from.started_at.as_millis();
        Duration::from_millis(millis.unsigned_abs())
    };
    assert!(passed(&first, second) < Duration::from_mins(1), "at once");
    assert!(passed(&first, third) >= EVERY / 2, "{after:#?}");
    assert_eq!(
        world.server.seen("/companies").len(),
        3,
        "once for each run"
    );
}
