//! The rules of items, recurring invoices and their lines.
//!
//! Amounts follow from quantity, price and discount; nobody writes them. The quantity of a line
//! that the system calculates is not written either: what is sent is dropped. An invoice that is
//! written with lines has exactly those lines afterwards.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::HaloPsa;
use super::answer::{Done, Refusal};
use super::call::Call;
use super::draft::Draft;
use super::entities::{CLIENT, INVOICE, ITEM, LINE, SITE};
use super::operations::{Reach, allowed};
use super::quirks::UpdatedLines;
use super::rights::Access;
use super::tenant::{Record, Show, Tenant};
use super::token::Grant;
use super::violation::Violation;
use super::write::{Occasion, named};
use crate::moment;

/// Where a line stands among the others when nobody says.
const SEQUENCE_DEFAULT: i64 = 10;

pub(crate) fn item(draft: &mut Draft, at: &Occasion<'_>) -> Result<(), Refusal> {
    named(draft, "name")?;
    draft.record.set("lastmodified", at.now.clone());
    if draft.is_new() {
        draft.record.set("datecreated", at.now.clone());
        draft.record.set("use", "item");
        draft.default("status", 0);
    }
    Ok(())
}

/// Lines of an invoice as they show, in their order.
pub(crate) fn shown_lines(tenant: &Tenant, invoice: i64, show: &Show<'_>) -> Value {
    let shown = |line: &Record| Value::Object(tenant.shown(&LINE, line, show));
    lines(tenant, invoice).into_iter().map(shown).collect()
}

fn lines(tenant: &Tenant, invoice: i64) -> Vec<&Record> {
    let of_invoice = |line: &&Record| line.number("ihid") == Some(invoice);
    let mut lines: Vec<&Record> = tenant.rows(&LINE).filter(of_invoice).collect();
    lines.sort_by_key(|line| (line.number("sequenceid"), line.id));
    lines
}

/// Removes all lines of an invoice.
pub(crate) fn remove_lines(tenant: &mut Tenant, invoice: i64) {
    let ids: Vec<i64> = lines(tenant, invoice).iter().map(|line| line.id).collect();
    for id in ids {
        tenant.remove(&LINE, id);
    }
}

impl HaloPsa {
    /// Checks an invoice, and replaces its lines when some were sent.
    pub(crate) fn settle_invoice(
        &self,
        tenant: &mut Tenant,
        draft: &mut Draft,
        at: &Occasion<'_>,
    ) -> Result<(), Refusal> {
        let client = draft.record.number("client_id");
        let client = client.and_then(|id| tenant.row(&CLIENT, id));
        let client = client.ok_or_else(|| Refusal::rule("Please select a Customer."))?;
        let main_site = client.number("main_site_id").unwrap_or_default();
        if draft.is_new() {
            draft.default("sitenumber", main_site);
            draft.default("period", self.quirks().monthly_period);
            draft.default("startdate", at.now.clone());
            draft.default("contract_id", -1);
            draft.record.set("is_recurring_invoice", true);
            draft.record.set("schedule_id", draft.record.id.abs());
            draft.record.set("date_created", at.now.clone());
        }
        let site = draft.record.number("sitenumber").unwrap_or_default();
        if tenant.row(&SITE, site).is_none() {
            return Err(Refusal::rule("The Site is not valid."));
        }
        settle_schedule(&mut draft.record, self.quirks().monthly_period);
        draft.record.set("last_modified", at.now.clone());
        let sent = draft.control("lines").and_then(Value::as_array).cloned();
        if let Some(sent) = sent {
            self.replace_lines(tenant, draft.record.id, sent)?;
        }
        total(tenant, &mut draft.record);
        Ok(())
    }

    /// Checks all lines before it changes one.
    fn replace_lines(
        &self,
        tenant: &mut Tenant,
        invoice: i64,
        sent: Vec<Value>,
    ) -> Result<(), Refusal> {
        let mut kept = Vec::new();
        for body in sent {
            let Value::Object(body) = body else { continue };
            kept.push(self.line(tenant, invoice, &body)?);
        }
        let named = |line: &Record| kept.iter().any(|other| other.id == line.id);
        let existing = lines(tenant, invoice).into_iter();
        let omitted = existing.filter(|line| !named(line)).map(|line| line.id);
        let omitted: Vec<i64> = omitted.collect();
        if !omitted.is_empty() {
            self.violate(Violation::LinesDropped);
        }
        if !self.quirks().keeps_omitted_lines {
            for line in omitted {
                tenant.remove(&LINE, line);
            }
        }
        for line in kept {
            tenant.put(&LINE, line);
        }
        Ok(())
    }

    /// A line as it is after `body` was written to it.
    fn line(
        &self,
        tenant: &mut Tenant,
        invoice: i64,
        body: &Map<String, Value>,
    ) -> Result<Record, Refusal> {
        let id = body.get("id").and_then(Value::as_i64).filter(|id| *id > 0);
        let locked = id.and_then(|id| tenant.locked_lines.get(&id));
        if let Some(text) = locked {
            return Err(Refusal::rule(text.clone()));
        }
        let before = id.map(|id| {
            let line = tenant.row(&LINE, id);
            let line = line.filter(|line| line.number("ihid") == Some(invoice));
            let unknown = || Refusal::UnknownId(format!("Line {id} was not found."));
            line.cloned().ok_or_else(unknown)
        });
        let mut draft = Draft::of(before.transpose()?);
        self.take(&LINE, body, &mut draft)?;
        draft.record.set("ihid", invoice);
        if draft.is_new() {
            draft.record.id = tenant.new_id(&LINE);
            describe(tenant, &mut draft)?;
        }
        self.protect_quantity(&mut draft);
        amount(&mut draft.record);
        Ok(draft.record)
    }

