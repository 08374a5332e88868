//! The remote side of one integration: a connector's operations, called by name.
//!
//! Here the compiled definition meets the exchange: names become a request, an answer becomes
//! records, and each record is held against the family's contract before anyone acts on it.

mod answered;
mod auth;
mod callout;
mod credential;
mod job;
mod kept;
mod lengths;
mod outline;
mod pages;
mod request;
mod rules;
mod setup;
mod shared;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use definition::{Connector, Family, Gives, Operation};
use exchange::{About, Answer, Broker, Failure, Kind, PATIENCE_DEFAULT, Terms, Version};
use expression::Scope;
use futures::future::BoxFuture;
use model::sabotage::{Bug, sabotaged};
use model::{Class, Integration, IssueKind};
use serde_json::{Map, Value, json};

use crate::aside::SILENT;
use crate::core::Core;
use crate::error::Error;
use crate::exchanges::Notes;
use crate::halt::{Failed, Halt};
use crate::issues::{Cause, issue_id};
use crate::step::is_true;
use crate::witness::Shown;

pub(crate) use auth::{Introduced, consents};
pub(crate) use credential::credential;
use credential::credential_values;
pub(crate) use kept::Kept;
pub(crate) use pages::{Listing, Page};
use rules::Rules;
pub(crate) use shared::Room;

/// One integration's way to its remote side.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) core: Arc<Core>,
    pub(crate) connector: Arc<Connector>,
    pub(crate) family: Arc<Family>,
    /// With the settings that are in effect for what is being done.
    pub(crate) integration: Arc<Integration>,
    /// With the settings as they are saved.
    pub(crate) saved: Arc<Integration>,
    priority: exchange::Priority,
    broker: Broker,
    /// Whether the integration is only being tried out: then nothing of it is kept.
    is_trial: bool,
    setup: Arc<Mutex<Map<String, Value>>>,
    /// What was made of pages that another operation reads.
    shared: Arc<shared::Shared>,
    /// What answers warned of, each once.
    warnings: Arc<Mutex<Vec<String>>>,
    /// Who takes note of the exchanges, if anybody does.
    notes: Option<Arc<Notes>>,
}

impl Remote {
    /// The way to the remote side of a saved integration.
    pub(crate) fn new(
        core: &Arc<Core>,
        integration: Arc<Integration>,
        priority: exchange::Priority,
    ) -> Result<Self, Error> {
        let name = broker_name(&integration);
        Self::with_broker(core, integration, priority, &name, false)
    }

    /// The way for credentials that are only being tried out. Nothing they cause is kept, and a
    /// rejection does not stop the integration whose place they may take.
    pub(crate) fn trial(core: &Arc<Core>, integration: Arc<Integration>) -> Result<Self, Error> {
        let name = format!("trial/{}", core.short_id());
        Self::with_broker(core, integration, exchange::Priority::Tickets, &name, true)
    }

    fn with_broker(
        core: &Arc<Core>,
        integration: Arc<Integration>,
        priority: exchange::Priority,
        broker: &str,
        is_trial: bool,
    ) -> Result<Self, Error> {
        let connector = core.connector(&integration.connector)?;
        let family = core.family(&connector)?;
        let broker = match core.exchange.broker(broker) {
            Some(broker) => broker,
            None => core
                .exchange
                .broker_or(broker, credential(core, &connector, &integration)?),
        };
        let mut integration = integration;
        crate::effective::complete(&connector, Arc::make_mut(&mut integration));
        let setup = Arc::default();
        let core = core.clone();
        Ok(Self {
            core,
            connector,
            family,
            saved: integration.clone(),
            integration,
            priority,
            broker,
            is_trial,
            setup,
            shared: Arc::default(),
            warnings: Arc::default(),
            notes: None,
        })
    }

    /// Has every exchange from now on be noted.
    pub(crate) fn note_exchanges(&mut self, notes: &Arc<Notes>) {
        self.notes = Some(notes.clone());
    }

    /// The one record that the operation gives, or nothing where its contract allows that.
    pub(crate) async fn one(
        &self,
        operation: &str,
        inputs: &Map<String, Value>,
    ) -> Result<Option<Value>, Failed> {
        let mut records = match self.found(operation, inputs).await {
            Ok(records) => records,
            Err(Failed::Exchange { failure, .. })
                if failure.class == Class::NotFound && self.may_be_absent(operation) =>
            {
                return Ok(None);
            }
            Err(failed) => return Err(failed),
        };
        match (records.len(), self.gives(operation)) {
            (0, Some(Gives::One(_))) => Err(Failed::Contract {
                operation: operation.to_owned(),
                findings: vec!["there is no record where one is promised".to_owned()],
            }),
            (0, _) => Ok(None),
            _ => Ok(Some(records.swap_remove(0))),
        }
    }

