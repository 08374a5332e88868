//! What becomes of single lines: one that is refused among good ones, one that is billed otherwise
//! than the rest, one that keeps the highest number of its term; and what is told of each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

use std::time::Duration;

use model::billing::{ChangeState, ItemTarget, Measure, Mode, PlanLine, PlanState};
use simulation::billing::Bill;
use simulation::fuse::Fuse;
use simulators::faults::{Fault, Planned};

/// At how many steps an engine is killed at most while it saves one mapping.
const STEPS_MAX: u64 = 500;

/// In simulated time: longer than anything waits that is to be done at once, and much less than
/// the day after which everything is looked at again.
const A_WHILE: Duration = Duration::from_mins(15);

#[tokio::test(start_paused = true)]
async fn a_line_that_is_refused_has_its_issue_and_the_others_are_applied_and_verified() {
    for bill in Bill::with_each(21).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.fail_change(Fault::Refused);
        bill.everybody_uses("5").await;
        let all = bill.customers.len();
        let plan = bill
            .planned("all others are applied", |lines| {
                let good = lines.iter().filter(|line| line.actual == line.desired);
                lines.len() == all && good.count() == all - 1
            })
            .await;
        let bad: Vec<_> = plan.iter().filter(|line| line.troubled).collect();
        assert_eq!(bad.len(), 1, "{plan:#?}");
        assert_eq!(bad[0].state, PlanState::Blocked);
        assert!(bad[0].reason.contains("closed"), "{}", bad[0].reason);
        let issues = bill.engine().issues(&bill.world.partner).await.unwrap();
        assert_eq!(issues.len(), 1, "{issues:#?}");
        assert!(issues[0].issue.title.contains(&bad[0].company_name));
        let changes = bill.changes().await;
        let verified = |change: &&model::billing::Change| {
            change.state == ChangeState::Verified && change.read_back == Some(change.after)
        };
        assert_eq!(changes.iter().filter(verified).count(), all - 1);

        bill.run().await;
        bill.planned("the refused one is applied, too", |lines| {
            lines.iter().all(|line| line.actual == line.desired)
        })
        .await;
        assert_eq!(bill.adjustments(), all, "each line once");
        let issues = bill.engine().issues(&bill.world.partner).await.unwrap();
        assert!(issues.is_empty(), "{issues:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_customer_may_be_left_out_of_what_bills_all_others() {
    for bill in Bill::with_each(23).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        let usual = bill.item_id(simulation::billing::ITEM).await;
        bill.bills_one_as(ItemTarget::Item(usual), 0, ItemTarget::NotBilled)
            .await;
        bill.uses(&[("5", "0"), ("7", "0")]).await;
        bill.until("the other one is billed", || bill.units(1) == Some(7))
            .await;
        assert_eq!(bill.units(0), None);
    }
}

