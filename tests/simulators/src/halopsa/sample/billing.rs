//! Items, a supplier, and the recurring invoices that clients are billed by.

use jiff::ToSpan as _;

use super::super::billing::{amount, settle_schedule, total};
use super::super::config::Config;
use super::super::entities::{CLIENT, INVOICE, ITEM, LINE, SUPPLIER};
use super::super::tenant::Tenant;
use super::add_row;
use crate::moment;

/// Name, price and cost of the items that the MSP sells already.
const ITEMS: [(&str, f64, f64); 2] = [
    ("Managed Workstation", 45.0, 12.5),
    ("Cloud Backup", 8.0, 3.0),
];

/// Clients that have an invoice with lines; rows for thousands would only cost time.
const WITH_LINES_MAX: usize = 25;

/// The period code of a yearly invoice.
const YEARLY: i64 = 3;

/// Adds a monthly invoice per active client; the first client has a disabled one and a yearly one
/// beside it. The second line of each is calculated by the system.
pub(super) fn add(tenant: &mut Tenant, config: &Config) {
    let supplier = add_row(tenant, &SUPPLIER, |row| {
        row.set("name", "Contoso Distribution");
    });
    let now = moment::text_of(config.clock.now());
    let items = ITEMS.map(|(name, price, cost)| {
        add_row(tenant, &ITEM, |row| {
            row.set("name", name);
            row.set("baseprice", price);
            row.set("recurringprice", price);
            row.set("costprice", cost);
            row.set("isrecurringitem", true);
            row.set("supplier_id", supplier);
            row.set("status", 0);
            row.set("datecreated", now.clone());
            row.set("lastmodified", now.clone());
            row.set("use", "item");
        })
    });
    let monthly = config.quirks.monthly_period;
    let clients: Vec<i64> = tenant
        .rows(&CLIENT)
        .filter(|client| !client.flag("inactive"))
        .map(|client| client.id)
        .collect();
    for (position, client) in clients.into_iter().enumerate() {
        let items = items
            .as_slice()
            .get(..if position < WITH_LINES_MAX { 2 } else { 0 });
        let items = items.unwrap_or_default();
        add_invoice(
            tenant,
            config,
            client,
            ("Managed Services", monthly, false),
            items,
        );
        if position == 1 {
            add_invoice(
                tenant,
                config,
                client,
                ("Old Agreement", monthly, true),
                items,
            );
            add_invoice(
                tenant,
                config,
                client,
                ("Domain Renewals", YEARLY, false),
                &[],
            );
        }
    }
}

fn add_invoice(
    tenant: &mut Tenant,
    config: &Config,
    client: i64,
    (name, period, disabled): (&str, i64, bool),
    items: &[i64],
) {
    let today = moment::date_time_of(config.clock.now()).date();
    let month = today.first_of_month();
    let site = tenant
        .row(&CLIENT, client)
        .and_then(|row| row.number("main_site_id"));
    let invoice = add_row(tenant, &INVOICE, |row| {
        row.set("client_id", client);
        row.set("sitenumber", site.unwrap_or_default());
        row.set("name", name);
        row.set("contract_id", -1);
        row.set("period", period);
        row.set("schedule_id", row.id.abs() + 200);
        row.set("startdate", moment::text_of_date(today.first_of_year()));
        row.set("lastcreated", moment::text_of_date(month));
        let next = moment::text_of_date(month.saturating_add(1.month()));
        row.set("nextcreationdate", next);
        row.set("disabled", disabled);
        row.set("is_recurring_invoice", true);
        settle_schedule(row, config.quirks.monthly_period);
    });
    for ((item, (name, price, cost)), position) in items.iter().zip(ITEMS).zip(0..) {
        add_row(tenant, &LINE, |row| {
            row.set("ihid", invoice);
            row.set("_itemid", *item);
            row.set("item_shortdescription", name);
            row.set("qty_order", 5.0);
            row.set("unit_price", price);
            row.set("unit_cost", cost);
            row.set("tax_rate", 20.0);
            row.set("recurring_invoice_quantity_type", position);
            row.set("sequenceid", (position + 1) * 10);
            amount(row);
        });
    }
    let mut row = tenant.row(&INVOICE, invoice).cloned().unwrap_or_default();
    total(tenant, &mut row);
    tenant.put(&INVOICE, row);
}
