//! When a change counts: the day that the rule wants, moved out of what has been billed.

use model::billing::{Agreement, Day, Decimal, EffectiveFrom};

/// What a line has from one day to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first day; `None` when it has always been so.
    pub starts: Option<Day>,
    /// The last day; `None` when there is none.
    pub ends: Option<Day>,
    /// The quantity on these days.
    pub quantity: Decimal,
    /// Whether these days have been billed, so that nothing may change any more.
    pub billed: bool,
}

impl Row {
    /// Whether the day is one of these.
    pub fn holds(&self, day: Day) -> bool {
        self.starts.is_none_or(|starts| starts <= day) && self.ends.is_none_or(|ends| day <= ends)
    }
}

/// Where a change lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The first day that counts.
    pub day: Day,
    /// The last day that was billed, where that moved the first.
    pub billed_until: Option<Day>,
}

/// The day from which the rule wants a change to count.
pub fn wanted_day(from: EffectiveFrom, agreement: &Agreement, today: Day) -> Day {
    // Without a first day, periods are months of the calendar, as terms of usage are.
    let anchor = agreement
        .starts
        .or_else(|| Day::parse("2000-01-01"))
        .unwrap_or(today);
    match from {
        EffectiveFrom::PeriodStart => today.period_start(anchor),
        EffectiveFrom::Today => today.max(agreement.starts.unwrap_or(today)),
        EffectiveFrom::NextPeriod => today.next_period_start(anchor),
    }
}

/// Moves `wanted` behind everything that was billed. Rows that were not read cannot move it: if
/// the day changes, the rows of the new one have to be read and asked again.
pub fn landing(wanted: Day, rows: &[Row]) -> Landing {
    let mut landing = Landing {
        day: wanted,
        billed_until: None,
    };
    // Each turn moves the day beyond one row, so there are at most as many.
    for _ in rows {
        let billed = rows.iter().find(|row| row.billed && row.holds(landing.day));
        let Some(ends) = billed.and_then(|row| row.ends) else {
            break;
        };
        landing = Landing {
            day: ends.next(),
            billed_until: Some(ends),
        };
    }
    landing
}

/// What the line has on `day`: the row that began last, since a change splits a period; nothing
/// where no row holds the day.
pub fn quantity_on(rows: &[Row], day: Day) -> Decimal {
    let held = rows.iter().filter(|row| row.holds(day));
    held.max_by_key(|row| row.starts)
        .map(|row| row.quantity)
        .unwrap_or_default()
}
