//! Test tickets: one ticket through the ordinary machinery, read back, verified and closed again.
//!
//! The request of a test ticket is made up for it and kept nowhere: it is in no ledger, and nobody
//! is told of it. The run that a person asked for tells what was verified. Whatever is made is
//! taken away: work that has made a ticket and cannot go on waits behind an issue and goes on by
//! itself, as that of a request does; work that has made nothing ends.

use definition::pipeline::{Event, Pipeline};
use model::{
    Content, Customer, CustomerId, Integration, IntegrationId, Mapping, Outcome, PartnerId,
    Request, RequestId, Run, RunId, Trigger,
};
use serde_json::{Map, Value, json};
use store::{Batch, Expect, Lease, Record, Records};

use crate::Runtime;
use crate::context::request_value;
use crate::core::Core;
use crate::error::Error;
use crate::events::{lane, priority};
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::runs::{put_run, run_subject};
use crate::tables::{CompanyRow, CustomerRow, EffectRow, MappingRow};
use crate::work::Work;
use crate::worker::store_error;

/// Whom a test ticket is made for; with neither, for the first customer that has a company.
#[derive(Clone, Debug, Default)]
pub struct TestTicket {
    /// The customer; its company is that of the mapping.
    pub customer: Option<CustomerId>,
    /// The company, whatever the mapping says.
    pub company: Option<Value>,
}

impl Runtime {
    /// Sends a test ticket: it is made, read back, verified, closed and read again. Gives the run
    /// that tells how it went.
    pub async fn test_ticket(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        asked: TestTicket,
    ) -> Result<RunId, Error> {
        let core = &self.core;
        let integration = core.integration(partner, id).await?.value.0;
        Core::usable(&integration)?;
        if !integration.is_on("tickets") {
            let message = "tickets are not switched on for this integration";
            return Err(Error::invalid("", message));
        }
        let (customer, company) = self.addressee(&integration, asked).await?;
        let wanted = |one: &Pipeline| one.on.contains(&Event::TestTicketAsked);
        let pipelines = core.pipelines(&integration, wanted);
        let pipeline = pipelines.first();
        let pipeline = pipeline.ok_or_else(|| Error::not_found("pipeline", "test_ticket"))?;
        let run = asked_run(core, &integration, pipeline);
        let request = made_up(core, &customer)?;
        let roots = json!({ "request": request, "customer": customer, "company": company });
        let roots = roots.as_object().cloned().unwrap_or_default();
        let mut batch = Batch::new();
        put_run(&mut batch, &run, Expect::Absent);
        enqueue(core, &mut batch, &integration, pipeline, &run, roots);
        self.commit(batch, "the queue").await?;
        Ok(run.id)
    }

    /// The customer and the company that the ticket is made for.
    async fn addressee(
        &self,
        integration: &Integration,
        asked: TestTicket,
    ) -> Result<(Customer, Value), Error> {
        let mapping = match &asked.customer {
            Some(id) => self.mapping_of(integration, id).await?,
            None if asked.company.is_some() => None,
            None => self.first_mapping(integration).await?,
        };
        let mapped = mapping.as_ref().and_then(|one| one.company.clone());
        let Some(company) = asked.company.or(mapped) else {
            let message = "there is no company to make the ticket for";
            let message = format!("{message}: map a customer, or give a company");
            return Err(Error::invalid("/company", message));
        };
        let customer = mapping.map(|one| one.customer).or(asked.customer);
        let customer = self.customer_named(&integration.partner, customer).await?;
        let key = model::request::id_text(&company);
        let parts = [integration.id.as_str(), key.as_str()];
        let store = &self.core.store;
        let known = store
            .get_record::<CompanyRow>(integration.partner.as_str(), &parts)
            .await?;
        let company = known.ok_or_else(|| {
            Error::invalid(
                "/company",
                format!("there is no company {key} in the directory"),
            )
        })?;
        Ok((customer, company.value.0.record))
    }

    async fn mapping_of(
        &self,
        integration: &Integration,
        customer: &CustomerId,
    ) -> Result<Option<Mapping>, Error> {
        let parts = [integration.id.as_str(), customer.as_str()];
        let store = &self.core.store;
        let row = store
            .get_record::<MappingRow>(integration.partner.as_str(), &parts)
            .await?;
        Ok(row.map(|row| row.value.0))
    }

    async fn first_mapping(&self, integration: &Integration) -> Result<Option<Mapping>, Error> {
        let (partner, parts) = (integration.partner.as_str(), [integration.id.as_str()]);
        let rows: Vec<MappingRow> = self.core.all(partner, &parts).await?;
        let mut mappings = rows.into_iter().map(|row| row.0);
        Ok(mappings.find(Mapping::takes_tickets))
    }

    /// The customer, or one that only stands for the test.
    async fn customer_named(
        &self,
        partner: &PartnerId,
        id: Option<CustomerId>,
    ) -> Result<Customer, Error> {
        let id = id.map_or_else(|| CustomerId::new("test"), Ok);
        let id = id.map_err(|error| Error::invalid("/customer", error.to_string()))?;
        let store = &self.core.store;
        let row = store
            .get_record::<CustomerRow>(partner.as_str(), &[id.as_str()])
            .await?;
        Ok(row.map_or_else(
            || Customer {
                name: id.to_string(),
                id,
                domains: Vec::new(),
                enabled: true,
            },
            |row| row.value.0,
        ))
    }
}

