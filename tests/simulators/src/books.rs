//! What a simulated PSA bills, in words that every PSA has: a demo or a test of the whole looks at
//! the books through this, and knows no PSA by name.

use serde_json::Value;

use crate::Error;
use crate::faults::{Fault, Planned};

/// The books of a simulated PSA.
pub trait Books {
    /// What to choose in the `billing` section, each setting with the label that people see.
    fn billing_settings(&self) -> Vec<(&'static str, &'static str)>;

    /// Adds an item that nobody is billed for yet, and gives its id.
    fn add_item(&self, name: &str, price: f64) -> Result<i64, Error>;

    /// Names of all items of the catalogue.
    fn items(&self) -> Vec<String>;

    /// How many of an item all agreements of a company bill on `day`, such as `2026-07-01`; none
    /// where no line bills it. Where agreements know no days, the day makes no difference.
    fn billed(&self, company: &str, item: &str, day: &str) -> Option<f64>;

    /// Every line that bills anything else than this item, with all it has.
    fn other_lines(&self, item: &str) -> Vec<Value>;

    /// Every agreement with all it has but its lines and what is summed up from them.
    fn agreements(&self) -> Vec<Value>;

    /// The same fault for the calls that change what is billed.
    fn at_changes(&self, planned: Planned) -> Planned;

    /// The HTTP status of every call that was to change what is billed, oldest first; of one whose
    /// answer got lost, the status it would have had.
    fn change_calls(&self) -> Vec<u16>;

    /// Changes what a company is billed of an item, as a person there does. It has a line of it.
    fn bill_by_hand(
        &self,
        company: &str,
        item: &str,
        day: &str,
        quantity: i64,
    ) -> Result<(), Error>;

    /// Approves and posts the period of a company's line that holds `day`, as a person there does
    /// each month; false where agreements know no periods.
    fn post_period(&self, company: &str, item: &str, day: &str) -> Result<bool, Error>;

    /// Lets the next calls that change what is billed meet `fault`.
    fn fail_changes(&self, fault: Fault, times: u32);

    /// Lets the answer to the next call get lost that makes an item.
    fn lose_new_item(&self);

    /// Lets others use up the limit on calls, but for so many.
    fn leave_calls(&self, calls: usize);

    /// Lets the limit on calls be as if nobody had called of late.
    fn free_calls(&self);
}

/// Whether a field of a record has this value.
pub(crate) fn is(record: &Value, field: &str, value: i64) -> bool {
    record.get(field).and_then(Value::as_i64) == Some(value)
}

/// The text in a field; an empty one where there is none.
pub(crate) fn text<'r>(record: &'r Value, field: &str) -> &'r str {
    let text = record.get(field).and_then(Value::as_str);
    text.unwrap_or_default()
}

/// The sum of a field over records; none of no records.
pub(crate) fn sum(records: &[Value], field: &str) -> Option<f64> {
    let quantity = |record: &Value| record.get(field)?.as_f64();
    let quantities = records.iter().filter_map(quantity);
    quantities.reduce(|one, other| one + other)
}

/// The id of the record that people know by that name.
pub(crate) fn named(records: &[Value], field: &str, name: &str) -> Option<i64> {
    let is_it = |record: &&Value| record.get(field).and_then(Value::as_str) == Some(name);
    records.iter().find(is_it)?.get("id")?.as_i64()
}

/// Names that people know records by.
pub(crate) fn names(records: &[Value], field: &str) -> Vec<String> {
    let name = |record: &Value| record.get(field)?.as_str().map(str::to_owned);
    records.iter().filter_map(name).collect()
}

/// What is refused where a person would not find what to change.
pub(crate) fn no_line(company: &str, item: &str) -> Error {
    Error::Refused {
        reason: format!("{company} has no line of {item}"),
    }
}
