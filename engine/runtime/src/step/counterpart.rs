//! `match`: finds what a thing is on the other side. A customer's company is what a person mapped;
//! a ticket's requests are what was
//! linked to it.

use std::time::Duration;

use definition::pipeline::Event;
use expression::Expression;
use model::{IssueKind, Request, RequestId, State};
use serde_json::{Map, Value, json};
use store::{Expect, Record, Records, Version};

use super::Flow;
use crate::context::{Context, request_value};
use crate::core::Core;
use crate::effective::complete;
use crate::events::Happened;
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::routing::is_off;
use crate::tables::{CompanyRow, IntegrationRow, MappingRow, RoutingRow, TicketRow};

/// When to look again at a ticket whose request is only just being linked to it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The company of a customer; the work waits until the customer is mapped.
pub(super) async fn company(
    context: &mut Context<'_>,
    path: &str,
    by: &Expression,
    instead: Option<&Expression>,
    into: &str,
) -> Result<Flow, Halt> {
    let customer = context.value(by, path)?;
    let customer = customer.as_str().unwrap_or_default();
    let integration = context.remote.integration.id.clone();
    let parts = [integration.as_str(), customer];
    let partner = context.partner.as_str();
    let store = context.remote.core.store.clone();
    let mapping = store.get_record::<MappingRow>(partner, &parts).await?;
    let is_mapped = mapping.is_some();
    if let Some(row) = &mapping
        && is_off(&row.value.0)
        && !has_begun(context).await?
    {
        let elsewhere = hold_others(context, customer).await?;
        return Err(tickets_off(context, customer, row.version, &elsewhere));
    }
    let id = match mapping.map(|mapping| mapping.value.0.company) {
        Some(Some(id)) => id,
        Some(None) => {
            ignore(context).await?;
            return Ok(Flow::Stop);
        }
        None => {
            let Some(id) = stand_in(context, path, instead)? else {
                hold_settings(context).await?;
                let elsewhere = hold_others(context, customer).await?;
                return Err(unmapped(context, customer, &elsewhere));
            };
            id
        }
    };
    let text = model::request::id_text(&id);
    let known = store
        .get_record::<CompanyRow>(partner, &[integration.as_str(), &text])
        .await?;
    // A company that left the directory may still take tickets; the PSA decides, not we.
    let mut company = known.map_or_else(
        || json!({ "id": id, "name": text, "active": false }),
        |known| known.value.0.record,
    );
    if let (false, Some(fields)) = (is_mapped, company.as_object_mut()) {
        fields.insert("stand_in".into(), json!(true));
    }
    context.roots.insert(into.to_owned(), company);
    Ok(Flow::Go)
}

/// Whether the request may have a ticket already: what was begun before the tick was taken off is
/// brought to its end, or that ticket would be nobody's.
async fn has_begun(context: &mut Context<'_>) -> Result<bool, Halt> {
    let (core, partner) = (context.remote.core.clone(), context.partner);
    let Some(id) = request_id(context) else {
        return Ok(false);
    };
    let request = context.request(&id).await?;
    Ok(core.may_have_ticket(request, partner).await?)
}

/// Whether a setting names a company. Zero is one, too: in some PSAs that of the MSP itself.
pub(crate) fn is_company(id: &Value) -> bool {
    !id.is_null() && id != ""
}

/// The company that takes what nobody has mapped, where the partner has chosen one.
fn stand_in(
    context: &Context<'_>,
    path: &str,
    instead: Option<&Expression>,
) -> Result<Option<Value>, Halt> {
    let Some(instead) = instead else {
        return Ok(None);
    };
    let id = context.value(instead, path)?;
    Ok(Some(id).filter(is_company))
}

/// Has the next commit demand that the settings are still those which this job sees: a stand-in
/// that is chosen just now must not leave work behind.
async fn hold_settings(context: &mut Context<'_>) -> Result<(), Halt> {
    let integration = context.remote.saved.clone();
    let core = context.remote.core.clone();
    let row = core.integration(context.partner, &integration.id).await?;
    let key = IntegrationRow::key(context.partner.as_str(), &[integration.id.as_str()]);
    let mut now = row.value.0;
    complete(&context.remote.connector, &mut now);
    if now.sections != integration.sections {
        return Err(Halt::Store(store::Error::Conflict { key }));
    }
    context.batch.require(key, Expect::Version(row.version));
    Ok(())
}

