//! Where the tour takes place: a simulated PSA and product, and a real engine between them, each
//! on a port of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use api::{Claims, Scope};
use exchange::{Clock as _, Network, NetworkOptions, SystemClock};
use model::Secret;
use runtime::Config;
use serde_json::{Value, json};
use simulators::product::{self, Customer, UserRequest};
use simulators::{Product, Psa, Running, TicketView, psa};

use super::client::{Client, list, text};
use super::folder::Folder;
use super::lapse::Lapse;
use super::wait::wait_for;
use crate::args::DemoArgs;
use crate::builtin;
use crate::config::GRACE_DEFAULT;
use crate::engine::{Engine, Plan, PublicAddress};
use crate::error::Error;

/// The partner of the tour.
const PARTNER: &str = "northwind";

/// User requests made for the tour; each leg takes its own.
const REQUESTS: u32 = 20;

/// The place, and what the legs have found out so far.
pub(super) struct Stage {
    pub(super) psa: Box<dyn Psa>,
    pub(super) product: Product,
    pub(super) client: Client,
    pub(super) token: Secret,
    /// The integration, once it is made.
    pub(super) integration: Option<String>,
    /// Names of companies by the customers that are mapped to them.
    pub(super) companies: BTreeMap<String, String>,
    /// Customers without a company.
    pub(super) unmapped: Vec<Customer>,
    /// Ids of the requests that were sent.
    pub(super) sent: Vec<String>,
    /// Requests that nobody sent yet, the next one last.
    unsent: Vec<UserRequest>,
    engine: Engine,
    psa_running: Running,
    product_running: Running,
    // Last, because the engine writes to it until it is stopped.
    folder: Folder,
}

impl Stage {
    pub(super) async fn set_up(args: &DemoArgs, psa: &str) -> Result<Self, Error> {
        let failed = |source| Error::Simulate { source };
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let psa = psa::psa(psa, args.seed).ok_or_else(|| Error::BadSetting {
            setting: "--psa".to_owned(),
            wrong: format!("there is no simulated `{psa}`"),
            remedy: simulators::psa_names().join(", "),
        })?;
        let psa_running = psa.serve(free).await.map_err(failed)?;
        let product = Product::new(product::Config {
            seed: args.seed,
            ..product::Config::default()
        });
        let product_running = product.serve(free).await.map_err(failed)?;
        // Each engine of several has a state of its own.
        let keep = args.keep.as_ref().map(|keep| match args.psas().len() {
            1 => keep.clone(),
            _ => format!("{}-{}", keep.display(), psa.connector()).into(),
        });
        let folder = Folder::make(keep)?;
        let engine = start(args, &folder, &*psa, &psa_running.url).await?;
        let token = engine.tokens.mint(&Claims {
            scope: Scope::Operator,
            issued_at: SystemClock.now(),
            expires_at: None,
        });
        let network =
            Network::new(&NetworkOptions::default()).map_err(|source| Error::Network { source })?;
        let mut unsent = product.generated_requests(REQUESTS);
        unsent.reverse();
        Ok(Self {
            client: Client::new(network, engine.url(), token.clone()),
            psa,
            product,
            token,
            integration: None,
            companies: BTreeMap::new(),
            unmapped: Vec::new(),
            sent: Vec::new(),
            unsent,
            engine,
            psa_running,
            product_running,
            folder,
        })
    }

    /// Stops all of it, the engine first, so that it can end what is under way.
    pub(super) async fn tear_down(self) {
        self.engine.stop().await;
        self.psa_running.stop().await;
        self.product_running.stop().await;
        drop(self.folder);
    }

    /// Addresses, one line each.
    pub(super) fn addresses(&self) -> Vec<String> {
        vec![
            format!("engine    {}", self.engine.url()),
            format!(
                "PSA       {} (simulated {})",
                self.psa_running.url,
                self.psa.connector()
            ),
            format!("product   {} (simulated)", self.product_running.url),
            format!("state     {}", self.folder.path().display()),
        ]
    }

    pub(super) fn engine_url(&self) -> String {
        self.engine.url()
    }

    pub(super) fn psa_url(&self) -> &str {
        &self.psa_running.url
    }

    pub(super) fn webhook_url(&self) -> String {
        format!("{}/webhooks", self.product_running.url)
    }

