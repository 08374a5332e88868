//! A runtime with one connector, and the one server that the connector talks to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use definition::Sources;
use exchange::{RawAnswer, Request, SeededRandom, TokioClock, Transport, TransportError};
use model::{IntegrationId, Outcome, PartnerId, Run, Secret, Severity, Timestamp};
use runtime::{Config, ConnectionReport, Error, NewPartner, Parts, Runtime};
use serde_json::{Value, json};
use store::Memory;
use tokio::sync::watch;

/// When tests begin.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_782_907_200_000);

/// What the partner and the vendor give as secrets.
pub(crate) const SECRET: &str = "p&ss wörd/+=1";
pub(crate) const VENDOR_SECRET: &str = "vendor?k€y&2";

/// The smallest family there is.
const FAMILY: &str = "
family: sample
title: Sample
version: 1.0.0
operations:
  list_companies:
    about: Every company.
    many: company
    optional: true
    without: No company is known.
  list_changes:
    about: The companies that have changed since a moment.
    input: { since: moment }
    many: company
    optional: true
    without: Changes are not seen.
";

const COMPANY: &str = r#"{"type": "object", "required": ["id", "name"], "properties": {
    "id": {"type": ["integer", "string"]}, "name": {"type": "string"},
    "changed": {"type": "string"}}}"#;

const MOMENT: &str = r#"{"type": "string"}"#;

const PIPELINE: &str = "
pipeline: read_companies
title: Read the companies
family: sample
every: 6h
lane: read
priority: directory
steps:
  - pull: { operation: list_companies, as: company, keep: company }
";

const CHANGES: &str = "
pipeline: read_changes
title: Read what has changed
family: sample
every: 6h
lane: changes
priority: directory
steps:
  - pull:
      operation: list_changes
      since: { newest: $.changed, overlap: 1m }
      as: company
      keep: company
";

/// What a connector has besides what a case is about: a right that proves that a call succeeds, and
/// a list of choices that shows what a call gave.
const FRAME: &str = "
connector: sample
family: sample
title: Sample
version: 1.0.0
vendor:
  key: { label: Key, secret: true }
credentials:
  user: { label: User }
  secret: { label: Secret, secret: true }
rights:
  - { right: Probe, operation: probe, grants: $.ok, remedy: Allow it. }
choices:
  things: { operation: things, value: $.id, label: $.name }
";

/// The status of an answer that never comes.
pub(crate) const SILENCE: u16 = 0;

type Handler = dyn Fn(&Request) -> RawAnswer + Send + Sync;

/// The one server.
pub(crate) struct Server {
    answer: Box<Handler>,
    seen: Mutex<Vec<Request>>,
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        self.seen.lock().unwrap().push(request.clone());
        let answer = (self.answer)(request);
        if answer.status == SILENCE {
            std::future::pending::<()>().await;
        }
        Ok(answer)
    }
}

impl Server {
    /// The requests that came so far to an address that ends so, its query aside.
    pub(crate) fn seen(&self, end: &str) -> Vec<Request> {
        let seen = self.seen.lock().unwrap();
        let wanted = |one: &&Request| {
            one.url
                .split('?')
                .next()
                .is_some_and(|it| it.ends_with(end))
        };
        seen.iter().filter(wanted).cloned().collect()
    }
}

/// A runtime, its partner and the server.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) server: Arc<Server>,
    pub(crate) partner: PartnerId,
    connector: String,
    secret: String,
    store: Arc<Memory>,
    clock: Arc<TokioClock>,
}

impl World {
    /// A connector whose `http` has these lines besides its address, and these operations.
    pub(crate) async fn new(
        http: &str,
        operations: &str,
        answer: impl Fn(&Request) -> RawAnswer + Send + Sync + 'static,
    ) -> Self {
        let address = "  base_url: https://api.sample.example\n  hosts: [api.sample.example]";
        let connector = format!("{FRAME}http:\n{address}\n{http}\noperations:\n{operations}\n");
        let server = Arc::new(Server {
            answer: Box::new(answer),
            seen: Mutex::default(),
        });
        let (store, clock) = (Arc::new(Memory::new()), Arc::new(TokioClock::new(START)));
        let world = Self {
            runtime: engine(&connector, &server, &store, &clock),
            server,
            partner: PartnerId::new("msp-1").unwrap(),
            connector,
            secret: SECRET.to_owned(),
            store,
            clock,
        };
        let partner = NewPartner {
            id: world.partner.clone(),
            name: "Northwind".to_owned(),
            webhook: None,
        };
        world.runtime.put_partner(partner).await.unwrap();
        world
    }

