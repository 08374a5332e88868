//! Long reads that something goes wrong in: what was read before stays, what comes after is read,
//! and nothing looks complete that is not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use exchange::{RawAnswer, Request};
use model::{IssueKind, Outcome};
use serde_json::{Value, json};

use crate::world::{SILENCE, World, granted, is_to, typed};

const PAGES: u64 = 40;
const SIZE: u64 = 5;
const BAD_PAGE: u64 = 20;

const NUMBERED: &str = "
  probe: { get: /probe }
  things: { get: /things }
  list_companies:
    get: /companies
    query: { page: $.page.number, size: $.page.size }
    pages: { by_number: { start: 1, size: 5 }, total: $.total }
    items: '$.rows[*]'
    record: { id: $.id, name: $.name }
";

/// The number after `name=` in the query.
fn number(request: &Request, name: &str) -> u64 {
    let query = request.url.split_once('?').unwrap().1;
    let pair = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    pair.unwrap().parse().unwrap()
}

fn page(of: u64) -> RawAnswer {
    let row = |id: u64| json!({ "id": id, "name": format!("company {id}") });
    let rows: Vec<Value> = (of * SIZE - SIZE + 1..=of * SIZE).map(row).collect();
    RawAnswer::json(200, &json!({ "total": PAGES * SIZE, "rows": rows }))
}

/// A server of forty pages that gives this instead of the twentieth for as long as it is ill.
async fn ill(answer: RawAnswer) -> (World, Arc<AtomicBool>) {
    let is_ill = Arc::new(AtomicBool::new(true));
    let state = is_ill.clone();
    let world = World::new("", NUMBERED, move |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        match number(request, "page") {
            BAD_PAGE if state.load(Ordering::SeqCst) => answer.clone(),
            number => page(number),
        }
    })
    .await;
    (world, is_ill)
}

/// How often each page was asked for.
fn asked(world: &World) -> BTreeMap<u64, usize> {
    let mut asked = BTreeMap::new();
    for request in world.server.seen("/companies") {
        *asked.entry(number(&request, "page")).or_default() += 1;
    }
    asked
}

