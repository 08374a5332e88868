//! Sample data: the same believable MSP as in the other simulated PSAs, as Halo would have it.

mod billing;
mod people;
mod setup;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::config::Config;
use super::customers::{add_general_user, add_site, general_user};
use super::entities::{self, CLIENT, Entity, INVOICE, LINE, TICKET};
use super::tenant::{Record, Tenant};
use super::tickets::STATUS_NEW;
use crate::companies::{COMPANIES, OWN_COMPANY, generated_name};
use crate::moment;

/// The agent that stands for nobody.
pub(crate) const UNASSIGNED: i64 = 1;

/// A tenant with all of it.
pub(crate) fn tenant(config: &Config) -> Tenant {
    let mut tenant = Tenant::default();
    let mut dice = StdRng::seed_from_u64(config.seed);
    for entity in entities::ALL {
        tenant.start_ids_at(entity, dice.random_range(20..400));
    }
    tenant.start_ids_at(&TICKET, dice.random_range(1_000..9_000));
    tenant.start_ids_at(&LINE, dice.random_range(20_000..30_000));
    tenant.start_ids_at(&INVOICE, -dice.random_range(90..300));
    let now = moment::text_of(config.clock.now());
    setup::add(&mut tenant, &mut dice);
    people::add(&mut tenant);
    add_clients(&mut tenant, config, &mut dice, &now);
    people::add_contacts(&mut tenant, &now);
    billing::add(&mut tenant, config);
    add_tickets(&mut tenant, config.generated_tickets, &now);
    tenant
}

fn add_clients(tenant: &mut Tenant, config: &Config, dice: &mut StdRng, now: &str) {
    let general_user = &config.quirks.general_user;
    add_client(
        tenant,
        OWN_COMPANY,
        "northwind-msp.example",
        true,
        general_user,
        now,
    );
    for (name, web, _, active) in COMPANIES {
        add_client(tenant, name, web, active, general_user, now);
    }
    for count in 0..config.generated_clients {
        let (name, web) = generated_name(dice, count);
        add_client(tenant, &name, &web, true, general_user, now);
    }
}

/// Adds a client with its first site and that site's general user, and gives its id.
pub(crate) fn add_client(
    tenant: &mut Tenant,
    name: &str,
    website: &str,
    active: bool,
    general_user: &str,
    now: &str,
) -> i64 {
    let client = add_row(tenant, &CLIENT, |row| {
        row.set("name", name);
        row.set("website", website);
        row.set("inactive", !active);
        row.set("toplevel_id", 1);
        row.set("toplevel_name", "Customers");
        row.set("colour", "#2bd3c6");
        row.set("use", "client");
        row.set("key", 0);
        row.set("last_modified", now);
    });
    let site = add_site(tenant, client, name, "Main", now);
    if let Some(row) = tenant.row_mut(&CLIENT, client) {
        row.set("main_site_id", site);
    }
    add_general_user(tenant, site, general_user, now);
    client
}

/// Open tickets, one client after the other.
fn add_tickets(tenant: &mut Tenant, count: u32, now: &str) {
    let clients: Vec<(i64, i64)> = tenant
        .rows(&CLIENT)
        .filter(|client| !client.flag("inactive"))
        .map(|client| (client.id, client.number("main_site_id").unwrap_or_default()))
        .collect();
    let kind = tenant.default_ticket_type();
    let customers = clients.iter().cycle();
    for (number, (client, site)) in (1..=count).zip(customers) {
        let user = general_user(tenant, *site).map(|user| user.id);
        add_row(tenant, &TICKET, |row| {
            row.set("summary", format!("Sample ticket {number}"));
            row.set("details", "Made with the tenant.");
            row.set("tickettype_id", kind);
            row.set("status_id", STATUS_NEW);
            row.set("sla_id", 1);
            row.set("priority_id", 3);
            row.set("client_id", *client);
            row.set("site_id", *site);
            row.set("user_id", user.unwrap_or_default());
            row.set("agent_id", UNASSIGNED);
            row.set("team", setup::TEAMS.first().copied().unwrap_or_default());
            row.set("use", "ticket");
            for moment in [
                "dateoccurred",
                "datecreated",
                "lastactiondate",
                "last_update",
            ] {
                row.set(moment, now);
            }
        });
    }
}

/// Stores a new row made by `fill` and gives its id.
fn add_row(tenant: &mut Tenant, entity: &Entity, fill: impl FnOnce(&mut Record)) -> i64 {
    let id = tenant.new_id(entity);
    put_row(tenant, entity, id, fill)
}

/// Stores a row of that id made by `fill` and gives its id.
fn put_row(tenant: &mut Tenant, entity: &Entity, id: i64, fill: impl FnOnce(&mut Record)) -> i64 {
    let mut row = Record::new(id);
    fill(&mut row);
    tenant.put(entity, row);
    id
}
