//! The rules of services, contracts and the units billed on them.
//!
//! A line has one row of units per billing period. An adjustment is a difference that takes
//! effect on a date: it splits the row of that period and moves every later one. It is the only
//! way to change a quantity, and leaves nothing to read but the rows themselves.

mod adjustment;

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan as _};
use serde_json::Value;

pub(crate) use self::adjustment::{adjust, check_adjustment};
use super::answer::Refusal;
use super::entities::{BILLING_CODE, CONTRACT, CONTRACT_SERVICE, CONTRACT_SERVICE_UNIT, SERVICE};
use super::tenant::{Record, Tenant};
use super::tickets::CONTRACT_ACTIVE;
use super::write::{Draft, Mode, invalid_reference};
use crate::moment;

/// The contract type that carries services.
pub(crate) const RECURRING_SERVICE: i64 = 7;
/// The use type of billing codes for services.
pub(crate) const RECURRING_CODE: i64 = 5;
/// Most billing periods generated for one line.
pub(crate) const PERIODS_MAX: usize = 120;

/// A service is booked under an active code for recurring services.
pub(crate) fn check_service(tenant: &Tenant, draft: &Draft) -> Result<(), Refusal> {
    let code = draft
        .record
        .number("billingCodeID")
        .and_then(|id| tenant.row(&BILLING_CODE, id));
    if code.is_some_and(|code| code.number("useType") == Some(RECURRING_CODE)) {
        return Ok(());
    }
    Err(invalid_reference("billingCodeID", "BillingCode"))
}

/// A contract ends after it starts; a recurring one needs its period.
pub(crate) fn check_contract(draft: &Draft) -> Result<(), Refusal> {
    let record = &draft.record;
    let dates = date(record, "startDate").zip(date(record, "endDate"));
    if dates.is_some_and(|(start, end)| end < start) {
        return Err(Refusal::invalid(
            "The endDate must not be before the startDate.",
        ));
    }
    let recurring = record.number("contractType") == Some(RECURRING_SERVICE);
    if draft.mode == Mode::Create && recurring && record.number("contractPeriodType").is_none() {
        return Err(super::write::missing_field("contractPeriodType"));
    }
    Ok(())
}

/// A line belongs to an active recurring contract and names a service not on it yet.
pub(crate) fn check_line(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    if draft.mode != Mode::Create {
        return Ok(());
    }
    let contract = recurring_contract(tenant, &draft.record)?;
    let service = draft.record.number("serviceID");
    if lines(tenant, contract.id).any(|line| line.number("serviceID") == service) {
        return Err(Refusal::invalid(
            "The service already exists on the contract.",
        ));
    }
    let service = service.and_then(|id| tenant.row(&SERVICE, id));
    for field in ["unitPrice", "unitCost", "invoiceDescription"] {
        if let Some(value) = service.and_then(|service| service.values.get(field)) {
            draft
                .record
                .values
                .entry(field)
                .or_insert_with(|| value.clone());
        }
    }
    Ok(())
}

fn recurring_contract<'a>(tenant: &'a Tenant, record: &Record) -> Result<&'a Record, Refusal> {
    let contract = record
        .number("contractID")
        .and_then(|id| tenant.row(&CONTRACT, id));
    contract
        .filter(|contract| contract.number("contractType") == Some(RECURRING_SERVICE))
        .filter(|contract| contract.number("status") == Some(CONTRACT_ACTIVE))
        .ok_or_else(|| invalid_reference("contractID", "Contract"))
}

fn lines(tenant: &Tenant, contract: i64) -> impl Iterator<Item = &Record> {
    tenant
        .rows(&CONTRACT_SERVICE)
        .filter(move |line| line.number("contractID") == Some(contract))
}

fn unit_rows(tenant: &Tenant, line: i64) -> Vec<Record> {
    let of_line = |row: &&Record| row.number("contractServiceID") == Some(line);
    tenant
        .rows(&CONTRACT_SERVICE_UNIT)
        .filter(of_line)
        .cloned()
        .collect()
}

fn date(record: &Record, field: &str) -> Option<Date> {
    record
        .text(field)
        .and_then(moment::parse)
        .map(DateTime::date)
}

/// Gives a new line its rows, one per period of the contract, all with the same units.
pub(crate) fn open_line(tenant: &mut Tenant, line: i64, units: i64) {
    let Some(line) = tenant.row(&CONTRACT_SERVICE, line).cloned() else {
        return;
    };
    let contract = line
        .number("contractID")
        .and_then(|id| tenant.row(&CONTRACT, id))
        .cloned();
    let Some(contract) = contract else { return };
    let dates = date(&contract, "startDate").zip(date(&contract, "endDate"));
    let Some((mut start, last)) = dates else {
        return;
    };
    let period = period_of(tenant, &contract);
    for _ in 0..PERIODS_MAX {
        let next = start.saturating_add(period);
        let end = next.saturating_sub(1.day()).min(last);
        put_units(tenant, &line, start, end, units);
        start = next;
        if start > last {
            return;
        }
    }
}

fn period_of(tenant: &Tenant, contract: &Record) -> Span {
    let value = contract.number("contractPeriodType");
    let choices = tenant.choices(CONTRACT.name, "contractPeriodType");
    let label = choices.iter().find(|choice| Some(choice.value) == value);
    match label.map(|choice| choice.label.as_str()) {
        Some("Quarterly") => 3.months(),
        Some("Semi-Annually") => 6.months(),
        Some("Yearly") => 1.year(),
        _ => 1.month(),
    }
}

fn put_units(tenant: &mut Tenant, line: &Record, start: Date, end: Date, units: i64) {
    let mut row = Record {
        id: tenant.new_id(&CONTRACT_SERVICE_UNIT),
        ..Record::default()
    };
    row.set("contractID", line.number("contractID"));
    row.set("contractServiceID", line.id);
    row.set("serviceID", line.number("serviceID"));
    row.set("startDate", moment::text_of_date(start));
    row.set("endDate", moment::text_of_date(end));
    set_units(&mut row, line, units);
    tenant.put(&CONTRACT_SERVICE_UNIT, row);
}

fn set_units(row: &mut Record, line: &Record, units: i64) {
    row.set("units", units);
    for (to, from) in [("price", "unitPrice"), ("cost", "unitCost")] {
        let each = line
            .values
            .get(from)
            .and_then(Value::as_f64)
            .unwrap_or_default();
        // Units are small whole numbers: exact in a double.
        #[expect(clippy::cast_precision_loss, reason = "units are far below 2^53")]
        row.set(to, each * units as f64);
    }
    let price = row.values.get("price").cloned().unwrap_or_default();
    row.set("internalCurrencyPrice", price);
}