/// Nothing was read twice but the page that something happened to, and all is there once.
async fn only_the_bad_page_twice(world: &World, id: &model::IntegrationId) {
    let again: Vec<u64> = asked(world)
        .into_iter()
        .filter_map(|(page, times)| (times > 1).then_some(page))
        .collect();
    assert!(again.is_empty() || again == [BAD_PAGE], "{again:?}");
    assert_eq!(asked(world).len() as u64, PAGES);
    let all: Vec<u64> = (1..=PAGES * SIZE).collect();
    assert_eq!(world.companies(id).await, all);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_is_all_that_is_read_again() {
    let cut = r#"{"total": 200, "rows": [{"id": 96, "name": "comp"#;
    for answer in [
        RawAnswer::json(500, &json!({ "error": "out of memory" })),
        typed(200, "application/json", cut),
        typed(502, "text/html", "<html>bad gateway</html>"),
    ] {
        let (world, is_ill) = ill(answer).await;
        let id = world.create().await;
        let failed = world.next_run(&id, "read_companies").await;
        assert!(
            matches!(failed.outcome, Outcome::Failed { .. }),
            "{failed:?}"
        );
        // What came before is kept, and nobody takes it for all there is.
        assert_eq!(failed.counts.get("records"), Some(&((BAD_PAGE - 1) * SIZE)));
        is_ill.store(false, Ordering::SeqCst);
        let good = world.next_run(&id, "read_companies").await;
        assert_eq!(good.outcome, Outcome::Succeeded);
        let verdict = good.verdicts.first().unwrap();
        assert_eq!((verdict.pages, verdict.records), (PAGES, PAGES * SIZE));
        only_the_bad_page_twice(&world, &id).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_on_a_page_repeats_at_most_that_page() {
    let silence = RawAnswer {
        status: SILENCE,
        ..RawAnswer::default()
    };
    let (mut world, is_ill) = ill(silence).await;
    let id = world.create().await;
    world
        .work_until(async || asked(&world).contains_key(&BAD_PAGE))
        .await;
    is_ill.store(false, Ordering::SeqCst);
    world.restart();
    let good = world.next_run(&id, "read_companies").await;
    assert_eq!(good.outcome, Outcome::Succeeded, "{good:?}");
    only_the_bad_page_twice(&world, &id).await;
}

/// The place after an end that proved nothing is no place to go on from.
#[tokio::test(start_paused = true)]
async fn a_list_that_came_to_a_wrong_end_is_read_anew() {
    let empty = RawAnswer::json(200, &json!({ "total": PAGES * SIZE, "rows": [] }));
    let (world, is_ill) = ill(empty).await;
    let id = world.create().await;
    let failed = world.next_run(&id, "read_companies").await;
    assert!(
        matches!(failed.outcome, Outcome::Failed { .. }),
        "{failed:?}"
    );
    is_ill.store(false, Ordering::SeqCst);
    let good = world.next_run(&id, "read_companies").await;
    assert_eq!(good.outcome, Outcome::Succeeded, "{good:?}");
    assert_eq!(good.counts.get("pages"), Some(&PAGES), "{good:?}");
    let all: Vec<u64> = (1..=PAGES * SIZE).collect();
    assert_eq!(world.companies(&id).await, all);
    let issues = world.runtime.issues(&world.partner).await.unwrap();
    assert!(issues.is_empty(), "{issues:?}");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_comes_again_and_a_selector_that_hits_nothing_are_issues() {
    let elsewhere = json!({ "total": 200, "data": [{ "id": 1 }] });
    let wrong = [
        (page(BAD_PAGE - 1), "correct the connector"),
        (RawAnswer::json(200, &elsewhere), "connector"),
    ];
    for (answer, mended) in wrong {
        let (world, _) = ill(answer).await;
        let id = world.create().await;
        let failed = world.next_run(&id, "read_companies").await;
        assert!(
            matches!(failed.outcome, Outcome::Failed { .. }),
            "{failed:?}"
        );
        let issues = world.runtime.issues(&world.partner).await.unwrap();
        assert_eq!(issues.len(), 1, "{issues:?}");
        let remedies: Vec<&str> = issues
            .iter()
            .map(|issue| issue.issue.remedy.as_str())
            .collect();
        assert!(
            remedies.iter().all(|remedy| remedy.contains(mended)),
            "{issues:?}"
        );
    }
}

/// Forms and lookups read lists, too: `[]` would be a guess.
#[tokio::test(start_paused = true)]
async fn a_list_for_a_form_is_whole_or_an_error() {
    let operations = |items: &str| {
        format!(
            "
  probe: {{ get: /probe }}
  things:
    get: /things
    query: {{ page: $.page.number }}
    pages: {{ by_number: {{ start: 1, size: 2 }} }}
    items: {items}"
        )
    };
    let pages = |request: &Request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        let rows = match number(request, "page") {
            1 => json!([{ "id": 1, "name": "a" }, { "id": 2, "name": "b" }]),
            _ => json!([{ "id": 3, "name": "c" }]),
        };
        RawAnswer::json(200, &json!({ "rows": rows }))
    };
    let world = World::new("", &operations("'$.rows[*]'"), pages).await;
    let id = world.create().await;
    assert_eq!(world.things(&id).await.unwrap(), ["a", "b", "c"]);
    let world = World::new("", &operations("'$.items[*]'"), pages).await;
    let id = world.create().await;
    assert!(world.things(&id).await.is_err());
    let single = "
  probe: { get: /probe }
  things: { get: '/things?page=1', items: '$.items[*]' }";
    let world = World::new("", single, pages).await;
    let id = world.create().await;
    let refused = format!("{:?}", world.things(&id).await.unwrap_err());
    assert!(refused.contains("no place for records"), "{refused}");
}

/// The cursor is whatever it is: it comes in a header, and goes back in one.
#[tokio::test(start_paused = true)]
async fn a_cursor_can_travel_in_headers() {
    let operations = r#"
  probe: { get: /probe }
  things:
    get: /things
    headers: { X-After: $.page.cursor }
    pages: { by_cursor: { cursor: "{{ answer.headers.x-next }}" } }
    items: '$[*]'"#;
    let world = World::new("", operations, |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        let (name, next) = match request.header("x-after") {
            None => ("a", Some("=/+1 of 3")),
            Some("=/+1 of 3") => ("b", Some("2")),
            Some(_) => ("c", None),
        };
        let mut answer = RawAnswer::json(200, &json!([{ "id": name, "name": name }]));
        let next = next.map(|next| ("X-Next".to_owned(), next.to_owned()));
        answer.headers.extend(next);
        answer
    })
    .await;
    let id = world.create().await;
    assert_eq!(world.things(&id).await.unwrap(), ["a", "b", "c"]);
}

const CHANGES: &str = "
  probe: { get: /probe }
  things: { get: /things }
  list_changes:
    get: /changes
    query: { since: $.since, after: $.page.last_id, size: $.page.size }
    pages: { by_last_id: { id: $.id, start: 0, size: 2 } }
    items: '$.rows[*]'
    record: { id: $.id, name: $.name, changed: $.changed }
";

/// Records of one moment, over the border of pages and over runs: none is lost, and a run in which
/// nothing changed reads them once and ends.
#[tokio::test(start_paused = true)]
async fn records_of_one_moment_are_neither_lost_nor_read_for_ever() {
    let moment = "2026-07-01T12:00:00Z";
    let rows: Arc<Mutex<Vec<u64>>> = Arc::new(Mutex::new((1..=7).collect()));
    let (known, calls) = (rows.clone(), Arc::new(AtomicU64::new(0)));
    let counted = calls.clone();
    let world = World::new("", CHANGES, move |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let query = request.url.split_once('?').unwrap().1;
        let since = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("since="))
            .unwrap();
        // As text, moments of one form sort as moments do.
        let is_new = moment >= since.replace("%3A", ":").as_str();
        let after = number(request, "after");
        let known = known.lock().unwrap();
        let found = known.iter().filter(|id| is_new && **id > after).take(2);
        let row = |id: &u64| json!({ "id": id, "name": format!("n{id}"), "changed": moment });
        let rows: Vec<Value> = found.map(row).collect();
        RawAnswer::json(200, &json!({ "rows": rows }))
    })
    .await;
    let id = world.create().await;
    let first = world.next_run(&id, "read_changes").await;
    assert_eq!(first.outcome, Outcome::Succeeded, "{first:?}");
    assert_eq!(world.companies(&id).await.len(), 7);
    // Three more of the same moment come late.
    rows.lock().unwrap().extend([8, 9, 10]);
    world.next_run(&id, "read_changes").await;
    assert_eq!(world.companies(&id).await, (1..=10).collect::<Vec<_>>());
    let before = calls.load(Ordering::SeqCst);
    let idle = world.next_run(&id, "read_changes").await;
    assert_eq!(idle.counts.get("records"), Some(&10));
    assert_eq!(
        calls.load(Ordering::SeqCst) - before,
        6,
        "five pages and an empty one"
    );
    let kinds: Vec<IssueKind> = world
        .runtime
        .issues(&world.partner)
        .await
        .unwrap()
        .iter()
        .map(|view| view.issue.kind)
        .collect();
    assert!(kinds.is_empty(), "{kinds:?}");
}
