//! The stage of one tour: a partner with its product and its PSAs, as the legs work on them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use simulators::product::{self, Customer, UserRequest};
use simulators::{Product, Psa, Running, TicketView};

use super::client::{Client, list, text};
use super::lapse::Lapse;
use super::wait::wait_for;
use crate::error::Error;

/// User requests made for a tour; each leg takes its own.
const REQUESTS: u32 = 40;

/// A partner, and what the legs have found out so far.
pub(super) struct Stage {
    pub(super) partner: String,
    /// What people call it.
    pub(super) name: &'static str,
    /// Whether it has connected nothing yet, and no leg is walked for it.
    pub(super) is_new: bool,
    /// The PSAs that the partner has, in the order in which it connects them.
    pub(super) sides: Vec<Side>,
    pub(super) product: Product,
    pub(super) client: Client,
    /// Customers without a company in any of the PSAs.
    pub(super) unmapped: Vec<Customer>,
    /// Ids of the requests that were sent.
    pub(super) sent: Vec<String>,
    /// Requests that nobody sent yet, the next one last.
    unsent: Vec<UserRequest>,
    product_running: Running,
}

/// One of a partner's PSAs.
pub(super) struct Side {
    pub(super) psa: Box<dyn Psa>,
    /// Where it is.
    pub(super) url: String,
    /// Names of companies by the customers that are mapped to them.
    pub(super) companies: BTreeMap<String, String>,
    /// Ids of requests that became tickets here, oldest first.
    pub(super) opened: Vec<String>,
    /// The integration, once it is made.
    pub(super) integration: Option<String>,
}

impl Side {
    pub(super) fn new(psa: Box<dyn Psa>, url: String) -> Self {
        Self {
            psa,
            url,
            companies: BTreeMap::new(),
            opened: Vec::new(),
            integration: None,
        }
    }

    /// What proof begins with, where it is about one PSA.
    pub(super) fn name(&self) -> &'static str {
        self.psa.connector()
    }

    /// The path of `rest` below the integration, seen from the partner.
    pub(super) fn path(&self, rest: &str) -> Result<String, Lapse> {
        let integration = self.integration.as_deref();
        let integration = integration.ok_or_else(|| Lapse::new("there is no integration"))?;
        Ok(format!("/integrations/{integration}{rest}"))
    }

    /// The one of the requests that became tickets here, counted from the oldest.
    pub(super) fn request(&self, at: usize) -> Result<String, Lapse> {
        let found = self.opened.get(at).cloned();
        found.ok_or_else(|| Lapse::new(format!("too few tickets are in {}", self.name())))
    }
}

impl Stage {
    pub(super) async fn set_up(
        partner: &str,
        name: &'static str,
        sides: Vec<Side>,
        client: Client,
        seed: u64,
    ) -> Result<Self, Error> {
        let product = Product::new(product::Config {
            seed,
            ..product::Config::default()
        });
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let product_running = product.serve(free).await;
        let product_running = product_running.map_err(|source| Error::Simulate { source })?;
        let mut unsent = product.generated_requests(REQUESTS);
        unsent.reverse();
        Ok(Self {
            partner: partner.to_owned(),
            name,
            is_new: false,
            sides,
            product,
            client,
            unmapped: Vec::new(),
            sent: Vec::new(),
            unsent,
            product_running,
        })
    }

    pub(super) async fn tear_down(self) {
        self.product_running.stop().await;
    }

    /// Which partner it is, and where its systems are.
    pub(super) fn address(&self) -> String {
        let psas = self.sides.iter();
        let psas: Vec<String> = psas
            .map(|side| format!("{} {}", side.name(), side.url))
            .collect();
        let product = &self.product_running.url;
        format!(
            "partner   {}: {}, product {product}",
            self.partner,
            psas.join(", ")
        )
    }

    pub(super) fn webhook_url(&self) -> String {
        format!("{}/webhooks", self.product_running.url)
    }

    /// The path of `rest` below the partner.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/api/v1/partners/{}{rest}", self.partner)
    }

    /// The path of `rest` below a side's integration.
    pub(super) fn side_path(&self, side: &Side, rest: &str) -> Result<String, Lapse> {
        Ok(self.path(&side.path(rest)?))
    }

    /// The next request of the product's users.
    pub(super) fn next_request(&mut self) -> Result<UserRequest, Lapse> {
        let request = self.unsent.pop();
        request.ok_or_else(|| Lapse::new("the product has no more sample requests"))
    }

    /// The next request, of a customer that is mapped in the side of that place.
    pub(super) fn next_request_for(&mut self, side: usize) -> Result<UserRequest, Lapse> {
        let mut request = self.next_request()?;
        let companies = self.sides.get(side).map(|side| &side.companies);
        let companies = companies.filter(|known| !known.contains_key(&request.customer_id));
        if let Some(customer) = companies.and_then(|known| known.keys().next()) {
            request.customer_id.clone_from(customer);
        }
        Ok(request)
    }

    /// Sends a request as the product does, and gives its id.
    pub(super) async fn send(&mut self, request: &UserRequest) -> Result<String, Lapse> {
        self.send_again(request).await?;
        self.sent.push(request.id.clone());
        Ok(request.id.clone())
    }

    /// Sends a request that was sent before.
    pub(super) async fn send_again(&self, request: &UserRequest) -> Result<(), Lapse> {
        let path = self.path("/requests");
        self.client
            .post(&path, request_body(request))
            .await
            .map(drop)
    }

    /// Waits until the engine says that a request is in `state`, and gives it.
    pub(super) async fn reaches(&self, id: &str, state: &str) -> Result<Value, Lapse> {
        let path = self.path(&format!("/requests/{id}"));
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
    pub(super) async fn sync(&self, side: &Side, pipeline: &str) -> Result<(), Lapse> {
        let path = self.side_path(side, "/sync")?;
        let asked = json!({ "pipeline": pipeline });
        let started = self.client.post(&path, asked).await?;
        for run in list(&started, "/runs")? {
            let run = run.as_str().unwrap_or_default();
            let path = self.side_path(side, &format!("/runs/{run}"))?;
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

    /// The one ticket of a request, in whichever PSA, and the place of its side. None, or more
    /// than one, is a lapse.
    pub(super) fn one_ticket(&self, id: &str) -> Result<(usize, TicketView), Lapse> {
        let mut found = Vec::new();
        for (place, side) in self.sides.iter().enumerate() {
            let tickets = side.psa.tickets().into_iter();
            let of_request = tickets.filter(|ticket| ticket.reference == id);
            found.extend(of_request.map(|ticket| (place, ticket)));
        }
        match (found.pop(), found.len()) {
            (Some(only), 0) => Ok(only),
            (one, others) => {
                let count = others + usize::from(one.is_some());
                let what = format!("request {id} has {count} tickets, not one");
                Err(Lapse::new(what))
            }
        }
    }
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
