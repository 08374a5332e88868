//! The MSP's own agents, and the clients' contacts.

use super::super::customers::add_contact;
use super::super::entities::{AGENT, CLIENT, SITE};
use super::super::tenant::{Record, Tenant};
use super::{UNASSIGNED, add_row, put_row};

/// First name, last name, title, team and whether the person still works there.
const TECHNICIANS: [(&str, &str, &str, &str, bool); 4] = [
    ("Dana", "Whitfield", "Service Manager", "Service Desk", true),
    ("Priya", "Raman", "Engineer", "Service Desk", true),
    ("Tomás", "Ibarra", "Security Analyst", "Security", true),
    ("Greg", "Holloway", "Engineer", "Projects", false),
];

/// Each site's contacts beside its general user.
const CONTACTS: [(&str, &str); 2] = [("Morgan", "Ellis"), ("Riley", "Nakamura")];

/// Adds the pseudo-agent, the agent that the API application logs in as, and the technicians.
pub(super) fn add(tenant: &mut Tenant) {
    put_row(tenant, &AGENT, UNASSIGNED, |row| {
        row.set("name", "Unassigned");
        row.set("use", "agent");
    });
    tenant.api_agent = add_row(tenant, &AGENT, |row| {
        row.set("name", "Dovetail API Agent");
        row.set("team", "Service Desk");
        row.set("isapiagent", true);
        row.set("is_agent", true);
        row.set("use", "agent");
    });
    for (first, last, title, team, active) in TECHNICIANS {
        add_row(tenant, &AGENT, |row| {
            row.set("name", format!("{first} {last}"));
            row.set("firstname", first);
            row.set("surname", last);
            row.set("jobtitle", title);
            row.set("team", team);
            row.set("isdisabled", !active);
            row.set("is_agent", true);
            let email = format!("{}@northwind-msp.example", first.to_lowercase());
            row.set("email", email);
            row.set("use", "agent");
        });
    }
}

/// Adds two contacts to every site, with addresses in the domain of its client.
pub(super) fn add_contacts(tenant: &mut Tenant, now: &str) {
    let domain_of = |site: &Record| {
        let client = tenant.row(&CLIENT, site.number("client_id")?)?;
        Some((site.id, domain(client.text("website")).to_owned()))
    };
    let sites: Vec<(i64, String)> = tenant.rows(&SITE).filter_map(domain_of).collect();
    for (site, domain) in sites {
        for (first, last) in CONTACTS {
            let email = format!("{first}.{last}@{domain}").to_lowercase();
            let name = format!("{first} {last}");
            add_contact(tenant, site, &name, &email, now);
        }
    }
}

/// The domain in a web address that people typed.
fn domain(website: &str) -> &str {
    let host = website.rsplit_once("://").map_or(website, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default();
    match host.trim_start_matches("www.") {
        "" => "customer.example",
        domain => domain,
    }
}
