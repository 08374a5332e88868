//! What is billed, by the built program and with each PSA: what goes wrong with a single change or
//! halfway, what bills otherwise than the rest, and what is made new.

use std::time::{Duration, Instant};

use harness::Msp;
use serde_json::{Value, json};
use simulators::faults::Fault;
use simulators::psa_names;

mod items;
mod people;

/// The place of the only PSA.
const HERE: usize = 0;

/// Customers, and companies with an agreement that both PSAs have.
const BILLED: [(&str, &str); 3] = [
    ("alpha", "Acme Industries, Inc."),
    ("beta", "FABRIKAM GMBH"),
    ("gamma", "Ionic Architects Ltd."),
];

const PRODUCT: &str = "browsing";
const ITEM: &str = "Browsing";

/// How often a pass is asked for while something is waited for.
const PASS_EVERY: Duration = Duration::from_secs(4);

/// A partner whose customers are billed without a person, as soon as they use something; and what
/// bills them.
pub(crate) async fn billing(psa: &str) -> (Msp, Value) {
    let msp = Msp::start(&[psa]).await;
    for (customer, company) in BILLED {
        map(&msp, customer, company).await;
    }
    msp.bill(HERE).await;
    policy(&msp, json!({})).await;
    let item = bills_as(&msp, ITEM).await;
    run(&msp).await;
    let accept = msp.side_path(HERE, "/mappings/agreements/accept");
    msp.api.post(&accept, json!({})).await;
    product(&msp, item.clone(), json!({})).await;
    (msp, item)
}

async fn map(msp: &Msp, customer: &str, company: &str) {
    let search = company.split(' ').next().unwrap_or_default();
    let found = msp.here(HERE, &format!("/companies?search={search}")).await;
    let found = found["companies"].as_array().cloned().unwrap_or_default();
    let found = found.iter().find(|one| one["name"] == company);
    let change = json!({ "customer": customer, "company": found.expect("a company")["id"] });
    let path = msp.side_path(HERE, "/mappings/companies");
    msp.api.put(&path, json!({ "mappings": [change] })).await;
}

/// Has everything be applied without a person, by this rule.
pub(crate) async fn policy(msp: &Msp, rule: Value) {
    let mut policy = msp.here(HERE, "/billing").await;
    policy["mode"] = json!("automatic");
    policy["guards"] = json!({ "share_max": null, "change_max": null,
        "hold_zero": false, "hold_new": false });
    for (name, value) in rule.as_object().cloned().unwrap_or_default() {
        policy["rule"][name] = value;
    }
    msp.api.put(&msp.side_path(HERE, "/billing"), policy).await;
}

/// A new item that the engine knows; what bills it.
async fn bills_as(msp: &Msp, name: &str) -> Value {
    let item = msp.sides[HERE].psa.add_item(name, 3.5).expect("an item");
    let read = msp.run(HERE, "read_items").await;
    assert_eq!(read["status"], "succeeded", "{read}");
    json!({ "item": item })
}

async fn product(msp: &Msp, target: Value, overrides: Value) {
    let mapping = json!({ "product": PRODUCT, "target": target, "overrides": overrides });
    let path = msp.side_path(HERE, "/mappings/products");
    msp.api.put(&path, json!({ "mappings": [mapping] })).await;
}

/// Reports what is used, and has it billed.
pub(crate) async fn used(msp: &Msp, used: &[(&str, &str)]) {
    report(msp, used).await;
    run(msp).await;
}

/// Reports what is used, which is billed soon.
async fn report(msp: &Msp, used: &[(&str, &str)]) {
    let one = |(customer, quantity): &(&str, &str)| {
        json!({ "customer_id": customer, "product_id": PRODUCT, "status": "active",
            "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": quantity })
    };
    let usage: Vec<Value> = used.iter().map(one).collect();
    msp.api
        .put(&msp.path("/usage"), json!({ "usage": usage }))
        .await;
}

pub(crate) async fn run(msp: &Msp) -> Value {
    msp.run(HERE, "bill_usage").await
}

pub(crate) async fn lines(msp: &Msp) -> Vec<Value> {
    let plan = msp.here(HERE, "/plan").await;
    plan["lines"].as_array().cloned().unwrap_or_default()
}

