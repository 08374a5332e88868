//! The partner that everything happens for: what its people and its product do through the API.

use axum::http::Method;
use model::IntegrationId;
use serde_json::{Value, json};

use crate::notices::Notices;
use crate::wire::{PRODUCT, PSA};
use crate::world::World;

/// The partner's id.
pub(crate) const PARTNER: &str = "northwind";

/// Suggestions with this score or more are taken without a look at each.
const SCORE_ACCEPTED: u64 = 60;

/// The most that one list gives; no seed has as many of anything.
const LIST_MAX: usize = 1_000;

/// The partner of a world, set up.
pub struct Partner {
    /// The path of its integration.
    integration: String,
    /// How its product notifies of requests, where it does.
    notices: Option<Notices>,
}

impl Partner {
    /// Sets up partner, customers, integration, mapping and ticket settings, as a person would.
    ///
    /// `more` are ticket settings besides those that have to be there. A catch-all company that is
    /// `true` there is one of the companies.
    pub async fn set_up(world: &World, more: Value) -> Self {
        let webhook = json!({
            "url": format!("http://{PRODUCT}/webhooks"),
            "secret": world.product.secret(),
        });
        let partner = json!({ "name": "Northwind MSP", "webhook": webhook });
        must(world, Method::PUT, &path(""), Some(partner)).await;
        let customers = json!({ "customers": world.product.customers() });
        must(world, Method::PUT, &path("/customers"), Some(customers)).await;
        let url = format!("http://{PSA}");
        let new = json!({
            "connector": world.psa.connector(),
            "credentials": world.psa.credentials(&url),
        });
        let made = must(world, Method::POST, &path("/integrations"), Some(new)).await;
        let integration = path(&format!("/integrations/{}", text(&made["id"])));
        let partner = Self {
            integration,
            notices: None,
        };
        partner.wait_for_companies(world).await;
        partner.map_and_choose(world, more).await;
        let shown = partner.get(world, "").await;
        let url = text(&shown["callout"]["url"]);
        world
            .psa
            .set_callout(&format!("http://engine.simulated{url}"));
        partner
    }

    /// Connects the product, too, which then notifies of every other request.
    pub(crate) async fn take_notices(&mut self, world: &World) {
        self.notices = Some(Notices::set_up(world).await);
    }

    /// How its product notifies of requests, where it does.
    pub(crate) const fn notices(&self) -> Option<&Notices> {
        self.notices.as_ref()
    }

    /// The id of its integration.
    pub fn integration_id(&self) -> IntegrationId {
        let id = self.integration.rsplit('/').next().unwrap_or_default();
        IntegrationId::new(id).expect("an id")
    }

    /// Asks for a test ticket, for the first customer that is mapped.
    pub async fn send_test_ticket(&self, world: &World) {
        let path = format!("{}/test-ticket", self.integration);
        // While the integration is stopped it is refused, which is as good.
        drop(until_answered(world, Method::POST, &path, Some(json!({}))).await);
    }

    async fn wait_for_companies(&self, world: &World) {
        let all = world.psa.companies().len().min(LIST_MAX);
        world
            .until("the companies are read", || async move {
                self.companies(world).await.len() == all
            })
            .await;
    }

    async fn map_and_choose(&self, world: &World, more: Value) {
        let accept = json!({ "min_score": SCORE_ACCEPTED });
        let accepted = self
            .call(world, Method::POST, "/mappings/companies/accept", accept)
            .await;
        let saved = accepted["saved"].as_u64().unwrap_or_default();
        assert!(saved >= 5, "too few suggestions: {accepted}");
        let form = self.get(world, "/settings/tickets").await;
        let fields = list(&form["form"]["fields"]);
        let Value::Object(mut values) = more else {
            panic!("settings are an object: {more}");
        };
        if values.get("catch_all_company") == Some(&json!(true)) {
            let companies = self.companies(world).await;
            // The partner itself, where its PSA has it among the companies, under the id zero.
            let own = companies.iter().find(|one| one["id"] == 0);
            let company = own.or(companies.last()).expect("a company");
            values.insert("catch_all_company".to_owned(), company["id"].clone());
        }
        for (setting, label) in world.psa.ticket_settings().choose {
            let field = fields.iter().find(|field| field["name"] == setting);
            let choices = field.map(|field| text(&field["choices"]));
            let choices = choices.unwrap_or_else(|| panic!("there is no setting {setting}"));
            let offered = self.get(world, &format!("/choices/{choices}")).await;
            let offered = list(&offered["choices"]);
            let choice = offered.iter().find(|choice| choice["label"] == label);
            let choice = choice.unwrap_or_else(|| panic!("{setting} offers no {label}"));
            values.insert(setting.to_owned(), choice["value"].clone());
        }
        let settings = json!({ "on": true, "values": values });
        self.call(world, Method::PUT, "/settings/tickets", settings)
            .await;
        world
            .until("the mark is made", || async { world.psa.has_mark() })
            .await;
    }

    /// How often tickets are looked at that changed.
    pub async fn poll_every(&self, world: &World, span: &str) {
        let every = json!({ "every": { "poll_tickets": span } });
        self.call(world, Method::PUT, "/schedule", every).await;
    }

