//! What reaches the log: enough to find a call by, and no secret, however it came in.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[tokio::test]
async fn a_call_is_found_in_the_log_and_its_secrets_are_not() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole program, because a subscriber of one thread misses what other threads were
    // the first to log. What other tests log comes in as well, and may hold no secret either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    tracing::callsite::rebuild_interest_cache();
    let world = World::new().await;

    let token = "R2h0bGVuZ3RoYW5kcmFuZG9t";
    for path in [
        format!("/callouts/{token}"),
        format!("/callouts/{token}/more"),
    ] {
        let call = world.post(&path).header("x-request-id", "hint-1");
        let call = call.header("authorization", "Basic cHNhOmh1bnRlcjI=");
        call.body("application/json", "{}")
            .send()
            .await
            .expect_status(404);
    }
    let body = json!({"connector": "nothing", "credentials": {"secret": "hunter2"}});
    let call = world
        .post("/api/v1/partners/msp-1/integrations/test")
        .partner("msp-1");
    call.json(&body).send().await.expect_status(404);

    let log = log.text();
    for found in [
        "request_id=hint-1",
        "route=/callouts/{token}",
        "status=404",
        "duration_ms=",
    ] {
        assert!(log.contains(found), "{found} is missing from:\n{log}");
    }
    for secret in [token, "hunter2", "cHNhOmh1bnRlcjI=", "dvt_"] {
        assert!(!log.contains(secret), "{secret} is in:\n{log}");
    }
}
