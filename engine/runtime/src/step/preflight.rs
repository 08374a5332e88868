//! `preflight`: looks for what would stop tickets before it does.
//!
//! What it finds opens the issue that a failure of the same cause about the same thing would open.
//! What it looked for and did not find any more is cleared; where work waits for it, one piece is
//! tried first, since a look from outside does not prove that the other system takes it. A check
//! that cannot be made proves nothing: the others are made, and the run fails with the reason.

mod checks;
mod findings;
mod general;

use std::collections::BTreeMap;

use definition::pipeline::StepKind;
use model::{Customer, CustomerId};
use serde_json::{Value, json};

use self::findings::Findings;
use super::Flow;
use crate::context::Context;
use crate::halt::Halt;
use crate::tables::{CompanyRow, CustomerRow, MappingRow};

/// A company that tickets go to, and why they do.
struct Mapped {
    /// The record of the directory; nothing when the company is not in there.
    record: Option<Value>,
    /// Its id, just as it was saved.
    id: Value,
    /// The customer that is mapped to it, or the setting that names it.
    who: String,
}

impl Mapped {
    /// The company as the operations of a check are given it.
    fn company(&self) -> Value {
        let name = model::request::id_text(&self.id);
        self.record
            .clone()
            .unwrap_or_else(|| json!({ "id": self.id, "name": name, "active": false }))
    }
}

/// Looks at everything, and settles what was found.
pub(super) async fn preflight(
    context: &mut Context<'_>,
    path: &str,
    step: &StepKind,
) -> Result<Flow, Halt> {
    let StepKind::Preflight {
        rights,
        choices,
        companies,
    } = step
    else {
        return Ok(Flow::Go);
    };
    let integration = context.remote.integration.clone();
    if !integration.sections.values().any(|section| section.on) {
        // Nothing is switched on that could fail.
        return Ok(Flow::Go);
    }
    let connector = context.remote.connector.clone();
    let own = connector.preflight.iter().map(|check| check.cause.as_str());
    let generic = [rights, choices, companies].map(String::as_str);
    let mut findings = Findings::of(generic.into_iter().chain(own));
    context.remote.look_afresh();
    let mapped = mapped(context).await?;
    let looked = async {
        general::rights(context, &mut findings, rights).await?;
        general::choices(context, &mut findings, choices).await?;
        general::companies(context, &mut findings, companies, &mapped);
        for check in &connector.preflight {
            checks::check(context, &mut findings, path, check, &mapped).await?;
        }
        Ok(())
    };
    let looked = looked.await;
    let failed = findings.settle(context).await?;
    looked.and_then(|()| failed.map_or(Ok(Flow::Go), Err))
}

/// The companies that tickets go to, each once.
async fn mapped(context: &mut Context<'_>) -> Result<Vec<Mapped>, Halt> {
    let core = context.remote.core.clone();
    let integration = context.remote.integration.clone();
    let (partner, id) = (integration.partner.as_str(), integration.id.as_str());
    let rows: Vec<CompanyRow> = core.all(partner, &[id]).await?;
    let mut directory: BTreeMap<String, Value> = BTreeMap::new();
    for row in rows {
        let key = row.0.record.get("id").map(model::request::id_text);
        directory.insert(key.unwrap_or_default(), row.0.record);
    }
    let customers: Vec<CustomerRow> = core.all(partner, &[]).await?;
    let customers: BTreeMap<CustomerId, Customer> = customers
        .into_iter()
        .map(|row| (row.0.id.clone(), row.0))
        .collect();
    let rows: Vec<MappingRow> = core.all(partner, &[id]).await?;
    let rows = rows.into_iter().filter(|row| row.0.takes_tickets());
    let named = rows.filter_map(|MappingRow(mapping)| {
        let customer = customers.get(&mapping.customer);
        let who = customer.map_or_else(|| mapping.customer.to_string(), |one| one.name.clone());
        Some((mapping.company?, who))
    });
    let mut seen: BTreeMap<String, Mapped> = BTreeMap::new();
    for (company, who) in named.chain(general::chosen_companies(context)) {
        let key = model::request::id_text(&company);
        seen.entry(key.clone()).or_insert_with(|| Mapped {
            record: directory.get(&key).cloned(),
            id: company,
            who,
        });
    }
    context.count("companies", seen.len() as u64);
    Ok(seen.into_values().collect())
}
