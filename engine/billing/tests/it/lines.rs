//! One line of a plan: guards, modes, decisions and days.

use billing::{Row, Standing, Window, landing, line, quantity_on};
use model::Timestamp;
use model::billing::{
    Agreement, BillingPolicy, CountsFrom, Decimal, Decision, DecisionKind, EffectiveFrom, Guards,
    Hold, Leaver, Mode, PlanLine, PlanState, Why,
};
use model::{CustomerId, ProductId};
use serde_json::json;

use crate::made::{Made, agreement, day, usage};

fn row(starts: &str, ends: &str, quantity: i64, billed: bool) -> Row {
    Row {
        starts: Some(day(starts)),
        ends: Some(day(ends)),
        quantity: Decimal::whole(quantity),
        billed,
    }
}

/// The line of a company that uses `used` and is billed `rows`.
fn planned(
    used: &str,
    rows: Vec<Row>,
    change: impl Fn(&mut BillingPolicy),
    decision: Option<&Decision>,
) -> Option<PlanLine> {
    planned_on(&agreement(10, 1), None, (used, rows), change, decision)
}

/// The same on this agreement, where the line is perhaps not anybody's to change.
fn planned_on(
    agreement: &Agreement,
    fixed: Option<&str>,
    (used, rows): (&str, Vec<Row>),
    change: impl Fn(&mut BillingPolicy),
    decision: Option<&Decision>,
) -> Option<PlanLine> {
    let mut made = Made::new(vec![usage("a", "p", used)]);
    change(&mut made.policy);
    let demand = made.desired().0.remove(0);
    let standing = Standing {
        lines: if rows.is_empty() {
            Vec::new()
        } else {
            vec![json!(7)]
        },
        item: Some(json!(100)),
        rows,
        fixed: fixed.map(str::to_owned),
        ..Standing::default()
    };
    let with = (&made.policy, decision, day("2026-07-10"));
    line(
        "l".to_owned(),
        demand,
        (agreement, "Acme".to_owned()),
        standing,
        with,
    )
}

fn july(quantity: i64) -> Vec<Row> {
    vec![row("2026-07-01", "2026-07-31", quantity, false)]
}

fn automatic(policy: &mut BillingPolicy) {
    policy.mode = Mode::Automatic;
}

#[test]
fn guards_hold_what_is_too_much() {
    for (had, used, holds) in [
        (8, "10", vec![]),
        (8, "10.1", vec![Hold::Share]),
        (100, "110", vec![]),
        (100, "111", vec![Hold::Change]),
        (8, "0", vec![Hold::Zero]),
        (0, "5", vec![Hold::Share]),
    ] {
        let line = planned(used, july(had), automatic, None).unwrap();
        assert_eq!(line.holds, holds, "{had} to {used}");
        let state = if holds.is_empty() {
            PlanState::Approved
        } else {
            PlanState::Held
        };
        assert_eq!(line.state, state, "{had} to {used}");
    }
    let line = planned("3", Vec::new(), automatic, None).unwrap();
    assert_eq!(
        (line.state, line.holds),
        (PlanState::Held, vec![Hold::NewLine])
    );
}

fn left(name: &str, why: Option<Why>) -> Leaver {
    Leaver {
        customer: CustomerId::new(name).unwrap(),
        name: name.to_owned(),
        product: ProductId::new("p").unwrap(),
        why,
    }
}

/// The line of company 1, which had 7, once these have left it and `used` is left, when no guard
/// holds anything.
fn after_leaving(left: Vec<Leaver>, used: &str, mode: Mode) -> PlanLine {
    let mut demand = Made::new(vec![usage("b", "p", used)]).desired().0.remove(0);
    demand.left = left;
    let policy = BillingPolicy {
        mode,
        guards: Guards {
            share_max: None,
            change_max: None,
            hold_zero: false,
            hold_new: false,
        },
        ..BillingPolicy::default()
    };
    let standing = Standing {
        lines: vec![json!(1)],
        rows: july(7),
        ..Standing::default()
    };
    let (agreement, company) = (agreement(10, 1), "Company".to_owned());
    let with = (&policy, None, day("2026-07-10"));
    let line = line(
        "line".to_owned(),
        demand,
        (&agreement, company),
        standing,
        with,
    );
    line.unwrap()
}

