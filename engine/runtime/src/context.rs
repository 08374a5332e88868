//! What the steps of one execution of a pipeline share: names and their values, the remote side,
//! and the changes that will be committed together with the end of the job.

use std::collections::BTreeMap;

use expression::{Expression, Scope};
use model::{Check, Customer, PartnerId, Request, RequestId, RunId, Verdict};
use serde_json::{Map, Value, json};
use store::{Batch, Expect, Lease, NewJob, Record, Records, Versioned};

use crate::core::change_request;
use crate::halt::{Failed, Halt, script_trouble};
use crate::progress::Counts;
use crate::remote::Remote;
use crate::tables::{CustomerRow, RequestRow};

/// One execution of a pipeline under way.
pub(crate) struct Context<'a> {
    pub(crate) remote: Remote,
    pub(crate) partner: &'a PartnerId,
    pub(crate) pipeline: &'a str,
    pub(crate) lease: &'a Lease,
    /// The names that expressions see.
    pub(crate) roots: BTreeMap<String, Value>,
    /// Changes that wait for the next commit.
    pub(crate) batch: Batch,
    /// Requests that were looked at, and what became of them since the last commit.
    touched: BTreeMap<RequestId, Touched>,
    pub(crate) counts: BTreeMap<String, u64>,
    /// The same counts, where somebody may watch the run.
    pub(crate) watched: Option<Counts>,
    pub(crate) verdicts: Vec<Verdict>,
    /// What was held against what was expected.
    pub(crate) checks: Vec<Check>,
    /// Whether something stands, or may stand, on the remote side that a later step may have to
    /// take away.
    pub(crate) has_effects: bool,
    /// The request that all of it is done for, where it is for one.
    pub(crate) about: Option<RequestId>,
}

struct Touched {
    before: Versioned<RequestRow>,
    after: Request,
    /// What the product is told of the change. It is queued with the change or not at all: a run
    /// that fails later may lose both, and then finds out both again.
    events: Vec<NewJob>,
}

impl Touched {
    const fn new(before: Versioned<RequestRow>, after: Request) -> Self {
        let events = Vec::new();
        Self {
            before,
            after,
            events,
        }
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        remote: Remote,
        pipeline: &'a str,
        partner: &'a model::Partner,
        run: &RunId,
        lease: &'a Lease,
        roots: Map<String, Value>,
    ) -> Self {
        let integration = &remote.integration;
        let mut all: BTreeMap<String, Value> = roots.into_iter().collect();
        all.insert(
            "partner".into(),
            json!({ "id": partner.id, "name": partner.name }),
        );
        let known = json!({
            "id": integration.id,
            "connector": integration.connector,
            "callout": remote.callout(),
        });
        all.insert("integration".into(), known);
        all.insert("run".into(), json!({ "id": run }));
        all.insert("settings".into(), integration.settings_value());
        all.insert("now".into(), json!(remote.core.now()));
        Self {
            remote,
            partner: &partner.id,
            pipeline,
            lease,
            roots: all,
            batch: Batch::new(),
            touched: BTreeMap::new(),
            counts: BTreeMap::new(),
            watched: None,
            verdicts: Vec::new(),
            checks: Vec::new(),
            has_effects: false,
            about: None,
        }
    }

