//! A small desk that hands its companies out in any of six ways and misbehaves when told to, and
//! a program with a connector for each of these ways.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header::LINK};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use harness::{Api, SOON, Stage, wait};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::Running;

/// Companies of a full page.
pub(super) const SIZE: u64 = 25;
/// Companies of a page of a desk that keeps pages smaller than it is asked for.
pub(super) const CAP: u64 = 10;
/// Companies there are: forty pages, of which the last is not full.
pub(super) const TOTAL: u64 = 995;
/// Where the page begins that something is wrong with.
pub(super) const BAD: u64 = 19 * SIZE;

/// Whose integrations these are.
const PARTNER: &str = "/api/v1/partners/msp";

/// The ways in which a list goes on, each with what its connector says of it.
pub(super) const DIALECTS: [(&str, &str); 6] = [
    (
        "number",
        "query: { page: $.page.number, size: $.page.size }
    pages: { by_number: { start: 1, size: 25 } }",
    ),
    (
        "offset",
        "query: { offset: $.page.offset, size: $.page.size }
    pages: { by_offset: { size: 25 }, total: $.total }",
    ),
    (
        "last_id",
        "query: { after: $.page.last_id, size: $.page.size }
    pages: { by_last_id: { id: $.id, start: 0, size: 25 } }",
    ),
    (
        "cursor",
        "query: { cursor: $.page.cursor }
    pages: { by_cursor: { cursor: $.next } }",
    ),
    ("next_url", "pages: { by_next_url: { url: $.next } }"),
    ("link", "pages: { by_link_header: {} }"),
];

/// What is wrong with the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ill {
    /// Nothing.
    #[default]
    Not,
    /// Pages have at most [`CAP`] companies, whatever was asked for, and nothing says so.
    Caps,
    /// The bad page is answered with 500.
    Refuses,
    /// Instead of the bad page, the one before it comes again.
    Again,
    /// Instead of the bad page, one of long ago comes again.
    Earlier,
    /// What leads on from the bad page leads back to the second.
    Circles,
    /// The bad page has its companies at another place than all others.
    Moves,
    /// The list ends with the page before the bad one, as if that were all.
    Ends,
}

#[derive(Clone, Default)]
pub(super) struct Desk {
    state: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    ill: Ill,
    url: String,
    /// How often each page was asked for, by dialect and first company.
    asked: BTreeMap<(String, u64), usize>,
}

impl Desk {
    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is wrong with it from now on.
    pub(super) fn fall(&self, ill: Ill) {
        self.with(|seen| seen.ill = ill);
    }

    /// Where the pages begin that were asked for, each with how often.
    pub(super) fn asked(&self, dialect: &str) -> BTreeMap<u64, usize> {
        self.with(|seen| {
            let of = seen.asked.iter().filter(|((of, _), _)| of == dialect);
            of.map(|((_, from), times)| (*from, *times)).collect()
        })
    }

    fn page(&self, dialect: &str, query: &HashMap<String, String>) -> Response {
        let (ill, url) = self.with(|seen| (seen.ill, seen.url.clone()));
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<u64>().ok());
        let size = if ill == Ill::Caps { CAP } else { SIZE };
        let from = match dialect {
            "number" => (number("page").unwrap_or(1) - 1) * size,
            "offset" => number("offset").unwrap_or(0),
            "last_id" => number("after").unwrap_or(0),
            "cursor" => number("cursor").unwrap_or(0),
            _ => number("from").unwrap_or(0),
        };
        self.with(|seen| *seen.asked.entry((dialect.to_owned(), from)).or_default() += 1);
        let is_bad = from == BAD;
        if is_bad && ill == Ill::Refuses {
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                "{\"error\": \"out of memory\"}",
            )
                .into_response();
        }
        let shown = match ill {
            Ill::Again if is_bad => from - size,
            Ill::Earlier if is_bad => from - 5 * size,
            Ill::Ends if from >= BAD => TOTAL,
            _ => from,
        };
        let rows = (shown + 1..=TOTAL.min(shown + size))
            .map(|id| json!({ "id": id, "name": format!("Company {id}") }));
        let place = if is_bad && ill == Ill::Moves {
            "data"
        } else {
            "rows"
        };
        let mut body = json!({ place: rows.collect::<Vec<_>>(), "total": TOTAL });
        let end = if ill == Ill::Ends { BAD } else { TOTAL };
        let next = match from + size {
            _ if is_bad && ill == Ill::Circles => Some(size),
            next => (next < end).then_some(next),
        };
        let address = next.map(|next| format!("{url}/{dialect}/companies?from={next}"));
        match dialect {
            "cursor" => body["next"] = json!(next.map(|next| next.to_string())),
            "next_url" => body["next"] = json!(address),
            "link" => {
                let link = address.map(|it| [(LINK, format!("<{it}>; rel=\"next\""))]);
                return (link, axum::Json(body)).into_response();
            }
            _ => {}
        }
        axum::Json(body).into_response()
    }

    /// Answers on a port of its own.
    async fn serve(&self) -> Running {
        let companies =
            async |State(desk): State<Self>,
                   Path(dialect): Path<String>,
                   Query(query): Query<HashMap<String, String>>| {
                desk.page(&dialect, &query)
            };
        let one = async || axum::Json(json!([{ "id": 1, "name": "Open" }]));
        let router = Router::new()
            .route("/{dialect}/companies", get(companies))
            .route("/{dialect}/statuses", get(one))
            .with_state(self.clone());
        let running = serve(router).await;
        self.with(|seen| seen.url.clone_from(&running.url));
        running
    }
}