/// Waits until each of so many lines has what the usage comes to. What waits for a next pass gets
/// it now and then: to ask for it all the time would use up the PSA's limit on calls.
pub(crate) async fn until_billed(msp: &Msp, count: usize) -> Vec<Value> {
    let is_billed = |line: &Value| line["psa_quantity"] == line["product_quantity"];
    let mut looked = Instant::now();
    msp.until("all is billed", async || {
        if looked.elapsed() > PASS_EVERY {
            run(msp).await;
            looked = Instant::now();
        }
        let lines = lines(msp).await;
        (lines.len() == count && lines.iter().all(is_billed)).then_some(lines)
    })
    .await
}

/// What the PSA bills of an item on the day of a line.
fn billed(msp: &Msp, line: &Value, item: &str) -> Option<f64> {
    let text = |field: &str| line[field].as_str().expect("a text").to_owned();
    let (company, day) = (text("company_name"), text("effective"));
    msp.sides[HERE].psa.billed(&company, item, &day)
}

/// How many calls have changed what is billed.
pub(crate) fn written(msp: &Msp) -> usize {
    let calls = msp.sides[HERE].psa.change_calls().into_iter();
    calls.filter(|status| (200..300).contains(status)).count()
}

const ALL: [(&str, &str); 3] = [("alpha", "5"), ("beta", "6"), ("gamma", "7")];

