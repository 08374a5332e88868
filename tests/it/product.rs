//! The product that is asked by its own API: customers and usage are read until the PSA bills them,
//! and notifications become requests.

use std::fs;

use harness::{Partner, SOON, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::faults::{Fault, Planned};
use simulators::product::{API_KEY, Config, Figure, Quirks};
use simulators::{Product, Running};

/// The product whose usage the sample has.
const SKU: &str = "WEB-SECURITY";

/// A partner with a PSA and with the product that is asked.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) partner: Partner,
    product: Product,
    _running: Running,
    /// The integration with the product.
    pub(crate) asked: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let product = Product::new(Config::default());
        let running = product.serve(([127, 0, 0, 1], 0).into()).await;
        let running = running.expect("the product should start");
        let root = running.url.clone();
        let stage = Stage::start_with(|folder| {
            let path = folder.join("dovetail.yaml");
            let text = fs::read_to_string(&path).expect("the configuration");
            let mut config: Value = serde_json::from_str(&text).expect("JSON");
            config["vendor"]["defensx"] = json!({ "api_root": root });
            fs::write(&path, config.to_string()).expect("the configuration");
            Vec::new()
        })
        .await;
        let partner = stage.partner("north").await;
        let new = json!({ "connector": "defensx", "credentials": { "api_key": API_KEY } });
        let made = partner.api.post(&partner.path("integrations"), new).await;
        let asked = made["id"].as_str().expect("an id").to_owned();
        Self {
            stage,
            partner,
            product,
            _running: running,
            asked,
        }
    }

    fn path(&self, rest: &str) -> String {
        let path = self
            .partner
            .path(&format!("integrations/{}/{rest}", self.asked));
        path.trim_end_matches('/').to_owned()
    }

    /// Runs a pipeline of the product's integration and gives its record.
    pub(crate) async fn ask(&self, pipeline: &str) -> Value {
        let body = json!({ "pipeline": pipeline });
        let started = self.partner.api.post(&self.path("sync"), body).await;
        let id = started["runs"][0].as_str().expect("a run").to_owned();
        self.partner
            .wait_for("the run has ended", SOON, async || {
                let run = self
                    .partner
                    .api
                    .get(&self.path(&format!("runs/{id}")))
                    .await;
                (run["ended_at"] != Value::Null).then_some(run)
            })
            .await
    }

    /// Where the product sends its notifications.
    async fn notices(&self) -> String {
        let url = self.partner.api.get(&self.path("")).await;
        let url = url["callout"]["url"]
            .as_str()
            .expect("an address")
            .to_owned();
        url[url.find("/callouts/").expect("a callout path")..].to_owned()
    }

    /// Notifies, and gives the status of the answer.
    async fn notify(&self, path: &str, notice: &Value) -> u16 {
        let api = self.partner.api.with_token("none");
        api.call(Method::POST, path, Some(notice)).await.status
    }

    /// The units that the PSA bills of an item.
    pub(crate) fn units(&self, item: i64) -> Option<i64> {
        let all = self.partner.autotask.records("ContractServiceUnits");
        let ours = all
            .into_iter()
            .filter(|row| row["serviceID"] == json!(item));
        ours.filter_map(|row| row["units"].as_i64()).max()
    }

    async fn customers(&self) -> Vec<Value> {
        let all = self.partner.api.get(&self.partner.path("customers")).await;
        all["customers"].as_array().cloned().unwrap_or_default()
    }

    /// Maps a customer of the product to the company that `alpha` is mapped to.
    async fn map(&self, customer: &str) {
        let lines = self.partner.get_here("mappings/companies").await;
        let lines = lines["mappings"].as_array().expect("lines");
        let alpha = lines.iter().find(|line| line["customer"]["id"] == "alpha");
        let company = alpha.expect("alpha")["company"]["id"].clone();
        let body = json!({ "mappings": [{ "customer": customer, "company": company }] });
        self.partner.put_here("mappings/companies", body).await;
    }
}

