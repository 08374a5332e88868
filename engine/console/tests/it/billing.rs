//! Billing, on pages without script: agreements, products, counting and limits.

use model::billing::Mode;
use model::request::id_text;

use crate::billed::{Billed, PRODUCT};
use crate::world::World;

#[tokio::test]
async fn a_person_chooses_what_bills_a_company_and_sees_what_does_not_qualify() {
    for name in simulators::psa_names() {
        let world = World::new(name).await;
        let billed = Billed::new(&world).await;
        let path = format!("{}/billing", billed.root);
        let lines = billed.lines().await;
        let options = lines.iter().flat_map(|line| &line.options);
        let unfit: Vec<_> = options.filter_map(|one| one.unfit.as_deref()).collect();
        let line = lines.iter().find(|line| line.suggestion.is_some()).unwrap();
        let (company, wanted) = (id_text(&line.company), line.suggestion.clone().unwrap());
        let (field, wanted) = (format!("agreement.{company}"), id_text(&wanted));
        let mut browser = world.administrator().await;
        let page = browser.get(&path).await;
        let page = page.expect(
            200,
            &["Save Recurring ", " Mapping</button>", "the only one"],
        );
        for why in unfit {
            assert!(page.text().contains(why), "{why} in {}", page.text());
        }
        let values: Vec<(String, String)> = saved(&billed).await;
        let mut fields = vec![("on", "on"), (field.as_str(), wanted.as_str())];
        fields.extend(values.iter().map(|(a, b)| (a.as_str(), b.as_str())));
        browser.fill(&path, &fields).await.expect(303, &[]);
        let page = browser.follow().await;
        let chosen = format!("<option value=\"{wanted}\" selected>");
        page.expect(200, &["Saved: 1 changed.", &chosen]);
        browser.fill(&path, &fields).await.expect(303, &[]);
        browser.follow().await.expect(200, &[">Saved."]);
        fields[1].1 = "no-such-agreement";
        let refused = browser.fill(&path, &fields).await;
        refused.expect(
            422,
            &["has no such agreement.", "no-such-agreement (is no more)"],
        );
    }
}

#[tokio::test]
async fn agreements_that_were_never_read_are_not_said_to_be_missing() {
    let world = World::new("autotask").await;
    let companies = world.psa.companies();
    let names: Vec<&str> = companies.iter().map(String::as_str).collect();
    world.customers(&names).await;
    let mut browser = world.administrator().await;
    let root = browser.connect().await;
    browser
        .see(&format!("{root}/mapping"), "Accept suggestions")
        .await;
    let accepted = [("score", "90")];
    let proof = browser.shown.value("_proof").unwrap();
    let fields = [("_proof", proof.as_str()), accepted[0]];
    browser
        .post(&format!("{root}/mapping/accept"), &fields)
        .await
        .expect(303, &[]);
    let page = browser.get(&format!("{root}/billing")).await;
    let page = page.expect(
        200,
        &["are not read yet", "Switch on Billing Integration above"],
    );
    assert!(!page.text().contains("None qualifies"), "{}", page.text());
}

/// The settings of billing, as fields of its form.
async fn saved(billed: &Billed<'_>) -> Vec<(String, String)> {
    let runtime = &billed.world.runtime;
    let view = runtime
        .settings(&billed.partner, &billed.id, "billing")
        .await;
    let values = view.unwrap().values.into_iter();
    values
        .map(|(name, value)| (format!("values.{name}"), id_text(&value)))
        .collect()
}

