//! Which rows of a list are there for an agent, and which of them meet the parameters.
//!
//! A parameter that an endpoint does not know is ignored, as the real API does.

use serde_json::Value;

use super::answer::Refusal;
use super::call::Parameters;
use super::entities::{Entity, TEAM, TICKET, Which};
use super::sample::UNASSIGNED;
use super::tenant::{Record, Tenant};
use super::tickets::{STATUS_CLOSED, is_closed};
use super::token::Grant;
use crate::moment;

/// The rows that the agent sees and the parameters let through.
pub(crate) fn rows<'a>(
    tenant: &'a Tenant,
    entity: &Entity,
    parameters: &Parameters,
    grant: &Grant,
) -> Result<Vec<&'a Record>, Refusal> {
    if let Some(text) = parameters.text("advanced_search") {
        check_advanced(text)?;
    }
    if entity.which == Which::Action {
        return Ok(actions(tenant, parameters, grant));
    }
    let filter = Filter {
        tenant,
        parameters,
        grant,
    };
    let rows = tenant.rows(entity);
    let wanted = |row: &&Record| {
        (visible(tenant, entity, row, grant) || filter.shows_all(entity))
            && filter.keeps(entity, row)
    };
    Ok(rows.filter(wanted).collect())
}

/// The only search by conditions that is known to pass is for a user's directory id.
fn check_advanced(text: &str) -> Result<(), Refusal> {
    let conditions: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let known = |condition: &Value| condition["filter_name"] == "azureoid";
    if conditions.is_empty() || !conditions.iter().all(known) {
        return Err(Refusal::rule("Invalid advanced search parameter"));
    }
    Ok(())
}

/// Whether the agent sees a record at all; a deleted ticket is gone for everybody.
pub(crate) fn visible(tenant: &Tenant, entity: &Entity, row: &Record, grant: &Grant) -> bool {
    let rights = &grant.rights;
    let team = |name: &str| tenant.named(&TEAM, name).map(|team| team.id);
    match entity.which {
        Which::Client => rights.sees_client(Some(row.id)),
        Which::Site | Which::User | Which::Invoice => rights.sees_client(row.number("client_id")),
        Which::Ticket => {
            !row.flag("deleted")
                && rights.sees_client(row.number("client_id"))
                && rights.sees_team(team(row.text("team")))
        }
        Which::Team => rights.sees_team(Some(row.id)),
        Which::Agent => {
            row.id == UNASSIGNED
                || row.id == grant.agent
                || rights.has_default_team && rights.sees_team(team(row.text("team")))
        }
        _ => true,
    }
}

fn actions<'a>(tenant: &'a Tenant, parameters: &Parameters, grant: &Grant) -> Vec<&'a Record> {
    let ticket = parameters
        .number("ticket_id")
        .and_then(|id| tenant.row(&TICKET, id))
        .filter(|ticket| visible(tenant, &TICKET, ticket, grant));
    let Some(ticket) = ticket else {
        return Vec::new();
    };
    let wanted = |row: &&Record| {
        let system = row.number("action_systemid").unwrap_or_default() > 0;
        let private = row.flag("hiddenfromuser");
        parameters.only("excludesys", !system) && parameters.only("excludeprivate", !private)
    };
    tenant.actions(ticket.id).filter(wanted).collect()
}

struct Filter<'a> {
    tenant: &'a Tenant,
    parameters: &'a Parameters,
    grant: &'a Grant,
}

