//! From usage to quantities.

use model::Mapping;
use model::billing::{Decimal, ItemTarget, Measure, Period, RoundEach, Rounding, UsageStatus, Why};
use model::{CustomerId, ProductId, Timestamp};
use serde_json::json;

use crate::made::{Made, agreement, day, decimal, rule, usage};

#[test]
fn customers_of_one_company_are_summed_before_they_are_rounded_or_after() {
    let mut made = Made::new(vec![usage("a", "p", "1.4"), usage("b", "p", "1.4")]);
    for (each, rounding, expected) in [
        (RoundEach::Company, Rounding::Up, 3),
        (RoundEach::Usage, Rounding::Up, 4),
        (RoundEach::Company, Rounding::Nearest, 3),
        (RoundEach::Usage, Rounding::Nearest, 2),
        (RoundEach::Company, Rounding::Down, 2),
    ] {
        made.policy.rule.round_each = each;
        made.policy.rule.rounding = rounding;
        assert_eq!(
            made.quantity(),
            Decimal::whole(expected),
            "{each:?} {rounding:?}"
        );
    }
}

#[test]
fn free_and_included_are_taken_off_and_the_minimum_is_kept() {
    let mut made = Made::new(vec![usage("a", "p", "7.5")]);
    made.usages[0].usage.free_quantity = decimal("2");
    assert_eq!(made.quantity(), Decimal::whole(6));
    made.policy.rule.included = decimal("4");
    assert_eq!(made.quantity(), Decimal::whole(2));
    made.policy.rule.minimum = decimal("5");
    assert_eq!(made.quantity(), Decimal::whole(5));
    made.usages[0].usage.free_quantity = decimal("100");
    assert_eq!(made.quantity(), Decimal::whole(5));
    made.usages[0].usage.status = UsageStatus::Cancelled;
    assert_eq!(
        made.quantity(),
        Decimal::ZERO,
        "nothing counts, so there is no minimum"
    );
}

#[test]
fn only_the_statuses_of_the_rule_count() {
    let mut made = Made::new(vec![usage("a", "p", "5"), usage("b", "p", "3")]);
    made.usages[1].usage.status = UsageStatus::InTrial;
    assert_eq!(made.quantity(), Decimal::whole(5));
    made.policy.rule = rule();
    assert_eq!(made.quantity(), Decimal::whole(8));
}

#[test]
fn the_high_water_mark_is_of_this_term_and_of_statuses_that_count() {
    let mut measured = usage("a", "p", "4");
    let now = Timestamp::default();
    for (status, quantity) in [
        (UsageStatus::InTrial, "50"),
        (UsageStatus::Active, "9"),
        (UsageStatus::Active, "6"),
    ] {
        let mut next = measured.usage.clone();
        (next.status, next.quantity) = (status, decimal(quantity));
        measured = measured.followed_by(next, now).unwrap();
    }
    let mut made = Made::new(vec![measured.clone()]);
    assert_eq!(made.quantity(), Decimal::whole(6));
    made.policy.rule.measure = Measure::Peak;
    assert_eq!(made.quantity(), Decimal::whole(9));
    let mut next = measured.usage.clone();
    (next.term_start, next.quantity) = (day("2026-08-01"), decimal("2"));
    made.usages = vec![measured.followed_by(next.clone(), now).unwrap()];
    assert_eq!(made.quantity(), Decimal::whole(2));
    assert_eq!(
        made.usages[0].followed_by(measured.usage, now),
        None,
        "an older term is over"
    );
}

#[test]
fn several_products_may_be_one_item_and_one_product_several() {
    let mut made = Made::new(vec![usage("a", "p", "2.5"), usage("a", "q", "1.5")]);
    let p = ProductId::new("p").unwrap();
    let q = ProductId::new("q").unwrap();
    let mut mapping = made.products[&p].clone();
    mapping.product = q.clone();
    made.products.insert(q, mapping);
    assert_eq!(
        made.quantity(),
        Decimal::whole(5),
        "each product is counted by its own rule"
    );
    let override_for_b = (
        model::CustomerId::new("b").unwrap(),
        ItemTarget::Item(json!(200)),
    );
    made.products.get_mut(&p).unwrap().overrides = [override_for_b].into();
    made.usages.push(usage("b", "p", "7"));
    let (demands, _) = made.desired();
    let quantities: Vec<_> = demands
        .iter()
        .map(|one| (one.target.clone(), one.quantity))
        .collect();
    assert_eq!(
        quantities,
        [
            (ItemTarget::Item(json!(100)), Decimal::whole(5)),
            (ItemTarget::Item(json!(200)), Decimal::whole(7)),
        ]
    );
}

