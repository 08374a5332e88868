//! Callouts are hints: whatever becomes of them, the ticket itself is what counts.

use harness::{Partner, SOON, Stage};
use reqwest::Method;
use serde_json::json;
use simulators::autotask::{CalloutFormat, Mishap};

/// A partner with `count` ticketed requests, `r-1` and so on.
async fn with_tickets(stage: &Stage, count: usize) -> Partner {
    let partner = stage.partner("north").await;
    for number in 1..=count {
        partner.send(&format!("r-{number}"), "alpha").await;
    }
    for number in 1..=count {
        partner.wait_state(&format!("r-{number}"), "ticketed").await;
    }
    partner
}

fn close_in_psa(partner: &Partner, request: &str) {
    let ticket = partner.ticket(request).id;
    partner
        .autotask
        .close_ticket_as_technician(ticket)
        .expect("a ticket");
}

/// Waits until the PSA has tried to deliver that many callouts.
async fn wait_deliveries(partner: &Partner, count: usize) {
    let enough = |autotask: &simulators::Autotask| autotask.deliveries().len() >= count;
    partner
        .autotask
        .wait_for("callouts", enough, SOON)
        .await
        .expect("callouts");
}

#[tokio::test]
async fn a_callout_closes_the_request_in_every_form_it_may_have() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 4).await;
    let formats = [
        CalloutFormat::Form,
        CalloutFormat::Query,
        CalloutFormat::Json,
        CalloutFormat::Xml,
    ];
    for (format, number) in formats.into_iter().zip(1..) {
        partner.set_callout(|callout| callout.format = format).await;
        let request = format!("r-{number}");
        close_in_psa(&partner, &request);
        partner.wait_state(&request, "closed").await;
    }
    let deliveries = partner.autotask.deliveries();
    assert!(
        deliveries
            .iter()
            .all(simulators::autotask::Delivery::accepted),
        "{deliveries:?}"
    );
    assert!(partner.get_here("").await["callout"]["seen_at"].is_string());
}

#[tokio::test]
async fn polling_closes_the_gap_of_a_lost_callout() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 2).await;
    partner.set_schedule("poll_tickets", "1s").await;
    partner.autotask.add_mishap(Mishap::Lost);
    partner.autotask.add_mishap(Mishap::Lost);
    close_in_psa(&partner, "r-1");
    close_in_psa(&partner, "r-2");
    partner.wait_state("r-1", "closed").await;
    partner.wait_state("r-2", "closed").await;
    assert_eq!(partner.autotask.deliveries(), [], "no callout came through");
    assert_eq!(partner.violations(), []);
}

#[tokio::test]
async fn doubled_reordered_and_forged_callouts_change_nothing() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 4).await;
    for mishap in [Mishap::Doubled, Mishap::HeldBack, Mishap::Doubled] {
        partner.autotask.add_mishap(mishap);
    }
    for request in ["r-1", "r-2", "r-3"] {
        close_in_psa(&partner, request);
    }
    let open = partner.ticket("r-4");
    partner.autotask.forge_callout(open.id, &open.number);
    partner.autotask.forge_callout(999_999, "T19990101.0001");
    wait_deliveries(&partner, 7).await;
    for request in ["r-1", "r-2", "r-3"] {
        partner.wait_state(request, "closed").await;
    }
    let told = |product: &simulators::Product| product.received_of("request.closed").len() >= 3;
    partner
        .product
        .wait_for("the product is told", told, SOON)
        .await
        .expect("webhooks");
    // Handed in after the forged ones, so what they could do has been done when it is closed.
    partner.send("r-5", "alpha").await;
    partner.wait_state("r-5", "ticketed").await;
    close_in_psa(&partner, "r-5");
    partner.wait_state("r-5", "closed").await;
    assert_eq!(partner.request("r-4").await["state"], "ticketed");
    let told = |product: &simulators::Product| product.received_of("request.closed").len() >= 4;
    partner
        .product
        .wait_for("the product is told", told, SOON)
        .await
        .expect("webhooks");
    assert_eq!(
        partner.product.received_of("request.closed").len(),
        4,
        "each close is told once"
    );
    assert_eq!(
        partner.issues("refused").await,
        Vec::<serde_json::Value>::new()
    );
}

#[tokio::test]
async fn a_callout_with_a_wrong_token_is_refused_and_changes_nothing() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 1).await;
    let ticket = partner.ticket("r-1").id;
    let body = format!("id={ticket}").into_bytes();
    let form = "application/x-www-form-urlencoded";
    let api = &partner.api;
    for token in ["guess", "", "..%2f..", &"x".repeat(1_000)] {
        let answer = api
            .post_raw(&format!("/callouts/{token}"), form, body.clone())
            .await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 404, "{token}: {}", answer.text);
    }
    let wrong = api
        .post_raw("/callouts/guess", form, body.clone())
        .await
        .expect("an answer");
    wrong.problem(404, "callout-unknown");
    assert_eq!(partner.request("r-1").await["state"], "ticketed");
    assert!(partner.get_here("").await["callout"]["seen_at"].is_null());
}

#[tokio::test]
async fn a_callout_that_names_no_ticket_says_what_was_looked_for() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 0).await;
    let url = partner.callout_url().await;
    let path = url.strip_prefix(partner.api.base()).expect("our address");
    for body in ["", "hello", "{\"id\": {}}", "<ticket/>", "id=abc"] {
        let answer = partner.api.post_raw(path, "text/plain", body.into()).await;
        let text = answer
            .expect("an answer")
            .problem(400, "callout-without-ticket");
        assert!(text.contains("ticketnumber"), "{text}");
    }
    let large = vec![b'x'; (1 << 20) + 1];
    if let Some(answer) = partner.api.post_raw(path, "text/plain", large).await {
        answer.problem(413, "body-too-large");
    }
    let wrong = partner.api.call(Method::DELETE, path, None).await;
    assert_eq!(wrong.status, 405, "{}", wrong.text);
}

#[tokio::test]
async fn a_callout_brings_the_name_and_password_that_were_set() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 1).await;
    let basic = json!({ "username": "psa", "password": "a long one" });
    partner.put_here("callout", basic).await;
    let url = partner.callout_url().await;
    let path = url.strip_prefix(partner.api.base()).expect("our address");
    let answer = partner
        .api
        .post_raw(path, "text/plain", b"id=1".to_vec())
        .await;
    answer
        .expect("an answer")
        .problem(401, "callout-unauthenticated");
    partner
        .set_callout(|callout| {
            callout.username = Some("psa".to_owned());
            callout.password = Some("a long one".to_owned());
        })
        .await;
    close_in_psa(&partner, "r-1");
    partner.wait_state("r-1", "closed").await;
}

#[tokio::test]
async fn a_rotated_address_replaces_the_old_one() {
    let stage = Stage::start().await;
    let partner = with_tickets(&stage, 1).await;
    let old = partner.callout_url().await;
    partner
        .api
        .post(&partner.here("callout/rotate"), json!({}))
        .await;
    assert_ne!(old, partner.callout_url().await);
    let path = old.strip_prefix(partner.api.base()).expect("our address");
    let answer = partner
        .api
        .post_raw(path, "text/plain", b"id=1".to_vec())
        .await;
    answer.expect("an answer").problem(404, "callout-unknown");
    partner.set_callout(|_| {}).await;
    close_in_psa(&partner, "r-1");
    partner.wait_state("r-1", "closed").await;
}
