//! A run that somebody waits for: told by events to a page with script, and seen by opening the
//! page again without.

use std::pin::Pin;

use axum::body::Body;
use axum::http::Request;
use futures::{Stream, StreamExt as _};
use serde_json::Value;

use crate::world::{Browser, PATIENCE, World};

type Events = Pin<Box<dyn Stream<Item = Value> + Send>>;

/// The first part of the page that says where events are, and the events.
async fn events(world: &World, browser: &Browser<'_>) -> Events {
    let page = browser.shown.text();
    let url = page.split("data-watch=\"").nth(1).unwrap();
    let url = url.split('"').next().unwrap();
    let request = Request::get(url).header("cookie", browser.clone_cookie());
    let answer = world.begin(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status(), 200);
    let chunks = answer.into_body().into_data_stream();
    Box::pin(chunks.filter_map(|chunk| async move {
        let chunk = chunk.unwrap();
        let text = std::str::from_utf8(&chunk).unwrap().trim();
        let data = text.strip_prefix("event: run\ndata: ")?;
        Some(serde_json::from_str(data).unwrap())
    }))
}

async fn next(events: &mut Events) -> Option<Value> {
    tokio::time::timeout(PATIENCE, events.next()).await.unwrap()
}

#[tokio::test]
async fn a_run_is_seen_under_way_and_at_its_end_with_script_and_without() {
    let world = World::new("autotask").await;
    let mut browser = world.administrator().await;
    let path = format!("{}/status", browser.connect().await);
    browser.see(&path, "Succeeded").await;
    until_quiet(&mut browser, &path).await;
    world.gate.send_replace(false);
    browser.fill(&path, &[("do", "sync")]).await;
    // Without script: the page says what runs each time that it is opened.
    for _ in 0..2 {
        let shown = browser.get(&path).await;
        shown.expect(
            200,
            &["<span class=\"state busy\">Running</span>", "data-watch="],
        );
    }
    let mut events = events(&world, &browser).await;
    let first = next(&mut events).await.unwrap();
    assert_eq!(first["ended"], false, "{first}");
    world.gate.send_replace(true);
    let mut last = first;
    while let Some(event) = next(&mut events).await {
        assert_eq!(last["ended"], false, "nothing follows the end: {event}");
        assert_ne!(last, event, "what has not changed is not told again");
        last = event;
    }
    assert_eq!(last["ended"], true, "{last}");
    assert_ne!(last["told"], "", "{last}");
    until_quiet(&mut browser, &path).await;
}

/// Opens the page until nothing runs.
async fn until_quiet(browser: &mut Browser<'_>, path: &str) {
    let began = tokio::time::Instant::now();
    while browser.get(path).await.text().contains("data-watch=") {
        assert!(began.elapsed() < PATIENCE, "{}", browser.shown.text());
        tokio::task::yield_now().await;
    }
}
