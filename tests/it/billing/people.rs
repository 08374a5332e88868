//! People who decide about the same thing at once, and people who change the PSA by hand meanwhile.

use harness::Msp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::psa_names;

use super::{BILLED, HERE, ITEM, billing, lines, report, run, written};

/// A partner that approves each line, and has one.
async fn asking(psa: &str) -> Msp {
    let (msp, _) = billing(psa).await;
    let mut policy = msp.here(HERE, "/billing").await;
    policy["mode"] = json!("ask");
    msp.api.put(&msp.side_path(HERE, "/billing"), policy).await;
    msp
}

/// The only line, once it is as wanted.
async fn line(msp: &Msp, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    msp.until(what, async || {
        let mut lines = lines(msp).await;
        assert!(lines.len() < 2, "{lines:#?}");
        lines.pop().filter(&wanted)
    })
    .await
}

/// Uses so many, and has that approved and applied.
async fn bills(msp: &Msp, quantity: i64) -> Value {
    report(msp, &[("alpha", &quantity.to_string())]).await;
    run(msp).await;
    let shown = line(msp, "it is proposed", |line| line["state"] == "proposed").await;
    let id = shown["id"].as_str().expect("an id");
    let seen = json!({ "seen": { id: shown["seen"] } });
    twice(msp, "/plan/approve", &seen).await;
    twice(msp, "/plan/apply", &json!({})).await;
    line(msp, "it is billed", |line| line["psa_quantity"] == quantity).await
}

/// Two people ask for the same at once. Whoever is late may be refused, since there is nothing left
/// to be done.
async fn twice(msp: &Msp, path: &str, body: &Value) {
    let path = msp.side_path(HERE, path);
    let call = || msp.api.call(Method::POST, &path, Some(body));
    let (one, other) = tokio::join!(call(), call());
    let good = [&one, &other].map(|answer| (200..300).contains(&answer.status));
    assert!(good.contains(&true), "{} {}", one.text, other.text);
    for answer in [one, other] {
        assert!(answer.status < 500, "{path}: {}", answer.text);
    }
}

/// The newest change.
async fn change(msp: &Msp) -> Value {
    let made = msp.here(HERE, "/changes").await;
    made["changes"][0].clone()
}

#[tokio::test]
async fn two_people_at_once_change_a_quantity_once_and_take_it_back_once() {
    for name in psa_names() {
        let msp = asking(name).await;
        bills(&msp, 5).await;
        assert_eq!(written(&msp), 1, "{name}: approved twice");
        let asked = json!({ "changes": [change(&msp).await["id"]] });
        twice(&msp, "/plan/undo", &asked).await;
        let back = |line: &Value| line["psa_quantity"] == 0 && line["state"] == "dismissed";
        let line = line(&msp, "it is taken back", back).await;
        for _ in 0..2 {
            run(&msp).await;
        }
        assert_eq!(written(&msp), 2, "{name}: taken back twice");
        let day = line["effective"].as_str().expect("a day");
        let there = msp.sides[HERE].psa.billed(BILLED[0].1, ITEM, day);
        assert_eq!(there.unwrap_or_default().to_string(), "0", "{name}");
        assert_eq!(msp.misuse(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_somebody_changed_by_hand_meanwhile_is_not_taken_back_and_the_plan_says_so() {
    for name in psa_names() {
        let msp = asking(name).await;
        let billed = bills(&msp, 5).await;
        let day = billed["effective"].as_str().expect("a day");
        let psa = &msp.sides[HERE].psa;
        let by_hand = psa.bill_by_hand(BILLED[0].1, ITEM, day, 20);
        by_hand.expect("a line");
        let before = written(&msp);
        let asked = json!({ "changes": [change(&msp).await["id"]] });
        msp.api
            .post(&msp.side_path(HERE, "/plan/undo"), asked)
            .await;
        let told = "nothing was taken back: the PSA had 5 then, and has 20 now";
        let says = |line: &Value| {
            line["reason"]
                .as_str()
                .is_some_and(|why| why.contains(told))
        };
        let line = line(&msp, "it says so", says).await;
        assert_eq!(line["state"], "proposed", "{name}: {line}");
        assert_eq!(psa.billed(BILLED[0].1, ITEM, day), Some(20.0), "{name}");
        assert_eq!(written(&msp), before, "{name}");
    }
}
