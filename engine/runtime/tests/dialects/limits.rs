//! What answers tell about limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange::RawAnswer;
use tokio::time::Instant;

use crate::world::{START, World, granted, is_to, one_thing};

/// How many calls the server of these tests allows in a minute.
const ALLOWED: usize = 4;

#[tokio::test(start_paused = true)]
async fn what_is_left_to_others_is_left() {
    for (reset_in, reset) in [
        ("from_now", "40".to_owned()),
        ("unix_seconds", (START.as_millis() / 1_000 + 40).to_string()),
        ("unix_millis", (START.as_millis() + 40_000).to_string()),
    ] {
        let http = format!(
            "  allowance: {{ remaining: X-Left, reset: X-Reset, reset_in: {reset_in}, keep: 10 }}"
        );
        let operations = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }";
        let left = AtomicU64::new(12);
        let world = World::new(&http, operations, move |request| {
            if is_to(request, "/probe") {
                return granted(true);
            }
            let left = left.fetch_sub(1, Ordering::SeqCst) - 1;
            let mut answer = RawAnswer::json(200, &one_thing());
            answer.headers.push(("X-Left".to_owned(), left.to_string()));
            answer.headers.push(("X-Reset".to_owned(), reset.clone()));
            answer
        })
        .await;
        let id = world.create().await;
        let begun = Instant::now();
        for waited in [0, 0, 40] {
            world.things(&id).await.unwrap();
            let elapsed = begun.elapsed();
            let wanted = Duration::from_secs(waited);
            let late = Duration::from_secs(2);
            assert!(
                (wanted..wanted + late).contains(&elapsed),
                "{reset_in}: {elapsed:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_allowance_can_be_told_by_what_is_used_of_it() {
    let http = "  allowance: { used: Limit-Info, pause: 40s, keep: 100 }";
    let operations = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }";
    let used = AtomicU64::new(4_898);
    let world = World::new(http, operations, move |request| {
        if is_to(request, "/probe") {
            return granted(true);
        }
        let used = used.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = RawAnswer::json(200, &one_thing());
        let told = format!("api-usage={used}/5000");
        answer.headers.push(("Limit-Info".to_owned(), told));
        answer
    })
    .await;
    let id = world.create().await;
    let begun = Instant::now();
    // With the second call, no more are left than are kept; each one after that waits.
    for waited in [0, 0, 40, 80] {
        world.things(&id).await.unwrap();
        let elapsed = begun.elapsed().as_secs();
        assert!(
            (waited..waited + 2).contains(&elapsed),
            "{waited}: {elapsed}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn integrations_that_are_counted_together_keep_one_limit_together() {
    let http = format!(
        "  headers: {{ User: $.credentials.user }}
  limits: [{{ requests: {ALLOWED}, per: 1m, across: '{{{{ credentials.user }}}}' }}]"
    );
    let operations = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }";
    let calls: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
    let seen = Arc::clone(&calls);
    let world = World::new(&http, operations, move |request| {
        let user = request.header("user").unwrap_or_default().to_owned();
        seen.lock().unwrap().push((user, Instant::now()));
        if is_to(request, "/probe") {
            return granted(true);
        }
        RawAnswer::json(200, &one_thing())
    })
    .await;
    let (one, two) = (world.create_as("ada").await, world.create_as("ada").await);
    let other = world.create_as("bob").await;
    for _ in 0..2 * ALLOWED {
        let (first, second) = tokio::join!(world.things(&one), world.things(&two));
        first.and(second).unwrap();
    }
    let of = |user: &str| {
        let calls = calls.lock().unwrap();
        let own = calls.iter().filter(|(who, _)| who == user);
        own.map(|(_, at)| *at).collect::<Vec<_>>()
    };
    let ada = of("ada");
    assert!(ada.len() >= 4 * ALLOWED, "{}", ada.len());
    let too_many = ada.windows(ALLOWED + 1).find(|some| {
        let (first, last) = (some.first().unwrap(), some.last().unwrap());
        last.duration_since(*first) < Duration::from_mins(1)
    });
    assert_eq!(too_many, None);
    let legs = world.runtime.legs(&world.partner, &two).await.unwrap();
    assert!(legs.shares.first().unwrap().taken > 0, "{legs:?}");
    let begun = Instant::now();
    world.things(&other).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "nobody else waits"
    );
}
