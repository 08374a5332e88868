//! Whatever the history: after the last sync the PSA has what the rule makes of the usage, and no
//! change was made twice.
//!
//! The PSA here knows differences only and cannot be asked about them, as the strictest one known.
//! A sync does what the engine does: settle what is in doubt, plan, keep the intent, send, forget
//! the intent. At each of these places the answer may be lost or the engine may die, and a change
//! may arrive only after its sender has died.

use billing::{Row, Settled, Standing, Window, landing, line, quantity_on, settle, window_for};
use model::billing::{Day, Decimal, EffectiveFrom, Mode, PlanState, Rounding};
use proptest::prelude::*;
use serde_json::json;

use crate::made::{Made, agreement, day, usage};

/// A line of a PSA that takes differences.
struct Psa {
    rows: Vec<Row>,
    writes: usize,
    /// A change that is still under way.
    late: Option<Intent>,
}

/// What was about to be sent.
#[derive(Clone, Copy, Debug)]
struct Intent {
    before: Decimal,
    after: Decimal,
    from: Day,
}

/// What becomes of a change that is sent.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Answered,
    DiedBeforeSending,
    LostBefore,
    LostAfter,
    Late,
}

impl Psa {
    /// Twelve months of nothing.
    fn new() -> Self {
        let first = day("2026-01-01");
        let month = |count: i32| Row {
            starts: Some(first.months_later(count)),
            ends: None,
            quantity: Decimal::ZERO,
            billed: false,
        };
        let mut rows: Vec<Row> = (0..12).map(month).collect();
        rows.last_mut().unwrap().ends = Some(day("2026-12-31"));
        let mut psa = Self {
            rows,
            writes: 0,
            late: None,
        };
        psa.close_gaps();
        psa
    }

    /// Each row ends the day before the next one starts.
    fn close_gaps(&mut self) {
        self.rows.sort_by_key(|row| row.starts);
        for index in 1..self.rows.len() {
            let next = self.rows[index].starts.unwrap();
            let mut ends = self.rows[index - 1].starts.unwrap();
            while ends.next() < next {
                ends = ends.next();
            }
            self.rows[index - 1].ends = Some(ends);
        }
    }

    /// Moves everything from a day on by a difference. It must be what was meant: no other change
    /// may have come in between, or it would be doubled.
    fn adjust(&mut self, intent: Intent) {
        assert_eq!(
            quantity_on(&self.rows, intent.from),
            intent.before,
            "doubled: {intent:?}"
        );
        if let Some(row) = self.rows.iter().find(|row| row.holds(intent.from)).cloned()
            && row.starts < Some(intent.from)
        {
            self.rows.push(Row {
                starts: Some(intent.from),
                ..row
            });
            self.close_gaps();
        }
        let difference = intent.after - intent.before;
        for row in self
            .rows
            .iter_mut()
            .filter(|row| row.starts >= Some(intent.from))
        {
            assert!(!row.billed, "written into a billed period: {intent:?}");
            row.quantity = row.quantity + difference;
        }
        self.writes += 1;
    }

    /// Somebody adds units from a day on, where that was not billed yet.
    fn add_by_hand(&mut self, units: i64, today: Day) {
        let alone = Window {
            day: today,
            until: today,
        };
        let from = landing(alone, &self.rows).day;
        let before = quantity_on(&self.rows, from);
        let after = before + Decimal::whole(units);
        self.adjust(Intent {
            before,
            after,
            from,
        });
    }

    /// Time passes, and what was under way arrives.
    fn arrive(&mut self) {
        if let Some(late) = self.late.take() {
            self.adjust(late);
        }
    }
}

/// The engine's side, as far as it survives a crash.
#[derive(Default)]
struct Engine {
    intent: Option<Intent>,
}