/// The run as it is before it began.
fn asked_run(core: &Core, integration: &Integration, pipeline: &Pipeline) -> Run {
    Run {
        id: core.run_id(),
        partner: integration.partner.clone(),
        integration: integration.id.clone(),
        pipeline: pipeline.name.clone(),
        trigger: Trigger::Person,
        started_at: core.now(),
        ended_at: None,
        outcome: Outcome::Running,
        counts: std::collections::BTreeMap::new(),
        verdicts: Vec::new(),
        checks: Vec::new(),
        remedy: None,
    }
}

/// The request that the ticket carries the reference of, as expressions see it.
fn made_up(core: &Core, customer: &Customer) -> Result<Value, Error> {
    let id = RequestId::new(format!("test-{}", core.short_id()));
    let content = Content {
        id: id.map_err(|error| Error::invalid("", error.to_string()))?,
        customer_id: customer.id.clone(),
        report_type: "test".to_owned(),
        hostname: None,
        url: None,
        reason: None,
        user: None,
        opened_at: None,
    };
    Ok(request_value(&Request::accepted(content, core.now())))
}

fn enqueue(
    core: &Core,
    batch: &mut Batch,
    integration: &Integration,
    pipeline: &Pipeline,
    run: &Run,
    roots: Map<String, Value>,
) {
    let lane = lane(integration, pipeline, &roots);
    let work = Work::Pipeline {
        partner: integration.partner.clone(),
        integration: integration.id.clone(),
        pipeline: pipeline.name.clone(),
        run: run.id.clone(),
        trigger: Trigger::Person,
        roots,
    };
    let priority = priority(pipeline.priority);
    batch.enqueue(work.job(run.id.to_string(), lane, priority, core.now()));
}

impl Core {
    /// Removes what is known of the effects of a test that has come to its end: its request comes
    /// never again.
    pub(crate) fn forget_test(
        &self,
        batch: &mut Batch,
        integration: &Integration,
        roots: &Map<String, Value>,
    ) {
        let request = roots.get("request").and_then(|request| request.get("id"));
        let connector = self.connector(&integration.connector);
        let family = connector.and_then(|connector| self.family(&connector));
        let (Some(id), Ok(family)) = (request.and_then(Value::as_str), family) else {
            return;
        };
        for operation in family.operations.keys() {
            let parts = [integration.id.as_str(), operation, id];
            let key = EffectRow::key(integration.partner.as_str(), &parts);
            batch.delete(key, Expect::Any);
        }
    }

    /// Settles the job of a test that could not go on.
    pub(crate) async fn test_failed(
        &self,
        batch: &mut Batch,
        lease: &Lease,
        work: &Work,
        integration: &Integration,
        halt: Halt,
        has_effects: bool,
    ) -> Result<(), store::Error> {
        let partner = &integration.partner;
        let subject = match work {
            Work::Pipeline { pipeline, .. } => run_subject(pipeline),
            _ => String::new(),
        };
        let trouble = match halt {
            Halt::Again { wait, .. } => {
                batch.retry(
                    lease,
                    self.now().after(self.backoff(lease.job.attempts, wait)),
                );
                return Ok(());
            }
            Halt::Rejected { message, remedy } => {
                let row = self.integration(partner, &integration.id).await;
                let row = row.map_err(store_error)?;
                let trouble = self.stop(batch, Some(row), message, remedy);
                let opened = self.open_issue(batch, partner, &trouble).await;
                opened.map_err(store_error)?;
                Some(trouble)
            }
            // An issue of its own, which is cleared when a test comes to its end.
            Halt::Behind { trouble, .. } => Some(Trouble {
                subject,
                cause: None,
                ..*trouble
            }),
            Halt::Wait { .. } | Halt::Store(_) | Halt::Undefined(_) => None,
        };
        if let Some(trouble) = trouble.filter(|_| has_effects) {
            return self.add_behind(batch, lease, work, partner, &trouble).await;
        }
        batch.complete(lease);
        Ok(())
    }

    /// Puts a test behind the issue about `trouble`, whether or not it has begun.
    pub(crate) async fn keep_behind(
        &self,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
        trouble: &Trouble,
    ) -> Result<(), store::Error> {
        let mut batch = Batch::new();
        self.add_behind(&mut batch, lease, work, partner, trouble)
            .await?;
        self.store.commit(batch).await.map(drop)
    }

    async fn add_behind(
        &self,
        batch: &mut Batch,
        lease: &Lease,
        work: &Work,
        partner: &PartnerId,
        trouble: &Trouble,
    ) -> Result<(), store::Error> {
        let issue = self.open_issue(batch, partner, trouble).await;
        let issue = issue.map_err(store_error)?;
        Self::put_behind(batch, partner, &issue, lease, work.clone());
        Ok(())
    }
}
