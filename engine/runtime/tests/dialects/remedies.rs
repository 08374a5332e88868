//! What people read who try out a connection that fails: how to mend it, also where the connector
//! has no rule for it.

use exchange::RawAnswer;
use model::Class;
use serde_json::json;

use crate::world::World;

const PROBE: &str = "
  probe: { get: /probe }
  things: { get: /things }
";

const OWN: &str = "  errors: [{ when: { status: 403 }, is: forbidden, remedy: Tick the box. }]";

/// A connection to a server that answers all calls with this status.
async fn answering(http: &str, status: u16) -> World {
    let said = json!({ "error": "no" });
    World::new(http, PROBE, move |_| RawAnswer::json(status, &said)).await
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_failure_has_a_remedy_that_names_the_system() {
    for (status, class, remedy) in [
        (
            401,
            Class::CredentialsRejected,
            "Copy each of them from Sample again",
        ),
        (
            403,
            Class::Forbidden,
            "give them the right to use the API in Sample",
        ),
        (404, Class::NotFound, "belongs to the Sample that you mean"),
        (422, Class::Invalid, "belongs to the Sample that you mean"),
        (429, Class::RateLimited, "Sample has had too many calls"),
        (503, Class::Unavailable, "See that Sample is up"),
    ] {
        let report = answering("", status).await.test().await;
        assert_eq!((report.ok, report.class), (false, Some(class)), "{status}");
        let told = report.remedy.unwrap();
        assert!(told.contains(remedy), "{status}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_connector_says_goes_before_what_is_usual() {
    let report = answering(OWN, 403).await.test().await;
    assert_eq!(report.remedy.as_deref(), Some("Tick the box."));
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_fails_itself_is_not_blamed_on_what_was_typed() {
    let probe = PROBE.replace("get: /probe", "get: /probe, items: '$[*].parts[0]'");
    let said = json!({ "error": "no" });
    let world = World::new("", &probe, move |_| RawAnswer::json(200, &said)).await;
    let report = world.test().await;
    assert!(!report.ok && report.class.is_none(), "{report:?}");
    let told = report.remedy.unwrap();
    assert!(told.contains("the connector has to be corrected"), "{told}");
}