/// A router on a port of its own.
pub(super) async fn serve(router: Router) -> Running {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let running = simulators::serve::serve(router, any_port).await;
    running.expect("a small server should start")
}

/// A connector of this name for a desk: what is said of its calls, of its rights and choices, and
/// how it lists its companies. Nothing else that a PSA has is ever called.
pub(super) fn connector(name: &str, http: &str, companies: &str) -> String {
    format!(
        r#"connector: {name}
family: psa
title: Desk
version: 1.0.0
vendor:
  address: {{ label: Address, default: https://api.desk.example }}
  app_key: {{ label: App key, secret: true }}
credentials:
  user: {{ label: User }}
  secret: {{ label: Secret, secret: true }}
http:
  base_url: "{{{{ vendor.address }}}}"
  hosts: [api.desk.example]
  retry: {{ attempts: 1 }}
{http}
rights:
  - {{ right: Read statuses, operation: list_statuses, grants: $.id, remedy: Allow it. }}
choices:
  statuses: {{ operation: list_statuses, value: $.id, label: $.name }}
settings:
  tickets:
    title: Tickets
    fields:
      initial_status: {{ label: Initial status, choices: statuses, required: true }}
      closing_status: {{ label: Closing status, choices: statuses, required: true }}
operations:
  list_statuses: {{ get: /statuses, items: "$[*]" }}
  list_companies:
    get: /companies
    items: $.rows[*]
    record: {{ id: $.id, name: $.name }}
    {companies}
  list_changed_tickets:
    get: /tickets
    query: {{ since: $.since }}
    items: $.tickets[*]
    record: &ticket {{ id: $.id, closed: $.closed, reference: $.reference, last_activity: $.changed }}
  read_ticket: {{ get: "/tickets/{{{{ ticket.id }}}}", record: *ticket }}
  find_ticket: {{ get: "/tickets/{{{{ hint.id }}}}", record: *ticket }}
  find_ticket_by_reference:
    get: /tickets
    query: {{ reference: $.request.id }}
    items: $.tickets[*]
    record: *ticket
  create_ticket:
    post: /tickets
    body:
      company: $.company.id
      title: $.draft.title
      text: $.draft.description
      status: $.settings.tickets.initial_status
      reference: $.request.id
    record: {{ id: $.id }}
  close_ticket:
    patch: "/tickets/{{{{ ticket.id }}}}"
    body: {{ status: $.settings.tickets.closing_status }}
    record: {{ id: "{{{{ ticket.id }}}}" }}
callout:
  hint: {{ id: {{ keys: [id], matches: "^[0-9]+$" }} }}
"#
    )
}

/// What the operator and the partner give as secrets.
#[derive(Clone, Copy)]
pub(super) struct Secrets {
    pub(super) app_key: &'static str,
    pub(super) secret: &'static str,
}

pub(super) const PLAIN: Secrets = Secrets {
    app_key: "app-key-of-the-vendor",
    secret: "secret-of-the-partner",
};

/// A program with connectors of one's own and one partner.
pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) api: Api,
}

impl World {
    /// A program with these connectors, by name with their address and text, which logs all.
    pub(super) async fn start(connectors: &[(String, String, String)], secrets: Secrets) -> Self {
        let stage = Stage::start_with(|folder| {
            let root = folder.join("connectors");
            let mut vendor = json!({});
            for (name, address, text) in connectors {
                let own = root.join(name);
                fs::create_dir_all(&own).expect("a folder");
                fs::write(own.join("connector.yaml"), text).expect("a connector");
                vendor[name] = json!({ "address": address, "app_key": secrets.app_key });
            }
            let config = json!({ "vendor": vendor, "log": { "level": "trace,h2=info" } });
            fs::write(folder.join("dovetail.yaml"), config.to_string()).expect("a configuration");
            vec!["--connectors".to_owned(), root.display().to_string()]
        })
        .await;
        let api = stage.api.clone();
        api.put(PARTNER, json!({ "name": "MSP" })).await;
        Self { stage, api }
    }