    fn gives(&self, operation: &str) -> Option<&Gives> {
        self.family
            .operations
            .get(operation)
            .map(|contract| &contract.gives)
    }

    fn may_be_absent(&self, operation: &str) -> bool {
        matches!(self.gives(operation), Some(Gives::Maybe(_)))
    }

    /// All records that an operation gives, over all its pages.
    pub(crate) fn found<'a>(
        &'a self,
        operation: &'a str,
        inputs: &'a Map<String, Value>,
    ) -> BoxFuture<'a, Result<Vec<Value>, Failed>> {
        Box::pin(async move {
            let operation = self.operation(operation)?;
            let Some(keep) = operation.keep else {
                return self.answered(operation, inputs).await;
            };
            self.kept(operation, inputs, keep).await
        })
    }

    /// All that an answer to `operation` depends on: the inputs and settings that it, or what is
    /// called before it, looks at.
    fn asked_with(&self, operation: &Operation, inputs: &Map<String, Value>) -> Value {
        let mut roots = operation.roots();
        for (_, before) in &operation.before {
            let before = self.connector.operations.get(before);
            roots.extend(before.into_iter().flat_map(|one| one.roots()));
        }
        let settings = roots.contains("settings");
        let used = inputs
            .iter()
            .filter(|(name, _)| roots.contains(name.as_str()));
        let used: Map<String, Value> = used.map(|(k, v)| (k.clone(), v.clone())).collect();
        json!([used, settings.then(|| self.integration.settings_value())])
    }

    fn operation(&self, name: &str) -> Result<&Operation, Failed> {
        let operation = self.connector.operations.get(name);
        operation.map(AsRef::as_ref).ok_or_else(|| {
            Failed::Undefined(format!("{} has no operation {name}", self.connector.name))
        })
    }

    async fn answered(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) -> Result<Vec<Value>, Failed> {
        if operation.pages.is_some() {
            return self.every_page(operation, inputs).await;
        }
        let mut roots = self.roots(operation, inputs).await?;
        let Some(job) = self.job(operation, inputs).await? else {
            return self.records(operation, &roots).await;
        };
        roots.insert(job::ROOT.to_owned(), job.names);
        let records = self.records(operation, &roots).await;
        if records.as_ref().map_or_else(job::is_over, |_| true) {
            self.drop_job(operation, inputs).await?;
        }
        records
    }

    /// What one call gives for these names.
    async fn records(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
    ) -> Result<Vec<Value>, Failed> {
        match (self.exchange(operation, roots).await, &operation.otherwise) {
            (Ok(answer), _) => self.read_all(operation, roots, answer),
            (Err(Failed::Exchange { failure, .. }), Some(otherwise))
                if failure.class == Class::NotFound =>
            {
                if let Some(witness) = &self.core.witness {
                    witness.saw(&operation.name, Shown::Otherwise);
                }
                let instead = otherwise.evaluate(&scope(roots));
                instead
                    .map(|record| vec![record])
                    .map_err(|error| expression_failed(operation, error))
            }
            (Err(failed), _) => Err(failed),
        }
    }

    /// What an operation gives: its one record, or the list of all records where it gives many.
    pub(crate) async fn result(
        &self,
        name: &str,
        inputs: &Map<String, Value>,
    ) -> Result<Value, Failed> {
        let operation = self.operation(name)?;
        let gives_many = operation.items.is_some() || operation.pages.is_some();
        let records = self.found(name, inputs).await?;
        Ok(if gives_many {
            Value::Array(records)
        } else {
            records.into_iter().next().unwrap_or(Value::Null)
        })
    }

    /// What people may be told of what an operation knows: no credentials.
    pub(crate) async fn told(&self, operation: &str) -> Result<Map<String, Value>, Failed> {
        let mut roots = self.common_roots(self.operation(operation)?);
        roots.remove("credentials");
        roots.remove("vendor");
        roots.insert("setup".to_owned(), Value::Object(self.set_up().await?));
        Ok(roots)
    }

    /// The names that what reads an operation's records may use besides them.
    pub(crate) async fn names(&self, operation: &str) -> Result<Map<String, Value>, Failed> {
        self.roots(self.operation(operation)?, &Map::new()).await
    }

    /// The names that an operation's expressions see.
    async fn roots(
        &self,
        operation: &Operation,
        inputs: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Failed> {
        let mut roots = self.common_roots(operation);
        roots.extend(inputs.clone());
        for (name, before) in &operation.before {
            let records = self.found(before, inputs).await?;
            let value = match self.operation(before)?.pages {
                Some(_) => Value::Array(records),
                None => records.into_iter().next().unwrap_or(Value::Null),
            };
            if let Some(what) = operation.needs.get(name).filter(|_| !is_true(&value)) {
                return Err(Failed::NotThereYet {
                    operation: operation.name.clone(),
                    what: what.clone(),
                });
            }
            roots.insert(name.clone(), value);
        }
        roots.insert("setup".to_owned(), Value::Object(self.set_up().await?));
        Ok(roots)
    }

    fn common_roots(&self, operation: &Operation) -> Map<String, Value> {
        let mut roots = self.given_roots();
        roots.insert("settings".into(), self.integration.settings_value());
        roots.insert(
            "operation".into(),
            json!({ "name": operation.name, "entity": operation.entity }),
        );
        roots.insert("now".into(), json!(self.core.now()));
        roots
    }

    /// What people gave: the operator and the partner.
    fn given_roots(&self) -> Map<String, Value> {
        let given = self.core.config.vendor.get(&self.connector.name);
        let vendor = self.connector.vendor.iter().map(|field| {
            let value = given
                .and_then(|given| given.get(&field.name))
                .or(field.default.as_ref());
            (field.name.clone(), json!(value))
        });
        let credentials = credential_values(&self.connector, &self.integration);
        let mut roots = Map::new();
        roots.insert("vendor".into(), Value::Object(vendor.collect()));
        roots.insert("credentials".into(), credentials);
        roots
    }

    /// The connector's limits as calls of this integration keep them, as far as is known without a
    /// call.
    pub(crate) async fn limits_kept(&self) -> Result<Vec<exchange::Limit>, Failed> {
        for (name, setup) in &self.connector.setup {
            if let Some(value) = self.remembered(name, setup.keep).await? {
                lock(&self.setup).insert(name.clone(), value);
            }
        }
        let mut roots = self.given_roots();
        let setup = lock(&self.setup).clone();
        roots.insert("setup".to_owned(), Value::Object(setup));
        let (scope, limits) = (scope(&roots), self.connector.http.limits.iter());
        // One that depends on an operation is no limit of the integration as a whole.
        let kept = limits
            .enumerate()
            .filter_map(|(at, limit)| self.limit(at, limit, &scope).ok());
        Ok(kept.collect())
    }

    async fn exchange(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
    ) -> Result<Answer, Failed> {
        self.exchange_unless(operation, roots, None).await
    }

    /// The answer; an empty one of status 304 while it still is `version`.
    async fn exchange_unless(
        &self,
        operation: &Operation,
        roots: &Map<String, Value>,
        version: Option<&Version>,
    ) -> Result<Answer, Failed> {
        let scope = scope(roots);
        let failed = |error| expression_failed(operation, error);
        if !operation.anonymous {
            self.introduce(&scope).await?;
        }
        if operation.effect {
            self.forget_shared();
        }
        let mut request = self.request(operation, &scope).map_err(failed)?;
        if let Some(version) = version {
            version.unless_changed(&mut request);
        }
        let mut limits = self.limits(&scope).map_err(failed)?;
        if sabotaged(Bug::LimitsReadsOnly) && operation.effect {
            limits.clear();
        }
        let allowance = self.allowance();
        let retry = request::retry(&self.connector.http.retry);
        let rules = Rules::of(operation, &self.connector, Cow::Borrowed(roots));
        let terms = Terms {
            allowance: allowance.as_ref(),
            ..self.terms(operation, &limits, &retry, &rules)
        };
        let result = self.core.exchange.call(&request, &terms).await;
        if let Some(notes) = &self.notes {
            let (secrets, at) = (self.broker.scrub(), self.core.now());
            notes.note(&operation.name, &request, &result, (&secrets, at));
        }
        self.took_place(operation, result.as_ref().err()).await?;
        match result {
            Ok(answer) => {
                self.causes_gone(operation, &scope).await?;
                Ok(answer)
            }
            Err(failure) => {
                if failure.class == Class::Unavailable && !failure.sent && !self.is_trial {
                    self.doubt_setup().await?;
                }
                Err(Failed::Exchange {
                    operation: operation.name.clone(),
                    failure: Box::new(failure),
                })
            }
        }
    }

    /// Clears the issues of what would have stopped a change that has just succeeded.
    async fn causes_gone(&self, operation: &Operation, scope: &Scope<'_>) -> Result<(), Failed> {
        if !operation.effect || self.is_trial {
            return Ok(());
        }
        let causes = operation
            .errors
            .iter()
            .filter_map(|rule| rule.cause.as_ref());
        for cause in causes.filter(|cause| cause.success_ends_it) {
            let Some(about) = cause.about(scope) else {
                continue;
            };
            let cause = Cause::new(&cause.name, about);
            let issue = cause.issue_id(&self.integration.id);
            let cleared = self.core.clear_issue(&self.integration.partner, &issue);
            if let Err(Error::Store(error)) = cleared.await {
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Counts a call by what became of it, and ends what was told about a silence.
    async fn took_place(
        &self,
        operation: &Operation,
        failure: Option<&Failure>,
    ) -> Result<(), Failed> {
        self.core.metrics.call(&self.connector.name, failure);
        if let Some(witness) = &self.core.witness {
            let rule = failure.and_then(|failure| failure.rule.as_deref());
            witness.called(&operation.name, operation.effect, rule);
        }
        if self.is_trial
            || !self
                .core
                .silence
                .note(&limits_name(&self.integration), failure, self.core.now())
        {
            return Ok(());
        }
        let issue = issue_id(IssueKind::Unreachable, Some(&self.integration.id), SILENT);
        match self
            .core
            .clear_issue(&self.integration.partner, &issue)
            .await
        {
            Err(Error::Store(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn terms<'t>(
        &'t self,
        operation: &'t Operation,
        limits: &'t [exchange::Limit],
        retry: &'t exchange::Retry,
        rules: &'t Rules<'t>,
    ) -> Terms<'t> {
        Terms {
            broker: &self.broker,
            anonymous: operation.anonymous,
            allowance: None,
            kind: if operation.effect {
                Kind::Effect
            } else {
                Kind::Read
            },
            limits,
            retry,
            patience: PATIENCE_DEFAULT,
            rules,
            priority: self.priority,
            about: About {
                partner: self.integration.partner.as_str(),
                integration: self.integration.id.as_str(),
                operation: &operation.name,
            },
        }
    }

    /// What is done when an operation failed.
    pub(crate) fn halt(&self, failed: Failed) -> Halt {
        match failed.into_halt(&self.integration.id, &self.connector.title) {
            // They were replaced while the call was under way: the new ones are not to blame.
            Halt::Rejected { message, .. } if !self.is_rejected() => Halt::Again {
                wait: None,
                class: Some(Class::CredentialsRejected),
                message,
            },
            halt => halt,
        }
    }

    /// What the broker's calls have cost so far.
    pub(crate) fn stats(&self) -> exchange::Stats {
        self.broker.stats()
    }

    /// Takes the secrets of this integration out of a text.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.broker.scrub().text(text)
    }

    /// Whether the credentials that calls would be made with now are rejected.
    pub(crate) fn is_rejected(&self) -> bool {
        let broker = self.core.exchange.broker(self.broker.name());
        broker.is_some_and(|broker| broker.is_rejected())
    }

    /// Forgets the broker of a trial.
    pub(crate) fn forget(&self) {
        self.core.forget_broker(self.broker.name());
    }
}

/// The name under which an integration's calls share limits: the other side counts them together,
/// whatever they are made with.
pub(crate) fn limits_name(integration: &Integration) -> String {
    format!("{}/{}", integration.partner, integration.id)
}

/// The name under which the calls with an integration's credentials share trust. Other credentials
/// have another: work that has read the former ones can neither use them any more nor have the new
/// ones blamed.
pub(crate) fn broker_name(integration: &Integration) -> String {
    let generation = integration.credentials_generation;
    format!("{}#{generation}", limits_name(integration))
}

pub(crate) fn scope(roots: &Map<String, Value>) -> Scope<'_> {
    roots
        .iter()
        .fold(Scope::new(), |scope, (name, value)| scope.with(name, value))
}

fn expression_failed(operation: &Operation, error: expression::Error) -> Failed {
    Failed::Expression {
        operation: operation.name.clone(),
        error: Box::new(error),
    }
}

/// The lock's content, also after a panic elsewhere: what it guards is always whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
