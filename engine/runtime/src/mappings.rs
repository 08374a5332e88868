//! The company mapping: which company each customer is, with suggestions for those that are not
//! mapped yet.

use std::collections::{BTreeMap, HashMap};

use definition::pipeline::Event;
use model::{
    Customer, CustomerId, Integration, IntegrationId, IssueKind, Mapping, PartnerId, Ticks,
};
use serde_json::Value;
use store::{Batch, Expect, Record, Records};

use crate::Runtime;
use crate::error::{Error, Fault};
use crate::events::Happened;
use crate::issues::issue_id;
use crate::routing::is_off;
use crate::suggest::{Candidate, Suggestion};
use crate::tables::{CompanyRow, MappingRow};

/// How many changes are written in one commit.
const CHANGES_PER_COMMIT: usize = 1_000;

/// What requests wait behind until the mapping of their customer is another one.
const WAITING: [IssueKind; 2] = [IssueKind::UnmappedCustomer, IssueKind::TicketsOff];

/// A company as the mapping shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyRef {
    /// Its id, just as the PSA gave it.
    pub id: Value,
    /// Its name.
    pub name: String,
    /// Whether it was in the directory when that was last read.
    pub active: bool,
}

/// A suggestion with the company it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestionView {
    /// The company.
    pub company: CompanyRef,
    /// From 60 to 100.
    pub score: u8,
    /// Why, in words.
    pub reason: String,
    /// Whether another has an equal claim. Such a suggestion is never taken in bulk.
    pub ambiguous: bool,
}

/// One customer in the mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingLine {
    /// The customer.
    pub customer: Customer,
    /// The company it is mapped to.
    pub company: Option<CompanyRef>,
    /// Whether it is to have no tickets and no bills.
    pub ignored: bool,
    /// What is done for it, or would be once it is mapped.
    pub ticks: Ticks,
    /// What it could be mapped to, while it is not mapped.
    pub suggestion: Option<SuggestionView>,
    /// How many requests wait for it to be mapped, or to get its tick for tickets.
    pub waiting: u64,
}

/// One change to the mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingChange {
    /// The customer.
    pub customer: CustomerId,
    /// The company's id; `None` unmaps, unless `ignore` is set.
    pub company: Option<Value>,
    /// Whether the customer is to have no tickets and no bills.
    pub ignore: bool,
    /// Whether its requests become tickets; as it was saved, unless this says otherwise.
    pub tickets: Option<bool>,
    /// Whether its usage is billed; as it was saved, unless this says otherwise.
    pub billing: Option<bool>,
}

/// What came of changes to the mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MappingReceipt {
    /// How many customers were changed.
    pub saved: usize,
    /// How many requests that waited for this now go on.
    pub released: usize,
}

impl Runtime {
    /// Every customer with its company, or with a suggestion.
    pub async fn company_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Vec<MappingLine>, Error> {
        self.core.integration(partner, id).await?;
        let companies = self.directory(partner, id).await?;
        let by_id: HashMap<String, &CompanyRef> = companies
            .iter()
            .map(|(company, _)| (model::request::id_text(&company.id), company))
            .collect();
        let mappings = self.mappings(partner, id).await?;
        let customers = self.customers(partner).await?;
        let (open, candidates) = unmapped(&customers, &mappings, &companies);
        let name = format!("{partner}/{id}");
        let mut suggestions = self.core.suggestions.suggest(&name, &open, &candidates);
        let waiting = self.waiting(partner).await?;
        let line = |customer: Customer| {
            let mapping = mappings.get(&customer.id);
            let company = mapping.and_then(|mapping| mapping.company.as_ref());
            MappingLine {
                company: company.map(|id| known_company(&by_id, id)),
                ignored: mapping.is_some_and(|mapping| mapping.company.is_none()),
                ticks: mapping.map(|mapping| mapping.ticks).unwrap_or_default(),
                suggestion: suggestions
                    .remove(&customer.id)
                    .and_then(|suggestion| view(&by_id, suggestion)),
                waiting: waiting.get(&customer.id).copied().unwrap_or_default(),
                customer,
            }
        };
        Ok(customers.into_iter().map(line).collect())
    }

