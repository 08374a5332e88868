//! The writing half of the operations: who writes, whether they may, and what follows.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::super::Autotask;
use super::super::answer::Refusal;
use super::super::call::Request;
use super::super::entities::{Entity, RESOURCE, Verb};
use super::super::tenant::Record;
use super::super::write::{self, Actor, Mode, Occasion, id_of};

impl Autotask {
    pub(super) fn written(
        &self,
        entity: &'static Entity,
        call: &Request<'_>,
        body: impl FnOnce() -> Result<Map<String, Value>, Refusal>,
    ) -> Result<Value, Refusal> {
        let (mode, verb) = match *call.method() {
            Method::POST => (Mode::Create, Verb::Create),
            Method::PATCH => (Mode::Patch, Verb::Update),
            Method::PUT => (Mode::Put, Verb::Update),
            _ => return Err(call.wrong_verb()),
        };
        if !entity.can(verb) {
            return Err(call.wrong_verb());
        }
        self.permit(&self.tenant(), entity, verb)?;
        let actor = self.actor(entity, call)?;
        let body = body()?;
        let id = self.perform(entity, mode, &body, actor)?;
        Ok(json!({ "itemId": id }))
    }

    /// The API user, or the resource that the call asks to act as.
    fn actor(&self, entity: &Entity, call: &Request<'_>) -> Result<Actor, Refusal> {
        let tenant = self.tenant();
        let api_user = tenant.api_user;
        let Some(header) = call.parts.headers.get("impersonationresourceid") else {
            return Ok(Actor {
                resource: api_user,
                impersonator: None,
            });
        };
        let known = |id: &i64| tenant.row(&RESOURCE, *id).is_some_and(Record::is_active);
        let id = header
            .to_str()
            .ok()
            .and_then(|id| id.trim().parse().ok())
            .filter(known);
        let resource = id.filter(|_| IMPERSONATION.contains(&entity.name));
        resource
            .map(|resource| Actor {
                resource,
                impersonator: Some(api_user),
            })
            .ok_or_else(|| Refusal::invalid("The impersonation is not permitted."))
    }

    /// Writes one record and sees to callouts.
    pub(crate) fn perform(
        &self,
        entity: &'static Entity,
        mode: Mode,
        body: &Map<String, Value>,
        actor: Actor,
    ) -> Result<i64, Refusal> {
        let mut tenant = self.tenant();
        let occasion = Occasion {
            now: self.now(),
            actor,
            quirks: &self.config().quirks,
        };
        // Company 0 exists, but a create with id 0 changes nothing that was there.
        let before = tenant
            .row(entity, id_of(body))
            .filter(|_| mode != Mode::Create)
            .cloned();
        let id = write::write(&mut tenant, entity, mode, body, occasion)?;
        self.consider_callout(&tenant, entity, before.as_ref(), id);
        drop(tenant);
        self.note_change();
        Ok(id)
    }
}

/// Entities that can be written as another resource.
const IMPERSONATION: [&str; 4] = ["Company", "Contact", "Ticket", "TicketNote"];