    /// Saves the credentials that the PSA honours, as often as it takes.
    pub async fn save_credentials(&self, world: &World) {
        let url = format!("http://{PSA}");
        let credentials = json!({ "credentials": world.psa.credentials(&url) });
        world
            .until("the credentials are saved", || async {
                world.network.manners.try_out(true);
                let path = format!("{}/credentials", self.integration);
                let saved = world.try_call(Method::PUT, &path, Some(&credentials)).await;
                world.network.manners.try_out(false);
                saved.is_ok_and(|answer| answer.body["ok"] == true)
            })
            .await;
    }

    /// Maps the customer to a company, by its id.
    pub async fn map(&self, world: &World, customer: &str, company: &Value) {
        let line = json!({ "customer": customer, "company": company });
        let mappings = json!({ "mappings": [line] });
        self.call(world, Method::PUT, "/mappings/companies", mappings)
            .await;
    }

    /// The customers that are neither mapped nor to be ignored.
    pub async fn unmapped(&self, world: &World) -> Vec<String> {
        let lines = self.get(world, "/mappings/companies").await;
        let lines = list(&lines["mappings"]);
        let open = lines
            .iter()
            .filter(|line| line["company"].is_null() && line["ignored"] == false);
        open.map(|line| text(&line["customer"]["id"])).collect()
    }

    /// The directory.
    pub async fn companies(&self, world: &World) -> Vec<Value> {
        let path = format!("/companies?limit={LIST_MAX}");
        list(&self.get(world, &path).await["companies"]).clone()
    }

    /// Asks for the companies to be read now.
    pub async fn read_directory(&self, world: &World) {
        let run = json!({ "pipeline": "read_directory" });
        let path = format!("{}/sync", self.integration);
        // While the integration is stopped it is refused, which is as good.
        drop(until_answered(world, Method::POST, &path, Some(run)).await);
    }

    /// Every request, without its history.
    pub async fn requests(&self, world: &World) -> Vec<Value> {
        let path = path(&format!("/requests?limit={LIST_MAX}"));
        list(&must(world, Method::GET, &path, None).await["requests"]).clone()
    }

    /// One request with all that happened to it.
    pub async fn request(&self, world: &World, id: &str) -> Value {
        must(world, Method::GET, &path(&format!("/requests/{id}")), None).await
    }

    /// Open issues.
    pub async fn issues(&self, world: &World) -> Vec<Value> {
        list(&must(world, Method::GET, &path("/issues"), None).await["issues"]).clone()
    }

    /// The ledger.
    pub async fn ledger(&self, world: &World) -> Value {
        must(world, Method::GET, &path("/ledger"), None).await
    }

    /// Hands in a request until it is acknowledged. A caller who lost the answer does so again.
    pub async fn report(&self, world: &World, request: &Value) {
        let by_notice = self.notices.as_ref().filter(|_| is_even(request));
        if let Some(notices) = by_notice {
            return notices.notify(world, request).await;
        }
        must(
            world,
            Method::POST,
            &path("/requests"),
            Some(request.clone()),
        )
        .await;
    }

    /// Asks to close a request until that is acknowledged.
    pub async fn close(&self, world: &World, id: &str, resolution: Option<&str>) {
        let path = path(&format!("/requests/{id}/close"));
        let body = json!({ "resolution": resolution });
        must(world, Method::POST, &path, Some(body)).await;
    }

    async fn get(&self, world: &World, rest: &str) -> Value {
        must(
            world,
            Method::GET,
            &format!("{}{rest}", self.integration),
            None,
        )
        .await
    }

    async fn call(&self, world: &World, method: Method, rest: &str, body: Value) -> Value {
        let path = format!("{}{rest}", self.integration);
        must(world, method, &path, Some(body)).await
    }
}

/// Whether the request's number is even: the same one always comes by the same way.
fn is_even(request: &Value) -> bool {
    let number = text(&request["id"]).parse::<u64>();
    number.is_ok_and(|number| number.is_multiple_of(2))
}

/// What the product says of a request.
pub fn reported(request: &simulators::product::UserRequest) -> Value {
    json!({
        "id": request.id,
        "customer_id": request.customer_id,
        "report_type": request.report_type,
        "hostname": request.hostname,
        "url": request.url,
        "reason": request.reason,
    })
}

pub(crate) fn path(rest: &str) -> String {
    format!("/api/v1/partners/{PARTNER}{rest}")
}

/// A call that is repeated until it is answered, and must then succeed.
pub(crate) async fn must(world: &World, method: Method, path: &str, body: Option<Value>) -> Value {
    let answer = until_answered(world, method.clone(), path, body).await;
    let success = (200..300).contains(&answer.status);
    assert!(
        success,
        "{method} {path}: {} {}",
        answer.status, answer.body
    );
    answer.body
}

pub(crate) async fn until_answered(
    world: &World,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> crate::door::Answer {
    loop {
        let called = world.try_call(method.clone(), path, body.as_ref()).await;
        let status = called.as_ref().map_or(0, |answer| answer.status);
        if method != Method::GET {
            world.trace.note(&format!("{method} {path}: {status}"));
        }
        match called {
            // Too busy, or closing: nothing was taken in, and the caller comes again.
            Ok(answer) if answer.status != 503 => return answer,
            _ => tokio::time::sleep(crate::scenario::CALLER_WAITS).await,
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}