impl Filter<'_> {
    /// `showall` gives an administrator what the agent does not see otherwise.
    fn shows_all(&self, entity: &Entity) -> bool {
        matches!(entity.which, Which::Team | Which::Agent)
            && self.grant.rights.administrator
            && self.parameters.flag("showall")
    }

    fn keeps(&self, entity: &Entity, row: &Record) -> bool {
        match entity.which {
            Which::Ticket => self.keeps_ticket(row),
            Which::Client => {
                self.active(row) && self.named(row, &["name"]) && self.changed(row, "last_modified")
            }
            Which::Site => {
                self.active(row)
                    && self.refers(row, "client_id")
                    && self.named(row, &["name", "clientsite_name"])
                    && self.changed(row, "last_modified")
            }
            Which::User => self.keeps_user(row),
            Which::Agent => self.keeps_agent(row),
            Which::Team => !row.flag("inactive"),
            Which::Status => self.keeps_status(row),
            Which::TicketType => self
                .parameters
                .only("can_create_only", row.flag("cancreate")),
            Which::Priority => self.refers(row, "slaid"),
            Which::FieldInfo => self.equals(row, "usage", "typeid"),
            Which::Outcome => !row.flag("hidden") || self.parameters.flag("showhidden"),
            Which::Webhook => self.refers(row, "type"),
            Which::Notification => self
                .parameters
                .text("webhook_id")
                .is_none_or(|id| row.text("webhook_id").eq_ignore_ascii_case(id)),
            Which::Item => self.keeps_item(row),
            Which::Supplier => self.active(row) && self.named(row, &["name"]),
            Which::Invoice => self.keeps_invoice(row),
            _ => true,
        }
    }

    /// Inactive records come only when they are asked for.
    fn active(&self, row: &Record) -> bool {
        !row.flag("inactive") || self.parameters.flag("includeinactive")
    }

    /// Whether a parameter, where it is given, is the value of the field of the same name.
    fn refers(&self, row: &Record, field: &str) -> bool {
        self.equals(row, field, field)
    }

    fn equals(&self, row: &Record, field: &str, parameter: &str) -> bool {
        let wanted = self.parameters.number(parameter);
        wanted.is_none_or(|wanted| row.number(field) == Some(wanted))
    }

    fn among(&self, value: Option<i64>, parameter: &str) -> bool {
        let wanted = self.parameters.numbers(parameter);
        wanted.is_none_or(|wanted| value.is_some_and(|value| wanted.contains(&value)))
    }

    /// Whether one of the fields contains what is searched for.
    fn named(&self, row: &Record, fields: &[&str]) -> bool {
        self.contains(row, fields, "search")
    }

    fn contains(&self, row: &Record, fields: &[&str], parameter: &str) -> bool {
        let Some(wanted) = self.parameters.text(parameter) else {
            return true;
        };
        let wanted = wanted.to_lowercase();
        let mut texts = fields.iter().map(|field| row.text(field).to_lowercase());
        texts.any(|text| text.contains(&wanted))
    }

    fn changed(&self, row: &Record, field: &str) -> bool {
        self.between(row.text(field), "lastupdatefromdate", "lastupdatetodate")
    }

    /// Whether a moment lies between two parameters; one that is no date is ignored.
    fn between(&self, kept: &str, from: &str, to: &str) -> bool {
        let bound = |name| self.parameters.text(name).and_then(moment::parse);
        let kept = moment::parse(kept);
        let after = bound(from).is_none_or(|from| kept.is_some_and(|kept| kept >= from));
        let before = bound(to).is_none_or(|to| kept.is_some_and(|kept| kept <= to));
        after && before
    }

    fn keeps_ticket(&self, row: &Record) -> bool {
        let parameters = self.parameters;
        let closed = is_closed(row);
        let team = || self.tenant.named(&TEAM, row.text("team"));
        let ids = [
            "client_id",
            "site_id",
            "user_id",
            "agent_id",
            "status_id",
            "parent_id",
        ];
        parameters.only("open_only", !closed)
            && parameters.only("closed_only", closed)
            && ids.iter().all(|id| self.refers(row, id))
            && self.equals(row, "tickettype_id", "requesttype_id")
            && self.among(row.number("client_id"), "client_ids")
            && self.among(row.number("status_id"), "status")
            && self.among(row.number("tickettype_id"), "requesttype")
            && self.among(row.number("priority_id"), "priority")
            && self.among(row.number("agent_id"), "agent")
            && self.among(Some(row.id), "ticketids")
            && (!parameters.has("team") || self.among(team().map(|team| team.id), "team"))
            && self.searched(row)
            && self.changed(row, "last_update")
            && self.dated(row)
    }

    fn searched(&self, row: &Record) -> bool {
        let id = row.id.to_string();
        let by_id = self.parameters.text("search_id");
        let found = self.parameters.text("search") == Some(id.as_str())
            || self.named(row, &["summary"])
            || self.parameters.flag("searchactions") && self.named(row, &["details"]);
        found
            && by_id.is_none_or(|wanted| id.contains(wanted))
            && self.contains(row, &["summary"], "search_summary")
            && self.contains(row, &["details"], "search_details")
            && self.contains(row, &["reportedby"], "search_reportedby")
    }

    /// `startdate` and `enddate` bound the date that `datesearch` names.
    fn dated(&self, row: &Record) -> bool {
        let field = match self.parameters.text("datesearch") {
            Some("dateoccured" | "dateoccurred") => "dateoccurred",
            Some("datecleared" | "dateclosed") => "dateclosed",
            Some("lastactiondate") => "lastactiondate",
            _ => return true,
        };
        self.between(row.text(field), "startdate", "enddate")
    }

    fn keeps_user(&self, row: &Record) -> bool {
        let general = row.flag("isgeneraluser");
        self.active(row)
            && self.parameters.only("exclude_generaluser", !general)
            && self.refers(row, "client_id")
            && self.equals(row, "site_id_int", "site_id")
            && self.named(row, &["name", "emailaddress"])
            && self.changed(row, "last_modified")
            && self.directory_id(row)
    }

    fn directory_id(&self, row: &Record) -> bool {
        let Some(text) = self.parameters.text("advanced_search") else {
            return true;
        };
        let conditions: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        let wanted = conditions
            .iter()
            .filter_map(|one| one["filter_value"].as_str());
        wanted
            .into_iter()
            .all(|wanted| row.text("azureoid") == wanted)
    }

    fn keeps_agent(&self, row: &Record) -> bool {
        let asked = |name| self.parameters.flag(name);
        let in_team = self.parameters.number("team_id").is_none_or(|id| {
            let team = self.tenant.row(&TEAM, id);
            team.is_some_and(|team| team.text("name") == row.text("team"))
        });
        (row.id != UNASSIGNED || asked("includeunassigned"))
            && (!row.flag("isdisabled") || asked("includedisabled"))
            && (!row.flag("isapiagent") || asked("includeapiagents"))
            && in_team
    }

    fn keeps_status(&self, row: &Record) -> bool {
        let of_type = self.parameters.number("tickettype_id");
        self.parameters
            .only("excludeclosed", row.id != STATUS_CLOSED)
            && self.refers(row, "type")
            && of_type.is_none_or(|kind| self.tenant.allows_status(kind, row.id))
    }

    fn keeps_item(&self, row: &Record) -> bool {
        let recurring = row.flag("isrecurringitem");
        self.named(row, &["name", "description"])
            && self.parameters.only("recurringonly", recurring)
            && self.parameters.only("excluderecurring", !recurring)
            && self.refers(row, "supplier_id")
            && self.refers(row, "assetgroup_id")
    }

    fn keeps_invoice(&self, row: &Record) -> bool {
        self.refers(row, "client_id")
            && self.among(row.number("client_id"), "client_ids")
            && self.refers(row, "contract_id")
            && self.equals(row, "sitenumber", "site_id")
            && self
                .parameters
                .number("recurringinvoice_id")
                .is_none_or(|id| row.id == id)
            && self.named(row, &["name", "reference"])
    }
}
