//! What people do while a plan is made or applied, or between what they saw and what they say.

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{Billing, LOOK_EVERY, LOOKS_MAX, line};

/// More calls than any of these tests makes.
const ANY: usize = 1_000;

/// Lets one call after the other through the gate until the plan is as wanted.
async fn stop_when(billing: &Billing, gate: &Semaphore, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..LOOKS_MAX {
        last = billing.get("plan").await;
        if wanted(&last) {
            return last;
        }
        gate.add_permits(1);
        tokio::time::sleep(LOOK_EVERY / 100).await;
    }
    unreachable!("the plan did not become as wanted: {last:#}")
}

#[tokio::test(start_paused = true)]
async fn a_change_that_has_become_another_one_since_it_was_seen_is_not_approved() {
    let (billing, _) = Billing::billed().await;
    let plan = |quantity: f64| {
        billing.until("plan", move |plan| {
            let is_so = |name| line(plan, name)["product_quantity"] == quantity;
            is_so("Alpha") && is_so("Beta")
        })
    };
    billing.uses(3.0).await;
    let shown = plan(3.0).await;
    billing.uses(30.0).await;
    let now = plan(30.0).await;
    let (alpha, beta) = (line(&shown, "Alpha"), line(&shown, "Beta"));
    let id = |line: &Value| line["id"].as_str().unwrap().to_owned();
    let seen = json!({ id(alpha): alpha["seen"], id(beta): beta["seen"] });
    let one = json!({ "line": alpha["id"], "seen": alpha["seen"], "quantity": 4 });
    for (path, body) in [
        ("plan/approve", json!({ "seen": seen })),
        (
            "plan/approve",
            json!({ "lines": [alpha["id"]], "seen": seen }),
        ),
        ("plan/dismiss", json!({ "seen": seen })),
        ("plan/adjust", one),
    ] {
        let refused = billing.try_post(path, &body).await.expect_status(422);
        let said = refused.text();
        let (place, becomes) = (format!("/seen/{}", id(alpha)), "2 to 30 from");
        assert!(said.contains(&place) && said.contains(becomes), "{said}");
    }
    billing.post("plan/apply", &Value::Null).await;
    billing
        .until("plan", |plan| plan["run"] != now["run"])
        .await;
    assert_eq!(billing.desk.quantity(10, 7), Some(2.0), "nobody saw it");
    let alpha = line(&now, "Alpha");
    let seen = json!({ "seen": { id(alpha): alpha["seen"] } });
    let decided = billing.post("plan/approve", &seen).await;
    assert_eq!(
        decided["decided"], 1,
        "what was seen, and no more: {decided}"
    );
    billing.post("plan/apply", &Value::Null).await;
    billing
        .until("plan", |plan| line(plan, "Alpha")["psa_quantity"] == 30)
        .await;
    assert_eq!(billing.desk.quantity(20, 7), Some(2.0));
}

#[tokio::test(start_paused = true)]
async fn what_a_person_dismisses_while_others_are_applied_is_not_sent() {
    let (billing, _) = Billing::billed().await;
    let mut policy = billing.get("billing").await;
    policy["guards"] = json!({ "share_max": null, "change_max": null,
        "hold_zero": false, "hold_new": false });
    policy["mode"] = json!("automatic");
    billing.put("billing", &policy).await;
    let gate = billing.desk.close();
    billing.uses(9.0).await;
    let plan = stop_when(&billing, &gate, |plan| {
        let states = ["Alpha", "Beta"].map(|name| line(plan, name)["state"].clone());
        states.contains(&json!("approved")) && states.contains(&json!("in_doubt"))
    })
    .await;
    let lines = plan["lines"].as_array().unwrap();
    let waits = lines.iter().find(|line| line["state"] == "approved");
    let waits = waits.unwrap();
    billing
        .post("plan/dismiss", &json!({ "lines": [waits["id"]] }))
        .await;
    gate.add_permits(ANY);
    let done = billing
        .until("plan", |plan| {
            let is_sent = |line: &Value| line["psa_quantity"] == 9;
            plan["lines"].as_array().unwrap().iter().any(is_sent)
        })
        .await;
    let company = waits["company_name"].as_str().unwrap();
    let agreement = if company == "Alpha" { 10 } else { 20 };
    billing.post("plan/apply", &Value::Null).await;
    billing
        .until("plan", |plan| plan["run"] != done["run"])
        .await;
    let plan = billing.get("plan").await;
    assert_eq!(billing.desk.quantity(agreement, 7), Some(2.0), "{plan:#}");
    assert_eq!(line(&plan, company)["state"], "dismissed", "{plan:#}");
}
