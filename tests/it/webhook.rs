//! A PSA whose callout is set up over its API: made once, kept as it should be, and told how to make
//! it by hand where the right is missing.

use harness::Msp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::HaloPsa;
use simulators::halopsa::Rights;

/// A partner whose PSA has no webhook yet, and a program that knows its own address.
async fn without_webhook() -> (Msp, HaloPsa) {
    let mut msp = Msp::with("halopsa").await;
    let halo = msp.halo.clone().expect("a tenant");
    halo.remove_webhooks();
    msp.go_public().await;
    (msp, halo)
}

/// Has the agent administer, or not, from its next token on.
fn administer(halo: &HaloPsa, administrator: bool) {
    halo.set_rights(Rights {
        administrator,
        ..Rights::default()
    });
    halo.expire_tokens();
}

/// How many webhooks and notifications there are, and how many tell us of a closed ticket.
async fn counts(msp: &Msp, halo: &HaloPsa) -> (usize, usize, usize) {
    let url = msp.callout_url(0).await;
    (
        halo.records("Webhook").len(),
        halo.records("Notification").len(),
        msp.sides[0].psa.callouts_to(&url),
    )
}

async fn is_closed_by_callout(msp: &Msp, id: &str) {
    let before = msp.sides[0].psa.callouts_accepted();
    msp.send(id, "alpha").await;
    msp.is(id, "ticketed").await;
    msp.sides[0].psa.close_ticket(id).expect("a ticket");
    assert_eq!(msp.is(id, "closed").await["closed_by"], "psa");
    msp.until("the callouts are accepted", async || {
        (msp.sides[0].psa.callouts_accepted() > before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_webhook_is_made_once_and_follows_its_address_and_its_password() {
    let (msp, halo) = without_webhook().await;
    for _ in 0..2 {
        let run = msp.run(0, "prepare_callout").await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(counts(&msp, &halo).await, (1, 2, 2));
    }
    is_closed_by_callout(&msp, "r-1").await;
    let basic = json!({ "username": "halo", "password": "made-up" });
    msp.api.put(&msp.side_path(0, "/callout"), basic).await;
    msp.until("the webhook brings the password", async || {
        let webhooks = halo.records("Webhook");
        (webhooks[0]["basic_username"] == "halo").then_some(())
    })
    .await;
    is_closed_by_callout(&msp, "r-2").await;
    let rotate = msp.side_path(0, "/callout/rotate");
    msp.api
        .call(Method::POST, &rotate, None)
        .await
        .good(&rotate);
    msp.until("the webhook has the new address", async || {
        (counts(&msp, &halo).await == (1, 2, 2)).then_some(())
    })
    .await;
    is_closed_by_callout(&msp, "r-3").await;
    let token = msp.callout_url(0).await;
    let token = token.rsplit('/').next().expect("a token");
    assert!(
        !msp.stage.output().contains(token),
        "the token is in the log"
    );
    let runs = msp.here(0, "/runs").await;
    assert!(!runs.to_string().contains(token), "the token is in a run");
    assert_eq!(msp.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn a_webhook_that_is_switched_off_or_half_made_is_mended() {
    let (msp, halo) = without_webhook().await;
    msp.run(0, "prepare_callout").await;
    halo.remove_notifications();
    let id = halo.records("Webhook")[0]["id"].clone();
    let off = json!({ "id": id, "active": false });
    halo.create("Webhook", off).expect("a webhook");
    assert_eq!(counts(&msp, &halo).await, (1, 0, 0));
    let run = msp.run(0, "prepare_callout").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(counts(&msp, &halo).await, (1, 2, 2));
    is_closed_by_callout(&msp, "r-1").await;
}

#[tokio::test]
async fn without_the_right_people_are_told_how_to_make_it_by_hand_and_the_poll_finds_what_closes() {
    let (msp, halo) = without_webhook().await;
    administer(&halo, false);
    let run = msp.run(0, "prepare_callout").await;
    assert_eq!(run["status"], "failed", "{run}");
    let issues = msp.issues().await;
    assert_eq!(issues.len(), 1, "{issues:?}");
    assert_eq!(issues[0]["kind"], "right_missing", "{issues:?}");
    let remedy = issues[0]["remedy"].as_str().expect("a remedy");
    assert!(remedy.contains("Or make the webhook by hand"), "{remedy}");
    msp.send("r-1", "alpha").await;
    msp.is("r-1", "ticketed").await;
    msp.sides[0].psa.close_ticket("r-1").expect("a ticket");
    msp.run(0, "poll_tickets").await;
    assert_eq!(msp.is("r-1", "closed").await["closed_by"], "psa");
    let about = msp.here(0, "").await;
    assert_eq!(about["health"]["good"], Value::Bool(true), "{about}");
    administer(&halo, true);
    let run = msp.run(0, "prepare_callout").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    msp.no_issues().await;
    assert_eq!(counts(&msp, &halo).await, (1, 2, 2));
}