#[test]
fn what_a_customer_leaves_behind_is_taken_down_by_a_person_alone() {
    let elsewhere = || Why::BilledElsewhere("Another".to_owned());
    for (why, hold, told) in [
        (elsewhere(), Hold::BilledElsewhere, "Another bills it"),
        (Why::BillingOff, Hold::Left, "billing is switched off"),
        (Why::CustomerUnmapped, Hold::Left, "is not mapped"),
    ] {
        for (used, change) in [("2", -5), ("0", -7), ("9", 2)] {
            let line = after_leaving(vec![left("Acme", Some(why.clone()))], used, Mode::Automatic);
            let expected = (Decimal::whole(change), PlanState::Held, vec![hold]);
            assert_eq!((line.change(), line.state, line.holds), expected, "{used}");
            for word in ["Acme", told, "Approve it"] {
                assert!(line.reason.contains(word), "{}", line.reason);
            }
        }
    }
    let both = vec![
        left("a", Some(elsewhere())),
        left("b", Some(Why::NotBilled)),
    ];
    let line = after_leaving(both, "2", Mode::Automatic);
    assert_eq!(line.holds, [Hold::BilledElsewhere, Hold::Left]);
}

#[test]
fn who_moved_to_another_line_or_left_nothing_behind_is_an_ordinary_change() {
    let moved = after_leaving(vec![left("Acme", None)], "2", Mode::Automatic);
    assert_eq!((moved.state, moved.holds), (PlanState::Approved, vec![]));
    assert!(moved.reason.contains("another line"), "{}", moved.reason);
    let off = || Some(Why::BillingOff);
    let same = after_leaving(vec![left("Acme", off())], "7", Mode::Automatic);
    assert_eq!((same.state, same.holds), (PlanState::Unchanged, vec![]));
    assert!(!same.reason.contains("Acme"), "{}", same.reason);
    let many = (0..5).map(|at| left(&format!("c-{at}"), off())).collect();
    let many = after_leaving(many, "2", Mode::Ask);
    assert_eq!(many.state, PlanState::Proposed);
    assert!(many.reason.contains("c-2") && many.reason.contains("and 2 more"));
    assert_eq!(many.left.len(), 5);
}

/// What an agreement without days has.
fn always(quantity: i64) -> Vec<Row> {
    vec![Row {
        starts: None,
        ends: None,
        quantity: Decimal::whole(quantity),
        billed: false,
    }]
}

#[test]
fn where_changes_count_from_the_next_bill_no_rule_says_otherwise() {
    let mut by_bill = agreement(10, 1);
    by_bill.next_bill = Some(day("2026-08-03"));
    for from in [
        EffectiveFrom::PeriodStart,
        EffectiveFrom::Today,
        EffectiveFrom::NextPeriod,
    ] {
        let rule = |policy: &mut BillingPolicy| policy.rule.from = from;
        let line = planned_on(&by_bill, None, ("9", always(8)), rule, None).unwrap();
        assert_eq!(
            (line.effective, line.counts_from, line.wanted_from),
            (day("2026-08-03"), CountsFrom::NextBill, from)
        );
    }
    let undo = Decision {
        kind: DecisionKind::Undo {
            change: "c".to_owned(),
            to: Decimal::whole(6),
        },
        actual: Decimal::whole(8),
        desired: Decimal::whole(8),
        effective: day("2026-07-03"),
        at: Timestamp::default(),
    };
    let line = planned_on(&by_bill, None, ("8", always(8)), automatic, Some(&undo)).unwrap();
    assert_eq!(
        (line.effective, line.target_quantity, line.state),
        (day("2026-08-03"), Decimal::whole(6), PlanState::Approved),
        "a bill that was made is not taken back"
    );
}