/// What people call the partner's other integrations that take tickets. Has the next commit demand
/// that there are no more of them, and that none takes the customer's: a mapping that is saved just
/// now must not leave work behind.
async fn hold_others(context: &mut Context<'_>, customer: &str) -> Result<Vec<String>, Halt> {
    let (core, partner) = (context.remote.core.clone(), context.partner);
    let routing = RoutingRow::key(partner.as_str(), &[]);
    let version = core.store.get(&routing).await?.map(|row| row.version);
    let expect = version.map_or(Expect::Absent, Expect::Version);
    context.batch.require(routing, expect);
    let mut titles = Vec::new();
    for other in core.for_tickets(partner).await? {
        if other.id == context.remote.integration.id {
            continue;
        }
        let key = MappingRow::key(partner.as_str(), &[other.id.as_str(), customer]);
        let parts = [other.id.as_str(), customer];
        let known = core
            .store
            .get_record::<MappingRow>(partner.as_str(), &parts);
        let expect = match known.await? {
            Some(row) if is_off(&row.value.0) => Expect::Version(row.version),
            Some(_) => return Err(Halt::Store(store::Error::Conflict { key })),
            None => Expect::Absent,
        };
        context.batch.require(key, expect);
        titles.push(core.connector(&other.connector)?.title.clone());
    }
    Ok(titles)
}

fn unmapped(context: &Context<'_>, customer: &str, elsewhere: &[String]) -> Halt {
    let (name, titles) = (customer_name(context, customer), titles(context, elsewhere));
    let where_to = match elsewhere {
        [] => "the company mapping".to_owned(),
        _ => format!("the company mapping of {titles}"),
    };
    let title = format!("{name} is not mapped to a company in {titles}");
    let remedy = format!("Map {name} in {where_to}. What waits then goes on by itself.");
    let kind = IssueKind::UnmappedCustomer;
    behind(context, customer, (kind, title, remedy), Expect::Absent)
}

fn tickets_off(
    context: &Context<'_>,
    customer: &str,
    version: Version,
    elsewhere: &[String],
) -> Halt {
    let (name, titles) = (customer_name(context, customer), titles(context, elsewhere));
    let title = format!("Tickets of {name} are switched off in {titles}");
    let remedy = format!(
        "Tick Tickets for {name} in the company mapping of {titles}: what waits then goes on by \
         itself. If it is to have none, ignore it there."
    );
    let trouble = (IssueKind::TicketsOff, title, remedy);
    behind(context, customer, trouble, Expect::Version(version))
}

fn customer_name<'c>(context: &'c Context<'_>, customer: &'c str) -> &'c str {
    let known = context.roots.get("customer");
    let name = known.and_then(|customer| customer.get("name"));
    name.and_then(Value::as_str).unwrap_or(customer)
}

/// What people call this integration and the others, in one phrase.
fn titles(context: &Context<'_>, elsewhere: &[String]) -> String {
    let own = std::iter::once(&context.remote.connector.title);
    let titles: Vec<&str> = own.chain(elsewhere).map(String::as_str).collect();
    titles.join(" or ")
}

/// Has the work wait behind an issue about a customer, if its mapping is still what was seen.
fn behind(
    context: &Context<'_>,
    customer: &str,
    (kind, title, remedy): (IssueKind, String, String),
    seen: Expect,
) -> Halt {
    let integration = &context.remote.integration.id;
    let parts = [integration.as_str(), customer];
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind,
            integration: Some(integration.clone()),
            subject: customer.to_owned(),
            cause: None,
            title,
            detail: None,
            remedy,
        }),
        guard: Some((MappingRow::key(context.partner.as_str(), &parts), seen)),
    }
}

