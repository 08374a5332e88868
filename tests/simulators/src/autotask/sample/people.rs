//! The MSP's own people with their roles, and the customers' contacts.

use super::super::entities::{COMPANY, CONTACT, RESOURCE, RESOURCE_ROLE, ROLE};
use super::super::tenant::Tenant;
use super::add_row;

/// First name, last name, title and whether the person still works there.
const TECHNICIANS: [(&str, &str, &str, bool); 4] = [
    ("Dana", "Whitfield", "Service Manager", true),
    ("Priya", "Raman", "Engineer", true),
    ("Tomás", "Ibarra", "Security Analyst", true),
    ("Greg", "Holloway", "Engineer", false),
];

/// First name and last name of each company's two contacts; the second one has left.
const CONTACTS: [(&str, &str); 2] = [("Morgan", "Ellis"), ("Riley", "Nakamura")];

/// Adds the API user, technicians, roles, and which technician has which role.
pub(crate) fn add(tenant: &mut Tenant) {
    tenant.api_user = add_row(tenant, &RESOURCE, |row| {
        row.set("firstName", "Dovetail");
        row.set("lastName", "API User");
        row.set("email", "api@northwind-msp.example");
        row.set("userName", "dovetail-api");
        row.set("isActive", true);
    });
    let roles = ["Engineer", "Security Analyst"].map(|name| {
        add_row(tenant, &ROLE, |row| {
            row.set("name", name);
            row.set("isActive", true);
            row.set("hourlyRate", 120.0);
        })
    });
    for (first, last, title, active) in TECHNICIANS {
        let technician = add_row(tenant, &RESOURCE, |row| {
            row.set("firstName", first);
            row.set("lastName", last);
            row.set("title", title);
            row.set(
                "email",
                format!("{}@northwind-msp.example", first.to_lowercase()),
            );
            row.set("userName", first.to_lowercase());
            row.set("isActive", active);
        });
        for role in roles.into_iter().filter(|_| active) {
            add_row(tenant, &RESOURCE_ROLE, |row| {
                row.set("resourceID", technician);
                row.set("roleID", role);
                row.set("isActive", true);
            });
        }
    }
}

/// Adds two contacts to every company, one of them inactive.
pub(crate) fn add_contacts(tenant: &mut Tenant, now: &str) {
    let companies: Vec<i64> = tenant.rows(&COMPANY).map(|company| company.id).collect();
    for company in companies {
        for ((first, last), active) in CONTACTS.into_iter().zip([1, 0]) {
            add_row(tenant, &CONTACT, |row| {
                row.set("companyID", company);
                row.set("firstName", first);
                row.set("lastName", last);
                row.set(
                    "emailAddress",
                    format!("{}@c{company}.example", first.to_lowercase()),
                );
                row.set("isActive", active);
                row.set("primaryContact", active == 1);
                row.set("createDate", now);
                row.set("lastModifiedDate", now);
            });
        }
    }
}