#[tokio::test]
async fn a_refused_line_and_a_lost_answer_harm_no_other_line_and_double_nothing() {
    for name in psa_names() {
        let (msp, _) = billing(name).await;
        let psa = &msp.sides[HERE].psa;
        psa.fail_changes(Fault::Refused, 1);
        used(&msp, &ALL).await;
        until_billed(&msp, 3).await;
        msp.no_issues().await;
        assert_eq!(written(&msp), 3, "{name}: each line once");
        let made = msp.here(HERE, "/changes").await;
        let made = made["changes"].as_array().expect("changes");
        let are = |state: &str| made.iter().filter(|one| one["state"] == state).count();
        assert_eq!(
            (are("not_done"), are("verified")),
            (1, 3),
            "{name}: {made:#?}"
        );

        for (fault, quantity, all) in [(Fault::DropAnswer, "9", 6), (Fault::DropRequest, "12", 9)] {
            psa.fail_changes(fault, 1);
            used(&msp, &ALL.map(|(customer, _)| (customer, quantity))).await;
            for line in until_billed(&msp, 3).await {
                let there = billed(&msp, &line, ITEM).map(|there| there.to_string());
                assert_eq!(there.as_deref(), Some(quantity), "{name} {fault:?}: {line}");
            }
            assert_eq!(written(&msp), all, "{name} {fault:?}: each line once");
        }
        assert_eq!(msp.misuse(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_period_that_was_posted_is_left_alone_and_a_quota_may_end_halfway() {
    for name in psa_names() {
        let (msp, _) = billing(name).await;
        let psa = &msp.sides[HERE].psa;
        used(&msp, &ALL).await;
        let before = until_billed(&msp, 3).await;
        let posted = &before[0];
        let text = |field: &str| posted[field].as_str().expect("a text").to_owned();
        let (company, day) = (text("company_name"), text("effective"));
        if psa.post_period(&company, ITEM, &day).expect("a period") {
            let customer = BILLED.iter().find(|(_, name)| *name == company);
            let (customer, _) = customer.expect("a customer");
            used(&msp, &[(customer, "8")]).await;
            let there = billed(&msp, posted, ITEM);
            let after = until_billed(&msp, 3).await;
            let moved = after.iter().find(|line| line["id"] == posted["id"]);
            let moved = moved.expect("the line");
            assert_eq!(moved["psa_quantity"], 8, "{name}: {moved}");
            assert!(moved["billed_until"].is_string(), "{name}: {moved}");
            assert_ne!(moved["effective"], posted["effective"], "{name}");
            assert_eq!(there, billed(&msp, posted, ITEM), "{name}: it was posted");
        }

        let already = written(&msp);
        // The lists are read, and then it is over sooner or later.
        psa.leave_calls(4);
        let raised = ALL.map(|(customer, _)| (customer, "11"));
        report(&msp, &raised).await;
        let body = json!({ "pipeline": "bill_usage" });
        msp.api.post(&msp.side_path(HERE, "/sync"), body).await;
        msp.until("the limit stops it", async || {
            let runs = msp.here(HERE, "/runs").await;
            let mut runs = runs["runs"].as_array()?.iter();
            let is_limited = |run: &Value| run["failure"]["class"] == "rate_limited";
            runs.any(is_limited).then_some(())
        })
        .await;
        assert!(written(&msp) - already < 3, "{name}: it ended halfway");
        for line in lines(&msp).await {
            let there = billed(&msp, &line, ITEM);
            let is_whole = there == line["psa_quantity"].as_f64() || there == Some(11.0);
            assert!(is_whole, "{name}: {there:?} of {line}");
        }
        let issues = msp.issues().await;
        assert!(
            issues.is_empty(),
            "{name}: it goes on by itself: {issues:?}"
        );
    }
}

#[tokio::test]
async fn one_customer_is_billed_as_another_item_and_two_of_one_company_on_one_line() {
    for name in psa_names() {
        let (msp, usual) = billing(name).await;
        let other = bills_as(&msp, "Browsing for schools").await;
        product(&msp, usual.clone(), json!({ "alpha": other })).await;
        used(&msp, &ALL).await;
        let planned = until_billed(&msp, 3).await;
        for line in &planned {
            let item = line["item_name"].as_str().expect("a name");
            let is_school = line["company_name"] == BILLED[0].1;
            assert_eq!(item == "Browsing for schools", is_school, "{name}: {line}");
            assert_eq!(
                billed(&msp, line, item),
                line["psa_quantity"].as_f64(),
                "{name}"
            );
        }
        assert_eq!(written(&msp), 3, "{name}");

        // Back to what bills the others: the item that is not its own any more goes down to none.
        product(&msp, usual, json!({})).await;
        run(&msp).await;
        until_billed(&msp, 3).await;
        for line in planned {
            let other = billed(&msp, &line, "Browsing for schools").unwrap_or_default();
            assert!(other < 0.5, "{name}: {other} of {line}");
        }

        // Two customers of one company: what both use is summed, and then rounded.
        map(&msp, "beta", BILLED[2].1).await;
        policy(&msp, json!({ "measure": "peak" })).await;
        used(&msp, &[("beta", "2.4"), ("gamma", "7.4")]).await;
        let sum = async |expected: i64| {
            msp.until("the sum is billed", async || {
                run(&msp).await;
                let all = lines(&msp).await;
                let shared = all
                    .iter()
                    .find(|line| line["company_name"] == BILLED[2].1)?;
                (shared["psa_quantity"] == expected).then_some(())
            })
            .await;
        };
        // Of beta's 6 and 2.4, the most in the term counts: 6 and 7.4 are 13.4.
        sum(14).await;
        used(&msp, &[("beta", "1"), ("gamma", "1")]).await;
        sum(14).await;
        used(&msp, &[("gamma", "9.1")]).await;
        sum(16).await;
        assert_eq!(msp.misuse(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_is_billed_as_a_new_item_is_made_once_though_the_answer_is_lost() {
    for name in psa_names() {
        let (msp, _) = billing(name).await;
        let new = json!({ "create": { "name": "Secure Browsing", "price": "4.5" } });
        product(&msp, new, json!({})).await;
        msp.sides[HERE].psa.lose_new_item();
        used(&msp, &ALL).await;
        for line in until_billed(&msp, 3).await {
            assert_eq!(line["item_name"], "Secure Browsing", "{name}");
            let there = billed(&msp, &line, "Secure Browsing");
            assert_eq!(there, line["product_quantity"].as_f64(), "{name}: {line}");
        }
        let items = msp.sides[HERE].psa.items();
        let made = items.iter().filter(|item| *item == "Secure Browsing");
        assert_eq!(made.count(), 1, "{name}: {items:?}");
        assert_eq!(written(&msp), 3, "{name}: each line once");
    }
}

#[tokio::test]
async fn one_report_over_all_psas_is_shown_by_the_shell() {
    let (msp, _) = billing(psa_names()[0]).await;
    used(&msp, &ALL[..2]).await;
    until_billed(&msp, 2).await;
    let token = msp.stage.token(&[]).await;
    let arguments = [
        "plan",
        "--all",
        "--server",
        msp.api.base(),
        "--token",
        &token,
    ];
    let shown = harness::run(&[&arguments[..], &["--partner", "msp"]].concat()).await;
    assert_eq!(shown.code, Some(0), "{} {}", shown.stdout, shown.stderr);
    for (_, company) in &BILLED[..2] {
        assert!(shown.stdout.contains(company), "{}", shown.stdout);
    }
    assert_eq!(
        shown.stdout.matches("unchanged").count(),
        2,
        "{}",
        shown.stdout
    );
}