/// A customer that is to be ignored gets no tickets.
async fn ignore(context: &mut Context<'_>) -> Result<(), Halt> {
    if let Some(id) = request_id(context) {
        let now = context.remote.core.now();
        let why = "the customer is ignored in the company mapping".to_owned();
        context
            .request(&id)
            .await?
            .enter(State::Ignored, now, Some(why));
    }
    Ok(())
}

/// The request at hand, where there is one.
fn request_id(context: &Context<'_>) -> Option<RequestId> {
    let id = context.roots.get("request")?.get("id")?.as_str()?;
    RequestId::new(id).ok()
}

/// The requests of a ticket that are not closed; a ticket that is not ours, or has none of them,
/// ends the steps. What is done with them is committed only if none has joined meanwhile.
pub(super) async fn requests(
    context: &mut Context<'_>,
    path: &str,
    by: &Expression,
    into: &str,
) -> Result<Flow, Halt> {
    let ticket = context.value(by, path)?;
    let Some(id) = ticket.get("id") else {
        return Ok(Flow::Stop);
    };
    let partner = context.partner.as_str();
    let parts = [
        context.remote.integration.id.as_str(),
        &model::request::id_text(id),
    ];
    let store = &context.remote.core.store;
    let Some(linked) = store.get_record::<TicketRow>(partner, &parts).await? else {
        look_again_if_ours(context, &ticket).await?;
        return Ok(Flow::Stop);
    };
    let key = TicketRow::key(partner, &parts);
    let mut open = Vec::new();
    for id in &linked.value.requests {
        let request = context.request(id).await?;
        if request.is_open() {
            learn(request, &ticket);
            open.push(request_value(request));
        }
    }
    if open.is_empty() {
        return Ok(Flow::Stop);
    }
    context.batch.require(key, Expect::Version(linked.version));
    context.roots.insert(into.to_owned(), Value::Array(open));
    Ok(Flow::Go)
}

/// Takes over the number and the address of the request's ticket where they were not known.
fn learn(request: &mut Request, ticket: &Value) {
    let text = |name| ticket.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(key) = &mut request.ticket {
        key.number = key.number.take().or_else(|| text("number"));
        key.url = key.url.take().or_else(|| text("url"));
    }
}

/// A ticket that carries the reference of a request which is still without one is probably just
/// being made: the change would be lost if nobody looked at it again.
async fn look_again_if_ours(context: &mut Context<'_>, ticket: &Value) -> Result<(), Halt> {
    let reference = ticket.get("reference").and_then(Value::as_str);
    let Some(id) = reference.and_then(|reference| RequestId::new(reference).ok()) else {
        return Ok(());
    };
    let core = context.remote.core.clone();
    let request = match core.request(context.partner, &id).await {
        Ok(request) => request.value.0,
        Err(crate::Error::NotFound { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let ours = request.integration.as_ref() == Some(&context.remote.integration.id);
    if ours && request.state == State::Waiting && request.ticket.is_none() {
        let mut hint = Map::new();
        hint.insert(
            "id".into(),
            ticket.get("id").map(model::request::id_text).into(),
        );
        let due = core.now().after(LOOK_AGAIN);
        let integration = context.remote.integration.clone();
        core.enqueue_hint(&mut context.batch, &integration, hint, due);
    }
    Ok(())
}

impl Core {
    /// Queues that a ticket is to be looked at; equal hints that wait are one.
    pub(crate) fn enqueue_hint(
        &self,
        batch: &mut store::Batch,
        integration: &model::Integration,
        hint: Map<String, Value>,
        due: model::Timestamp,
    ) {
        let named = |key| hint.get(key).and_then(Value::as_str).unwrap_or_default();
        let fold = format!(
            "hint/{}/{}/{}",
            integration.id,
            named("id"),
            named("number")
        );
        let roots = [("hint".to_owned(), Value::Object(hint))]
            .into_iter()
            .collect();
        let happened = Happened {
            event: Event::TicketHinted,
            roots,
            due,
            fold: Some(&fold),
        };
        self.enqueue_event(batch, integration, &happened);
    }
}
