//! Long jobs: started once, asked after at a decent pace, taken up again after a restart.

use std::time::Duration;

use exchange::{Answer, Content, Job, JobRun, Kind, Method, Pace, Request, Retry, Stage, State};
use model::Class;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::scripted::{Plan, Reply, Scripted, exchange, get, json};

struct Export {
    /// Whether the result has an address of its own.
    fetched: bool,
}

fn field(answer: &Answer, name: &str) -> Option<Value> {
    let Content::Json(body) = &answer.body else {
        return None;
    };
    body.get(name).cloned()
}

impl Job for Export {
    fn start(&self) -> Result<Request, String> {
        Ok(Request {
            method: Method::Post,
            ..get("/exports")
        })
    }

    fn handle(&self, answer: &Answer) -> Result<Value, String> {
        field(answer, "id").ok_or_else(|| "the export has no id".to_owned())
    }

    fn ask(&self, handle: &Value) -> Result<Request, String> {
        Ok(get(&format!("/exports/{handle}")))
    }

    fn state(&self, answer: &Answer) -> Result<State, String> {
        match field(answer, "state").as_ref().and_then(Value::as_str) {
            Some("done") => Ok(State::Done),
            Some("failed") => Ok(State::Failed("no rows".to_owned())),
            Some(_) => Ok(State::Running(None)),
            None => Err("the export has no state".to_owned()),
        }
    }

    fn fetch(&self, handle: &Value) -> Result<Option<Request>, String> {
        Ok(self
            .fetched
            .then(|| get(&format!("/exports/{handle}/result"))))
    }
}

/// An API whose export is done at the third question.
fn api(request: &Request, before: usize) -> Reply {
    let state = if before < 3 { "running" } else { "done" };
    match (request.method, request.url.ends_with("/result")) {
        (Method::Post, _) => json(202, &json!({"id": 7})),
        (_, true) => json(200, &json!({"rows": [1, 2]})),
        _ => json(200, &json!({"state": state, "rows": 2})),
    }
}

/// Runs from `stage` to the end; restarts the run after every step when `restarts`.
async fn run(
    transport: &std::sync::Arc<Scripted>,
    export: &Export,
    restarts: bool,
) -> Result<Answer, exchange::Failure> {
    let exchange = exchange(transport);
    let plan = Plan::new(&exchange, Kind::Effect);
    let terms = (
        plan.terms(),
        exchange::Terms {
            kind: Kind::Read,
            ..plan.terms()
        },
    );
    let begin = |stage| JobRun::new(&exchange, terms, export, Pace::default(), stage);
    let mut run = begin(Stage::New);
    loop {
        if let Some(answer) = run.advance().await? {
            return Ok(answer);
        }
        if restarts {
            let stored = serde_json::to_string(run.stage()).unwrap();
            run = begin(serde_json::from_str(&stored).unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_started_once_and_fetched_when_done() {
    for (fetched, restarts, calls) in [
        (true, false, 5),
        (false, false, 4),
        (true, true, 5),
        (false, true, 5),
    ] {
        let transport = Scripted::new(api);
        let answer = run(&transport, &Export { fetched }, restarts)
            .await
            .unwrap();
        assert!(field(&answer, "rows").is_some());
        let seen = transport.seen();
        let starts = seen
            .iter()
            .filter(|seen| seen.request.method == Method::Post)
            .count();
        assert_eq!((starts, seen.len()), (1, calls), "{fetched} {restarts}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_never_ends_is_given_up_and_can_be_taken_up() {
    let transport = Scripted::new(|request, _| api(request, 0));
    let begun = Instant::now();
    let failure = run(&transport, &Export { fetched: true }, false)
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Unavailable);
    assert!(begun.elapsed() <= Pace::default().patience);
    // The pace slows down: with an hour at most a minute each, and no storm at the beginning.
    assert!(transport.count() < 80, "{}", transport.count());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_or_cannot_be_followed_says_so() {
    let failed = |request: &Request, _: usize| match request.method {
        Method::Post => json(202, &json!({"id": 7})),
        _ => json(200, &json!({"state": "failed"})),
    };
    let failure = run(&Scripted::new(failed), &Export { fetched: true }, false)
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Invalid);
    assert!(failure.message.contains("no rows"));
    let nameless = |_: &Request, _: usize| json(202, &json!({}));
    let transport = Scripted::new(nameless);
    let failure = run(&transport, &Export { fetched: true }, false)
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, transport.count()),
        (Class::UnknownOutcome, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_question_that_failed_is_asked_again() {
    let transport = Scripted::new(|request, before| match before {
        1 => json(503, &json!({})),
        _ => api(request, before),
    });
    let exchange = exchange(&transport);
    let mut plan = Plan::new(&exchange, Kind::Read);
    plan.retry = Retry::never();
    let export = Export { fetched: true };
    let stage = Stage::Started(json!(7));
    let terms = (plan.terms(), plan.terms());
    let mut run = JobRun::new(&exchange, terms, &export, Pace::default(), stage.clone());
    run.advance().await.unwrap();
    assert_eq!(run.advance().await.unwrap_err().class, Class::Unavailable);
    assert_eq!(run.stage(), &stage);
    let begun = Instant::now();
    while run.advance().await.unwrap().is_none() {}
    assert!(begun.elapsed() >= Duration::from_secs(2));
}