    /// The same, whose partner gives another secret.
    pub(crate) fn with_secret(self, secret: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            ..self
        }
    }

    fn credentials(&self) -> BTreeMap<String, Secret> {
        BTreeMap::from([
            ("user".to_owned(), Secret::new("ada")),
            ("secret".to_owned(), Secret::new(&self.secret)),
        ])
    }

    /// Another start of the engine over the same state.
    pub(crate) fn restart(&mut self) {
        self.runtime = engine(&self.connector, &self.server, &self.store, &self.clock);
    }

    /// Works by schedule until `holds`, then stops in the middle of whatever is under way.
    pub(crate) async fn work_until(&self, holds: impl AsyncFn() -> bool) {
        let (_stop, stopped) = watch::channel(false);
        let engine = self.runtime.clone();
        let work = tokio::spawn(async move { engine.work(stopped, Duration::ZERO).await });
        let reached = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_hours(48), reached)
            .await
            .unwrap();
        work.abort();
    }

    /// The newest run of a pipeline that has ended.
    pub(crate) async fn run(&self, id: &IntegrationId, pipeline: &str) -> Option<Run> {
        let runs = self.runtime.runs(&self.partner, id, 500).await.unwrap();
        runs.into_iter()
            .find(|run| run.pipeline == pipeline && run.outcome != Outcome::Running)
    }

    /// Works until another run of a pipeline has ended, and gives it.
    pub(crate) async fn next_run(&self, id: &IntegrationId, pipeline: &str) -> Run {
        let before = self.run(id, pipeline).await.map(|run| run.id);
        let newest = async || self.run(id, pipeline).await.map(|run| run.id);
        self.work_until(async || newest().await != before).await;
        self.run(id, pipeline).await.unwrap()
    }

    /// The ids of the companies that the directory holds.
    pub(crate) async fn companies(&self, id: &IntegrationId) -> Vec<u64> {
        let found = self.runtime.companies(&self.partner, id, None, usize::MAX);
        let found = found.await.unwrap();
        let mut ids: Vec<u64> = found.iter().filter_map(|one| one.id.as_u64()).collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) async fn test(&self) -> ConnectionReport {
        let tested = self
            .runtime
            .test_connection(&self.partner, "sample", self.credentials());
        tested.await.unwrap()
    }

    pub(crate) async fn create(&self) -> IntegrationId {
        self.create_as("ada").await
    }

    /// One for this user.
    pub(crate) async fn create_as(&self, user: &str) -> IntegrationId {
        let mut credentials = self.credentials();
        credentials.insert("user".to_owned(), Secret::new(user));
        let created =
            self.runtime
                .create_integration(&self.partner, "sample", credentials, "a person");
        created.await.unwrap().id
    }

    /// The names of the things that can be chosen.
    pub(crate) async fn things(&self, id: &IntegrationId) -> Result<Vec<String>, Error> {
        let choices = self
            .runtime
            .choices(&self.partner, id, "things")
            .await?
            .choices;
        Ok(choices.into_iter().map(|choice| choice.label).collect())
    }
}

fn engine(
    connector: &str,
    server: &Arc<Server>,
    store: &Arc<Memory>,
    clock: &Arc<TokioClock>,
) -> Runtime {
    let files = [
        ("connectors/sample/connector.yaml", connector),
        ("connectors/family/family.yaml", FAMILY),
        ("connectors/family/pipelines/read_companies.yaml", PIPELINE),
        ("connectors/family/pipelines/read_changes.yaml", CHANGES),
        ("schemas/sample/company.json", COMPANY),
        ("schemas/sample/moment.json", MOMENT),
    ];
    let loaded = definition::load(&[Sources::new("", files)]);
    let is_error = |problem: &&model::Problem| problem.severity == Severity::Error;
    let errors: Vec<_> = loaded.problems.iter().filter(is_error).cloned().collect();
    let shown = definition::render(&errors, definition::Style::Plain);
    assert!(errors.is_empty(), "{shown}");
    let vendor = BTreeMap::from([("key".to_owned(), VENDOR_SECRET.to_owned())]);
    Runtime::new(Parts {
        store: store.clone(),
        library: Arc::new(loaded.library),
        transport: server.clone(),
        clock: clock.clone(),
        random: Arc::new(SeededRandom::new(1)),
        config: Config {
            vendor: BTreeMap::from([("sample".to_owned(), vendor)]),
            ..Config::default()
        },
    })
}

/// An answer of any type.
pub(crate) fn typed(status: u16, content_type: &str, body: &str) -> RawAnswer {
    RawAnswer {
        status,
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

/// What a right that is granted answers, if it is.
pub(crate) fn granted(granted: bool) -> RawAnswer {
    if granted {
        RawAnswer::json(200, &json!({ "ok": true }))
    } else {
        RawAnswer::json(401, &json!({ "error": "who are you?" }))
    }
}

/// A list with one thing.
pub(crate) fn one_thing() -> Value {
    json!([{ "id": 1, "name": "one" }])
}

/// Whether the address ends so, its query aside.
pub(crate) fn is_to(request: &Request, end: &str) -> bool {
    request
        .url
        .split('?')
        .next()
        .is_some_and(|url| url.ends_with(end))
}

/// The body as text.
pub(crate) fn sent(request: &Request) -> String {
    String::from_utf8(request.body.to_bytes()).unwrap()
}

/// Whether the form that was sent has this pair.
pub(crate) fn has_field(request: &Request, pair: &str) -> bool {
    sent(request).split('&').any(|field| field == pair)
}
