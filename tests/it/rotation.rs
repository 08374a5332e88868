//! Credentials that are rotated: the next ones lie beside those in use, take their place without
//! a call being lost, and can be taken back.

use harness::{Partner, SOON, Stage};
use reqwest::Method;
use serde_json::{Value, json};

/// The secret that takes the first one's place.
const SECOND: &str = "second-Secret#91c2";

/// The most calls that are under way at once: two to each of the entities that tickets need.
const ON_THE_WIRE: usize = 6;

fn with_secret(partner: &Partner, secret: &str) -> Value {
    let username = partner.autotask.credentials().username;
    json!({ "credentials": { "username": username, "secret": secret } })
}

async fn spare(partner: &Partner) -> Value {
    partner.get_here("").await["credentials"]["spare"].clone()
}

/// A POST about the integration that must say that the credentials work.
async fn works(partner: &Partner, path: &str) {
    let report = partner.api.post(&partner.here(path), json!({})).await;
    assert_eq!(report["ok"], true, "{report:#}");
}

fn rejected_calls(partner: &Partner) -> usize {
    let all = partner.autotask.calls();
    all.iter().filter(|call| call.status == 401).count()
}

#[tokio::test]
async fn credentials_are_rotated_under_way_without_losing_a_call() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.autotask.add_secret(SECOND);
    let body = with_secret(&partner, SECOND);
    let kept = partner.put_here("credentials/spare", body).await;
    assert_eq!(kept["ok"], true, "{kept:#}");
    assert_eq!(spare(&partner).await["former"], Value::Null);

    let ids: Vec<String> = (1..=60).map(|number| format!("r-{number}")).collect();
    let send = async {
        for id in &ids {
            partner.send(id, "alpha").await;
        }
    };
    let rotate = async {
        let some = |autotask: &simulators::Autotask| autotask.tickets().len() >= 10;
        let begun = partner.autotask.wait_for("the first tickets", some, SOON);
        begun.await.expect("tickets");
        works(&partner, "credentials/spare/use").await;
        // Whoever still used the first one would be found out, and lock the account in the end.
        partner.autotask.withdraw_first_secret();
        partner.autotask.tickets().len()
    };
    let ((), at_switch) = futures::join!(send, rotate);
    assert!(
        at_switch < ids.len(),
        "the switch came too late to show anything"
    );
    for id in &ids {
        partner.wait_state(id, "ticketed").await;
        let tickets = partner.autotask.tickets_by_external_id(id);
        assert_eq!(tickets.len(), 1, "{id}");
    }
    partner.wait_no_issues().await;
    // Those that were on the wire at the switch may have come too late, and none after them.
    assert!(
        rejected_calls(&partner) <= ON_THE_WIRE,
        "{}",
        partner.picture().await
    );
    assert!(!partner.autotask.is_locked());
    let health = partner.get_here("").await["health"].clone();
    assert_eq!(health["good"], true, "{health}");
}

#[tokio::test]
async fn former_credentials_can_be_switched_back_to_and_rejected_ones_stay_unused() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.autotask.add_secret(SECOND);
    let body = with_secret(&partner, SECOND);
    assert_eq!(partner.put_here("credentials", body).await["ok"], true);
    let former = spare(&partner).await;
    assert_eq!(former["entered"]["by"], "Operator through the API");
    assert!(former["former"]["kept_until"].is_string(), "{former:#}");
    works(&partner, "credentials/spare/use").await;

    // Of the two, the first is in use again; it goes, and then the second is what works.
    partner.autotask.withdraw_first_secret();
    partner.send("r-1", "alpha").await;
    partner.wait_issue("credentials_rejected").await;
    works(&partner, "credentials/spare/use").await;
    partner.wait_state("r-1", "ticketed").await;
    partner.wait_no_issues().await;
    let rejected = rejected_calls(&partner);
    assert!((1..=ON_THE_WIRE).contains(&rejected), "{rejected}");

    // The rejected one lies there, is known to be that, and is used only when somebody asks.
    assert_eq!(spare(&partner).await["health"]["good"], false);
    partner.send("r-2", "alpha").await;
    partner.wait_state("r-2", "ticketed").await;
    assert_eq!(rejected_calls(&partner), rejected);
    let path = partner.here("credentials/spare/use");
    let report = partner.api.post(&path, json!({})).await;
    assert_eq!(report["ok"], false, "{report:#}");
    assert_eq!(partner.get_here("").await["health"]["good"], true);

    let path = partner.here("credentials/spare");
    let removed = partner.api.call(Method::DELETE, &path, None).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    assert_eq!(spare(&partner).await, Value::Null);
    let gone = partner.api.call(Method::DELETE, &path, None).await;
    assert_eq!(gone.status, 404, "{}", gone.text);
}

#[tokio::test]
async fn credentials_that_do_not_work_are_not_kept_beside_the_others() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    let body = with_secret(&partner, "wrong");
    let report = partner.put_here("credentials/spare", body).await;
    assert_eq!(report["ok"], false, "{report:#}");
    assert_eq!(spare(&partner).await, Value::Null);
    let shown = partner.get_here("").await.to_string();
    let secret = partner.autotask.credentials().secret;
    assert!(!shown.contains(&secret), "{shown}");
}