#[tokio::test]
async fn customers_and_usage_are_read_and_what_is_gone_is_switched_off() {
    let world = World::start().await;
    world
        .product
        .disable_customer(&world.product.customers()[3].id);
    let run = world.ask("read_customers").await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let customers = world.customers().await;
    let of = |id: &str| {
        customers
            .iter()
            .find(|one| one["id"] == id)
            .expect("a customer")
    };
    assert_eq!(of(&world.product.customers()[0].id)["enabled"], true);
    assert_eq!(of(&world.product.customers()[3].id)["enabled"], false);
    assert_eq!(
        of("alpha")["enabled"],
        false,
        "the product does not list it"
    );

    let run = world.ask("read_usage").await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let details = || {
        let calls = world.product.calls();
        calls.iter().filter(|call| call.contains("details")).count()
    };
    let asked = details();
    assert_eq!(asked, 5, "of six figures one is zero");
    let run = world.ask("read_usage").await;
    assert_eq!(run["counts"]["changed"], 0, "{run:#}");
    assert_eq!(
        details(),
        asked,
        "what is unchanged is not asked about again"
    );

    world.product.set_quirks(Quirks {
        schema_spelling: true,
        omits_free_quantity: true,
    });
    world.product.grow(200, 5);
    let run = world.ask("read_usage").await;
    assert_eq!(run["status"], "succeeded", "{run:#}");
    assert_eq!(run["counts"]["records"], 1_006, "{run:#}");
    assert_eq!(run["counts"]["pages"], 2, "{run:#}");
    assert_eq!(
        details(),
        asked + 1_000,
        "each new figure is asked about once"
    );
}

#[tokio::test]
async fn a_key_that_is_refused_stops_the_reading_after_one_call() {
    let world = World::start().await;
    world.ask("read_usage").await;
    let before = world.product.calls().len();
    world.product.set_key("another");
    let body = json!({ "pipeline": "read_customers" });
    world.partner.api.post(&world.path("sync"), body).await;
    let issue = world.partner.wait_issue("credentials_rejected").await;
    assert_eq!(issue["integration"], world.asked.as_str(), "{issue:#}");
    assert_eq!(world.product.calls().len(), before + 1);
    let enabled = world.customers().await;
    assert!(
        enabled.iter().any(|one| one["enabled"] == true),
        "{enabled:?}"
    );
}

#[tokio::test]
async fn usage_is_taken_in_though_its_details_cannot_be_read() {
    let world = World::start().await;
    world.ask("read_usage").await;
    let mut figure: Figure = world.product.figures()[1].clone();
    figure.quantity = 7.25;
    world.product.put_figure(figure);
    let fault = Planned {
        entity: Some("details".to_owned()),
        times: 4, // as often as one question is asked in one run
        ..Planned::next(Fault::Unavailable)
    };
    world.product.faults().add(fault);
    let run = world.ask("read_usage").await;
    let lapse = &run["checks"][0];
    assert_eq!(lapse["holds"], false, "it tells what is missing: {run:#}");
    let taken = &run["counts"]["changed"];
    assert_eq!(taken, 1, "the figure is taken in all the same: {run:#}");
    let mended = world.ask("read_usage").await;
    assert_eq!(mended["status"], "succeeded", "{mended:#}");
    let completed = &mended["counts"]["completed"];
    assert_eq!(completed, 1, "it was asked again: {mended:#}");
    let known = world.ask("read_usage").await;
    let changed = &known["counts"]["changed"];
    assert_eq!(changed, 0, "all of it is known: {known:#}");
    assert!(world.product.faults().planned().is_empty());
}

#[tokio::test]
async fn a_notification_becomes_one_request_with_the_users_name_on_its_ticket() {
    let world = World::start().await;
    world.ask("read_customers").await;
    let requests = world.product.requests();
    let named =
        |one: &&simulators::product::UserRequest| one.user.as_deref() == Some("Riley Nakamura");
    let request = requests
        .iter()
        .find(named)
        .expect("a request of a known user");
    world.map(&request.customer_id).await;
    let path = world.notices().await;
    let notice = world.product.notice(request);
    assert_eq!(world.notify(&path, &notice).await, 200);
    assert_eq!(world.notify(&path, &notice).await, 200, "twice is once");
    world.partner.wait_state(&request.id, "ticketed").await;
    let ticket = world.partner.ticket(&request.id);
    let text = ticket.description.unwrap_or_default();
    assert!(text.contains("Riley Nakamura"), "{text}");
    let kept = world.partner.request(&request.id).await;
    assert_eq!(
        kept["request"]["user"]["name"], "Riley Nakamura",
        "{kept:#}"
    );
    assert_eq!(world.partner.ledger().await["accepted"], 1);
}

