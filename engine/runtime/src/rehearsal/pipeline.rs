//! A pipeline in a rehearsal: its event is brought about as it would be in a server, and the jobs
//! that follow are done one after the other until nothing more is expected.

use definition::Pipeline;
use definition::example::{Ends, Given};
use definition::pipeline::{Event, StepKind};
use expression::Scope;
use model::{Content, Customer, Issue, Request, RequestId, State, TicketKey};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use store::{Batch, Claim, Expect};

use super::compare::{Difference, values, wanted};
use super::stage::Stage;
use crate::context::request_value;
use crate::core::{Core, add_request};
use crate::error::Error;
use crate::events::Happened;
use crate::step::earlier::like_key;
use crate::tables::{CustomerRow, IssueRow, TicketRow, Turn, TurnRow};
use crate::work::RequestEvent;

/// The most jobs that are done for one example; a circle of jobs is a mistake.
const JOBS_MAX: usize = 100;

/// How things stand when a pipeline has been run.
pub(super) struct Ended {
    request: Option<Request>,
    effects: Vec<String>,
    issues: Vec<Issue>,
}

impl Stage {
    /// Runs the pipeline `name` on its own event.
    pub(super) async fn pipeline(&self, name: &str, given: &Given) -> Result<Ended, Error> {
        let core = &self.runtime.core;
        let family = core.family(&*core.connector(&self.connector)?)?;
        let pipeline = family.pipelines.get(name);
        let pipeline = pipeline
            .ok_or_else(|| Error::not_found("pipeline", name))?
            .clone();
        let request = self.bring_about(&pipeline, given).await?;
        self.work().await?;
        let request = match request {
            Some(id) => Some(core.request(&self.partner, &id).await?.value.0),
            None => None,
        };
        let rows: Vec<IssueRow> = core.all(self.partner.as_str(), &[]).await?;
        let mut issues: Vec<Issue> = rows.into_iter().map(|row| row.0).collect();
        issues.sort_by(|a, b| (a.kind, &a.title).cmp(&(b.kind, &b.title)));
        Ok(Ended {
            request,
            effects: self.noted().effects,
            issues,
        })
    }

    /// Brings about the pipeline's event. Gives the request that it is about, if it is about one.
    async fn bring_about(
        &self,
        pipeline: &Pipeline,
        given: &Given,
    ) -> Result<Option<RequestId>, Error> {
        let core = &self.runtime.core;
        let mut batch = Batch::new();
        let content: Option<Content> = input(given, "request")?;
        if let Some(customer) = input::<Customer>(given, "customer")? {
            let parts = [customer.id.as_str()];
            let row = CustomerRow(customer.clone());
            batch.put_record(self.partner.as_str(), &parts, &row, Expect::Any);
        }
        let is_on = |event| pipeline.on.contains(&event);
        if let Some(known) = given.inputs.get("earlier") {
            self.earlier(&mut batch, pipeline, known, given)?;
        }
        let request = match content {
            Some(content) if is_on(Event::RequestOpened) => {
                let id = content.id.clone();
                core.store.commit(batch).await?;
                self.runtime.accept(&self.partner, content).await?;
                return Ok(Some(id));
            }
            // The request of a test is made up and kept nowhere.
            Some(_) if is_on(Event::TestTicketAsked) => None,
            Some(content) => Some(self.known(&mut batch, content, given)?),
            None => None,
        };
        if let (Some(id), true) = (&request, is_on(Event::RequestCloseAsked)) {
            let (partner, event) = (&self.partner, RequestEvent::CloseAsked);
            Core::enqueue_request(&mut batch, partner, id, event, core.now());
        } else {
            self.enqueue(&mut batch, pipeline, given);
        }
        core.store.commit(batch).await?;
        Ok(request)
    }

