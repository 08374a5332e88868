//! What each route does with each method, once a call has been admitted.

use axum::http::Method;
use serde_json::{Value, json};

use super::answer::{Done, Refusal};
use super::call::Call;
use super::entities::{AGENT, Area, Entity, Which};
use super::list;
use super::rights::Access;
use super::route::Route;
use super::tenant::{Record, Show, Tenant, action_key};
use super::token::Grant;
use super::violation::Violation;
use super::{HaloPsa, billing};
use crate::url;

impl HaloPsa {
    /// The answer to an admitted call; open routes have no grant.
    pub(crate) fn operate(
        &self,
        route: super::route::Route<'_>,
        call: &Call<'_>,
        grant: Option<&Grant>,
    ) -> Result<Done, Refusal> {
        match (route, grant) {
            (Route::Token, _) => self.give_token(call),
            (Route::Discovery, _) => only_get(call).map(|()| self.discovery(call)),
            (Route::AuthInfo, _) => only_get(call).and_then(|()| self.auth_info(call)),
            (_, None) => Err(Refusal::Unauthorized),
            (Route::InstanceInfo, Some(_)) => only_get(call).map(|()| self.instance_info(call)),
            (Route::Me, Some(grant)) => only_get(call).and_then(|()| self.me(grant)),
            (Route::Collection(entity), Some(grant)) => self.collection(entity, call, grant),
            (Route::Item(entity, id), Some(grant)) => self.item(entity, id, call, grant),
            (Route::Lines, Some(grant)) => self.update_lines(call, grant),
            (Route::Process, Some(_)) => {
                self.violate(Violation::InvoicesProcessed);
                Err(Refusal::rule("The simulator makes no real invoices."))
            }
        }
    }

    fn base(&self, call: &Call<'_>) -> String {
        url::base(call.parts, self.config().public_url.as_deref())
    }

    fn auth_info(&self, call: &Call<'_>) -> Result<Done, Refusal> {
        let quirks = self.quirks();
        if !quirks.auth_info {
            return Err(Refusal::NotFound);
        }
        let auth_url = quirks.auth_url.clone();
        let auth_url = auth_url.unwrap_or_else(|| format!("{}/auth", self.base(call)));
        let body = json!({ "auth_url": auth_url, "tenant_id": self.config().tenant });
        Ok(Done::ok(body))
    }

    fn discovery(&self, call: &Call<'_>) -> Done {
        let base = self.base(call);
        Done::ok(json!({
            "issuer": format!("{base}/auth"),
            "token_endpoint": format!("{base}/auth/token"),
            "grant_types_supported": ["client_credentials"],
        }))
    }

    fn instance_info(&self, call: &Call<'_>) -> Done {
        let base = self.base(call);
        Done::ok(json!({
            "app_version": "2.214.1", "database_version": "2.214.1", "agent_url": base,
            "portal_url": format!("{base}/portal"), "auth_url": format!("{base}/auth"),
        }))
    }

    fn me(&self, grant: &Grant) -> Result<Done, Refusal> {
        let tenant = self.tenant();
        let agent = tenant.row(&AGENT, grant.agent).ok_or(Refusal::NotFound)?;
        let mut shown = tenant.shown(&AGENT, agent, &Show::detail(&self.quirks()));
        if !grant.rights.has_default_team {
            shown.remove("team");
        }
        Ok(Done::ok(Value::Object(shown)))
    }

    fn collection(
        &self,
        entity: &'static Entity,
        call: &Call<'_>,
        grant: &Grant,
    ) -> Result<Done, Refusal> {
        match *call.method() {
            Method::GET => {
                allowed(grant, entity, Access::Read, Reach::List)?;
                self.list(entity, &call.parameters(), grant)
            }
            Method::POST => {
                allowed(grant, entity, Access::Modify, Reach::List)?;
                self.write_all(entity, call, grant)
            }
            _ => Err(Refusal::Verb),
        }
    }