    /// The names as expressions see them.
    pub(crate) fn scope(&self) -> Scope<'_> {
        self.roots
            .iter()
            .fold(Scope::new(), |scope, (name, value)| scope.with(name, value))
    }

    /// The value of an expression of the step at `path`.
    pub(crate) fn value(&self, expression: &Expression, path: &str) -> Result<Value, Halt> {
        expression
            .evaluate(&self.scope())
            .map_err(|error| Halt::Behind {
                trouble: Box::new(script_trouble(
                    &self.remote.integration.id,
                    &format!("{} {path}", self.pipeline),
                    &error,
                )),
                guard: None,
            })
    }

    /// What is done when an operation failed.
    pub(crate) fn halt(&self, failed: Failed) -> Halt {
        self.remote.halt(failed)
    }

    /// Adds to what the run has done.
    pub(crate) fn count(&mut self, what: &str, by: u64) {
        *self.counts.entry(what.to_owned()).or_default() += by;
        if let Some(watched) = &self.watched {
            watched.add(what, by);
        }
    }

    /// The request, with every change made so far.
    pub(crate) async fn request(&mut self, id: &RequestId) -> Result<&mut Request, Halt> {
        if !self.touched.contains_key(id) {
            let before = self.remote.core.request(self.partner, id).await?;
            let after = before.value.0.clone();
            self.touched.insert(id.clone(), Touched::new(before, after));
        }
        let touched = self.touched.get_mut(id).map(|touched| &mut touched.after);
        touched.ok_or_else(|| Halt::Undefined(format!("request {id}")))
    }

    /// The request as it is, with every change made so far. What is done need not rest on it.
    pub(crate) async fn look(&self, id: &RequestId) -> Result<Request, Halt> {
        match self.touched.get(id) {
            Some(touched) => Ok(touched.after.clone()),
            None => Ok(self.remote.core.request(self.partner, id).await?.value.0),
        }
    }

    /// Begins with a request that the caller has just read.
    pub(crate) fn touch(&mut self, before: Versioned<RequestRow>, after: Request) {
        let id = after.content.id.clone();
        self.touched.insert(id, Touched::new(before, after));
    }

    /// Has the product told of what was changed in the request, in the commit of that change.
    pub(crate) async fn tell_of(
        &mut self,
        id: &RequestId,
        event: &str,
        data: &Value,
    ) -> Result<(), Halt> {
        let event = self.remote.core.event(self.partner, event, data).await?;
        if let Some(touched) = self.touched.get_mut(id) {
            touched.events.extend(event);
        }
        Ok(())
    }

    /// Everything that waits to be committed. What was looked at and not changed must still be as
    /// it was, so that no effect rests on a request that somebody closed in the meantime.
    pub(crate) fn take_batch(&mut self) -> Batch {
        let mut batch = std::mem::take(&mut self.batch);
        for (id, touched) in std::mem::take(&mut self.touched) {
            if touched.before.value.0 == touched.after {
                let key = RequestRow::key(self.partner.as_str(), &[id.as_str()]);
                batch.require(key, Expect::Version(touched.before.version));
            } else {
                change_request(&mut batch, self.partner, &touched.before, &touched.after);
            }
            for event in touched.events {
                batch.enqueue(event);
            }
        }
        batch
    }

    /// Commits what waits, in the middle of the job.
    pub(crate) async fn commit(&mut self) -> Result<(), Halt> {
        let batch = self.take_batch();
        if !batch.is_empty() {
            self.remote.core.store.commit(batch).await?;
        }
        Ok(())
    }

    /// Keeps the job for another while: a long read must not be taken for a dead one.
    pub(crate) async fn extend(&self) -> Result<(), Halt> {
        let core = &self.remote.core;
        core.store
            .extend(self.lease, core.now().after(core.config.lease))
            .await?;
        Ok(())
    }
}

/// A request as expressions see it, valid by `schemas/product/request.json`.
pub(crate) fn request_value(request: &Request) -> Value {
    let mut value = json!(request.content);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("accepted_at".into(), json!(request.accepted_at));
        if let Some(user) = request.user() {
            fields.insert("user".into(), json!(user));
        }
        if let Some(resolution) = &request.resolution {
            fields.insert("resolution".into(), json!(resolution));
        }
    }
    value
}

/// The customer of a request as expressions see it, valid by `schemas/product/customer.json`. One
/// that the product has not described yet goes by its id.
pub(crate) async fn customer_value(
    core: &crate::core::Core,
    partner: &PartnerId,
    request: &Request,
) -> Result<Value, Halt> {
    let id = &request.content.customer_id;
    let row = core
        .store
        .get_record::<CustomerRow>(partner.as_str(), &[id.as_str()])
        .await?;
    let customer = row.map_or_else(
        || Customer {
            id: id.clone(),
            name: id.to_string(),
            domains: Vec::new(),
            enabled: true,
        },
        |row| row.value.0,
    );
    Ok(json!(customer))
}
