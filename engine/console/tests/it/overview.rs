//! Reconciliation over all of a partner's integrations.

use access::Scope;
use model::PartnerId;
use model::billing::Mode;

use crate::billed::{Billed, PRODUCT};
use crate::world::{PARTNER, World};

fn overview() -> String {
    format!("/partners/{PARTNER}/reconciliation")
}

#[tokio::test]
async fn what_is_billed_is_held_against_what_was_used_and_each_line_leads_on() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let mut browser = world.administrator().await;
        let nothing = browser.get(&overview()).await;
        nothing.expect(200, &["Billing is switched on nowhere"]);
        let billed = Billed::new(&world).await;
        let line = billed.plan(Mode::Ask, "36.2").await;
        let plan = format!("{}/reconciliation", billed.root);
        let page = browser.get(&overview()).await;
        let page = page.expect(
            200,
            &[
                "Differences",
                ">36.2<",
                ">37<",
                "Proposed",
                "1 waiting for you",
                PRODUCT,
            ],
        );
        let (way, explained) = (format!("{plan}\""), format!("{plan}/lines/{line}"));
        for link in [&way, &explained] {
            assert!(page.text().contains(link.as_str()), "{}", page.text());
        }
        browser
            .get(&explained)
            .await
            .expect(200, &["What was used"]);
        let even = format!("{}?show=even", overview());
        let even = browser.get(&even).await.expect(200, &["As it should be"]);
        assert!(!even.text().contains(&explained), "{}", even.text());
        let found = format!("{}?q={PRODUCT}", overview());
        browser.get(&found).await.expect(200, &[&explained]);
        let unknown = format!("{}?q=nobody", overview());
        browser
            .get(&unknown)
            .await
            .expect(200, &["Nothing to show"]);
        let csv = browser.get(&format!("{}.csv", overview())).await;
        csv.expect(200, &["integration,company,agreement", &line]);
    }
}

#[tokio::test]
async fn usage_that_nobody_bills_is_listed_with_the_way_to_mend_it() {
    let world = World::new("autotask").await;
    let billed = Billed::new(&world).await;
    billed.used("3").await;
    let mut browser = world.administrator().await;
    // More usage is waited for before it is planned; whoever will not wait compares now.
    let plan = format!("{}/reconciliation", billed.root);
    browser.get(&plan).await.expect(200, &["Compare now"]);
    browser.fill(&plan, &[("do", "compare")]).await;
    let says = "Usage that no line bills";
    let page = browser.see(&overview(), says).await;
    let mend = format!("{}/billing", billed.root);
    assert!(page.text().contains(&mend), "{}", page.text());
}

#[tokio::test]
async fn readers_see_it_and_others_do_not() {
    let world = World::new("halopsa").await;
    let billed = Billed::new(&world).await;
    billed.plan(Mode::Ask, "36").await;
    let partner = PartnerId::new(PARTNER).unwrap();
    let mut reader = world.browser(Scope::Reader(partner)).await;
    let page = reader.get(&overview()).await;
    page.expect(200, &["change nothing", "Proposed"]);
    let csv = format!("{}.csv", overview());
    reader.get(&csv).await.expect(200, &["36"]);
    let other = PartnerId::new("other").unwrap();
    let mut stranger = world.browser(Scope::Partner(other)).await;
    for path in [overview(), csv] {
        stranger.get(&path).await.expect(403, &["not yours to see"]);
    }
}