    /// Connects, and gives the path of the integration.
    pub(super) async fn connect(&self, connector: &str, secrets: Secrets) -> String {
        let credentials = json!({ "user": "ada", "secret": secrets.secret });
        let new = json!({ "connector": connector, "credentials": credentials });
        let made = self.api.post(&format!("{PARTNER}/integrations"), new).await;
        let id = made["id"].as_str().expect("an id");
        format!("{PARTNER}/integrations/{id}")
    }

    /// The runs that read the companies, the newest first.
    pub(super) async fn reads(&self, integration: &str) -> Vec<Value> {
        let all = self.api.get(&format!("{integration}/runs")).await;
        let mut runs = all["runs"].as_array().cloned().unwrap_or_default();
        runs.retain(|run| run["pipeline"] == "read_directory");
        runs
    }

    /// The newest run that read the companies, once it has ended.
    pub(super) async fn read(&self, integration: &str) -> Value {
        let ended = wait(SOON, async || {
            let newest = self.reads(integration).await.into_iter().next();
            newest.filter(|run| !run["ended_at"].is_null())
        });
        ended.await.expect("the companies should be read, or not")
    }

    /// Reads the companies now.
    pub(super) async fn read_now(&self, integration: &str) -> Value {
        let body = json!({ "pipeline": "read_directory" });
        let started = self.api.post(&format!("{integration}/sync"), body).await;
        let id = started["runs"][0].as_str().expect("a run").to_owned();
        let path = format!("{integration}/runs/{id}");
        let ended = wait(SOON, async || {
            let run = self.api.get(&path).await;
            (!run["ended_at"].is_null()).then_some(run)
        });
        match ended.await {
            Some(run) => run,
            None => panic!("it does not end: {:#}", self.api.get(&path).await),
        }
    }

    /// How many companies the directory holds.
    pub(super) async fn companies(&self, integration: &str) -> usize {
        let path = format!("{integration}/companies?limit=1000");
        let read = self.api.get(&path).await;
        read["companies"].as_array().map_or(0, Vec::len)
    }

    /// The open issues.
    pub(super) async fn issues(&self) -> Vec<Value> {
        let all = self.api.get(&format!("{PARTNER}/issues")).await;
        all["issues"].as_array().cloned().unwrap_or_default()
    }

    /// The one open issue of an integration, once there is one. It must say what is wrong and what
    /// to do.
    pub(super) async fn issue(&self, integration: &str) -> Value {
        let id = integration.rsplit('/').next().unwrap_or_default();
        let opened = wait(SOON, async || {
            let issues = self.issues().await;
            issues.into_iter().find(|issue| issue["integration"] == id)
        });
        let issue = opened.await.expect("an issue should be opened");
        for field in ["title", "detail", "remedy"] {
            let text = issue[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing: {issue:#}");
        }
        issue
    }

    /// Everything that the API shows at this path, whatever the status.
    pub(super) async fn shown(&self, path: &str) -> String {
        self.api.call(Method::GET, path, None).await.text
    }
}

/// A desk that is ill from the beginning, a program with a connector for each way in which it hands
/// out companies, and an integration with each.
pub(super) struct Desks {
    pub(super) desk: Desk,
    pub(super) world: World,
    /// By dialect, the paths of the integrations.
    pub(super) integrations: Vec<(&'static str, String)>,
    _running: Running,
}

impl Desks {
    pub(super) async fn with(ill: Ill) -> Self {
        let desk = Desk::default();
        desk.fall(ill);
        let running = desk.serve().await;
        let connectors = DIALECTS.map(|(dialect, pages)| {
            let address = format!("{}/{dialect}", running.url);
            let name = format!("desk_{dialect}");
            let text = connector(&name, "", pages);
            (name, address, text)
        });
        let world = World::start(&connectors, PLAIN).await;
        let mut integrations = Vec::new();
        for (dialect, _) in DIALECTS {
            let path = world.connect(&format!("desk_{dialect}"), PLAIN).await;
            integrations.push((dialect, path));
        }
        Self {
            desk,
            world,
            integrations,
            _running: running,
        }
    }
}