    /// Saves changes to the mapping. Requests that waited for them go on by themselves.
    pub async fn put_company_mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        changes: Vec<MappingChange>,
    ) -> Result<MappingReceipt, Error> {
        let integration = self.core.integration(partner, id).await?.value.0;
        let companies = self.directory(partner, id).await?;
        let known: HashMap<String, Value> = companies
            .into_iter()
            .map(|(company, _)| (model::request::id_text(&company.id), company.id))
            .collect();
        let changes = checked(changes, &known)?;
        let before = self.mappings(partner, id).await?;
        let mut receipt = MappingReceipt {
            saved: changes.len(),
            released: 0,
        };
        for part in changes.chunks(CHANGES_PER_COMMIT) {
            let mut batch = Batch::new();
            for change in part {
                let parts = [id.as_str(), change.customer.as_str()];
                if change.company.is_none() && !change.ignore {
                    batch.delete(MappingRow::key(partner.as_str(), &parts), Expect::Any);
                    continue;
                }
                let mapping = MappingRow(Mapping {
                    customer: change.customer.clone(),
                    company: change.company.clone(),
                    ticks: ticks(change, before.get(&change.customer)),
                    saved_at: self.core.now(),
                });
                batch.put_record(partner.as_str(), &parts, &mapping, Expect::Any);
            }
            self.tell_mapping(&mut batch, &integration).await?;
            self.commit(batch, "the mapping").await?;
            for change in part {
                let before = before.get(&change.customer);
                let stays_off = change.company.is_some() && !ticks(change, before).tickets;
                if !(stays_off && before.is_some_and(is_off)) {
                    receipt.released += self.release(partner, &change.customer).await?;
                }
            }
        }
        if receipt.saved > 0 {
            // What the company so far did not take may go to another one now.
            self.core.try_refused(partner, id).await?;
        }
        Ok(receipt)
    }

    /// Has everybody look at the mapping that `batch` changes: what is billed here is not billed in
    /// the partner's other integrations. It is one commit with the change, since after a crash in
    /// between nobody would plan before the next day.
    async fn tell_mapping(&self, batch: &mut Batch, here: &Integration) -> Result<(), Error> {
        let (fold, now) = (format!("mapping/{}", here.id), self.core.now());
        let happened = Happened {
            fold: Some(&fold),
            ..Happened::plain(Event::MappingSaved, now)
        };
        self.core.enqueue_event(batch, here, &happened);
        let is_other = |other: &IntegrationId| *other != here.id;
        self.core.replan(batch, &here.partner, now, is_other).await
    }

    /// Maps every unmapped customer whose suggestion reaches `score_min` and is not ambiguous.
    pub async fn accept_suggestions(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        score_min: u8,
    ) -> Result<MappingReceipt, Error> {
        let lines = self.company_mappings(partner, id).await?;
        let take = |line: MappingLine| {
            let suggestion = line
                .suggestion
                .filter(|one| !one.ambiguous && one.score >= score_min)?;
            Some(MappingChange {
                customer: line.customer.id,
                company: Some(suggestion.company.id),
                ignore: false,
                tickets: None,
                billing: None,
            })
        };
        let changes = lines.into_iter().filter_map(take).collect();
        self.put_company_mappings(partner, id, changes).await
    }

    /// Whether any company is known yet.
    pub async fn has_companies(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<bool, Error> {
        let (store, parts) = (&self.core.store, [id.as_str()]);
        let first = store.scan_records::<CompanyRow>(partner.as_str(), &parts, None, 1);
        Ok(!first.await?.is_empty())
    }

    /// Companies of the directory whose name holds `search`, in the order of their names.
    pub async fn companies(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        search: Option<&str>,
        limit: usize,
    ) -> Result<Vec<CompanyRef>, Error> {
        self.core.integration(partner, id).await?;
        let search = search.unwrap_or_default().to_lowercase();
        let mut found: Vec<CompanyRef> = self
            .directory(partner, id)
            .await?
            .into_iter()
            .map(|(company, _)| company)
            .filter(|company| company.name.to_lowercase().contains(&search))
            .collect();
        found.sort_by_cached_key(|company| company.name.to_lowercase());
        found.truncate(limit);
        Ok(found)
    }

    /// The companies that are known, each with its domains.
    async fn directory(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<Vec<(CompanyRef, Vec<String>)>, Error> {
        let rows: Vec<CompanyRow> = self.core.all(partner.as_str(), &[id.as_str()]).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| company(&row.0.record))
            .collect())
    }

    async fn mappings(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
    ) -> Result<BTreeMap<CustomerId, Mapping>, Error> {
        let rows: Vec<MappingRow> = self.core.all(partner.as_str(), &[id.as_str()]).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.0.customer.clone(), row.0))
            .collect())
    }

    /// Lets go on what waits for a customer to be mapped or ticked, whichever integration it was
    /// waiting in. What is still to wait is put behind its issue anew.
    async fn release(&self, partner: &PartnerId, customer: &CustomerId) -> Result<usize, Error> {
        let mut released = 0;
        for integration in self.core.integrations(partner).await? {
            for kind in WAITING {
                let issue = issue_id(kind, Some(&integration.id), customer.as_str());
                released += self.core.clear_issue(partner, &issue).await?;
            }
        }
        Ok(released)
    }

    /// How many requests wait for each customer to be mapped or ticked, in whichever integration.
    async fn waiting(&self, partner: &PartnerId) -> Result<BTreeMap<CustomerId, u64>, Error> {
        let mut waiting = BTreeMap::new();
        for view in self.issues(partner).await? {
            let issue = view.issue;
            if WAITING.contains(&issue.kind) {
                let customer = issue.id.as_str().splitn(3, ':').nth(2).unwrap_or_default();
                if let Ok(customer) = CustomerId::new(customer) {
                    *waiting.entry(customer).or_default() += view.behind;
                }
            }
        }
        Ok(waiting)
    }
}