    /// Adds a request that came before the one at hand, with its `ticket`; `closed` says whether
    /// it is over.
    fn earlier(
        &self,
        batch: &mut Batch,
        pipeline: &Pipeline,
        known: &Value,
        given: &Given,
    ) -> Result<(), Error> {
        let wrong = |error: serde_json::Error| Error::invalid("/given/earlier", error.to_string());
        let content = known.get("request").cloned().unwrap_or_default();
        let content: Content = serde_json::from_value(content).map_err(wrong)?;
        let ticket = known.get("ticket").cloned().unwrap_or_default();
        let ticket: TicketKey = serde_json::from_value(ticket).map_err(wrong)?;
        let mut request = Request::accepted(content, given.now);
        self.linked(batch, &mut request, ticket, given);
        if known.get("closed") == Some(&Value::Bool(true)) {
            request.enter(State::Closed, given.now, None);
        }
        let likes = pipeline.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Earlier(earlier) => Some(&earlier.like),
            _ => None,
        });
        for like in likes {
            let value = request_value(&request);
            let like = like.evaluate(&Scope::new().with("request", &value));
            let like = like.map_err(|error| Error::invalid("/given/earlier", error.to_string()))?;
            let row = TurnRow(Turn {
                request: request.content.id.clone(),
            });
            let parts = [self.id.as_str(), &like_key(&like)];
            batch.put_record(self.partner.as_str(), &parts, &row, Expect::Any);
        }
        add_request(batch, &self.partner, &request);
        Ok(())
    }

    fn linked(&self, batch: &mut Batch, request: &mut Request, ticket: TicketKey, given: &Given) {
        let parts = [self.id.as_str(), &ticket.id_text()];
        let row = TicketRow {
            requests: vec![request.content.id.clone()],
            left: Vec::new(),
        };
        batch.put_record(self.partner.as_str(), &parts, &row, Expect::Any);
        request.integration = Some(self.id.clone());
        request.ticket = Some(ticket);
        request.enter(State::Ticketed, given.now, None);
    }

    /// Adds a request that has been worked on before, with its ticket if one is given.
    fn known(
        &self,
        batch: &mut Batch,
        content: Content,
        given: &Given,
    ) -> Result<RequestId, Error> {
        let resolution = given
            .inputs
            .get("request")
            .and_then(|one| one.get("resolution"));
        let mut request = Request::accepted(content, given.now);
        request.resolution = resolution.and_then(Value::as_str).map(str::to_owned);
        if let Some(ticket) = input::<TicketKey>(given, "ticket")? {
            self.linked(batch, &mut request, ticket, given);
        }
        add_request(batch, &self.partner, &request);
        Ok(request.content.id)
    }

    /// Queues one run of the pipeline, with what its event brings.
    fn enqueue(&self, batch: &mut Batch, pipeline: &Pipeline, given: &Given) {
        let core = &self.runtime.core;
        let event = pipeline
            .on
            .first()
            .copied()
            .unwrap_or(Event::IntegrationResumed);
        let names = event.roots().iter().map(|(name, _)| *name);
        let roots =
            names.filter_map(|name| Some((name.to_owned(), given.inputs.get(name)?.clone())));
        let happened = Happened {
            roots: roots.collect::<Map<_, _>>(),
            ..Happened::plain(event, core.now())
        };
        core.enqueue_one(batch, self.integration(), pipeline, &happened);
    }

    /// Does jobs until none is left. The clock moves on to a job that is due later only while
    /// the example expects more exchanges: otherwise it ends with the job still waiting.
    async fn work(&self) -> Result<(), Error> {
        let core = &self.runtime.core;
        for _ in 0..JOBS_MAX {
            if self.wire.is_overrun() {
                return Ok(());
            }
            let claim = Claim {
                now: core.now(),
                lease_for: core.config.lease,
                limit: 1,
                per_group: 1,
            };
            if let Some(lease) = core.store.claim(claim).await?.pop() {
                core.execute(lease).await;
                continue;
            }
            match core.store.next_due().await? {
                Some(due) if self.wire.expects_more() => self.clock.move_to(due),
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// An input as the engine holds it.
fn input<T: DeserializeOwned>(given: &Given, name: &str) -> Result<Option<T>, Error> {
    let Some(value) = given.inputs.get(name) else {
        return Ok(None);
    };
    let wrong =
        |error: serde_json::Error| Error::invalid(format!("/given/{name}"), error.to_string());
    serde_json::from_value(value.clone())
        .map(Some)
        .map_err(wrong)
}

/// Adds everything in which `ended` is not as expected.
pub(super) fn compare(expected: &Ends, ended: &Ended, found: &mut Vec<Difference>) {
    let request = ended.request.as_ref();
    let state = request.map(|request| json!(request.state.name()));
    wanted(
        "ends.state",
        expected.state.map(|state| json!(state.name())),
        state,
        found,
    );
    let ticket = request
        .and_then(|request| request.ticket.as_ref())
        .map(|ticket| json!(ticket));
    wanted("ends.ticket", expected.ticket.clone(), ticket, found);
    let effects = expected.effects.as_ref().map(|effects| json!(effects));
    wanted("ends.effects", effects, Some(json!(ended.effects)), found);
    let mut issues = expected.issues.clone();
    issues.sort_by(|a, b| (a.kind, &a.title).cmp(&(b.kind, &b.title)));
    for at in 0..issues.len().max(ended.issues.len()) {
        let path = format!("ends.issues[{at}]");
        match (issues.get(at), ended.issues.get(at)) {
            (Some(expected), Some(got)) => {
                let kind = |kind: model::IssueKind| json!(kind.name());
                values(
                    &format!("{path}.kind"),
                    &kind(expected.kind),
                    &kind(got.kind),
                    found,
                );
                let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
                let (title, remedy) = (Some(json!(got.title)), Some(json!(got.remedy)));
                wanted(
                    &format!("{path}.title"),
                    text(&expected.title),
                    title,
                    found,
                );
                wanted(
                    &format!("{path}.detail"),
                    text(&expected.detail),
                    text(&got.detail),
                    found,
                );
                wanted(
                    &format!("{path}.remedy"),
                    text(&expected.remedy),
                    remedy,
                    found,
                );
                for (name, expected, got) in [
                    ("cause", &expected.cause, &got.cause),
                    ("about", &expected.about, &got.about),
                ] {
                    wanted(&format!("{path}.{name}"), text(expected), text(got), found);
                }
            }
            (Some(expected), None) => {
                let expected = json!({ "kind": expected.kind.name(), "title": expected.title });
                found.push(Difference::new(path, Some(expected), None));
            }
            (None, Some(got)) => {
                let got =
                    json!({ "kind": got.kind.name(), "title": got.title, "detail": got.detail });
                found.push(Difference::lacks(path, got));
            }
            (None, None) => {}
        }
    }
}
