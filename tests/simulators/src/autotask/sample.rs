//! Sample data: a believable MSP with a dozen customers, and as many generated ones as wanted.

mod people;
mod picklists;
mod services;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::config::Config;
use super::entities::{self, COMPANY, Entity};
use super::tenant::{Record, Tenant};
use crate::companies::{COMPANIES, OWN_COMPANY, generated_name};
use crate::moment;

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
