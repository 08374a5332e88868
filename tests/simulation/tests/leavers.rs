//! Customers who are not billed any more where they were: what they leave behind is shown and held
//! for a person, who takes it off or leaves it; who moves to another item is billed there alone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed test should panic"
)]

use model::billing::{Decimal, Hold, ItemTarget, Mode, PlanLine, PlanState, Why};
use runtime::Verdict;
use simulation::billing::Bill;

/// Both customers use the product, each on a line of its own or, as one company, on one; nothing
/// but who leaves is held.
async fn billed(bill: &Bill, used: [&str; 2]) {
    bill.mode(Mode::Automatic, Bill::no_guards()).await;
    bill.uses(&[(used[0], "0"), (used[1], "0")]).await;
    bill.planned("it is billed", |lines| {
        !lines.is_empty() && lines.iter().all(|line| line.actual == line.desired)
    })
    .await;
}

async fn held(bill: &Bill) -> PlanLine {
    let is_held = |line: &PlanLine| line.state == PlanState::Held;
    let lines = bill.planned("a line is held", |lines| lines.iter().any(is_held));
    lines.await.into_iter().find(is_held).unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_of_two_on_a_line_is_taken_off_it_by_a_person_alone() {
    for bill in Bill::with_each(41).await {
        bill.share_company(0, 1).await;
        billed(&bill, ["4", "3"]).await;
        assert_eq!(bill.units(0), Some(7));

        bill.tick_billing(1, 0, false).await;
        let line = held(&bill).await;
        assert_eq!(line.holds, [Hold::Left]);
        assert_eq!(line.change(), Decimal::whole(-3));
        assert_eq!(line.left[0].why, Some(Why::BillingOff));
        assert!(line.reason.contains(&line.left[0].name), "{}", line.reason);
        // What the other one uses changes nothing about that.
        bill.uses(&[("5", "0")]).await;
        let is_one_more = |line: &PlanLine| line.desired == Decimal::whole(5);
        bill.planned("it is planned anew", |lines| lines.iter().any(is_one_more))
            .await;
        assert_eq!(bill.units(0), Some(7), "nobody has approved it");

        bill.decide(Some(vec![line.id]), Verdict::Approve)
            .await
            .unwrap();
        bill.run().await;
        bill.until("it is taken off", || bill.units(0) == Some(5))
            .await;
        bill.uses(&[("6", "0")]).await;
        bill.until("what follows is an ordinary change", || {
            bill.units(0) == Some(6)
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_only_one_on_a_line_leaves_a_line_to_be_taken_down_or_left() {
    for bill in Bill::with_each(42).await {
        billed(&bill, ["4", "3"]).await;
        bill.unmap(0).await;
        bill.tick_billing(1, 1, false).await;
        let lines = bill.planned("both are held", |lines| {
            lines
                .iter()
                .filter(|line| line.holds == [Hold::Left])
                .count()
                == 2
        });
        for line in lines.await {
            assert_eq!((line.state, line.desired), (PlanState::Held, Decimal::ZERO));
            let decision = match line.left[0].why {
                Some(Why::CustomerUnmapped) => Verdict::Approve,
                _ => Verdict::Dismiss,
            };
            bill.decide(Some(vec![line.id]), decision).await.unwrap();
        }
        for _ in 0..2 {
            bill.run().await;
            assert_eq!((bill.units(0), bill.units(1)), (Some(0), Some(3)));
        }
        let lines = bill.planned("one is left", |lines| lines.len() == 1).await;
        assert_eq!(lines[0].state, PlanState::Dismissed);
        bill.tick_billing(1, 1, true).await;
        bill.planned("it is billed as before", |lines| {
            lines.len() == 1 && lines[0].state == PlanState::Unchanged && lines[0].left.is_empty()
        })
        .await;
        assert_eq!(bill.adjustments(), 3);
        assert_eq!(bill.world.psa.violations(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_is_billed_as_another_item_is_billed_as_that_alone() {
    for bill in Bill::with_each(43).await {
        billed(&bill, ["4", "3"]).await;
        let usual = bill.item_id(simulation::billing::ITEM).await;
        let other = bill
            .world
            .psa
            .add_item("Filtering for schools", 2.0)
            .unwrap();
        bill.read_items().await;
        let other = ItemTarget::Item(other.into());
        bill.bills_one_as(ItemTarget::Item(usual), 0, other).await;
        let billed = |item: &str| {
            let psa = &bill.world.psa;
            psa.billed(bill.company(0), item, "2026-07-01")
        };
        bill.until("it is billed as the other item alone", || {
            billed("Filtering for schools") == Some(4.0)
                && billed(simulation::billing::ITEM).is_none_or(|left| left < 0.5)
        })
        .await;
        assert_eq!(bill.units(1), Some(3), "the others are billed as usual");
        assert_eq!(bill.world.psa.violations(), [""; 0]);
    }
}
