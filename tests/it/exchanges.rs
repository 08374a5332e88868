//! What was sent to a PSA for a request and what it answered, for people who look into it: the
//! whole course of it, and no secret and no name in it.

use harness::Msp;
use serde_json::{Value, json};
use simulators::faults::Fault;
use simulators::psa_names;

/// The place of the only PSA.
const HERE: usize = 0;

async fn exchanges(msp: &Msp, request: &str) -> Vec<Value> {
    let path = msp.path(&format!("/requests/{request}/exchanges"));
    let all = msp.api.get(&path).await;
    all["exchanges"].as_array().cloned().expect("a list")
}

#[tokio::test]
async fn a_request_shows_what_was_sent_and_answered_without_secrets_and_names() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.sides[HERE].psa.fail_creations(Fault::DropAnswer, 1);
        msp.send("r-1", "alpha").await;
        msp.is("r-1", "ticketed").await;
        let all = exchanges(&msp, "r-1").await;
        let lost = all.iter().find(|one| one["status"].is_null());
        let lost = lost.expect("what made the ticket, and whose answer was lost");
        assert_eq!(
            (&lost["method"], &lost["succeeded"]),
            (&json!("POST"), &json!(false))
        );
        let sent = lost["sent"].as_str().unwrap_or_default();
        assert!(sent.contains("files.example"), "{name}: {sent}");
        let found = all.iter().any(|one| one["succeeded"] == true);
        assert!(found, "{name}: it was looked for");
        let count = all.len();
        msp.close("r-1", "Allowed by policy").await;
        msp.is("r-1", "closed").await;
        let all = exchanges(&msp, "r-1").await;
        assert!(all.len() > count, "{name}: the close is noted, too");
        let text = serde_json::to_string(&all).expect("JSON");
        let side = &msp.sides[HERE];
        let secrets = side.psa.credentials(&side.url).into_iter();
        let secrets = secrets.filter(|(name, _)| name.contains("secret"));
        let secrets: Vec<String> = secrets.map(|(_, value)| value).collect();
        assert!(!secrets.is_empty(), "{name}");
        let people = ["Dana Reyes", "dana@fabrikam.example"].map(str::to_owned);
        for hidden in secrets.iter().chain(&people) {
            assert!(!text.contains(hidden), "{name}: {hidden} is in {text}");
        }
        assert!(text.contains("•••"), "{name}: {text}");
        let of_nobody = msp.path("/requests/none/exchanges");
        let missing = msp.api.call(reqwest::Method::GET, &of_nobody, None).await;
        assert_eq!(missing.status, 404, "{}", missing.text);
    }
}