#[test]
fn a_line_that_is_not_ours_to_change_is_blocked_with_the_reason_unless_it_is_right_already() {
    let fixed = Some("the PSA counts it");
    let on = agreement(10, 1);
    let line = planned_on(&on, fixed, ("9", always(8)), automatic, None).unwrap();
    assert_eq!(
        (line.state, line.reason.as_str()),
        (PlanState::Blocked, "the PSA counts it")
    );
    let line = planned_on(&on, fixed, ("8", always(8)), automatic, None).unwrap();
    assert_eq!(line.state, PlanState::Unchanged);
    let adjusted = Decision {
        kind: DecisionKind::Adjust(Decimal::whole(11)),
        actual: Decimal::whole(8),
        desired: Decimal::whole(8),
        effective: day("2026-07-01"),
        at: Timestamp::default(),
    };
    let line = planned_on(&on, fixed, ("8", always(8)), automatic, Some(&adjusted)).unwrap();
    assert_eq!(
        line.state,
        PlanState::Unchanged,
        "nor by a person from here"
    );
}

#[test]
fn preview_and_ask_wait_whatever_the_size() {
    for mode in [Mode::Preview, Mode::Ask] {
        let line = planned("9", july(8), |policy| policy.mode = mode, None).unwrap();
        assert_eq!(line.state, PlanState::Proposed, "{mode:?}");
    }
    let line = planned("8", july(8), |_| {}, None).unwrap();
    assert_eq!(
        (line.state, line.change()),
        (PlanState::Unchanged, Decimal::ZERO)
    );
    assert_eq!(
        planned("0", Vec::new(), |_| {}, None),
        None,
        "nothing is billed, nor should be"
    );
}

#[test]
fn a_decision_is_about_one_change_and_lapses_with_it() {
    let ask = |policy: &mut BillingPolicy| policy.mode = Mode::Ask;
    let decision = |kind| Decision {
        kind,
        actual: Decimal::whole(8),
        desired: Decimal::whole(20),
        effective: day("2026-07-01"),
        at: Timestamp::default(),
    };
    let state = |kind, used, had| {
        let decision = decision(kind);
        planned(used, july(had), ask, Some(&decision))
            .unwrap()
            .state
    };
    assert_eq!(state(DecisionKind::Approve, "20", 8), PlanState::Approved);
    assert_eq!(state(DecisionKind::Approve, "21", 8), PlanState::Proposed);
    assert_eq!(state(DecisionKind::Approve, "20", 9), PlanState::Proposed);
    assert_eq!(state(DecisionKind::Dismiss, "20", 8), PlanState::Dismissed);
    assert_eq!(state(DecisionKind::Dismiss, "22", 8), PlanState::Proposed);
    let adjust = DecisionKind::Adjust(Decimal::whole(15));
    assert_eq!(state(adjust.clone(), "20", 8), PlanState::Approved);
    let adjusted = planned("20", july(8), ask, Some(&decision(adjust))).unwrap();
    assert_eq!(adjusted.change(), Decimal::whole(7));
    for (kind, says) in [
        (
            DecisionKind::Approve,
            "what a person decided was about 8 to 20",
        ),
        (
            DecisionKind::Undo {
                change: "c".to_owned(),
                to: Decimal::whole(1),
            },
            "nothing was taken back: the PSA had 8 then, and has 9 now",
        ),
    ] {
        let line = planned("20", july(9), ask, Some(&decision(kind))).unwrap();
        assert!(line.reason.contains(says), "{}", line.reason);
    }
    let approved = decision(DecisionKind::Approve);
    let preview = planned("20", july(8), |_| {}, Some(&approved)).unwrap();
    assert_eq!(
        preview.state,
        PlanState::Proposed,
        "nothing is written in preview"
    );
    let later = Decision {
        effective: day("2026-06-01"),
        ..approved
    };
    let line = planned("20", july(8), ask, Some(&later)).unwrap();
    assert_eq!(
        line.state,
        PlanState::Proposed,
        "it would count from another day"
    );
}

