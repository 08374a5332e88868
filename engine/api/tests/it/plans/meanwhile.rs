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
