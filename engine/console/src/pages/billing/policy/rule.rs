//! A rule of counting as fields of a form, and back.

use std::collections::BTreeMap;

use model::billing::{
    CountRule, Decimal, EffectiveFrom, Measure, RoundEach, Rounding, UsageStatus,
};

use super::Number;
use crate::fields::Fields;
use crate::form::Wrong;

/// What can be chosen: what it is, its code in the form, and what a person reads.
type Table<T, const N: usize> = [(T, &'static str, &'static str); N];

const ROUNDINGS: Table<Rounding, 3> = [
    (Rounding::Up, "up", "Up: 1.2 is 2"),
    (Rounding::Nearest, "nearest", "To the nearest: 1.2 is 1"),
    (Rounding::Down, "down", "Down: 1.8 is 1"),
];

const EACH: Table<RoundEach, 2> = [
    (RoundEach::Company, "company", "The sum of each company"),
    (RoundEach::Usage, "usage", "Each usage by itself"),
];

const MEASURES: Table<Measure, 2> = [
    (Measure::Snapshot, "snapshot", "The newest figure"),
    (
        Measure::Peak,
        "peak",
        "The highest of the term (high-water mark)",
    ),
];

const FROM: Table<EffectiveFrom, 3> = [
    (
        EffectiveFrom::PeriodStart,
        "period_start",
        "The first day of this period",
    ),
    (EffectiveFrom::Today, "today", "The day of the change"),
    (
        EffectiveFrom::NextPeriod,
        "next_period",
        "The first day of the next period",
    ),
];

const STATUSES: Table<UsageStatus, 5> = [
    (UsageStatus::Active, "active", "Active"),
    (UsageStatus::NonRenewing, "non_renewing", "Non-renewing"),
    (UsageStatus::InTrial, "in_trial", "In trial"),
    (UsageStatus::Paused, "paused", "Paused"),
    (UsageStatus::Cancelled, "cancelled", "Cancelled"),
];

/// A rule, for a form.
pub(super) struct RuleView {
    pub(super) name: String,
    /// Of which product, and whether it has its own; `None` for the rule of all others.
    pub(super) of: Option<(String, bool)>,
    pub(super) boxes: Vec<BoxView>,
    pub(super) statuses: Vec<(&'static str, &'static str, bool)>,
    pub(super) statuses_wrong: Option<Wrong>,
    pub(super) included: Number,
    pub(super) minimum: Number,
}

/// A box to choose from.
pub(super) struct BoxView {
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) options: Vec<(&'static str, &'static str, bool)>,
}

impl RuleView {
    pub(super) fn new(
        read: &Read,
        name: &str,
        of: Option<(String, bool)>,
        rule: &CountRule,
    ) -> Self {
        let number = |part: &str, saved: Decimal| {
            Number::new(read, format!("{name}.{part}"), saved.to_string())
        };
        let statuses = STATUSES
            .iter()
            .map(|(status, code, label)| (*code, *label, rule.statuses.contains(status)));
        Self {
            boxes: vec![
                chosen(name, "measure", "What counts", &MEASURES, rule.measure),
                chosen(name, "rounding", "Rounding", &ROUNDINGS, rule.rounding),
                chosen(name, "each", "What is rounded", &EACH, rule.round_each),
                chosen(name, "from", "Effective date", &FROM, rule.from),
            ],
            statuses: statuses.collect(),
            statuses_wrong: read.wrong.get(&format!("{name}.statuses")).cloned(),
            included: number("included", rule.included),
            minimum: number("minimum", rule.minimum),
            name: name.to_owned(),
            of,
        }
    }
}

fn chosen<T: Copy + PartialEq, const N: usize>(
    rule: &str,
    part: &str,
    label: &'static str,
    table: &Table<T, N>,
    saved: T,
) -> BoxView {
    let options = table.iter();
    BoxView {
        name: format!("{rule}.{part}"),
        label,
        options: options
            .map(|(one, code, label)| (*code, *label, *one == saved))
            .collect(),
    }
}

/// A form of the policy as it was sent, and what is wrong with it.
#[derive(Default)]
pub(super) struct Read {
    fields: Fields,
    /// By the names of fields.
    pub(super) wrong: BTreeMap<String, Wrong>,
}

impl Read {
    pub(super) fn of(fields: Fields) -> Self {
        Self {
            fields,
            wrong: BTreeMap::new(),
        }
    }

    /// What was typed into a field, if a form was sent that has it.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        self.fields.get(name)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.text(name).unwrap_or_default()
    }

    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.fields.get(name) == Some("on")
    }

    /// A share in percent; none if it is blank.
    pub(super) fn share(&mut self, name: &str) -> Option<u32> {
        let text = self.fields.text(name)?;
        let share = text.trim_end_matches('%').trim().parse().ok();
        if share.is_none() {
            self.refuse(name, "A share is a whole number of percent, 0 or more.");
        }
        share
    }

    /// A number of at least 0; none if it is blank.
    pub(super) fn limit(&mut self, name: &str) -> Option<Decimal> {
        let text = self.fields.text(name)?;
        let number = Decimal::parse(text).filter(|number| !number.is_negative());
        if number.is_none() {
            self.refuse(name, "This is a number such as 10, and not below 0.");
        }
        number
    }

    /// The rule whose fields begin with `name`.
    pub(super) fn rule(&mut self, name: &str) -> CountRule {
        let standard = CountRule::default();
        let ticked = |(_, code, _): &&(UsageStatus, &str, &str)| {
            self.is_ticked(&format!("{name}.status.{code}"))
        };
        let statuses: Vec<_> = STATUSES.iter().filter(ticked).collect();
        let statuses = statuses.into_iter().map(|(status, ..)| *status).collect();
        let rule = CountRule {
            rounding: self.pick(name, "rounding", &ROUNDINGS, standard.rounding),
            round_each: self.pick(name, "each", &EACH, standard.round_each),
            measure: self.pick(name, "measure", &MEASURES, standard.measure),
            from: self.pick(name, "from", &FROM, standard.from),
            included: self.limit(&format!("{name}.included")).unwrap_or_default(),
            minimum: self.limit(&format!("{name}.minimum")).unwrap_or_default(),
            statuses,
        };
        if rule.statuses.is_empty() {
            let place = format!("{name}.statuses");
            self.refuse(&place, "Tick at least one, or no usage would count.");
        }
        rule
    }

    fn pick<T: Copy, const N: usize>(
        &self,
        rule: &str,
        part: &str,
        table: &Table<T, N>,
        standard: T,
    ) -> T {
        let typed = self.text(&format!("{rule}.{part}"));
        let found = table.iter().find(|(_, code, _)| *code == typed);
        found.map_or(standard, |(one, ..)| *one)
    }

    fn refuse(&mut self, name: &str, message: &str) {
        let wrong = Wrong {
            message: message.to_owned(),
            hint: None,
        };
        self.wrong.insert(name.to_owned(), wrong);
    }
}