#[test]
fn usage_of_a_term_that_begins_tomorrow_changes_nothing_before_it() {
    let rows = vec![
        row("2026-07-01", "2026-07-31", 20, false),
        row("2026-08-01", "2026-08-31", 20, false),
    ];
    for (starts, used, effective) in [
        ("2026-07-01", "3", "2026-07-01"),
        ("2026-08-01", "3", "2026-08-01"),
        ("2026-08-01", "0", "2026-08-01"),
    ] {
        let mut august = usage("a", "p", used);
        august.usage.term_start = day(starts);
        august.usage.term_end = day("2026-08-31");
        let made = Made::new(vec![august]);
        let demand = made.desired().0.remove(0);
        let standing = Standing {
            lines: vec![json!(7)],
            rows: rows.clone(),
            ..Standing::default()
        };
        let (agreement, policy) = (agreement(10, 1), (&made.policy, None, day("2026-07-31")));
        let line = line(
            "l".into(),
            demand,
            (&agreement, "Acme".into()),
            standing,
            policy,
        );
        let line = line.unwrap();
        assert_eq!(line.effective, day(effective), "{used} from {starts}");
    }
}

#[test]
fn what_was_billed_is_never_written_into() {
    let rows = vec![
        row("2026-07-01", "2026-07-14", 8, true),
        row("2026-07-15", "2026-07-31", 9, true),
        row("2026-08-01", "2026-08-31", 11, false),
    ];
    let line = planned("12", rows.clone(), |_| {}, None).unwrap();
    assert_eq!(
        (line.effective, line.billed_until),
        (day("2026-08-01"), Some(day("2026-07-31")))
    );
    assert_eq!(
        (line.actual, line.change()),
        (Decimal::whole(11), Decimal::whole(1))
    );
    let (day, until) = (day("2026-08-02"), day("2026-08-02"));
    assert_eq!(landing(Window { day, until }, &rows).day, day);
    let next = |policy: &mut BillingPolicy| policy.rule.from = EffectiveFrom::NextPeriod;
    assert_eq!(planned("12", rows, next, None).unwrap().billed_until, None);
}

#[test]
fn a_quantity_that_became_another_one_within_the_period_is_changed_from_there_on() {
    let first = row("2026-07-01", "2026-07-04", 8, false);
    let second = |quantity| row("2026-07-05", "2026-07-31", quantity, false);
    for (rows, used, effective, had) in [
        // Seven more from the first on would be as many too many from the fifth on.
        (vec![first.clone(), second(15)], "15", "2026-07-05", 15),
        (vec![first.clone(), second(15)], "16", "2026-07-05", 15),
        (vec![first.clone(), second(8)], "9", "2026-07-01", 8),
        // The line began on the fifth.
        (vec![second(8)], "9", "2026-07-05", 8),
        (
            vec![first, row("2026-07-11", "2026-07-31", 9, false)],
            "9",
            "2026-07-01",
            8,
        ),
    ] {
        let line = planned(used, rows.clone(), automatic, None).unwrap();
        let seen = (line.effective, line.actual);
        assert_eq!(seen, (day(effective), Decimal::whole(had)), "{rows:?}");
        let told = line.reason.contains("before 2026-07-05");
        assert_eq!(
            told,
            effective != "2026-07-01" && used != "15",
            "{}",
            line.reason
        );
    }
}

