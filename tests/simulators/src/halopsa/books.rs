//! What the simulated HaloPSA bills, in the shape of every PSA. Its lines have one quantity for all
//! days.

use serde_json::{Value, json};

use super::HaloPsa;
use super::entities::{CLIENT, INVOICE, ITEM};
use crate::Error;
use crate::books::{Books, is, named, names, no_line, sum};
use crate::faults::{Fault, Planned};

/// What of an invoice is another thing once a line is.
const FOLLOWS_FROM_LINES: [&str; 5] = ["lines", "revenue", "tax_total", "total", "last_modified"];

impl Books for HaloPsa {
    fn billing_settings(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    fn add_item(&self, name: &str, price: f64) -> Result<i64, Error> {
        let item = json!({ "name": name, "recurringprice": price, "isrecurringitem": true });
        self.create(ITEM.path, item)
    }

    fn items(&self) -> Vec<String> {
        names(&self.records(ITEM.path), ITEM.label)
    }

    fn billed(&self, company: &str, item: &str, _day: &str) -> Option<f64> {
        sum(&self.lines_of(company, item), "qty_order")
    }

    fn other_lines(&self, item: &str) -> Vec<Value> {
        let item = named(&self.records(ITEM.path), ITEM.label, item).unwrap_or_default();
        let mut lines: Vec<Value> = self.records(INVOICE.path).iter().flat_map(lines).collect();
        lines.retain(|line| !is(line, "_itemid", item));
        lines
    }

    fn agreements(&self) -> Vec<Value> {
        let mut invoices = self.records(INVOICE.path);
        for invoice in invoices.iter_mut().filter_map(Value::as_object_mut) {
            invoice.retain(|field, _| !FOLLOWS_FROM_LINES.contains(&field.as_str()));
        }
        invoices
    }

    fn at_changes(&self, planned: Planned) -> Planned {
        planned.method("POST").entity(INVOICE.path)
    }

    fn change_calls(&self) -> Vec<u16> {
        let calls = self.calls().into_iter();
        let changes = calls.filter(|call| call.method == "POST" && call.entity == INVOICE.path);
        changes.map(|call| call.status).collect()
    }

    fn bill_by_hand(
        &self,
        company: &str,
        item: &str,
        _day: &str,
        quantity: i64,
    ) -> Result<(), Error> {
        let lines = self.lines_of(company, item);
        let id = lines.first().and_then(|line| line.get("id")?.as_i64());
        let line = id.ok_or_else(|| no_line(company, item))?;
        self.set_quantity(line, quantity)
    }

    fn post_period(&self, _company: &str, _item: &str, _day: &str) -> Result<bool, Error> {
        Ok(false)
    }

    fn fail_changes(&self, fault: Fault, times: u32) {
        self.faults()
            .add(self.at_changes(Planned::next(fault).times(times)));
    }

    fn lose_new_item(&self) {
        let planned = Planned::next(Fault::DropAnswer).method("POST");
        self.faults().add(planned.entity(ITEM.path));
    }

    fn leave_calls(&self, calls: usize) {
        let limit = self.config().limits.requests;
        self.use_up_limit(limit.saturating_sub(calls));
    }

    fn free_calls(&self) {
        self.free_limit();
    }
}

/// The lines of an invoice.
fn lines(invoice: &Value) -> Vec<Value> {
    let lines = invoice.get("lines").and_then(Value::as_array);
    lines.cloned().unwrap_or_default()
}

impl HaloPsa {
    /// The lines of all invoices of a client that bill an item.
    fn lines_of(&self, client: &str, item: &str) -> Vec<Value> {
        let client = named(&self.records(CLIENT.path), CLIENT.label, client).unwrap_or_default();
        let item = named(&self.records(ITEM.path), ITEM.label, item).unwrap_or_default();
        let invoices = self.records(INVOICE.path);
        let ours = invoices
            .iter()
            .filter(|invoice| is(invoice, "client_id", client));
        let mut lines: Vec<Value> = ours.flat_map(lines).collect();
        lines.retain(|line| is(line, "_itemid", item));
        lines
    }
}
