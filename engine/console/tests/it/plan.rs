//! Reconciliation, on pages without script.

use access::Scope;
use model::PartnerId;
use model::billing::{Decimal, Mode};

use crate::billed::{Billed, PRODUCT};
use crate::world::{PARTNER, World};

#[tokio::test]
async fn a_line_is_approved_applied_explained_and_taken_back() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let billed = Billed::new(&world).await;
        let line = billed.plan(Mode::Ask, "36.2").await;
        let path = format!("{}/reconciliation", billed.root);
        let mut browser = world.administrator().await;
        let page = browser.get(&path).await;
        page.expect(
            200,
            &["Proposed", ">37<", "36.2 reported", "Apply approved"],
        );
        let pick = format!("pick.{line}");
        let fields = [(pick.as_str(), "on"), ("do", "approve")];
        browser.fill(&path, &fields).await.expect(303, &[]);
        let approved = browser.follow().await;
        approved.expect(200, &["Approved: 1.", "Apply 1 approved"]);
        browser
            .fill(&path, &[("do", "apply")])
            .await
            .expect(303, &[]);
        let waited = browser.shown.header("location").unwrap().to_owned();
        let since = waited.split('?').nth(1).unwrap().to_owned();
        let events = browser.get(&format!("{path}/live?{since}")).await;
        events.expect(200, &["event: ended\ndata: {}"]);
        let applied = browser.get(&waited).await;
        let applied = applied.expect(200, &["Everything is as it should be"]);
        assert!(!applied.text().contains("under way"), "{}", applied.text());
        let chain = format!("{path}/lines/{line}");
        let chain = browser.get(&chain).await;
        chain.expect(200, &[PRODUCT, "rounded up", "Read back: 37"]);
        let changes = browser.get(&format!("{path}/changes")).await;
        let change = changes.expect(200, &["Verified"]).value("undo").unwrap();
        let changes = format!("{path}/changes");
        let asked = browser.fill(&changes, &[("undo", &change)]).await;
        asked.expect(200, &["Take a change back?", "Take it back"]);
        let fields = [("undo", change.as_str()), ("sure", "yes")];
        browser.fill(&changes, &fields).await.expect(303, &[]);
        browser.see(&changes, "Taken back since").await;
        let again = browser.fill(&changes, &fields).await;
        again.expect(422, &["has taken it back already"]);
    }
}

#[tokio::test]
async fn a_line_that_has_become_another_change_under_the_page_is_shown_again_and_not_approved() {
    let world = World::new("autotask").await;
    let billed = Billed::new(&world).await;
    let line = billed.plan(Mode::Ask, "36").await;
    let path = format!("{}/reconciliation", billed.root);
    let mut browser = world.administrator().await;
    let (seen, pick) = (format!("seen.{line}"), format!("pick.{line}"));
    let shown = browser.get(&path).await.value(&seen).expect("what it says");
    let (runtime, partner, id) = (&world.runtime, &billed.partner, &billed.id);
    let mut policy = runtime.billing_policy(partner, id).await.unwrap();
    policy.rule.minimum = Decimal::whole(360);
    let changed = runtime.put_billing_policy(partner, id, policy);
    changed.await.unwrap();
    browser.see(&path, "360").await;
    for button in [
        ("approve", line.as_str()),
        ("do", "approve"),
        ("do", "approve_all"),
    ] {
        let fields = [
            (pick.as_str(), "on"),
            (seen.as_str(), shown.as_str()),
            button,
        ];
        let refused = browser.fill(&path, &fields).await;
        refused.expect(422, &["Nothing was changed.", "meanwhile", "360"]);
    }
}

#[tokio::test]
async fn a_quantity_that_is_none_is_refused_beside_its_line_and_kept() {
    let world = World::new("autotask").await;
    let billed = Billed::new(&world).await;
    let line = billed.plan(Mode::Ask, "36").await;
    let path = format!("{}/reconciliation", billed.root);
    let mut browser = world.administrator().await;
    let quantity = format!("quantity.{line}");
    for wrong in ["-1", "1.5", "many", "\"><b>"] {
        let fields = [(quantity.as_str(), wrong), ("adjust", line.as_str())];
        let refused = browser.fill(&path, &fields).await;
        let refused = refused.expect(422, &["A quantity is a whole number, 0 or more."]);
        let kept = refused.value(&quantity).unwrap();
        assert_eq!(kept.replace("&#62;", ">").replace("&#60;", "<"), wrong);
    }
    let fields = [(quantity.as_str(), "40"), ("adjust", line.as_str())];
    browser.fill(&path, &fields).await.expect(303, &[]);
    browser.follow().await.expect(200, &["to 40, by hand"]);
    let nothing = browser.fill(&path, &[("do", "approve")]).await;
    nothing.expect(422, &["No line is ticked."]);
    let unknown = browser.fill(&path, &[("approve", "0123")]).await;
    unknown.expect(422, &["There is no line 0123"]);
    let settled = browser.fill(&path, &[]).await;
    settled.expect(422, &["No button was pressed."]);
    let fine = format!("{path}/lines/{line}");
    let proof = browser.get(&path).await.value("_proof").unwrap();
    let settled = browser.post(&fine, &[("_proof", &proof)]).await;
    settled.expect(404, &[]);
}

#[tokio::test]
async fn in_preview_nothing_is_approved_and_readers_only_look() {
    let world = World::new("halopsa").await;
    let billed = Billed::new(&world).await;
    let line = billed.plan(Mode::Preview, "36").await;
    let path = format!("{}/reconciliation", billed.root);
    let mut browser = world.administrator().await;
    let page = browser.get(&path).await;
    let page = page.expect(200, &["<strong>Preview.</strong>", "name=\"dismiss\""]);
    assert!(!page.text().contains("name=\"approve\""), "{}", page.text());
    let forced = browser.fill(&path, &[("approve", &line)]).await;
    forced.expect(422, &["Billing is in preview, so nothing is written."]);
    let unproved = browser.post(&path, &[("dismiss", &line)]).await;
    unproved.expect(403, &["not sent by a page of yours"]);
    let partner = PartnerId::new(PARTNER).unwrap();
    let mut reader = world.browser(Scope::Reader(partner)).await;
    let page = reader.get(&path).await.expect(200, &["change nothing"]);
    assert!(!page.text().contains("name=\"dismiss\""), "{}", page.text());
    let refused = reader.fill(&path, &[("dismiss", &line)]).await;
    refused.expect(403, &["You may look, and change nothing"]);
    browser
        .fill(&path, &[("do", "compare")])
        .await
        .expect(303, &[]);
    let started = browser.follow().await;
    started.expect(200, &["a new plan is being made"]);
    let csv = reader.get(&format!("{path}/report.csv")).await;
    csv.expect(200, &["company,agreement,item", &line]);
    let other = PartnerId::new("other").unwrap();
    let mut stranger = world.browser(Scope::Partner(other)).await;
    stranger.get(&path).await.expect(403, &["not yours to see"]);
}
