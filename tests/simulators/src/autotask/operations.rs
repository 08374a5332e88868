//! What each route does with each method, once a call has been admitted.

mod writing;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::Autotask;
use super::access::allowed;
use super::answer::Refusal;
use super::call::Request;
use super::config::Treatment;
use super::entities::{Entity, Verb};
use super::filter::member;
use super::metadata;
use super::query::{self, Via};
use super::route::Route;
use super::tenant::{Tenant, value_of};
use super::write::id_of;
use crate::url;

/// Longest URL of a GET that the web server takes.
pub(crate) const GET_URL_MAX: usize = 2_048;

impl Autotask {
    /// The answer to an admitted call.
    pub(crate) fn operate(&self, route: Route<'_>, call: &Request<'_>) -> Result<Value, Refusal> {
        let url = call
            .parts
            .uri
            .path_and_query()
            .map_or(0, |url| url.as_str().len());
        if call.method() == Method::GET && url > GET_URL_MAX {
            return Err(Refusal::NoPage);
        }
        match route {
            Route::VersionInformation => {
                call.only_get()?;
                Ok(json!({ "apiVersions": ["V1.0", "V2.0"] }))
            }
            Route::ZoneInformation => self.zone(call),
            Route::Version => {
                call.only_get()?;
                Ok(json!({
                    "majorVersion": "2026", "minorVersion": "2", "build": "0",
                    "customerType": "Simulated",
                }))
            }
            Route::ThresholdInformation => {
                call.only_get()?;
                Ok(self.threshold())
            }
            Route::Information(entity, part) => self.information(entity, part, call),
            Route::Query(entity) => self.query(entity, call, true),
            Route::Count(entity) => self.query(entity, call, false),
            Route::Item(entity, id) => self.item(entity, id, call),
            Route::Collection(entity) => self.collection(entity, call),
            Route::Children(entity, parent) => self.children(entity, parent, call),
            Route::Child(entity, parent, id) => self.child(entity, parent, id, call),
        }
    }

    fn zone(&self, call: &Request<'_>) -> Result<Value, Refusal> {
        call.only_get()?;
        let user = call.parameter("user").unwrap_or_default();
        if !user.eq_ignore_ascii_case(&self.config().credentials.username) {
            return Err(Refusal::invalid("Zone information could not be determined"));
        }
        let base = url::base(call.parts, self.config().public_url.as_deref());
        Ok(json!({
            "zoneName": "Simulated Zone",
            "url": format!("{base}/ATServicesRest/"),
            "webUrl": format!("{base}/"),
            "ci": 2,
        }))
    }

    fn threshold(&self) -> Value {
        json!({
            "externalRequestThreshold": self.config().limits.hourly,
            "requestThresholdTimeframe": 60,
            "currentTimeframeRequestCount": self.traffic().hourly(self.now()),
        })
    }

    fn information(
        &self,
        entity: &Entity,
        part: &str,
        call: &Request<'_>,
    ) -> Result<Value, Refusal> {
        call.only_get()?;
        let tenant = self.tenant();
        match part.to_ascii_lowercase().as_str() {
            "" => Ok(metadata::entity(&tenant, entity)),
            "fields" => Ok(metadata::fields(&tenant, entity)),
            "userdefinedfields" => {
                let list = self.config().quirks.list_value;
                Ok(metadata::user_defined_fields(&tenant, entity, list))
            }
            _ => Err(Refusal::NoPage),
        }
    }

    fn query(&self, entity: &Entity, call: &Request<'_>, page: bool) -> Result<Value, Refusal> {
        if !entity.can(Verb::Query) {
            return Err(Refusal::NoPage);
        }
        let search = call.parameter("search");
        let text = match *call.method() {
            Method::POST => call.body,
            Method::GET => search.as_deref().unwrap_or_default(),
            _ => return Err(call.wrong_verb()),
        };
        let paging = call.parameter("paging");
        let url = format!(
            "{}{}",
            url::base(call.parts, self.config().public_url.as_deref()),
            call.parts.uri.path()
        );
        let via = Via {
            method: call.method(),
            url: &url,
            search: search.as_deref().filter(|_| call.method() == Method::GET),
            paging: paging.as_deref(),
        };
        via.check_verb()?;
        let tenant = self.tenant();
        self.permit(&tenant, entity, Verb::Query)?;
        let query = query::read(&tenant, entity, text, self.config().quirks.oversized_page)?;
        if page {
            query::page(&tenant, entity, &query, &via)
        } else {
            Ok(query::count(&tenant, entity, &query))
        }
    }

    fn item(&self, entity: &'static Entity, id: i64, call: &Request<'_>) -> Result<Value, Refusal> {
        match *call.method() {
            Method::GET if entity.can(Verb::Query) => {
                let tenant = self.tenant();
                self.permit(&tenant, entity, Verb::Query)?;
                shown_item(&tenant, entity, id)
            }
            Method::DELETE if entity.can(Verb::Delete) && entity.flat_writes => {
                self.delete(entity, id)
            }
            _ => Err(call.wrong_verb()),
        }
    }