#[tokio::test]
async fn a_product_is_billed_as_an_item_or_one_that_is_made_and_otherwise_for_a_customer() {
    let world = World::new("autotask").await;
    let billed = Billed::new(&world).await;
    billed.plan(Mode::Preview, "36").await;
    let path = format!("{}/billing/products", billed.root);
    let mut browser = world.administrator().await;
    let (target, other) = (format!("target.{PRODUCT}"), format!("other.{PRODUCT}.0"));
    let page = browser.get(&path).await;
    let page = page.expect(200, &["1 customer uses it", "Save Product Mapping"]);
    let item = page.text();
    let item = item.split("<option value=\"item ").nth(1).unwrap();
    let item = format!("item {}", item.split('"').next().unwrap());
    let (name, price) = (format!("{target}.name"), format!("{target}.price"));
    let mut fields = vec![(target.as_str(), "create"), (name.as_str(), "<b>Web</b>")];
    fields.push((price.as_str(), "cheap"));
    let refused = browser.fill(&path, &fields).await;
    let refused = refused.expect(422, &["A price is a number such as 4.50."]);
    assert_eq!(refused.value(&price).as_deref(), Some("cheap"));
    assert!(!refused.text().contains("<b>Web"), "{}", refused.text());
    fields[2].1 = "4.50";
    browser.fill(&path, &fields).await.expect(303, &[]);
    let made = browser.follow().await;
    made.expect(200, &["Product mapping saved: 1 changed.", "value=\"4.5\""]);
    let other_target = format!("{other}.target");
    let mut fields = vec![(target.as_str(), item.as_str()), (&other, "Nobody")];
    fields.push((other_target.as_str(), "none"));
    let refused = browser.fill(&path, &fields).await;
    refused.expect(422, &["There is no customer of this name or id."]);
    fields[1].1 = billed.customer.as_str();
    browser.fill(&path, &fields).await.expect(303, &[]);
    let saved = world.runtime.product_mappings(&billed.partner, &billed.id);
    let saved = saved.await.unwrap().remove(0).mapping.unwrap();
    assert!(saved.overrides.contains_key(&billed.customer), "{saved:?}");
    fields[0].1 = "";
    let refused = browser.fill(&path, &fields).await;
    refused.expect(422, &["Say what it is billed as"]);
}

#[tokio::test]
async fn rules_and_limits_are_kept_and_numbers_that_are_none_refused() {
    let world = World::new("halopsa").await;
    let billed = Billed::new(&world).await;
    billed.used("3").await;
    let path = format!("{}/billing/policy", billed.root);
    let mut browser = world.administrator().await;
    let page = browser.get(&path).await;
    page.expect(200, &["Preview", "Ask me", "Automatic", "value=\"25\""]);
    let own = format!("rule.{PRODUCT}");
    let names = ["own", "measure", "status.paused", "minimum"].map(|part| format!("{own}.{part}"));
    let mut fields = vec![
        ("mode", "ask"),
        ("share_max", "a lot"),
        ("change_max", "-3"),
        ("rule.rounding", "down"),
        ("rule.included", "five"),
        (&names[0], "on"),
        (&names[1], "peak"),
        (&names[2], "on"),
        (&names[3], "2"),
    ];
    let refused = browser.fill(&path, &fields).await;
    let refused = refused.expect(422, &["Tick at least one", "A share is a whole number"]);
    for (name, typed) in [
        ("share_max", "a lot"),
        ("change_max", "-3"),
        ("rule.included", "five"),
    ] {
        assert_eq!(refused.value(name).as_deref(), Some(typed));
    }
    (fields[1].1, fields[2].1, fields[4].1) = ("30%", "", "5");
    fields.push(("rule.status.active", "on"));
    browser.fill(&path, &fields).await.expect(303, &[]);
    let saved = world.runtime.billing_policy(&billed.partner, &billed.id);
    let saved = saved.await.unwrap();
    assert_eq!(saved.mode, Mode::Ask);
    assert_eq!(
        (saved.guards.share_max, saved.guards.change_max),
        (Some(30), None)
    );
    assert_eq!(saved.rule.included.to_string(), "5");
    let rule = saved.rules.values().next().unwrap();
    assert_eq!(rule.measure, model::billing::Measure::Peak);
    assert_eq!(rule.minimum.to_string(), "2");
}