/// Customers in use that are not mapped, and the companies that no customer has.
fn unmapped(
    customers: &[Customer],
    mappings: &BTreeMap<CustomerId, Mapping>,
    companies: &[(CompanyRef, Vec<String>)],
) -> (Vec<Customer>, Vec<Candidate>) {
    let open = customers
        .iter()
        .filter(|one| one.enabled && !mappings.contains_key(&one.id));
    let candidates = companies.iter().map(|(company, domains)| Candidate {
        id: model::request::id_text(&company.id),
        name: company.name.clone(),
        domains: domains.clone(),
    });
    (open.cloned().collect(), candidates.collect())
}

fn company(record: &Value) -> Option<(CompanyRef, Vec<String>)> {
    let domains = record
        .get("domains")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let company = CompanyRef {
        id: record.get("id")?.clone(),
        name: record.get("name")?.as_str()?.to_owned(),
        active: record
            .get("active")
            .and_then(Value::as_bool)
            .unwrap_or(true),
    };
    Some((
        company,
        domains
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    ))
}

fn known_company(by_id: &HashMap<String, &CompanyRef>, id: &Value) -> CompanyRef {
    let text = model::request::id_text(id);
    by_id.get(&text).map_or_else(
        || CompanyRef {
            id: id.clone(),
            name: format!("company {text}"),
            active: false,
        },
        |company| (*company).clone(),
    )
}

fn view(by_id: &HashMap<String, &CompanyRef>, of: Suggestion) -> Option<SuggestionView> {
    let company = (*by_id.get(&of.company)?).clone();
    Some(SuggestionView {
        company,
        score: of.score,
        reason: of.reason,
        ambiguous: of.ambiguous,
    })
}

/// The ticks that a customer has after `change`; who was not mapped has them all.
fn ticks(change: &MappingChange, before: Option<&Mapping>) -> Ticks {
    let before = before.filter(|_| change.company.is_some());
    let before = before.map(|mapping| mapping.ticks).unwrap_or_default();
    Ticks {
        tickets: change.tickets.unwrap_or(before.tickets),
        billing: change.billing.unwrap_or(before.billing),
    }
}

/// The tick that a change takes off a customer which has no company, and so has nothing done for
/// it anyway: it would be forgotten.
fn untickable(change: &MappingChange) -> Option<&'static str> {
    let ticks = [("tickets", change.tickets), ("billing", change.billing)];
    let mut off = ticks.into_iter().filter(|(_, on)| *on == Some(false));
    off.next().map(|(name, _)| name)
}

/// The changes, each with the company's id as the PSA gave it.
fn checked(
    changes: Vec<MappingChange>,
    known: &HashMap<String, Value>,
) -> Result<Vec<MappingChange>, Error> {
    let mut faults = Vec::new();
    let mut checked = Vec::with_capacity(changes.len());
    for (at, change) in changes.into_iter().enumerate() {
        let Some(company) = &change.company else {
            match untickable(&change) {
                Some(tick) => faults.push(Fault {
                    pointer: format!("/{at}/{tick}"),
                    message: "only a customer with a company can have its ticks taken off".into(),
                    hint: Some("choose its company as well, or leave this out".to_owned()),
                    place: None,
                }),
                None => checked.push(change),
            }
            continue;
        };
        let text = model::request::id_text(company);
        match known.get(&text) {
            _ if change.ignore => faults.push(Fault {
                pointer: format!("/{at}/ignore"),
                message: "a customer is either mapped or ignored".to_owned(),
                hint: None,
                place: None,
            }),
            Some(id) => checked.push(MappingChange {
                company: Some(id.clone()),
                ..change
            }),
            None => faults.push(Fault {
                pointer: format!("/{at}/company"),
                message: format!("there is no active company {text} in the directory"),
                hint: Some("read the companies again if it was made only now".to_owned()),
                place: None,
            }),
        }
    }
    if faults.is_empty() {
        Ok(checked)
    } else {
        Err(Error::Invalid { faults })
    }
}