    /// Refuses what the API user's rights do not allow.
    fn permit(&self, tenant: &Tenant, entity: &Entity, verb: Verb) -> Result<(), Refusal> {
        allowed(tenant, entity, verb, self.config().quirks.missing_right)
    }

    fn delete(&self, entity: &'static Entity, id: i64) -> Result<Value, Refusal> {
        let mut tenant = self.tenant();
        self.permit(&tenant, entity, Verb::Delete)?;
        if !tenant.remove(entity, id) {
            return Err(Refusal::invalid("No matching records found"));
        }
        Ok(json!({ "itemId": id }))
    }

    fn collection(&self, entity: &'static Entity, call: &Request<'_>) -> Result<Value, Refusal> {
        if !entity.flat_writes {
            return Err(match self.config().quirks.flat_child_write {
                Treatment::Refuse => call.wrong_verb(),
                Treatment::Ignore => Refusal::NoPage,
            });
        }
        let body = || call.object();
        self.written(entity, call, body)
    }

    fn children(
        &self,
        entity: &'static Entity,
        parent: i64,
        call: &Request<'_>,
    ) -> Result<Value, Refusal> {
        if call.method() == Method::GET {
            return self.listed_children(entity, parent, call);
        }
        self.written(entity, call, || self.child_body(entity, parent, call))
    }

    fn listed_children(
        &self,
        entity: &Entity,
        parent: i64,
        call: &Request<'_>,
    ) -> Result<Value, Refusal> {
        let place = entity.parent.as_ref().filter(|_| entity.can(Verb::Query));
        let place = place.ok_or_else(|| call.wrong_verb())?;
        let tenant = self.tenant();
        self.permit(&tenant, entity, Verb::Query)?;
        let of_parent = tenant
            .rows(entity)
            .filter(|row| row.number(place.field) == Some(parent));
        let rows = of_parent.take(query::PAGE_MAX);
        let items: Vec<Value> = rows.map(|row| tenant.shown(entity, row).into()).collect();
        Ok(json!({
            "items": items,
            "pageDetails": {
                "count": items.len(), "requestCount": query::PAGE_MAX,
                "prevPageUrl": null, "nextPageUrl": null,
            },
        }))
    }

    /// The body of a child, with the parent's id from the path in it.
    fn child_body(
        &self,
        entity: &Entity,
        parent: i64,
        call: &Request<'_>,
    ) -> Result<Map<String, Value>, Refusal> {
        let mut body = call.object()?;
        let Some(place) = &entity.parent else {
            return Ok(body);
        };
        let given = member(&body, place.field).and_then(Value::as_i64);
        let differs = given.is_some_and(|given| given != parent);
        if differs && self.config().quirks.parent_mismatch == Treatment::Refuse {
            let text = format!(
                "The {} in the body is not the one in the path.",
                place.field
            );
            return Err(Refusal::invalid(text));
        }
        let stored = self.tenant().row(entity, id_of(&body)).cloned();
        if stored.is_some_and(|row| value_of(&row, place.field) != parent) {
            return Err(Refusal::invalid("No matching records found"));
        }
        body.retain(|name, _| !name.eq_ignore_ascii_case(place.field));
        body.insert(place.field.to_owned(), Value::from(parent));
        Ok(body)
    }

    fn child(
        &self,
        entity: &'static Entity,
        parent: i64,
        id: i64,
        call: &Request<'_>,
    ) -> Result<Value, Refusal> {
        let place = entity.parent.as_ref().ok_or(Refusal::NoPage)?;
        let row = self.tenant().row(entity, id).cloned();
        let belongs = row.is_some_and(|row| value_of(&row, place.field) == parent);
        match *call.method() {
            Method::GET if entity.can(Verb::Query) && belongs => {
                let tenant = self.tenant();
                self.permit(&tenant, entity, Verb::Query)?;
                shown_item(&tenant, entity, id)
            }
            Method::GET if entity.can(Verb::Query) => Err(Refusal::NoRecord),
            Method::DELETE if entity.can(Verb::Delete) && belongs => self.delete(entity, id),
            Method::DELETE if entity.can(Verb::Delete) => {
                Err(Refusal::invalid("No matching records found"))
            }
            _ => Err(call.wrong_verb()),
        }
    }
}

fn shown_item(tenant: &Tenant, entity: &Entity, id: i64) -> Result<Value, Refusal> {
    let row = tenant
        .row(entity, id)
        .filter(|row| query::visible(tenant, entity, row));
    let row = row.ok_or(Refusal::NoRecord)?;
    Ok(json!({ "item": tenant.shown(entity, row) }))
}