    /// Puts back the quantity of a line that the system calculates.
    fn protect_quantity(&self, draft: &mut Draft) {
        let calculated = |line: &Record| {
            line.number("recurring_invoice_quantity_type")
                .unwrap_or_default()
                != 0
        };
        let before = draft.before.as_ref().filter(|before| calculated(before));
        let Some(quantity) = before.map(|before| before.double("qty_order")) else {
            return;
        };
        if draft.changes("qty_order") {
            self.violate(Violation::CalculatedLineWritten);
            draft.record.set("qty_order", quantity);
        }
    }

    /// Answers `POST /RecurringInvoice/updatelines`: changes some lines and leaves the others.
    pub(crate) fn update_lines(&self, call: &Call<'_>, grant: &Grant) -> Result<Done, Refusal> {
        if call.method() != Method::POST {
            return Err(Refusal::Verb);
        }
        allowed(grant, &INVOICE, Access::Modify, Reach::List)?;
        let bodies = self.bodies(call)?;
        let mut tenant = self.tenant();
        let mut last = None;
        for body in bodies {
            let invoice = body.get("ihid").and_then(Value::as_i64);
            let invoice = invoice.and_then(|id| tenant.row(&INVOICE, id)).cloned();
            let unknown = || Refusal::rule("Each line must include the ihid of its invoice.");
            let mut invoice = invoice.ok_or_else(unknown)?;
            let line = self.line(&mut tenant, invoice.id, &body)?;
            last = Some((invoice.id, line.id));
            tenant.put(&LINE, line);
            total(&tenant, &mut invoice);
            invoice.set("last_modified", moment::text_of(self.now()));
            tenant.put(&INVOICE, invoice);
        }
        let body = last.and_then(|(invoice, line)| self.updated(&tenant, invoice, line));
        drop(tenant);
        self.note_change();
        let status = self.quirks().updated_status;
        Ok(Done { status, body })
    }

    fn updated(&self, tenant: &Tenant, invoice: i64, line: i64) -> Option<Value> {
        match self.quirks().updated_lines {
            UpdatedLines::LastLine => Some(self.detail(tenant, &LINE, tenant.row(&LINE, line)?)),
            UpdatedLines::Invoice => {
                Some(self.detail(tenant, &INVOICE, tenant.row(&INVOICE, invoice)?))
            }
            UpdatedLines::Empty => None,
        }
    }
}

/// Fills what a new line takes from its item.
fn describe(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    let item = draft.record.number("_itemid").filter(|item| *item > 0);
    if let Some(id) = item {
        let item = tenant.row(&ITEM, id);
        let item = item.ok_or_else(|| Refusal::rule("The Item is not valid."))?;
        draft.default("item_shortdescription", item.text("name"));
        let price = match item.double("recurringprice") {
            price if price > 0.0 => price,
            _ => item.double("baseprice"),
        };
        draft.default("unit_price", price);
        draft.default("unit_cost", item.double("costprice"));
    }
    draft.default("qty_order", 0.0);
    draft.default("recurring_invoice_quantity_type", 0);
    draft.default("sequenceid", SEQUENCE_DEFAULT);
    Ok(())
}

/// Net and tax of a line.
pub(crate) fn amount(line: &mut Record) {
    let share = 1.0 - line.double("discount_perc") / 100.0;
    let net = cents(line.double("qty_order") * line.double("unit_price") * share);
    let tax = cents(net * line.double("tax_rate") / 100.0);
    line.set("net_amount", net);
    line.set("tax_amount", tax);
    let calculated = line
        .number("recurring_invoice_quantity_type")
        .unwrap_or_default()
        != 0;
    line.set("_is_calculated_line", calculated);
}

/// Sums of an invoice over its active lines.
pub(crate) fn total(tenant: &Tenant, invoice: &mut Record) {
    let lines = lines(tenant, invoice.id);
    let active = || lines.iter().filter(|line| !line.flag("isinactive"));
    let revenue = cents(active().map(|line| line.double("net_amount")).sum());
    let tax = cents(active().map(|line| line.double("tax_amount")).sum());
    let calculated = active().any(|line| line.flag("_is_calculated_line"));
    invoice.set("revenue", revenue);
    invoice.set("tax_total", tax);
    invoice.set("total", cents(revenue + tax));
    invoice.set("contains_calculated_quantity", calculated);
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// The recurrence lives in a schedule of its own, which shows inside the invoice.
pub(crate) fn settle_schedule(invoice: &mut Record, monthly: i64) {
    let period = invoice.number("period").unwrap_or_default();
    if period == monthly {
        invoice.set("periodname", "Monthly");
    } else {
        invoice.clear("periodname");
    }
    let schedule = json!({
        "id": invoice.number("schedule_id"),
        "period": period,
        "startdate": invoice.value("startdate"),
        "end_date": invoice.value("enddate"),
        "nextcreationdate": invoice.value("nextcreationdate"),
        "invoice_id": invoice.id,
    });
    invoice.set("schedule", schedule);
}