    /// The path of `rest` below the integration.
    pub(super) fn path(&self, rest: &str) -> Result<String, Lapse> {
        let integration = self.integration.as_deref();
        let integration = integration.ok_or_else(|| Lapse::new("there is no integration"))?;
        Ok(partner_path(&format!("/integrations/{integration}{rest}")))
    }

    /// The next request of the product's users.
    pub(super) fn next_request(&mut self) -> Result<UserRequest, Lapse> {
        let request = self.unsent.pop();
        request.ok_or_else(|| Lapse::new("the product has no more sample requests"))
    }

    /// Sends a request as the product does, and gives its id.
    pub(super) async fn send(&mut self, request: &UserRequest) -> Result<String, Lapse> {
        self.send_again(request).await?;
        self.sent.push(request.id.clone());
        Ok(request.id.clone())
    }

    /// Sends a request that was sent before.
    pub(super) async fn send_again(&self, request: &UserRequest) -> Result<(), Lapse> {
        let path = partner_path("/requests");
        self.client
            .post(&path, request_body(request))
            .await
            .map(drop)
    }

    /// Waits until the engine says that a request is in `state`, and gives it.
    pub(super) async fn reaches(&self, id: &str, state: &str) -> Result<Value, Lapse> {
        let path = partner_path(&format!("/requests/{id}"));
        let (path, client) = (&path, &self.client);
        wait_for(&format!("request {id} becoming {state}"), || async move {
            let request = client.get(path).await?;
            let found = text(&request, "/state")? == state;
            Ok(if found {
                Ok(request)
            } else {
                Err(request.to_string())
            })
        })
        .await
    }

    /// Starts a pipeline now and waits until it has ended well.
    pub(super) async fn sync(&self, pipeline: &str) -> Result<(), Lapse> {
        let started = self
            .client
            .post(&self.path("/sync")?, json!({ "pipeline": pipeline }))
            .await?;
        for run in list(&started, "/runs")? {
            let run = run.as_str().unwrap_or_default();
            let path = self.path(&format!("/runs/{run}"))?;
            let (path, client) = (&path, &self.client);
            wait_for(&format!("the end of {pipeline}"), || async move {
                let reply = client
                    .call(exchange::Method::Get, path, exchange::Body::Empty)
                    .await?;
                let ended = reply.body.get("status") == Some(&json!("succeeded"));
                Ok(if ended {
                    Ok(())
                } else {
                    Err(reply.body.to_string())
                })
            })
            .await?;
        }
        Ok(())
    }

    /// The one ticket of a request. None, or more than one, is a lapse.
    pub(super) fn one_ticket(&self, id: &str) -> Result<TicketView, Lapse> {
        let tickets = self.psa.tickets().into_iter();
        let mut tickets: Vec<_> = tickets.filter(|ticket| ticket.reference == id).collect();
        match (tickets.pop(), tickets.len()) {
            (Some(ticket), 0) => Ok(ticket),
            (ticket, others) => {
                let count = others + usize::from(ticket.is_some());
                Err(Lapse::new(format!(
                    "request {id} has {count} tickets in the PSA, not one"
                )))
            }
        }
    }
}

/// The path of `rest` below the partner.
pub(super) fn partner_path(rest: &str) -> String {
    format!("/api/v1/partners/{PARTNER}{rest}")
}

async fn start(
    args: &DemoArgs,
    folder: &Folder,
    psa: &dyn Psa,
    psa_url: &str,
) -> Result<Engine, Error> {
    let plan = Plan {
        data: folder.path().to_owned(),
        listen: args.listen.clone(),
        public: PublicAddress::Listener,
        grace: GRACE_DEFAULT,
        runtime: Config {
            vendor: BTreeMap::from([(psa.connector().to_owned(), psa.vendor(psa_url))]),
            // On this machine, which a partner could not give as an address.
            trusted_origins: vec![psa_url.to_owned()],
            ..Config::default()
        },
    };
    Engine::start(plan, builtin::load(&[])?.library).await
}

/// A request as the API takes it. The sample data has one text for whatever is known of the user.
fn request_body(request: &UserRequest) -> Value {
    let user = request.user.as_deref().map(|user| match user {
        _ if user.contains('@') => json!({ "email": user }),
        _ if user.contains(' ') => json!({ "name": user }),
        _ => json!({ "username": user }),
    });
    json!({
        "id": request.id,
        "customer_id": request.customer_id,
        "report_type": request.report_type,
        "hostname": request.hostname,
        "url": request.url,
        "reason": request.reason,
        "user": user,
    })
}
