//! A partner with any PSAs, in words that all of them have.
//!
//! What a test says here holds for each PSA that it is run with. What only one PSA has is for
//! tests of their own.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::Config as AutotaskConfig;
use simulators::halopsa::Config as HaloConfig;
use simulators::product::Config as ProductConfig;
use simulators::{HaloPsa, Product, Psa, Running, TicketView};

use crate::api::Api;
use crate::partner::{CUSTOMERS, request};
use crate::stage::Stage;
use crate::wait::{SOON, wait};

/// The partner's id.
const ID: &str = "msp";

/// A program with one partner, which has one or more PSAs.
pub struct Msp {
    /// The program.
    pub stage: Stage,
    /// The client.
    pub api: Api,
    /// The product, which is told by webhooks.
    pub product: Product,
    /// The PSAs, in the order in which they were connected.
    pub sides: Vec<Side>,
    /// The tenant of HaloPSA among them, for what no other PSA has.
    pub halo: Option<HaloPsa>,
    _running: Vec<Running>,
}

/// One of a partner's PSAs.
pub struct Side {
    /// The tenant.
    pub psa: Box<dyn Psa>,
    /// Where it is.
    pub url: String,
    /// The integration's id.
    pub integration: String,
}

impl Msp {
    /// A partner with a tenant of each of these PSAs. In each, tickets are switched on, and there
    /// are companies with the names of [`CUSTOMERS`], to which nobody is mapped yet.
    pub async fn start(psas: &[&str]) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (mut halos, mut running, mut arguments) = (Vec::new(), Vec::new(), Vec::new());
        for _ in psas.iter().filter(|name| **name == "halopsa") {
            let halo = HaloPsa::new(HaloConfig::default());
            let served = halo.serve(any_port).await.expect("the PSA should start");
            arguments.extend(["--trust".to_owned(), served.url.clone()]);
            halos.push((halo, served.url.clone()));
            running.push(served);
        }
        let stage = Stage::start_with(|_| arguments).await;
        let product = Product::new(ProductConfig::default());
        running.push(product.serve(any_port).await.expect("the product"));
        let url = running.last().map(|one| one.url.clone());
        let webhook = json!({
            "url": format!("{}/webhooks", url.unwrap_or_default()),
            "secret": product.secret(),
        });
        let mut msp = Self {
            api: stage.api.clone(),
            product,
            sides: Vec::new(),
            halo: halos.first().map(|(halo, _)| halo.clone()),
            _running: running,
            stage,
        };
        let mut halos = halos.into_iter();
        let partner = json!({ "name": ID, "webhook": webhook });
        msp.api.put(&msp.path(""), partner).await;
        let customers = CUSTOMERS.map(|name| json!({ "id": name, "name": name }));
        let customers = json!({ "customers": customers });
        msp.api.put(&msp.path("/customers"), customers).await;
        for name in psas {
            let made: Option<(Box<dyn Psa>, String)> = if *name == "halopsa" {
                halos.next().map(|(psa, url)| (Box::new(psa) as _, url))
            } else {
                let tenant = msp.stage.outside.add(ID, AutotaskConfig::default());
                let url = format!("{}/{ID}", msp.stage.outside.url());
                Some((Box::new(tenant) as _, url))
            };
            let (psa, url) = made.expect("each PSA has its tenant");
            msp.connect(psa, url).await;
        }
        msp
    }

    /// The same with one PSA, in which all customers but the last are mapped.
    pub async fn with(psa: &str) -> Self {
        let msp = Self::start(&[psa]).await;
        for customer in CUSTOMERS.iter().take(3) {
            msp.map(0, customer).await;
        }
        msp
    }

    async fn connect(&mut self, psa: Box<dyn Psa>, url: String) {
        for name in CUSTOMERS {
            psa.add_company(name);
        }
        let new = json!({ "connector": psa.connector(), "credentials": psa.credentials(&url) });
        let made = self.api.post(&self.path("/integrations"), new).await;
        let integration = made["id"].as_str().expect("an id").to_owned();
        self.sides.push(Side {
            psa,
            url,
            integration,
        });
        let place = self.sides.len() - 1;
        self.until("the companies are read", async || {
            let read = self.here(place, "/companies?limit=1000").await;
            let read = read["companies"].as_array()?;
            (read.len() >= CUSTOMERS.len()).then_some(())
        })
        .await;
        self.set(place, json!({})).await;
        let psa = &self.sides[place].psa;
        self.until("the mark is made", async || psa.has_mark().then_some(()))
            .await;
        // One that is still under way would find what a test does next, or not.
        self.run(place, "preflight").await;
        psa.set_callout(&self.callout_url(place).await);
    }

    /// Starts the program anew as one that is told under which address others reach it.
    pub async fn go_public(&mut self) {
        self.stage.end().await;
        let public = ["--public-url".to_owned(), self.api.base().to_owned()];
        self.stage.serve.arguments.extend(public);
        self.stage.restart().await;
    }

    /// The whole callout address of one of the integrations.
    pub async fn callout_url(&self, place: usize) -> String {
        let about = self.here(place, "").await;
        let url = about["callout"]["url"].as_str().expect("an address");
        let path = url.find("/callouts/").map(|at| &url[at..]);
        format!("{}{}", self.api.base(), path.expect("a path"))
    }

    /// Saves the ticket settings of a PSA: those that its tests choose, and these besides.
    pub async fn set(&self, place: usize, more: Value) {
        let mut values = self.values(place).await;
        let more = more.as_object().cloned().unwrap_or_default();
        for (name, value) in more {
            values[name] = value;
        }
        let settings = json!({ "on": true, "values": values });
        let path = self.side_path(place, "/settings/tickets");
        self.api.put(&path, settings).await;
    }

    /// The ticket settings that tests choose, as they are saved.
    pub async fn values(&self, place: usize) -> Value {
        let choose = self.sides[place].psa.ticket_settings().choose;
        self.chosen(place, "tickets", &choose).await
    }

    /// Switches billing on in a PSA, with the settings that its tests choose.
    pub async fn bill(&self, place: usize) {
        let choose = self.sides[place].psa.billing_settings();
        let values = self.chosen(place, "billing", &choose).await;
        let path = self.side_path(place, "/settings/billing");
        let settings = json!({ "on": true, "values": values });
        self.api.put(&path, settings).await;
    }

    async fn chosen(&self, place: usize, section: &str, choose: &[(&str, &str)]) -> Value {
        let form = self.here(place, &format!("/settings/{section}")).await;
        let mut values = json!({});
        for (setting, label) in choose {
            let fields = form["form"]["fields"].as_array().expect("fields");
            let field = fields.iter().find(|one| one["name"] == *setting);
            let list = field.and_then(|field| field["choices"].as_str());
            values[*setting] = self.choice(place, list.expect("a list"), label).await;
        }
        values
    }

    /// The value of a choice by its label.
    pub async fn choice(&self, place: usize, list: &str, label: &str) -> Value {
        let all = self.here(place, &format!("/choices/{list}")).await;
        let mut choices = all["choices"].as_array().into_iter().flatten();
        let found = choices.find(|choice| choice["label"] == label);
        found.unwrap_or_else(|| panic!("{list} should offer {label}: {all}"))["value"].clone()
    }

    /// Maps a customer to the company of the same name in one of the PSAs, and gives the receipt.
    pub async fn map(&self, place: usize, customer: &str) -> Value {
        let search = self
            .here(place, &format!("/companies?search={customer}"))
            .await;
        let company = search["companies"][0]["id"].clone();
        let change = json!({ "customer": customer, "company": company });
        let path = self.side_path(place, "/mappings/companies");
        self.api.put(&path, json!({ "mappings": [change] })).await
    }

    /// Has nobody be mapped for a customer in one of the PSAs.
    pub async fn unmap(&self, place: usize, customer: &str) {
        let change = json!({ "customer": customer, "company": null });
        let path = self.side_path(place, "/mappings/companies");
        self.api.put(&path, json!({ "mappings": [change] })).await;
    }

    /// Runs a pipeline now and gives its record once it has ended.
    pub async fn run(&self, place: usize, pipeline: &str) -> Value {
        let body = json!({ "pipeline": pipeline });
        let started = self.api.post(&self.side_path(place, "/sync"), body).await;
        let id = started["runs"][0].as_str().expect("a run").to_owned();
        self.until("the run has ended", async || {
            let run = self.here(place, &format!("/runs/{id}")).await;
            (run["ended_at"] != Value::Null).then_some(run)
        })
        .await
    }

    /// The path of `rest` below the partner.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/partners/{ID}{rest}")
    }

    /// The path of `rest` below one of the integrations.
    pub fn side_path(&self, place: usize, rest: &str) -> String {
        self.path(&format!(
            "/integrations/{}{rest}",
            self.sides[place].integration
        ))
    }

    /// GET about one of the integrations that must succeed.
    pub async fn here(&self, place: usize, rest: &str) -> Value {
        self.api.get(&self.side_path(place, rest)).await
    }

    /// Hands in a request of a customer, which must be accepted.
    pub async fn send(&self, id: &str, customer: &str) {
        self.send_as(request(id, customer)).await;
    }

    /// Hands in a request, which must be accepted.
    pub async fn send_as(&self, body: Value) {
        let answer = self
            .api
            .call(Method::POST, &self.path("/requests"), Some(&body))
            .await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// Asks to close a request, which must be accepted.
    pub async fn close(&self, id: &str, resolution: &str) {
        let path = self.path(&format!("/requests/{id}/close"));
        let body = json!({ "resolution": resolution });
        let answer = self.api.call(Method::POST, &path, Some(&body)).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// A request as it stands.
    pub async fn request(&self, id: &str) -> Value {
        self.api.get(&self.path(&format!("/requests/{id}"))).await
    }

    /// Waits until a request is in that state, and gives it.
    pub async fn is(&self, id: &str, state: &str) -> Value {
        self.until(&format!("{id} is {state}"), async || {
            let request = self.request(id).await;
            (request["state"] == state).then_some(request)
        })
        .await
    }

    /// Open issues.
    pub async fn issues(&self) -> Vec<Value> {
        let all = self.api.get(&self.path("/issues")).await;
        all["issues"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until no issue is open.
    pub async fn no_issues(&self) {
        self.until("no issue is open", async || {
            self.issues().await.is_empty().then_some(())
        })
        .await;
    }

    /// Tickets of a request, each with the place of its PSA.
    pub fn tickets(&self, request: &str) -> Vec<(usize, TicketView)> {
        let sides = self.sides.iter().enumerate();
        let all = sides.flat_map(|(place, side)| {
            let tickets = side.psa.tickets().into_iter();
            tickets.map(move |ticket| (place, ticket))
        });
        all.filter(|(_, ticket)| ticket.reference == request)
            .collect()
    }

    /// The one ticket of a request; panics when there are none or several.
    pub fn ticket(&self, request: &str) -> (usize, TicketView) {
        let mut tickets = self.tickets(request);
        assert_eq!(tickets.len(), 1, "tickets of {request}: {tickets:?}");
        tickets.remove(0)
    }

    /// What our side did that a good client never does.
    pub fn misuse(&self) -> Vec<String> {
        let sides = self.sides.iter();
        sides.flat_map(|side| side.psa.violations()).collect()
    }

    /// Waits until `condition` gives something, and panics with a picture of the partner when it
    /// does not.
    pub async fn until<T>(&self, what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
        if let Some(found) = wait(SOON, condition).await {
            return found;
        }
        let mut seen = Vec::new();
        for path in ["/ledger", "/issues", "/requests"] {
            seen.push(format!("{:#}", self.api.get(&self.path(path)).await));
        }
        for place in 0..self.sides.len() {
            seen.push(format!("{:#}", self.here(place, "/runs").await));
        }
        panic!("it did not happen that {what}\n{}", seen.join("\n"));
    }
}
