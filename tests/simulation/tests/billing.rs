//! Billing against the simulated PSA, one leg after the other: the plan is shown, approved, applied
//! and read back; what is asked twice is written once; what was billed is never written into.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

use model::billing::{
    ChangeState, CountsFrom, Decimal, Guards, ItemTarget, Mode, PlanLine, PlanState, Why,
};
use runtime::Verdict;
use simulation::billing::{Bill, ITEM, MADE, PRODUCT};
use simulators::faults::{Fault, Planned};

fn states(lines: &[PlanLine]) -> Vec<PlanState> {
    lines.iter().map(|line| line.state).collect()
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_shown_approved_applied_and_taken_back() {
    for bill in Bill::with_each(1).await {
        bill.uses(&[("3.2", "0"), ("8", "2")]).await;
        let plan = bill
            .planned("two lines are proposed", |lines| lines.len() == 2)
            .await;
        assert_eq!(states(&plan), [PlanState::Proposed, PlanState::Proposed]);
        let desired: Vec<_> = plan.iter().map(|line| line.desired).collect();
        assert_eq!(desired, [Decimal::whole(4), Decimal::whole(6)]);
        assert_eq!(bill.adjustments(), 0, "a preview writes nothing");
        let refused = bill.decide(None, Verdict::Approve).await.unwrap_err();
        assert!(refused.to_string().contains("preview"), "{refused}");

        bill.mode(Mode::Ask, Guards::default()).await;
        bill.decide(None, Verdict::Approve).await.unwrap();
        bill.engine()
            .apply_plan(&bill.world.partner, &bill.id)
            .await
            .unwrap();
        bill.planned("both lines are as they should be", |lines| {
            lines.iter().all(|line| line.actual == line.desired)
        })
        .await;
        assert_eq!((bill.units(0), bill.units(1)), (Some(4), Some(6)));
        assert_eq!(bill.adjustments(), 2);
        let changes = bill.changes().await;
        assert!(
            changes
                .iter()
                .all(|change| change.state == ChangeState::Verified)
        );
        assert!(
            changes
                .iter()
                .all(|change| change.read_back == Some(change.after))
        );

        bill.run().await;
        assert_eq!(bill.adjustments(), 2, "nothing to do writes nothing");

        let undone = changes[0].clone();
        bill.engine()
            .undo(&bill.world.partner, &bill.id, vec![undone.id.clone()])
            .await
            .unwrap();
        bill.planned("one line is taken back", |lines| {
            lines.iter().any(|line| line.state == PlanState::Dismissed)
        })
        .await;
        assert_eq!(bill.adjustments(), 3);
        bill.run().await;
        assert_eq!(bill.adjustments(), 3, "what was taken back stays so");
        let again = bill
            .engine()
            .undo(&bill.world.partner, &bill.id, vec![undone.id])
            .await;
        assert!(
            again
                .unwrap_err()
                .to_string()
                .contains("taken it back already")
        );
        assert!(
            bill.engine()
                .issues(&bill.world.partner)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn guards_hold_what_is_too_much_and_the_rest_goes_by_itself() {
    for bill in Bill::with_each(2).await {
        let guards = Guards {
            hold_new: false,
            ..Guards::default()
        };
        bill.mode(Mode::Automatic, guards).await;
        bill.uses(&[("8", "0"), ("11", "0")]).await;
        let plan = bill
            .planned("the small one is applied", |_| bill.units(0) == Some(8))
            .await;
        assert_eq!(
            plan.iter()
                .filter(|line| line.state == PlanState::Held)
                .count(),
            1
        );
        assert_eq!(bill.units(1), None);
        bill.uses(&[("9", "0"), ("11", "0")]).await;
        bill.planned("one more is applied", |_| bill.units(0) == Some(9))
            .await;
        bill.uses(&[("0", "0"), ("11", "0")]).await;
        bill.planned("a drop to zero is held", |lines| {
            lines
                .iter()
                .filter(|line| line.state == PlanState::Held)
                .count()
                == 2
        })
        .await;
        assert_eq!(bill.units(0), Some(9));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_resolved_by_reading_the_quantity() {
    for fault in [
        Fault::DropAnswer,
        Fault::DropRequest,
        Fault::HangAfter,
        Fault::CutBody,
    ] {
        for bill in Bill::with_each(3).await {
            bill.fail_change(fault);
            bill.mode(Mode::Automatic, Bill::no_guards()).await;
            bill.uses(&[("5", "0"), ("7", "0")]).await;
            bill.planned("both are as they should be", |lines| {
                lines.len() == 2 && lines.iter().all(|line| line.actual == line.desired)
            })
            .await;
            assert_eq!(
                (bill.units(0), bill.units(1)),
                (Some(5), Some(7)),
                "{fault:?}"
            );
            bill.run().await;
            assert_eq!(
                (bill.units(0), bill.units(1)),
                (Some(5), Some(7)),
                "{fault:?}"
            );
            assert!(
                bill.engine()
                    .issues(&bill.world.partner)
                    .await
                    .unwrap()
                    .is_empty(),
                "{fault:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_billed_period_is_left_alone_and_the_plan_says_where_it_lands() {
    let bill = Bill::new(4).await;
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    bill.uses(&[("5", "0")]).await;
    bill.planned("it is applied", |_| bill.units(0) == Some(5))
        .await;
    bill.post_this_month(0);
    bill.uses(&[("6", "0")]).await;
    let plan = bill
        .planned("the next month has it", |lines| {
            lines
                .iter()
                .any(|line| line.billed_until.is_some() && line.actual == Decimal::whole(6))
        })
        .await;
    assert_eq!(plan[0].effective.to_string(), "2026-08-01");
    assert_eq!(bill.units(0), Some(5), "the billed month is as it was");
    assert_eq!(bill.units_on(0, "2026-08-15"), Some(6));
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_change_in_between_stops_the_line_until_a_person_has_looked() {
    for bill in Bill::with_each(5).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.uses(&[("5", "0")]).await;
        bill.planned("it is applied", |_| bill.units(0) == Some(5))
            .await;
        bill.fail_change(Fault::DropAnswer);
        bill.uses(&[("8", "0")]).await;
        bill.until("the change was sent", || bill.units(0) == Some(8))
            .await;
        bill.bill_by_hand(0, 18);
        let plan = bill
            .planned("it is unclear", |lines| {
                lines
                    .iter()
                    .any(|line| line.state == PlanState::InDoubt && line.troubled)
            })
            .await;
        let issues = bill.engine().issues(&bill.world.partner).await.unwrap();
        assert_eq!(issues.len(), 1, "{issues:#?}");
        let line = plan[0].id.clone();
        bill.run().await;
        assert_eq!(bill.units(0), Some(18), "nothing is guessed");
        bill.engine()
            .settle_line(&bill.world.partner, &bill.id, &line)
            .await
            .unwrap();
        bill.planned("it is set right", |_| bill.units(0) == Some(8))
            .await;
        assert!(
            bill.engine()
                .issues(&bill.world.partner)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_item_is_made_once_and_found_again_and_so_is_its_supplier() {
    for (bill, entity) in Bill::with_each(6)
        .await
        .into_iter()
        .zip(["Services", "Item"])
    {
        let name = MADE.to_owned();
        let price = Decimal::parse("4.5").unwrap();
        bill.bills_as(ItemTarget::Create { name, price }).await;
        for entity in [entity, "Supplier"] {
            let fault = Planned::next(Fault::DropAnswer)
                .method("POST")
                .entity(entity);
            bill.world.psa.faults().add(fault);
        }
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.uses(&[("5", "0"), ("7", "0")]).await;
        bill.planned("both are billed", |lines| {
            lines.len() == 2 && lines.iter().all(|line| line.actual == line.desired)
        })
        .await;
        let items = bill.world.psa.items();
        assert_eq!(items.iter().filter(|name| *name == MADE).count(), 1);
        assert_eq!((bill.units(0), bill.units(1)), (Some(5), Some(7)));
    }
}

#[tokio::test(start_paused = true)]
async fn usage_that_is_not_billed_is_listed_with_the_reason() {
    for bill in Bill::with_each(7).await {
        bill.uses_product("unknown-product", "4").await;
        bill.planned("a plan is made", |_| true).await;
        bill.until_async("it says so", || async {
            let view = bill
                .engine()
                .plan(&bill.world.partner, &bill.id)
                .await
                .unwrap();
            let unbilled = view.plan.map(|plan| plan.unbilled).unwrap_or_default();
            unbilled.iter().any(|one| one.why == Why::ProductUnmapped)
        })
        .await;
        bill.uses(&[("3", "0")]).await;
        let plan = bill
            .planned("a line is there", |lines| lines.len() == 1)
            .await;
        let why = bill
            .engine()
            .explain(&bill.world.partner, &bill.id, &plan[0].id)
            .await
            .unwrap();
        assert_eq!(why.usages.len(), 1);
        assert_eq!(why.rules[0].0.as_str(), PRODUCT);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_pass_reads_no_more_pages_than_there_are() {
    let bill = Bill::with_companies(8, 520).await;
    bill.everybody_uses("5").await;
    bill.planned("all are planned", |lines| lines.len() > 520)
        .await;
    let run = bill.run().await;
    // Two pages of contracts, and one each of services and units. The figure `calls` has in it
    // what others ask at the same time, such as the pre-flight, and the names of contract types
    // while they are not kept.
    let (pages, least) = (run.counts["pages"], run.counts["calls_least"]);
    assert_eq!((pages, least), (4, 4), "{:?}", run.counts);
    assert_eq!(bill.adjustments(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_line_that_bills_something_else_stays_as_it_is() {
    for bill in Bill::with_each(9).await {
        let before = bill.world.psa.other_lines(ITEM);
        let agreements = bill.world.psa.agreements();
        assert!(before.len() > 10, "there is something to leave alone");
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        for used in ["5", "9", "0"] {
            bill.everybody_uses(used).await;
            let (all, wanted) = (bill.customers.len(), Decimal::parse(used).unwrap());
            bill.planned("all are billed", |lines| {
                let is_billed = |line: &&PlanLine| (line.actual, line.desired) == (wanted, wanted);
                lines.iter().filter(is_billed).count() == all
            })
            .await;
            assert!((0..all).all(|at| bill.units(at) == used.parse().ok()));
        }
        assert_eq!(bill.world.psa.other_lines(ITEM), before);
        assert_eq!(bill.world.psa.agreements(), agreements);
        assert_eq!(bill.world.psa.violations(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_customers_of_one_company_are_summed_by_the_rule_before_anything_is_written() {
    for bill in Bill::with_each(10).await {
        bill.share_company(0, 1).await;
        bill.policy(|policy| {
            policy.mode = Mode::Automatic;
            policy.guards = Bill::no_guards();
            policy.rule.included = Decimal::whole(2);
            policy.rule.minimum = Decimal::whole(3);
        })
        .await;
        for (used, billed) in [
            // 2.4 and 2.4 are 4.8: rounded up 5, less 2.
            ([("2.4", "0"), ("2.4", "0")], 3),
            ([("0.4", "0"), ("0.2", "0")], 3),
            ([("7.5", "1"), ("4.2", "0.2")], 9),
        ] {
            bill.uses(&used).await;
            bill.until("it is billed", || bill.units(0) == Some(billed))
                .await;
        }
        let plan = bill
            .planned("there is one line", |lines| lines.len() == 1)
            .await;
        assert_eq!(plan[0].parts.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_the_psa_counts_itself_is_shown_with_the_reason_and_never_written() {
    let bill = Bill::with_halopsa(11).await;
    let calculated = bill.item_id("Cloud Backup").await;
    bill.bills_as(ItemTarget::Item(calculated)).await;
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    bill.uses(&[("50", "0")]).await;
    let plan = bill
        .planned("it is shown", |lines| {
            lines.iter().any(|line| line.state == PlanState::Blocked)
        })
        .await;
    assert!(plan[0].reason.contains("calculates"), "{}", plan[0].reason);
    bill.run().await;
    assert_eq!(bill.world.psa.change_calls(), [0; 0]);
    assert_eq!(bill.world.psa.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_plan_says_the_day_of_the_next_invoice() {
    let bill = Bill::with_halopsa(12).await;
    bill.uses(&[("5", "0")]).await;
    let plan = bill
        .planned("it is planned", |lines| lines.len() == 1)
        .await;
    assert_eq!(plan[0].effective.to_string(), "2026-08-01");
    assert_eq!(plan[0].counts_from, CountsFrom::NextBill);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_pass_over_recurring_invoices_costs_their_pages_once() {
    let bill = Bill::with_halopsa(13).await;
    bill.everybody_uses("5").await;
    bill.planned("all are planned", |lines| lines.len() > 5)
        .await;
    let run = bill.run().await;
    // One page of invoices, which come with their lines.
    let (pages, least) = (run.counts["pages"], run.counts["calls_least"]);
    assert_eq!((pages, least), (1, 1), "{:?}", run.counts);
    assert_eq!(bill.world.psa.change_calls(), [0; 0]);
}