#[test]
fn what_is_taken_back_counts_from_the_day_from_which_it_had_counted() {
    let rows = vec![
        row("2026-07-01", "2026-07-04", 8, false),
        row("2026-07-05", "2026-07-31", 15, false),
    ];
    let undo = Decision {
        kind: DecisionKind::Undo {
            change: "c".to_owned(),
            to: Decimal::whole(6),
        },
        actual: Decimal::whole(8),
        desired: Decimal::whole(15),
        effective: day("2026-07-01"),
        at: Timestamp::default(),
    };
    let line = planned("15", rows, automatic, Some(&undo)).unwrap();
    assert_eq!(
        (line.effective, line.change(), line.state),
        (day("2026-07-01"), Decimal::whole(-2), PlanState::Approved)
    );
}

#[test]
fn a_split_period_has_the_quantity_of_the_row_that_holds_the_day() {
    let rows = [
        row("2026-07-01", "2026-07-09", 5, false),
        row("2026-07-10", "2026-07-31", 7, false),
    ];
    for (on, quantity) in [("2026-07-09", 5), ("2026-07-10", 7), ("2026-08-01", 0)] {
        assert_eq!(
            quantity_on(&rows, day(on)),
            Decimal::whole(quantity),
            "{on}"
        );
    }
}

#[test]
fn an_item_that_is_there_twice_is_nobodys_to_guess() {
    let made = Made::new(vec![usage("a", "p", "9")]);
    let demand = made.desired().0.remove(0);
    let standing = Standing {
        lines: vec![json!(7), json!(8)],
        rows: july(8),
        ..Standing::default()
    };
    let with = (&made.policy, None, day("2026-07-10"));
    let agreement = agreement(10, 1);
    let line = line(
        "l".to_owned(),
        demand,
        (&agreement, String::new()),
        standing,
        with,
    )
    .unwrap();
    assert_eq!(line.state, PlanState::Blocked);
    assert!(line.reason.contains("7, 8"), "{}", line.reason);
}

#[test]
fn what_waits_for_a_person_says_in_words_what_is_unusual_about_it() {
    let reason = |had: Vec<Row>, used: &str, mode: Mode| {
        let change = |policy: &mut BillingPolicy| policy.mode = mode;
        planned(used, had, change, None).unwrap().reason
    };
    let share = "it changes more than 25 % of what the PSA has";
    for (had, used, words) in [
        (july(8), "0", "it takes all off the bill".to_owned()),
        (july(8), "12", share.to_owned()),
        (
            july(8),
            "20",
            format!("{share} and it changes by more than 10"),
        ),
        (
            Vec::new(),
            "3",
            "the item is not on the agreement yet".to_owned(),
        ),
    ] {
        let held = reason(had.clone(), used, Mode::Automatic);
        assert_eq!(held, format!("a guard holds it: {words}"));
        let asked = reason(had, used, Mode::Ask);
        assert_eq!(asked, format!("it waits to be approved; mind that {words}"));
    }
    let billed = vec![
        row("2026-07-01", "2026-07-31", 8, true),
        row("2026-08-01", "2026-08-31", 8, false),
    ];
    assert_eq!(
        reason(billed, "9", Mode::Preview),
        "billing is in preview, so nothing is written; all up to 2026-07-31 is billed already"
    );
}

#[test]
fn usage_of_long_ago_waits_for_a_person() {
    let mut made = Made::new(vec![usage("a", "p", "9")]);
    made.usages[0].usage.term_end = day("2026-05-31");
    made.policy.mode = Mode::Automatic;
    let demand = made.desired().0.remove(0);
    let standing = Standing {
        lines: vec![json!(7)],
        rows: july(8),
        ..Standing::default()
    };
    let with = (&made.policy, None, day("2026-07-10"));
    let agreement = agreement(10, 1);
    let line = line(
        "l".to_owned(),
        demand,
        (&agreement, String::new()),
        standing,
        with,
    )
    .unwrap();
    assert_eq!(
        (line.state, line.holds),
        (PlanState::Held, vec![Hold::OldUsage])
    );
}
