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

/// The days on which a change may land.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The day from which the change is wanted.
    pub day: Day,
    /// The last day on which the quantity has to come out right. A change is a difference that
    /// moves every later day alike, so it lands behind the last day up to here on which the
    /// quantity became another one.
    pub until: Day,
}

/// Where a change lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landing {
    /// The first day that counts.
    pub day: Day,
    /// The last day that was billed, where that moved the first.
    pub billed_until: Option<Day>,
    /// The day on which the quantity became another one, where that moved the first.
    pub changed_on: Option<Day>,
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

/// Moves `wanted` behind everything that was billed, and behind the last change of the quantity
/// within the window. Rows that were not read cannot move it: if the day changes, the rows of the
/// new one have to be read and asked again.
pub fn landing(wanted: Window, rows: &[Row]) -> Landing {
    let mut landing = Landing {
        day: wanted.day,
        billed_until: None,
        changed_on: None,
    };
    // Each turn moves the day to another row, or beyond it, so there are at most as many.
    for _ in 0..=rows.len() {
        let billed = rows.iter().find(|row| row.billed && row.holds(landing.day));
        if let Some(ends) = billed.and_then(|row| row.ends) {
            landing.day = ends.next();
            landing.billed_until = Some(ends);
        } else if let Some(changed) = last_change(rows, landing.day, wanted.until) {
            landing.day = changed;
            landing.changed_on = Some(changed);
        } else {
            break;
        }
    }
    landing
}

/// The last day after `day` and up to `until` on which the quantity became another one, or on
/// which the line began.
fn last_change(rows: &[Row], day: Day, until: Day) -> Option<Day> {
    let starts = |row: &Row| {
        row.starts
            .filter(|starts| day < *starts && *starts <= until)
    };
    let mut later: Vec<(Day, Decimal)> = rows
        .iter()
        .filter_map(|row| Some((starts(row)?, row.quantity)))
        .collect();
    later.sort_unstable();
    let (mut had, mut changed) = (row_on(rows, day).map(|row| row.quantity), None);
    for (starts, quantity) in later {
        if had != Some(quantity) {
            (had, changed) = (Some(quantity), Some(starts));
        }
    }
    changed
}

/// What the line has on `day`: the row that began last, since a change splits a period; nothing
/// where no row holds the day.
pub fn quantity_on(rows: &[Row], day: Day) -> Decimal {
    row_on(rows, day)
        .map(|row| row.quantity)
        .unwrap_or_default()
}

fn row_on(rows: &[Row], day: Day) -> Option<&Row> {
    let held = rows.iter().filter(|row| row.holds(day));
    held.max_by_key(|row| row.starts)
}
