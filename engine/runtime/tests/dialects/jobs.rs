//! What an API makes while somebody waits: started, asked after, fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use exchange::{RawAnswer, Request};
use model::{Class, IntegrationId, Outcome, Run};
use runtime::Error;
use serde_json::json;

use crate::world::{World, granted, is_to, one_thing, sent};

/// A list that a job makes, in pages of two, and choices that another job makes.
const OPERATIONS: &str = "
  probe: { get: /probe }
  start_export:
    post: /exports
    body: { kind: companies }
    record: { id: $.export }
  ask_export:
    get: '/exports/{{ job.start.id }}'
    record: { state: $.state, message: $.message, at: $.link }
  list_companies:
    job:
      start: start_export
      ask: ask_export
      state: $.state
      done: [finished]
      failed: [failed]
      why: $.message
      every: 10s
      at_most: 5m
    get: '/files/{{ job.ask.at }}'
    query: { offset: $.page.offset, size: $.page.size }
    pages: { by_offset: { size: 2 }, total: $.total }
    items: '$.rows[*]'
    record: { id: $.id, name: $.name }
  things:
    job: { start: start_export, ask: ask_export, state: $.state, done: [finished], at_most: 1m }
    get: '/things/{{ job.start.id }}'
    items: '$[*]'
";

/// How the server's jobs go: one is done at the third question after it was started.
#[derive(Default)]
struct Jobs {
    started: AtomicU32,
    asked: AtomicU32,
    fetched: AtomicU32,
    /// The page, counted over all, at which the server loses the file.
    lost_at: u32,
    state: &'static str,
}

impl Jobs {
    fn answer(&self, request: &Request) -> RawAnswer {
        let add = |counter: &AtomicU32| counter.fetch_add(1, Ordering::SeqCst) + 1;
        if is_to(request, "/probe") {
            return granted(true);
        }
        if is_to(request, "/exports") {
            assert_eq!(sent(request), r#"{"kind":"companies"}"#);
            self.asked.store(0, Ordering::SeqCst);
            return RawAnswer::json(
                202,
                &json!({ "export": format!("x{}", add(&self.started)) }),
            );
        }
        let newest = format!("x{}", self.started.load(Ordering::SeqCst));
        if is_to(request, &format!("/exports/{newest}")) {
            let state = match add(&self.asked) {
                1 | 2 => "running",
                _ => self.state,
            };
            let link = format!("{newest}.json");
            return RawAnswer::json(
                200,
                &json!({ "state": state, "message": "no space", "link": link }),
            );
        }
        if is_to(request, &format!("/things/{newest}")) {
            return RawAnswer::json(200, &one_thing());
        }
        assert!(
            is_to(request, &format!("/files/{newest}.json")),
            "{}",
            request.url
        );
        if add(&self.fetched) == self.lost_at {
            return RawAnswer::json(404, &json!({ "error": "expired" }));
        }
        page(request)
    }
}

/// A page of the five companies there are.
fn page(request: &Request) -> RawAnswer {
    let from = request.url.split("offset=").nth(1).unwrap();
    let from: u32 = from.split('&').next().unwrap().parse().unwrap();
    let rows: Vec<_> = (from..5.min(from + 2))
        .map(|id| json!({ "id": id, "name": format!("company {id}") }))
        .collect();
    RawAnswer::json(200, &json!({ "total": 5, "rows": rows }))
}

async fn world(jobs: &Arc<Jobs>) -> (World, IntegrationId) {
    let server = Arc::clone(jobs);
    let world = World::new("", OPERATIONS, move |request| server.answer(request)).await;
    let id = world.create().await;
    (world, id)
}

/// Works until the companies were read once more, by schedule, and gives that run.
async fn read(world: &World, id: &IntegrationId) -> Run {
    world.next_run(id, "read_companies").await
}

fn counts<'r>(run: &'r Run, names: [&str; 2]) -> [Option<&'r u64>; 2] {
    names.map(|name| run.counts.get(name))
}

#[tokio::test(start_paused = true)]
async fn a_list_can_be_what_a_job_made() {
    let jobs = Arc::new(Jobs {
        state: "finished",
        ..Jobs::default()
    });
    let (world, id) = world(&jobs).await;
    let run = read(&world, &id).await;
    assert_eq!(run.outcome, Outcome::Succeeded, "{run:?}");
    assert_eq!(counts(&run, ["records", "pages"]), [Some(&5), Some(&3)]);
    assert!(run.verdicts.iter().all(|verdict| verdict.complete));
    assert_eq!(jobs.started.load(Ordering::SeqCst), 1);
    assert_eq!(jobs.asked.load(Ordering::SeqCst), 3);
    // The next read is of a job of its own: what the last one made is old.
    read(&world, &id).await;
    assert_eq!(jobs.started.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restart_goes_on_with_the_job_that_was_started() {
    let jobs = Arc::new(Jobs {
        state: "finished",
        ..Jobs::default()
    });
    let (mut world, id) = world(&jobs).await;
    for _ in 0..2 {
        let waiting = world.things(&id).await;
        assert!(
            matches!(&waiting, Err(Error::Refused { class: Class::Unavailable, remedy, .. })
                if remedy.as_deref() == Some("Ask again in 5s.")),
            "{waiting:?}"
        );
        world.restart();
    }
    assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    assert_eq!(jobs.started.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_lost_on_the_way_is_made_again_and_read_from_its_beginning() {
    let jobs = Arc::new(Jobs {
        state: "finished",
        lost_at: 2,
        ..Jobs::default()
    });
    let (world, id) = world(&jobs).await;
    let first = read(&world, &id).await;
    assert!(matches!(first.outcome, Outcome::Failed { .. }), "{first:?}");
    let second = read(&world, &id).await;
    assert_eq!(second.outcome, Outcome::Succeeded, "{second:?}");
    assert_eq!(counts(&second, ["records", "kept"]), [Some(&5), Some(&5)]);
    assert_eq!(jobs.started.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_says_why() {
    let jobs = Arc::new(Jobs {
        state: "failed",
        ..Jobs::default()
    });
    let (world, id) = world(&jobs).await;
    let run = read(&world, &id).await;
    let Outcome::Failed { message, .. } = &run.outcome else {
        panic!("{run:?}");
    };
    assert!(message.contains("its job failed: no space"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_is_given_up_with_the_state_it_was_in() {
    let jobs = Arc::new(Jobs {
        state: "waiting",
        ..Jobs::default()
    });
    let (world, id) = world(&jobs).await;
    let run = read(&world, &id).await;
    let Outcome::Failed { message, .. } = &run.outcome else {
        panic!("{run:?}");
    };
    assert!(
        message.contains("not done after 300s, the state is `waiting`"),
        "{message}"
    );
    let asked = jobs.asked.load(Ordering::SeqCst);
    assert!(
        (30..=32).contains(&asked),
        "every ten seconds for five minutes: {asked}"
    );
}