#[test]
fn an_item_is_one_line_whether_it_is_to_be_made_was_made_or_is_chosen() {
    let new = |name: &str| ItemTarget::Create {
        name: name.to_owned(),
        price: Decimal::whole(4),
    };
    let mut made = Made::new(vec![usage("a", "p", "2"), usage("b", "p", "3")]);
    made.usages.push(usage("a", "q", "4"));
    let [p, q] = ["p", "q"].map(|name| ProductId::new(name).unwrap());
    let mut mapping = made.products[&p].clone();
    (mapping.product, mapping.target) = (q.clone(), new("Filter"));
    made.products.insert(q.clone(), mapping);
    made.products.get_mut(&p).unwrap().target = new("Filter");
    let quantity = |made: &Made| {
        let demands = made.desired().0.into_iter();
        demands
            .map(|one| (one.place, one.quantity))
            .collect::<Vec<_>>()
    };
    let all = [("new Filter".to_owned(), Decimal::whole(9))];
    assert_eq!(quantity(&made), all, "two products, one new item");
    made.items = [("Filter".to_owned(), json!(77))].into();
    assert_eq!(quantity(&made), all, "once it was made");
    made.products.get_mut(&q).unwrap().target = ItemTarget::Item(json!(77));
    assert_eq!(quantity(&made), all, "chosen by its id, too");

    let school = (
        model::CustomerId::new("b").unwrap(),
        new("Filter for schools"),
    );
    made.products.get_mut(&p).unwrap().overrides = [school].into();
    let two = [("new Filter", 6), ("new Filter for schools", 3)];
    let two = two.map(|(place, many)| (place.to_owned(), Decimal::whole(many)));
    assert_eq!(quantity(&made), two, "a customer's own new item is another");
}

#[test]
fn a_product_may_have_an_agreement_of_its_own() {
    let mut made = Made::new(vec![usage("a", "p", "2")]);
    made.agreements.insert("11".to_owned(), agreement(11, 1));
    let mut own = made.choices[0].clone();
    (own.product, own.agreement) = (ProductId::new("p").ok(), json!(11));
    made.choices.push(own);
    assert_eq!(made.desired().0[0].agreement, "11");
}

type Change = fn(&mut model::billing::Agreement);

#[test]
fn what_is_not_billed_says_why() {
    let why = |change: &dyn Fn(&mut Made)| {
        let mut made = Made::new(vec![usage("a", "p", "2")]);
        change(&mut made);
        let (demands, mut unbilled) = made.desired();
        assert_eq!(demands, []);
        assert_eq!(unbilled.len(), 1);
        unbilled.remove(0).why
    };
    assert_eq!(why(&|made| made.mappings.clear()), Why::CustomerUnmapped);
    let each = |made: &mut Made, change: fn(&mut Mapping)| {
        made.mappings.values_mut().for_each(change);
    };
    let ignore = |made: &mut Made| each(made, |one| one.company = None);
    assert_eq!(why(&ignore), Why::CustomerIgnored);
    // Whatever else is missing: it is not to be billed, and nobody is asked to mend anything.
    let off = |made: &mut Made| {
        each(made, |one| one.ticks.billing = false);
        made.choices.clear();
    };
    assert_eq!(why(&off), Why::BillingOff);
    assert_eq!(why(&|made| made.products.clear()), Why::ProductUnmapped);
    assert_eq!(why(&|made| made.choices.clear()), Why::NoAgreement);
    let not_billed = |made: &mut Made| {
        made.products
            .values_mut()
            .for_each(|one| one.target = ItemTarget::NotBilled);
    };
    assert_eq!(why(&not_billed), Why::NotBilled);
    let elsewhere = |made: &mut Made| {
        let pair = (CustomerId::new("a").unwrap(), ProductId::new("p").unwrap());
        made.elsewhere.insert(pair, "Another".to_owned());
    };
    let expected = Why::BilledElsewhere("Another".to_owned());
    assert_eq!(why(&elsewhere), expected);
    let unfit: [(Change, &str); 5] = [
        (|one| one.company_id = json!(2), "is with another company"),
        (
            |one| one.has_lines = false,
            "has no lines with quantities: it is Recurring",
        ),
        (|one| one.active = false, "is not active"),
        (
            |one| one.ends = Some(day("2026-07-09")),
            "ended on 2026-07-09",
        ),
        (
            |one| one.period = Some(Period::Other),
            "is not billed monthly, as usage is",
        ),
    ];
    for (change, expected) in unfit {
        let change = |made: &mut Made| made.agreements.values_mut().for_each(change);
        let expected = format!("Agreement 10 {expected}");
        assert_eq!(why(&change), Why::AgreementUnfit(expected));
    }
}
