//! The rules of clients, sites and users.
//!
//! A new client gets a first site, and every new site a General User: an ordinary user that is
//! told from the others by its name. Tickets without a user land on it.

use super::answer::Refusal;
use super::draft::Draft;
use super::entities::{CLIENT, SITE, USER};
use super::quirks::Quirks;
use super::tenant::{Record, Tenant};
use super::write::{Occasion, named};

/// The name of a client's first site when nobody chose one.
const FIRST_SITE: &str = "Main";

/// The top level that every tenant has.
const TOP_LEVEL: (i64, &str) = (1, "Customers");

pub(crate) fn client(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    named(draft, "name")?;
    draft.record.set("last_modified", at.now.clone());
    if !draft.is_new() {
        return Ok(());
    }
    draft.default("toplevel_id", TOP_LEVEL.0);
    draft.record.set("toplevel_name", TOP_LEVEL.1);
    draft.default("colour", "#2bd3c6");
    draft.record.set("use", "client");
    draft.record.set("key", 0);
    let asked = |name: &str| {
        let text = draft.control(name).and_then(|value| value.as_str());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let site_name = asked("newclient_sitename");
    let contact = asked("newclient_contactname");
    let email = asked("newclient_contactemail");
    let (client, name) = (draft.record.id, draft.record.text("name").to_owned());
    let site_name = site_name.unwrap_or_else(|| FIRST_SITE.to_owned());
    let site = add_site(tenant, client, &name, &site_name, &at.now);
    draft.record.set("main_site_id", site);
    add_general_user(tenant, site, &quirks.general_user, &at.now);
    if let Some(contact) = contact {
        add_contact(tenant, site, &contact, &email.unwrap_or_default(), &at.now);
    }
    Ok(())
}

pub(crate) fn site(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    named(draft, "name")?;
    let client = draft.record.number("client_id");
    let client = client.and_then(|id| tenant.row(&CLIENT, id));
    let client = client.ok_or_else(|| Refusal::rule("Please select a Client for this Site."))?;
    let full = format!("{}/{}", client.text("name"), draft.record.text("name"));
    draft.record.set("clientsite_name", full);
    draft.record.set("use", "site");
    draft.record.set("last_modified", at.now.clone());
    if draft.is_new() {
        let mut user = new_user(tenant, &draft.record, &quirks.general_user, &at.now);
        user.set("isgeneraluser", true);
        tenant.put(&USER, user);
    }
    Ok(())
}

pub(crate) fn user(
    tenant: &mut Tenant,
    draft: &mut Draft,
    at: &Occasion<'_>,
    quirks: &Quirks,
) -> Result<(), Refusal> {
    let full = format!(
        "{} {}",
        draft.record.text("firstname"),
        draft.record.text("surname")
    );
    if draft.record.text("name").is_empty() {
        draft.record.set("name", full.trim().to_owned());
    }
    named(draft, "name")?;
    let site = draft.record.number("site_id");
    let site = site.and_then(|id| tenant.row(&SITE, id));
    let site = site.ok_or_else(|| Refusal::rule("Please select a Site for this User."))?;
    settle_user(&mut draft.record, site, &at.now);
    let general = draft.record.text("name") == quirks.general_user;
    draft.record.set("isgeneraluser", general);
    Ok(())
}

fn settle_user(user: &mut Record, site: &Record, now: &str) {
    user.set_double_id("site_id", site.id);
    user.set("site_id_int", site.id);
    user.set("client_id", site.number("client_id").unwrap_or_default());
    user.set("use", "user");
    user.set("last_modified", now);
}

/// Adds a site and gives its id.
pub(crate) fn add_site(
    tenant: &mut Tenant,
    client: i64,
    client_name: &str,
    name: &str,
    now: &str,
) -> i64 {
    let mut row = Record::new(tenant.new_id(&SITE));
    row.set("name", name);
    row.set_double_id("client_id", client);
    row.set("clientsite_name", format!("{client_name}/{name}"));
    row.set("use", "site");
    row.set("last_modified", now);
    let id = row.id;
    tenant.put(&SITE, row);
    id
}

/// Gives a site its general user; none when there is no such site.
pub(crate) fn add_general_user(
    tenant: &mut Tenant,
    site: i64,
    name: &str,
    now: &str,
) -> Option<i64> {
    let site = tenant.row(&SITE, site)?.clone();
    let mut user = new_user(tenant, &site, name, now);
    user.set("isgeneraluser", true);
    let id = user.id;
    tenant.put(&USER, user);
    Some(id)
}

/// Adds a contact to a site, if there is such a site.
pub(crate) fn add_contact(tenant: &mut Tenant, site: i64, name: &str, email: &str, now: &str) {
    let Some(site) = tenant.row(&SITE, site).cloned() else {
        return;
    };
    let mut user = new_user(tenant, &site, name, now);
    user.set("emailaddress", email);
    tenant.put(&USER, user);
}

fn new_user(tenant: &mut Tenant, site: &Record, name: &str, now: &str) -> Record {
    let mut user = Record::new(tenant.new_id(&USER));
    user.set("name", name);
    settle_user(&mut user, site, now);
    user
}

/// The general user of a site, if it has one that is active.
pub(crate) fn general_user(tenant: &Tenant, site: i64) -> Option<&Record> {
    let at_site = |user: &&Record| user.number("site_id_int") == Some(site);
    tenant
        .rows(&USER)
        .filter(at_site)
        .find(|user| user.flag("isgeneraluser") && !user.flag("inactive"))
}