#[tokio::test(start_paused = true)]
async fn the_highest_number_of_a_term_is_billed_where_the_rule_says_so() {
    let bill = Bill::drawn(24).await;
    bill.policy(|policy| {
        policy.mode = Mode::Automatic;
        policy.guards = Bill::no_guards();
        policy.rule.measure = Measure::Peak;
    })
    .await;
    for (used, billed) in [("5", 5), ("9", 9), ("3", 9), ("10.5", 11)] {
        bill.uses(&[(used, "0")]).await;
        bill.until("it is billed", || bill.units(0) == Some(billed))
            .await;
        bill.run().await;
        assert_eq!(bill.units(0), Some(billed), "after {used}");
    }
    assert_eq!(bill.adjustments(), 3, "3 after 9 changes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_number_is_explained_from_the_usage_to_what_was_read_back() {
    for bill in Bill::with_each(25).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.uses(&[("4.5", "1")]).await;
        let plan = bill
            .planned("it is applied", |lines| {
                lines.len() == 1 && lines[0].actual == lines[0].desired
            })
            .await;
        let told = bill
            .engine()
            .explain(&bill.world.partner, &bill.id, &plan[0].id)
            .await
            .unwrap();
        assert_eq!(told.line.company_name, bill.company(0));
        assert!(!told.line.agreement_name.is_empty());
        assert_eq!((told.usages.len(), told.rules.len()), (1, 1));
        let usage = &told.usages[0].usage;
        assert_eq!(
            (usage.quantity.to_string(), usage.free_quantity.to_string()),
            ("4.5".to_owned(), "1".to_owned())
        );
        let change = &told.changes[0];
        assert_eq!(
            (change.before.to_string(), change.after.to_string()),
            ("0".to_owned(), "4".to_owned())
        );
        assert!(change.answer.is_some(), "{change:#?}");
        assert_eq!(change.read_back, Some(change.after));
        assert_eq!(change.state, ChangeState::Verified);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_doubt_was_settled_by_is_planned_from_though_the_lines_came_before_it() {
    let bill = Bill::with_halopsa(25).await;
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    bill.uses(&[("5", "0")]).await;
    bill.until("it is billed", || bill.units(0) == Some(5))
        .await;
    bill.planned("it is verified", |lines| {
        lines[0].actual == lines[0].desired
    })
    .await;

    // A change is lost on its way, and takes hold after all while the next run has read the lines
    // and not yet the one in doubt.
    bill.fail_change(Fault::DropRequest);
    bill.uses(&[("7", "0")]).await;
    let in_doubt = |lines: &[PlanLine]| lines[0].state == PlanState::InDoubt;
    bill.planned("it is in doubt", in_doubt).await;
    let psa = &bill.world.psa;
    let slow = Planned::next(Fault::Slow {
        milliseconds: 20_000,
    });
    psa.faults()
        .add(slow.method("GET").entity("RecurringInvoice"));
    let before = psa.calls().len();
    let reads = || {
        let calls = psa.calls();
        let mut new = calls.iter().skip(before);
        new.any(|call| call.method == "GET" && call.entity == "RecurringInvoice")
    };
    bill.until("the lines are read", reads).await;
    bill.bill_by_hand(0, 7);

    bill.planned("it is verified", |lines| {
        lines[0].actual == lines[0].desired
    })
    .await;
    bill.run().await;
    let changes = bill.changes().await;
    let states: Vec<ChangeState> = changes.iter().map(|change| change.state).collect();
    assert_eq!(states, [ChangeState::Verified; 2], "{changes:#?}");
    assert_eq!(bill.units(0), Some(7));
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_is_saved_right_before_a_death_is_planned_at_once() {
    let mut bill = Bill::with_halopsa(26).await;
    bill.uses(&[("5", "0"), ("7", "0")]).await;
    let (mut saved, mut is_over) = (0, false);
    for steps in 1..STEPS_MAX {
        bill.unmap(1).await;
        bill.planned("the other one is left", |lines| lines.len() == 1)
            .await;
        // Runs follow each other in one lane: once this one has ended, those queued before it have,
        // too, so that only the mapping itself has it planned. So many deaths within one moment use
        // up what calls the PSA allows, which is not what is looked at here.
        bill.world.psa.free_calls();
        bill.run().await;
        bill.world.kill().await;
        let fuse = Fuse::of(steps);
        bill.world.start(fuse.clone());
        tokio::select! {
            biased;
            () = fuse.burnt() => {}
            () = bill.share_company(1, 1) => is_over = true,
        }
        bill.world.kill().await;
        bill.world.start(Fuse::endless());
        if bill.is_mapped(1).await {
            saved += 1;
            let both = bill.planned("it is planned", |lines| lines.len() == 2);
            let planned = tokio::time::timeout(A_WHILE, both).await;
            assert!(planned.is_ok(), "not planned after a death at step {steps}");
        }
        if is_over {
            break;
        }
    }
    assert!(is_over && saved > 1, "{saved} deaths after it was saved");
}
