//! Adjustments: differences of units from a date on, checked completely before any is done.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::answer::Refusal;
use super::super::config::{PostedPeriod, Quirks};
use super::super::entities::{CONTRACT_SERVICE, CONTRACT_SERVICE_UNIT, Entity, SERVICE};
use super::super::tenant::{Record, Tenant};
use super::super::write::Draft;
use super::{date, lines, open_line, put_units, recurring_contract, set_units, unit_rows};
use crate::moment;

/// What an adjustment would do, found out before any of it is done.
struct Adjustment {
    /// The line it changes; none when it opens one.
    line: Option<Record>,
    /// When it takes effect.
    from: Date,
    change: i64,
}

/// Checks an adjustment completely, so that carrying it out cannot fail halfway.
pub(crate) fn check_adjustment(
    tenant: &Tenant,
    draft: &mut Draft,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    let named = draft.record.number("contractServiceID");
    if let Some(line) = named.and_then(|id| tenant.row(&CONTRACT_SERVICE, id)) {
        for field in ["contractID", "serviceID"] {
            if let Some(value) = line.values.get(field) {
                draft
                    .record
                    .values
                    .entry(field)
                    .or_insert_with(|| value.clone());
            }
        }
    }
    if draft.record.number("contractID").is_none() || draft.record.number("serviceID").is_none() {
        let missing = "Missing Required Field: contractServiceID or contractID and serviceID";
        return Err(Refusal::invalid(missing));
    }
    planned(tenant, &draft.record, quirks).map(drop)
}

fn planned(tenant: &Tenant, record: &Record, quirks: &Quirks) -> Result<Adjustment, Refusal> {
    let contract = recurring_contract(tenant, record)?;
    let line = adjusted_line(tenant, record, contract.id)?;
    let bounds = date(contract, "startDate").zip(date(contract, "endDate"));
    let from = date(record, "effectiveDate")
        .filter(|from| bounds.is_some_and(|(start, end)| (start..=end).contains(from)))
        .ok_or_else(|| {
            Refusal::invalid("The effectiveDate must be within the dates of the contract.")
        })?;
    let change = record.number("unitChange").unwrap_or_default();
    let rows = line
        .as_ref()
        .map(|line| unit_rows(tenant, line.id))
        .unwrap_or_default();
    let from = open_from(&rows, from, quirks)?;
    let lowest = rows
        .iter()
        .filter(|row| date(row, "endDate").is_some_and(|end| end >= from));
    let lowest = lowest
        .filter_map(|row| row.number("units"))
        .min()
        .unwrap_or_default();
    if lowest.saturating_add(change) < 0 {
        return Err(Refusal::invalid(
            "The adjustment would make the number of units negative.",
        ));
    }
    Ok(Adjustment { line, from, change })
}

/// The line an adjustment is for; none when it opens a new one.
fn adjusted_line(
    tenant: &Tenant,
    record: &Record,
    contract: i64,
) -> Result<Option<Record>, Refusal> {
    if let Some(named) = record.number("contractServiceID") {
        return Ok(tenant.row(&CONTRACT_SERVICE, named).cloned());
    }
    let repeats = record
        .values
        .get("allowRepeatService")
        .is_some_and(|repeat| repeat == true);
    let service = record.number("serviceID");
    let mut found = lines(tenant, contract).filter(|line| line.number("serviceID") == service);
    let line = found.next().cloned();
    if found.next().is_some() && !repeats {
        let text = "The service exists more than once on the contract: give contractServiceID.";
        return Err(Refusal::invalid(text));
    }
    Ok(line.filter(|_| !repeats))
}

/// Moves the date out of a posted period, or refuses it, as the tenant does.
fn open_from(rows: &[Record], from: Date, quirks: &Quirks) -> Result<Date, Refusal> {
    let posted = rows.iter().find(|row| {
        let period = date(row, "startDate").zip(date(row, "endDate"));
        row.values.contains_key("approveAndPostDate")
            && period.is_some_and(|(start, end)| (start..=end).contains(&from))
    });
    let Some(posted) = posted else {
        return Ok(from);
    };
    match quirks.posted_period {
        PostedPeriod::Changed => Ok(from),
        PostedPeriod::Refused => Err(Refusal::invalid(
            "The billing period has already been approved and posted.",
        )),
        PostedPeriod::NextPeriod => {
            let end = date(posted, "endDate").unwrap_or(from);
            open_from(rows, end.saturating_add(1.day()), quirks)
        }
    }
}

/// Carries out an adjustment that [`check_adjustment`] found right.
pub(crate) fn adjust(tenant: &mut Tenant, record: &Record, quirks: &Quirks) {
    let Ok(Adjustment { line, from, change }) = planned(tenant, record, quirks) else {
        return;
    };
    let Some(mut line) = line else {
        open_adjusted_line(tenant, record, from, change);
        return;
    };
    if reprice(&mut line, record) {
        tenant.put(&CONTRACT_SERVICE, line.clone());
    }
    for mut row in unit_rows(tenant, line.id) {
        let period = date(&row, "startDate").zip(date(&row, "endDate"));
        let Some((start, end)) = period.filter(|(_, end)| *end >= from) else {
            continue;
        };
        let units = row
            .number("units")
            .unwrap_or_default()
            .saturating_add(change);
        if start < from {
            row.set(
                "endDate",
                moment::text_of_date(from.saturating_sub(1.day())),
            );
            tenant.put(&CONTRACT_SERVICE_UNIT, row);
            put_units(tenant, &line, from, end, units);
        } else {
            set_units(&mut row, &line, units);
            tenant.put(&CONTRACT_SERVICE_UNIT, row);
        }
    }
}

fn reprice(line: &mut Record, record: &Record) -> bool {
    let mut changed = false;
    for (to, from) in [
        ("unitPrice", "adjustedUnitPrice"),
        ("unitCost", "adjustedUnitCost"),
    ] {
        if let Some(value) = record.values.get(from) {
            line.set(to, value.clone());
            changed = true;
        }
    }
    changed
}

/// A pair of contract and service without a line gets one, with nothing before the date.
fn open_adjusted_line(tenant: &mut Tenant, record: &Record, from: Date, change: i64) {
    let mut line = Record {
        id: tenant.new_id(&CONTRACT_SERVICE),
        ..Record::default()
    };
    line.set("contractID", record.number("contractID"));
    line.set("serviceID", record.number("serviceID"));
    let service = record
        .number("serviceID")
        .and_then(|id| tenant.row(&SERVICE, id));
    for field in ["unitPrice", "unitCost", "invoiceDescription"] {
        let value = service
            .and_then(|service| service.values.get(field))
            .cloned();
        line.set(field, value.unwrap_or_default());
    }
    reprice(&mut line, record);
    let id = line.id;
    tenant.put(&CONTRACT_SERVICE, line);
    open_line(tenant, id, 0);
    let entity: &Entity = &CONTRACT_SERVICE_UNIT;
    let Some(line) = tenant.row(&CONTRACT_SERVICE, id).cloned() else {
        return;
    };
    for mut row in unit_rows(tenant, id) {
        let period = date(&row, "startDate").zip(date(&row, "endDate"));
        match period {
            Some((_, end)) if end < from => drop(tenant.remove(entity, row.id)),
            Some((start, _)) => {
                row.set("startDate", moment::text_of_date(start.max(from)));
                set_units(&mut row, &line, change);
                tenant.put(entity, row);
            }
            None => {}
        }
    }
}