#[tokio::test]
async fn a_user_whom_nobody_knows_holds_up_no_ticket() {
    let world = World::start().await;
    world.ask("read_customers").await;
    let requests = world.product.requests();
    let request = requests.iter().find(|one| one.user.is_none());
    let request = request.expect("a request of nobody");
    world.map(&request.customer_id).await;
    let path = world.notices().await;
    let notice = world.product.notice(request);
    assert_eq!(world.notify(&path, &notice).await, 200);
    world.partner.wait_state(&request.id, "ticketed").await;
    world.partner.ticket(&request.id);
}

#[tokio::test]
async fn what_is_no_request_is_passed_over_and_what_is_mangled_is_refused() {
    let world = World::start().await;
    let path = world.notices().await;
    let agent = json!({ "event": "Agent.Create", "time": 1_677_241_081,
        "payload": { "type": "Agent", "id": 7 } });
    assert_eq!(world.notify(&path, &agent).await, 200);
    let lacking = json!({ "event": "UserRequest.Create", "time": 1_677_241_081,
        "payload": { "type": "UserRequest", "id": 1650, "report_type": "url_block" } });
    let answer = world
        .partner
        .api
        .call(Method::POST, &path, Some(&lacking))
        .await;
    let said = answer.problem(400, "callout-malformed");
    assert!(said.contains("customer_id"), "{said}");
    let body = b"event=UserRequest.Create".to_vec();
    let answer = world.partner.api.post_raw(&path, "text/plain", body).await;
    answer.expect("an answer").problem(400, "callout-malformed");
    assert_eq!(world.partner.ledger().await["accepted"], 0);

    let rotate = world.path("callout/rotate");
    world.partner.api.post(&rotate, json!({})).await;
    assert_eq!(
        world.notify(&path, &agent).await,
        404,
        "the old address is gone"
    );
    assert_eq!(world.notify(&world.notices().await, &agent).await, 200);
    drop(world.stage);
}

#[tokio::test]
async fn usage_of_the_product_becomes_the_quantity_in_the_psa() {
    let world = World::start().await;
    let partner = &world.partner;
    world.ask("read_customers").await;
    world.ask("read_usage").await;
    let item = bill(&world, "automatic").await;
    let first = world.product.figures().remove(0);
    partner
        .wait_for("the usage is billed", SOON, async || {
            (world.units(item) == Some(12)).then_some(())
        })
        .await;
    world.product.put_figure(Figure {
        quantity: 13.2,
        free_quantity: 0,
        ..first
    });
    world.ask("read_usage").await;
    // Changes are gathered for a minute before they are planned.
    let limit = SOON * 3;
    partner
        .wait_for(
            "the new quantity is billed, rounded up",
            limit,
            async || (world.units(item) == Some(14)).then_some(()),
        )
        .await;
    assert!(
        partner.violations().is_empty(),
        "{:?}",
        partner.violations()
    );
}

/// Maps the first customer to a company that has a contract, and bills it by a new item.
pub(crate) async fn bill(world: &World, mode: &str) -> i64 {
    let (partner, psa) = (&world.partner, &world.partner.autotask);
    let customer = &world.product.customers()[0].id;
    let contract = psa.records("Contracts").into_iter().find(|contract| {
        let kind = psa.picklist_value("Contracts", "contractType", "Recurring Service");
        contract["contractType"] == json!(kind) && contract["status"] == 1
    });
    let company = contract.expect("a contract")["companyID"].clone();
    let body = json!({ "mappings": [{ "customer": customer, "company": company }] });
    partner.put_here("mappings/companies", body).await;
    let codes = partner.get_here("choices/billing_codes").await;
    let code = codes["choices"][0]["value"].clone();
    let period = psa.picklist_value("Services", "periodType", "Monthly");
    let service = json!({ "name": "Filtering", "unitPrice": 3, "periodType": period,
        "billingCodeID": code, "isActive": true });
    let item = psa.create("Services", service).expect("a service");
    let values = json!({ "default_billing_code": code });
    partner
        .put_here("settings/billing", json!({ "on": true, "values": values }))
        .await;
    partner.run("read_items").await;
    partner.run("bill_usage").await;
    let mut policy = partner.get_here("billing").await;
    policy["mode"] = json!(mode);
    if mode == "automatic" {
        policy["guards"] = json!({ "share_max": null, "change_max": null,
            "hold_zero": false, "hold_new": false });
    }
    partner.put_here("billing", policy).await;
    partner
        .api
        .post(&partner.here("mappings/agreements/accept"), json!({}))
        .await;
    let mapping = json!({ "mappings": [{ "product": SKU, "target": { "item": item } }] });
    partner.put_here("mappings/products", mapping).await;
    partner.run("bill_usage").await;
    item
}