    fn item(
        &self,
        entity: &'static Entity,
        id: &str,
        call: &Call<'_>,
        grant: &Grant,
    ) -> Result<Done, Refusal> {
        match *call.method() {
            Method::GET => {
                allowed(grant, entity, Access::Read, Reach::Detail)?;
                self.read(entity, id, call, grant)
            }
            Method::DELETE => {
                allowed(grant, entity, Access::Modify, Reach::Detail)?;
                let key = {
                    let tenant = self.tenant();
                    find(&tenant, entity, id, call, grant)?.id
                };
                self.delete(entity, key);
                Ok(Done::ok(json!({ "id": id })))
            }
            _ => Err(Refusal::Verb),
        }
    }

    fn read(
        &self,
        entity: &'static Entity,
        id: &str,
        call: &Call<'_>,
        grant: &Grant,
    ) -> Result<Done, Refusal> {
        let tenant = self.tenant();
        let record = find(&tenant, entity, id, call, grant)?;
        Ok(Done::ok(self.detail(&tenant, entity, record)))
    }

    /// A record by itself, an invoice with its lines.
    pub(crate) fn detail(&self, tenant: &Tenant, entity: &Entity, record: &Record) -> Value {
        let quirks = self.quirks();
        let show = Show::detail(&quirks);
        let mut shown = tenant.shown(entity, record, &show);
        if entity.which == Which::Invoice {
            let lines = billing::shown_lines(tenant, record.id, &show);
            shown.insert("lines".to_owned(), lines);
        }
        Value::Object(shown)
    }

    /// Removes a record. A ticket stays, but callers do not see it any more.
    fn delete(&self, entity: &'static Entity, key: i64) {
        if entity.which == Which::Ticket {
            self.delete_ticket(key);
            return;
        }
        let mut tenant = self.tenant();
        tenant.remove(entity, key);
        if entity.which == Which::Invoice {
            billing::remove_lines(&mut tenant, key);
        }
        drop(tenant);
        self.note_change();
    }
}

fn only_get(call: &Call<'_>) -> Result<(), Refusal> {
    if call.method() == Method::GET {
        Ok(())
    } else {
        Err(Refusal::Verb)
    }
}

/// Whether a call is about a list or about one record; a missing right is refused differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    List,
    Detail,
}

/// Whether scopes and rights allow a call: what holds is the smaller of the two.
pub(crate) fn allowed(
    grant: &Grant,
    entity: &Entity,
    wanted: Access,
    reach: Reach,
) -> Result<(), Refusal> {
    let verb = if wanted == Access::Read {
        "read"
    } else {
        "edit"
    };
    let subject = match entity.area {
        Area::Tickets => Some("tickets"),
        Area::Customers => Some("customers"),
        Area::Items => Some("items"),
        Area::Invoices => Some("invoices"),
        Area::Agents | Area::Setup | Area::Integrations => None,
    };
    if subject.is_some_and(|subject| !grant.allows(verb, subject)) {
        return Err(Refusal::Forbidden { detail: false });
    }
    if grant.rights.access(entity) < wanted {
        let module = matches!(entity.area, Area::Items | Area::Invoices);
        let detail = module && reach == Reach::Detail;
        return Err(Refusal::Forbidden { detail });
    }
    Ok(())
}

/// The record of that id, if the agent sees it.
fn find<'a>(
    tenant: &'a Tenant,
    entity: &Entity,
    id: &str,
    call: &Call<'_>,
    grant: &Grant,
) -> Result<&'a Record, Refusal> {
    let number = || {
        id.parse::<i64>().map_err(|_| Refusal::Unreadable {
            field: "id".to_owned(),
            text: format!("The value '{id}' is not valid."),
        })
    };
    let record = if entity.which == Which::Action {
        let ticket = call.parameters().number("ticket_id");
        let ticket = ticket.ok_or(Refusal::NotFound)?;
        tenant.row(entity, action_key(ticket, number()?))
    } else if entity.own_id {
        tenant.row_by_own_id(entity, id)
    } else {
        tenant.row(entity, number()?)
    };
    record
        .filter(|record| list::visible(tenant, entity, record, grant))
        .ok_or(Refusal::NotFound)
}
