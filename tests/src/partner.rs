//! One partner with its product, its PSA and its integration, as people use them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use simulators::autotask::{Autotask, CalloutConfig, Ticket, Violation};
use simulators::product::Config as ProductConfig;
use simulators::{Product, Running};

use crate::api::{Answer, Api};
use crate::wait::{SOON, wait};

/// The field that marks our tickets, and that the callout's workflow rule looks at.
pub const FLAG: &str = "Is DefensX Ticket?";

/// The customers every partner has. The first three are mapped to companies of the same name;
/// `stray` is not.
pub const CUSTOMERS: [&str; 4] = ["alpha", "beta", "gamma", "stray"];

/// How many of the latest calls a picture shows.
const LAST_CALLS: usize = 40;

/// A partner whose integration works.
#[derive(Debug)]
pub struct Partner {
    /// The partner's id.
    pub id: String,
    /// The integration's id.
    pub integration: String,
    /// The PSA tenant.
    pub autotask: Autotask,
    /// The product, which is told by webhooks.
    pub product: Product,
    /// The client.
    pub api: Api,
    _webhooks: Running,
}

impl Partner {
    pub(crate) async fn set_up(api: Api, id: &str, autotask: Autotask) -> Self {
        let mapped = CUSTOMERS.into_iter().take(3);
        let companies: Vec<(&str, i64)> = mapped
            .map(|name| (name, autotask.add_company(name, None)))
            .collect();
        let product = Product::new(ProductConfig::default());
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let webhooks = product
            .serve(any_port)
            .await
            .expect("the product should start");
        let path = format!("/api/v1/partners/{id}");
        let webhook = json!({
            "url": format!("{}/webhooks", webhooks.url),
            "secret": product.secret(),
        });
        api.put(&path, json!({ "name": id, "webhook": webhook }))
            .await;
        let customers = CUSTOMERS.map(|name| json!({ "id": name, "name": name }));
        api.put(
            &format!("{path}/customers"),
            json!({ "customers": customers }),
        )
        .await;
        let new = json!({ "connector": "autotask", "credentials": credentials(&autotask) });
        let made = api.post(&format!("{path}/integrations"), new).await;
        let partner = Self {
            id: id.to_owned(),
            integration: text(&made["id"]),
            autotask,
            product,
            api,
            _webhooks: webhooks,
        };
        partner.configure(&companies).await;
        partner
    }

    async fn configure(&self, companies: &[(&str, i64)]) {
        self.wait_for("the companies are read", SOON, async || {
            let read = self.get_here("companies?limit=1000").await;
            read["companies"]
                .as_array()
                .filter(|read| read.len() >= companies.len())
                .map(drop)
        })
        .await;
        let mappings: Vec<Value> = companies
            .iter()
            .map(|(customer, company)| json!({ "customer": customer, "company": company }))
            .collect();
        self.put_here("mappings/companies", json!({ "mappings": mappings }))
            .await;
        let values = json!({
            "queue": self.choice("queues", "Service Desk").await,
            "initial_status": self.choice("statuses", "New").await,
            "closing_status": self.choice("statuses", "Complete").await,
            "priority": self.choice("priorities", "Medium").await,
        });
        self.put_here("settings/tickets", json!({ "on": true, "values": values }))
            .await;
        self.autotask
            .wait_for("the flag is made", has_flag, SOON)
            .await
            .expect("the integration should make the field that marks its tickets");
        // One that is still under way would find what a test does next, or not.
        self.run("preflight").await;
        self.set_callout(|_| {}).await;
    }

    /// Runs a pipeline now and gives its record once it has ended.
    pub async fn run(&self, pipeline: &str) -> Value {
        let body = json!({ "pipeline": pipeline });
        let started = self.api.post(&self.here("sync"), body).await;
        let id = text(&started["runs"][0]);
        self.wait_for("the run has ended", SOON, async || {
            let run = self.get_here(&format!("runs/{id}")).await;
            (run["ended_at"] != Value::Null).then_some(run)
        })
        .await
    }

    /// Gives the PSA's workflow rule the integration's callout address.
    pub async fn set_callout(&self, change: impl FnOnce(&mut CalloutConfig)) {
        let mut callout = CalloutConfig {
            url: self.callout_url().await,
            user_defined_field: Some(FLAG.to_owned()),
            retry_wait_ms: 200,
            attempts: 3,
            ..CalloutConfig::default()
        };
        change(&mut callout);
        self.autotask.set_callout(Some(callout));
    }

    /// The integration's callout address, whole.
    pub async fn callout_url(&self) -> String {
        let url = text(&self.get_here("").await["callout"]["url"]);
        let path = url.find("/callouts/").map(|at| url[at..].to_owned());
        format!(
            "{}{}",
            self.api.base(),
            path.expect("a callout address has this path")
        )
    }

    /// How often a pipeline runs by itself.
    pub async fn set_schedule(&self, pipeline: &str, every: &str) {
        self.put_here("schedule", json!({ "every": { pipeline: every } }))
            .await;
    }

    /// The value of a choice by its label.
    pub async fn choice(&self, name: &str, label: &str) -> Value {
        let all = self.get_here(&format!("choices/{name}")).await;
        let mut choices = all["choices"].as_array().into_iter().flatten();
        let found = choices.find(|choice| choice["label"] == label);
        found.unwrap_or_else(|| panic!("{name} should offer {label}: {all}"))["value"].clone()
    }

    /// What the PSA takes.
    pub fn credentials(&self) -> Value {
        json!({ "credentials": credentials(&self.autotask) })
    }

