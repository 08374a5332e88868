//! The rules of ticket types, and what a ticket type asks of its tickets.

use serde_json::json;

use super::answer::Refusal;
use super::draft::Draft;
use super::tenant::{Record, Tenant};
use super::write::named;

pub(crate) fn ticket_type(tenant: &Tenant, draft: &mut Draft) -> Result<(), Refusal> {
    named(draft, "name")?;
    if draft.is_new() {
        let model = tenant.default_ticket_type();
        let model = tenant.row(&super::entities::TICKET_TYPE, model).cloned();
        let model = model.unwrap_or_default();
        for field in [
            "default_sla",
            "default_priority",
            "initial_status",
            "itilrequesttype",
        ] {
            draft.default(field, model.number(field).unwrap_or_default());
        }
        draft.default("default_team", model.text("default_team"));
        draft.default("use", "reqtype");
        draft.default("visible", true);
        draft.default("cancreate", true);
        draft.default("agentscanselect", true);
    }
    Ok(())
}

/// Makes a field mandatory for agents on tickets of a type.
pub(crate) fn require(ticket_type: &mut Record, mandatory: &[&'static str]) {
    ticket_type.set("hasmandatorytechfields", !mandatory.is_empty());
    // Which code means mandatory is documented nowhere.
    let field = |name| json!({ "fieldname": name, "technew": 3, "techdetail": 1, "endusernew": 0 });
    let fields: Vec<_> = mandatory.iter().map(field).collect();
    ticket_type.set("fields", fields);
}
