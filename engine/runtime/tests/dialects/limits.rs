//! What answers tell about limits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use exchange::RawAnswer;
use tokio::time::Instant;

use crate::world::{START, World, granted, is_to, one_thing};

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