    /// A path of this partner.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/partners/{}/{rest}", self.id)
    }

    /// A path of its integration.
    pub fn here(&self, rest: &str) -> String {
        let path = self.path(&format!("integrations/{}/{rest}", self.integration));
        path.trim_end_matches('/').to_owned()
    }

    /// GET about the integration that must succeed.
    pub async fn get_here(&self, rest: &str) -> Value {
        self.api.get(&self.here(rest)).await
    }

    /// PUT about the integration that must succeed.
    pub async fn put_here(&self, rest: &str, body: Value) -> Value {
        self.api.put(&self.here(rest), body).await
    }

    /// Hands in a request of a customer; nothing when the program died over it.
    pub async fn try_send(&self, id: &str, customer: &str) -> Option<Answer> {
        let body = request(id, customer);
        self.api
            .try_call(Method::POST, &self.path("requests"), Some(&body))
            .await
    }

    /// Hands in a request of a customer, which must be accepted.
    pub async fn send(&self, id: &str, customer: &str) {
        let answer = self.try_send(id, customer).await.expect("an answer");
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// Asks to close a request; nothing when the program died over it.
    pub async fn try_close(&self, id: &str, resolution: &str) -> Option<Answer> {
        let path = self.path(&format!("requests/{id}/close"));
        let body = json!({ "resolution": resolution });
        self.api.try_call(Method::POST, &path, Some(&body)).await
    }

    /// Asks to close a request, which must be accepted.
    pub async fn close(&self, id: &str, resolution: &str) {
        let answer = self.try_close(id, resolution).await.expect("an answer");
        assert_eq!(answer.status, 202, "{}", answer.text);
    }

    /// A request as it stands.
    pub async fn request(&self, id: &str) -> Value {
        self.api.get(&self.path(&format!("requests/{id}"))).await
    }

    /// Waits until `condition` gives something, and panics with a picture of everything when it
    /// does not within `limit`.
    pub async fn wait_for<T>(
        &self,
        what: &str,
        limit: Duration,
        condition: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        if let Some(found) = wait(limit, condition).await {
            return found;
        }
        panic!(
            "within {limit:?} it did not happen that {what}\n{}",
            self.picture().await
        )
    }

    /// Everything about the partner that helps to see why a test failed.
    pub async fn picture(&self) -> String {
        let mut lines = Vec::new();
        for path in [
            self.path("ledger"),
            self.path("issues"),
            self.here(""),
            self.here("runs"),
        ] {
            let answer = self.api.try_call(Method::GET, &path, None).await;
            let shown =
                answer.map_or_else(|| "no answer".to_owned(), |it| format!("{:#}", it.json));
            lines.push(format!("{path}: {shown}"));
        }
        let calls = self.autotask.calls();
        for call in calls.iter().rev().take(LAST_CALLS).rev() {
            lines.push(format!("{} {} {}", call.method, call.path, call.status));
        }
        lines.join("\n")
    }

    /// Waits until a request is in that state.
    pub async fn wait_state(&self, id: &str, state: &str) -> Value {
        let mut last = Value::Null;
        let found = wait(SOON, async || {
            last = self.request(id).await;
            (last["state"] == state).then(|| last.clone())
        });
        match found.await {
            Some(found) => found,
            None => panic!("{id} is not {state}: {last:#}\n{}", self.picture().await),
        }
    }

    /// The one ticket of a request in the PSA; panics when there are none or several.
    pub fn ticket(&self, request: &str) -> Ticket {
        let mut tickets = self.autotask.tickets_by_external_id(request);
        assert_eq!(tickets.len(), 1, "tickets of {request}: {tickets:?}");
        tickets.remove(0)
    }

    /// Open issues of that kind.
    pub async fn issues(&self, kind: &str) -> Vec<Value> {
        let all = self.api.get(&self.path("issues")).await;
        let all = all["issues"].as_array().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|issue| issue["kind"] == kind)
            .collect()
    }

    /// Waits until an issue of that kind is open. It must say what and how to mend it.
    pub async fn wait_issue(&self, kind: &str) -> Value {
        let what = format!("an issue {kind} is opened");
        let issue = self
            .wait_for(&what, SOON, async || self.issues(kind).await.pop())
            .await;
        for field in ["title", "remedy"] {
            assert!(
                !text(&issue[field]).is_empty(),
                "{field} is missing: {issue}"
            );
        }
        issue
    }

    /// Waits until no issue at all is open.
    pub async fn wait_no_issues(&self) {
        self.wait_for("all issues are cleared", SOON, async || {
            let all = self.api.get(&self.path("issues")).await;
            all["issues"]
                .as_array()
                .filter(|issues| issues.is_empty())
                .map(drop)
        })
        .await;
    }

    /// Checks that the ledger adds up, twice over, and gives what is in each state.
    pub async fn ledger(&self) -> Value {
        self.api.get(&self.path("ledger")).await
    }

    /// What our side did that a good client never does; being revoked is not its fault.
    pub fn violations(&self) -> Vec<Violation> {
        self.autotask.violations()
    }
}

/// The credentials of a tenant, as a partner pastes them.
fn credentials(autotask: &Autotask) -> Value {
    let credentials = autotask.credentials();
    json!({ "username": credentials.username, "secret": credentials.secret })
}

fn has_flag(autotask: &Autotask) -> bool {
    let definitions = autotask.records("UserDefinedFieldDefinitions");
    definitions
        .iter()
        .any(|definition| definition["name"] == FLAG)
}

/// A user request as the product hands it in.
pub(crate) fn request(id: &str, customer: &str) -> Value {
    json!({
        "id": id,
        "customer_id": customer,
        "report_type": "url_block",
        "hostname": "files.example",
        "url": "https://files.example/a",
        "reason": "Needed for the tender",
        "user": { "name": "Dana Reyes", "email": "dana@fabrikam.example" },
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
