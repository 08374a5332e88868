//! Sample data: a believable MSP with a dozen customers, and as many generated ones as wanted.
//!
//! Names are written the way people write them, so that matching them with the product's
//! customers needs some care: legal forms, commas, case, ampersands, abbreviations.

mod people;
mod picklists;
mod services;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::config::Config;
use super::entities::{self, COMPANY, Entity};
use super::moment;
use super::tenant::{Record, Tenant};

/// The MSP itself: company 0.
pub(crate) const OWN_COMPANY: &str = "Northwind Managed Services";

/// Name, web address, city and whether it is active.
const COMPANIES: [(&str, &str, &str, bool); 12] = [
    (
        "Acme Industries, Inc.",
        "https://www.acme-industries.example",
        "Springfield",
        true,
    ),
    (
        "Baker & Sons Logistics LLC",
        "http://bakersons.example/",
        "Columbus",
        true,
    ),
    ("Café Lumière", "cafelumiere.example", "Montréal", true),
    (
        "Delta Dental Group",
        "www.deltadental.example",
        "Austin",
        true,
    ),
    (
        "Evergreen Public Schools, District 12",
        "evergreen12.example",
        "Salem",
        true,
    ),
    (
        "FABRIKAM GMBH",
        "https://fabrikam.example/de",
        "Hamburg",
        true,
    ),
    (
        "Green Valley Medical Center (GVMC)",
        "https://gvmc.example",
        "Tucson",
        true,
    ),
    (
        "Harbour Law Partners LLP",
        "harbourlaw.example",
        "Boston",
        true,
    ),
    ("Ionic Architects Ltd.", "www.ionic.example", "Leeds", true),
    ("Juniper Insurance Agency", "", "Denver", true),
    (
        "Kestrel Manufacturing Co",
        "kestrel-mfg.example",
        "Dayton",
        true,
    ),
    (
        "Lakeside Veterinary Clinic",
        "lakesidevet.example",
        "Madison",
        false,
    ),
];

/// Parts of generated names.
const FIRST: [&str; 16] = [
    "Aspen", "Birch", "Cedar", "Dorado", "Ember", "Falcon", "Granite", "Horizon", "Indigo",
    "Jasper", "Keystone", "Liberty", "Meridian", "Nimbus", "Orchard", "Pioneer",
];
const SECOND: [&str; 12] = [
    "Analytics",
    "Builders",
    "Capital",
    "Dental",
    "Engineering",
    "Foods",
    "Health",
    "Imports",
    "Legal",
    "Motors",
    "Properties",
    "Systems",
];
const FORM: [&str; 6] = [", Inc.", " LLC", " Ltd", " Group", "", " Co."];

/// A tenant with all of it.
pub(crate) fn tenant(config: &Config) -> Tenant {
    let mut tenant = Tenant::default();
    let mut dice = StdRng::seed_from_u64(config.seed);
    for entity in entities::ALL {
        tenant.start_ids_at(entity, dice.random_range(1..90) * 1_000 + 29_600_001);
    }
    picklists::add(&mut tenant, &mut dice);
    people::add(&mut tenant);
    let now = moment::text_of(config.clock.now());
    add_companies(&mut tenant, config, &mut dice, &now);
    people::add_contacts(&mut tenant, &now);
    services::add(&mut tenant, config.clock.now());
    tenant
}

fn add_companies(tenant: &mut Tenant, config: &Config, dice: &mut StdRng, now: &str) {
    let own = Record {
        id: 0,
        ..Record::default()
    };
    tenant.put(
        &COMPANY,
        company(
            own,
            OWN_COMPANY,
            "northwind-msp.example",
            "Chicago",
            tenant,
            now,
        ),
    );
    for (name, web, city, active) in COMPANIES {
        let row = Record {
            id: tenant.new_id(&COMPANY),
            ..Record::default()
        };
        let mut row = company(row, name, web, city, tenant, now);
        row.set("isActive", active);
        tenant.put(&COMPANY, row);
    }
    for count in 0..config.generated_companies {
        let (name, web) = generated_name(dice, count);
        let row = Record {
            id: tenant.new_id(&COMPANY),
            ..Record::default()
        };
        let row = company(row, &name, &web, "Springfield", tenant, now);
        tenant.put(&COMPANY, row);
    }
}

fn generated_name(dice: &mut StdRng, count: u32) -> (String, String) {
    let mut pick = |parts: &'static [&'static str]| {
        parts
            .get(dice.random_range(0..parts.len()))
            .copied()
            .unwrap_or_default()
    };
    let (first, second, form) = (pick(&FIRST), pick(&SECOND), pick(&FORM));
    // The count keeps names apart, as branch numbers do in real lists.
    let name = format!("{first} {second} {count}{form}");
    let web = format!(
        "{}-{}{count}.example",
        first.to_lowercase(),
        second.to_lowercase()
    );
    (name, web)
}

fn company(
    mut row: Record,
    name: &str,
    web: &str,
    city: &str,
    tenant: &Tenant,
    now: &str,
) -> Record {
    row.set("companyName", name);
    row.set("companyType", 1);
    row.set("ownerResourceID", tenant.api_user);
    row.set("phone", "555-0100");
    row.set("city", city);
    row.set("isActive", true);
    row.set("webAddress", Some(web).filter(|web| !web.is_empty()));
    row.set("createDate", now);
    row.set("lastActivityDate", now);
    row.set("lastTrackedModifiedDateTime", now);
    row
}

/// Stores a new row made by `fill` and gives its id.
fn add_row(tenant: &mut Tenant, entity: &Entity, fill: impl FnOnce(&mut Record)) -> i64 {
    let mut row = Record {
        id: tenant.new_id(entity),
        ..Record::default()
    };
    fill(&mut row);
    let id = row.id;
    tenant.put(entity, row);
    id
}