impl Engine {
    fn sync(&mut self, made: &Made, psa: &mut Psa, today: Day, fate: Fate) {
        if let Some(intent) = self.intent {
            // It is not looked at before it had time to settle.
            psa.arrive();
            let now = quantity_on(&psa.rows, intent.from);
            assert_ne!(settle(intent.before, intent.after, now), Settled::Unclear);
            self.intent = None;
        }
        let demand = made.desired().0.remove(0);
        let standing = Standing {
            lines: vec![json!(7)],
            rows: psa.rows.clone(),
            ..Standing::default()
        };
        let (agreement, with) = (agreement(10, 1), (&made.policy, None, today));
        let Some(line) = line(
            "l".to_owned(),
            demand,
            (&agreement, String::new()),
            standing,
            with,
        ) else {
            return;
        };
        if line.state != PlanState::Approved {
            assert_eq!(line.state, PlanState::Unchanged);
            return;
        }
        let intent = Intent {
            before: line.actual,
            after: line.target_quantity,
            from: line.effective,
        };
        self.intent = Some(intent);
        // Had nobody waited for it, it would come just before the next change is sent.
        psa.arrive();
        match fate {
            Fate::Answered => {
                psa.adjust(intent);
                self.intent = None;
            }
            Fate::LostAfter => psa.adjust(intent),
            Fate::Late => psa.late = Some(intent),
            Fate::DiedBeforeSending | Fate::LostBefore => {}
        }
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Answered),
        Just(Fate::DiedBeforeSending),
        Just(Fate::LostBefore),
        Just(Fate::LostAfter),
        Just(Fate::Late),
    ]
}

fn from() -> impl Strategy<Value = EffectiveFrom> {
    prop_oneof![
        Just(EffectiveFrom::PeriodStart),
        Just(EffectiveFrom::Today),
        Just(EffectiveFrom::NextPeriod),
    ]
}

fn rounding() -> impl Strategy<Value = Rounding> {
    prop_oneof![
        Just(Rounding::Up),
        Just(Rounding::Nearest),
        Just(Rounding::Down)
    ]
}

/// What happens between one sync and the next.
#[derive(Clone, Copy, Debug)]
struct Event {
    /// Days that pass.
    days: u8,
    /// Hundredths used by each of two customers.
    used: [u32; 2],
    /// What becomes of the change.
    fate: Fate,
    /// Whether everything up to now is billed afterwards.
    billed: bool,
    /// Units that somebody adds in the PSA on that day.
    by_hand: Option<i64>,
    /// From when changes count.
    from: EffectiveFrom,
}

fn event() -> impl Strategy<Value = Event> {
    (
        0..20_u8,
        [0..3_000_u32, 0..3_000_u32],
        fate(),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, 1..9_i64),
        from(),
    )
        .prop_map(|(days, used, fate, billed, by_hand, from)| Event {
            days,
            used,
            fate,
            billed,
            by_hand,
            from,
        })
}

proptest! {
    #[test]
    fn the_quantity_converges_and_nothing_is_doubled(
        events in prop::collection::vec(event(), 1..12),
        rounding in rounding(),
    ) {
        let (mut psa, mut engine, mut today) = (Psa::new(), Engine::default(), day("2026-03-10"));
        let mut made = Made::new(Vec::new());
        made.policy.mode = Mode::Automatic;
        made.policy.guards.share_max = None;
        made.policy.guards.change_max = None;
        made.policy.guards.hold_zero = false;
        made.policy.rule.rounding = rounding;
        for Event { days, used: [one, other], fate, billed, by_hand, from } in events {
            for _ in 0..days {
                today = today.next();
            }
            made.policy.rule.from = from;
            let used = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
            made.usages = vec![usage("a", "p", &used(one)), usage("b", "p", &used(other))];
            for measured in &mut made.usages {
                // Usage of a term that is long over would be held, and that of one to come would
                // count later.
                (measured.usage.term_start, measured.usage.term_end) = (today, today);
            }
            if let (Some(units), None, None) = (by_hand, engine.intent, psa.late) {
                psa.add_by_hand(units, today);
            }
            engine.sync(&made, &mut psa, today, fate);
            if billed && psa.late.is_none() {
                psa.rows.iter_mut().filter(|row| row.ends < Some(today)).for_each(|row| {
                    row.billed = true;
                });
            }
        }
        engine.sync(&made, &mut psa, today, Fate::Answered);
        let writes = psa.writes;
        let demand = made.desired().0.remove(0);
        let wanted = window_for(made.policy.rule.from, &agreement(10, 1), None, today);
        let on = landing(wanted, &psa.rows).day.max(today);
        prop_assert_eq!(quantity_on(&psa.rows, on), demand.quantity);
        engine.sync(&made, &mut psa, today, Fate::Answered);
        prop_assert_eq!(psa.writes, writes, "nothing to do writes nothing");
    }
}
