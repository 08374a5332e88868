//! The plan over the API: shown, decided about, applied, explained, taken back; and what is said
//! to those who ask for what cannot be.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

mod meanwhile;

use crate::desk::Desk;
use crate::world::{Answer, World};

const PARTNER: &str = "/api/v1/partners/msp-1";

/// How often a condition is looked at, and how often at most; the clock stands still meanwhile.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(20);
const LOOKS_MAX: usize = 200;

/// How a line stands that was applied, now or by the run before.
const DONE: [&str; 2] = ["applied", "unchanged"];

/// A partner that bills two customers, with an engine at work.
pub(crate) struct Billing {
    pub(crate) world: World,
    pub(crate) desk: Arc<Desk>,
    pub(crate) here: String,
    pub(crate) stop: watch::Sender<bool>,
}

impl Billing {
    async fn start() -> Self {
        let desk = Arc::new(Desk::default());
        let world = World::with_desk(desk.clone()).await;
        let (stop, stopped) = watch::channel(false);
        let runtime = world.runtime.clone();
        tokio::spawn(async move { runtime.work(stopped, LOOK_EVERY).await });
        let customers = json!({ "customers": [{ "id": "c-1", "name": "Alpha" },
            { "id": "c-2", "name": "Beta" }] });
        good(&world, "PUT", &format!("{PARTNER}/customers"), &customers).await;
        let new = json!({ "connector": "desk", "credentials": { "token": "t" } });
        let made = good(&world, "POST", &format!("{PARTNER}/integrations"), &new).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let billing = Self {
            world,
            desk,
            here: format!("{PARTNER}/integrations/{id}"),
            stop,
        };
        billing.configure().await;
        billing
    }

    async fn configure(&self) {
        self.until("companies?limit=10", |read| {
            read["companies"]
                .as_array()
                .is_some_and(|all| all.len() == 2)
        })
        .await;
        let mapped = json!({ "mappings": [{ "customer": "c-1", "company": 1 },
            { "customer": "c-2", "company": 2 }] });
        self.put("mappings/companies", &mapped).await;
        let on = json!({ "on": true, "values": {} });
        self.put("settings/billing", &on).await;
        self.until("items", |read| {
            read["items"].as_array().is_some_and(|all| all.len() == 2)
        })
        .await;
        self.until("mappings/agreements", |read| {
            read["mappings"].as_array().is_some_and(|lines| {
                lines.len() == 2 && lines.iter().all(|line| line["options"][0].is_object())
            })
        })
        .await;
        self.post("mappings/agreements/accept", &json!({})).await;
        let product = json!({ "mappings": [{ "product": "web", "target": { "item": 7 } }] });
        self.put("mappings/products", &product).await;
    }

    /// The first customer uses so much, and so does the second.
    async fn uses(&self, quantity: f64) {
        let usage = ["c-1", "c-2"].map(|customer| {
            json!({ "customer_id": customer, "product_id": "web", "term_start": "2026-07-01",
                "term_end": "2026-07-31", "status": "active", "quantity": quantity,
                "details": [{ "user": "=sam", "quantity": quantity, "first_use": "2026-07-02" }] })
        });
        let body = json!({ "usage": usage });
        good(&self.world, "PUT", &format!("{PARTNER}/usage"), &body).await;
    }

    async fn mode(&self, mode: &str) {
        let mut policy = self.get("billing").await;
        policy["mode"] = json!(mode);
        self.put("billing", &policy).await;
    }

    async fn get(&self, rest: &str) -> Value {
        let sent = self
            .world
            .get(&format!("{}/{rest}", self.here))
            .send()
            .await;
        sent.expect_status(200).json()
    }

    async fn put(&self, rest: &str, body: &Value) -> Value {
        good(&self.world, "PUT", &format!("{}/{rest}", self.here), body).await
    }

    pub(crate) async fn post(&self, rest: &str, body: &Value) -> Value {
        good(&self.world, "POST", &format!("{}/{rest}", self.here), body).await
    }

    async fn try_post(&self, rest: &str, body: &Value) -> Answer {
        let call = self.world.post(&format!("{}/{rest}", self.here));
        call.json(body).send().await
    }

    async fn try_put(&self, rest: &str, body: &Value) -> Answer {
        let call = self.world.put(&format!("{}/{rest}", self.here));
        call.json(body).send().await
    }

    /// The answer to a GET once it is as wanted.
    async fn until(&self, rest: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..LOOKS_MAX {
            last = self.get(rest).await;
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let issues = self.world.get(&format!("{PARTNER}/issues")).send().await;
        let issues = issues.text();
        unreachable!("{rest} did not become as wanted: {last:#}\n{issues}")
    }

    /// The plan once both of its lines are in one of these states.
    async fn planned(&self, states: &[&str]) -> Vec<Value> {
        let plan = self
            .until("plan", |plan| {
                let lines = plan["lines"].as_array().unwrap();
                let is_so = |line: &Value| states.iter().any(|state| line["state"] == *state);
                lines.len() == 2 && lines.iter().all(is_so)
            })
            .await;
        plan["lines"].as_array().unwrap().clone()
    }

    /// Both lines applied at two each, with the ids of their lines.
    pub(crate) async fn billed() -> (Self, Vec<String>) {
        let billing = Self::start().await;
        billing.mode("ask").await;
        billing.uses(1.8).await;
        let lines = billing.planned(&["proposed"]).await;
        billing.post("plan/approve", &json!({})).await;
        billing.post("plan/apply", &Value::Null).await;
        billing.planned(&DONE).await;
        let ids = lines
            .iter()
            .map(|line| line["id"].as_str().unwrap().to_owned());
        let ids = ids.collect();
        (billing, ids)
    }
}

async fn good(world: &World, method: &str, path: &str, body: &Value) -> Value {
    let call = match method {
        "PUT" => world.put(path),
        _ => world.post(path),
    };
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    let sent = call.send().await;
    assert!(sent.status.is_success(), "{path}: {}", sent.text());
    serde_json::from_str(&sent.text()).unwrap_or(Value::Null)
}

#[tokio::test(start_paused = true)]
async fn in_preview_the_plan_is_shown_and_nothing_can_be_approved() {
    let billing = Billing::start().await;
    billing.uses(1.8).await;
    let lines = billing
        .until("plan", |plan| plan["lines"][1].is_object())
        .await;
    let first = &lines["lines"][0];
    assert_eq!(first["psa_quantity"], 0.0, "{first:#}");
    assert_eq!(first["product_quantity"], 2.0, "rounded up: {first:#}");
    assert_eq!(
        first["price"], 3.0,
        "what one costs on a new line: {first:#}"
    );
    let refused = billing.try_post("plan/approve", &json!({})).await;
    let said = refused.expect_status(422).text();
    assert!(said.contains("preview") && said.contains("ask"), "{said}");
    assert_eq!(billing.desk.quantity(10, 7), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_approved_is_applied_read_back_and_explained() {
    let (billing, ids) = Billing::billed().await;
    assert_eq!(billing.desk.quantity(10, 7), Some(2.0));
    assert_eq!(billing.desk.quantity(20, 7), Some(2.0));
    let why = billing.get(&format!("plan/lines/{}/explain", ids[0])).await;
    let part = &why["parts"][0];
    assert_eq!(part["quantity"], 1.8, "{why:#}");
    assert_eq!(part["users"][0]["first_use"], "2026-07-02", "{why:#}");
    assert_eq!(why["rules"][0]["rule"]["rounding"], "up", "{why:#}");
    let change = &why["changes"][0];
    assert_eq!(change["state"], "verified", "{change:#}");
    assert_eq!(change["read_back"], 2.0, "{change:#}");
    assert!(change["answer"].is_object(), "{change:#}");
}

#[tokio::test(start_paused = true)]
async fn what_a_customer_without_billing_has_stays_as_it_is_and_the_plan_says_why() {
    let (billing, _) = Billing::billed().await;
    let off = json!({ "customer": "c-1", "company": 1, "billing": false });
    let saved = json!({ "mappings": [off] });
    billing.put("mappings/companies", &saved).await;
    billing.uses(4.0).await;
    let plan = billing
        .until("plan", |plan| line(plan, "Beta")["product_quantity"] == 4.0)
        .await;
    let alpha = line(&plan, "Alpha");
    assert_eq!(alpha["left"][0]["why"], "billing_off", "{plan:#}");
    let holds = alpha["holds"].as_array().unwrap();
    assert!(holds.contains(&json!("left")), "for a person: {plan:#}");
    let unbilled = &plan["unbilled"][0];
    assert_eq!(
        (&unbilled["customer"], &unbilled["why"]),
        (&json!("c-1"), &json!("billing_off")),
        "{plan:#}"
    );
    let beta = json!({ "lines": [line(&plan, "Beta")["id"]] });
    billing.post("plan/approve", &beta).await;
    billing.post("plan/apply", &Value::Null).await;
    billing
        .until("plan", |plan| line(plan, "Beta")["psa_quantity"] == 4.0)
        .await;
    assert_eq!(billing.desk.quantity(10, 7), Some(2.0), "nothing is undone");
    let on = json!({ "mappings": [{ "customer": "c-1", "company": 1, "billing": true }] });
    billing.put("mappings/companies", &on).await;
    billing
        .until("plan", |plan| line(plan, "Alpha")["change"] == 2.0)
        .await;
}

/// The plan's line of a company; nothing while there is none.
fn line<'a>(plan: &'a Value, company: &str) -> &'a Value {
    let mut lines = plan["lines"].as_array().unwrap().iter();
    let found = lines.find(|line| line["company_name"] == company);
    found.unwrap_or(&Value::Null)
}

#[tokio::test(start_paused = true)]
async fn users_and_the_report_come_as_csv_that_no_spreadsheet_executes() {
    let (billing, ids) = Billing::billed().await;
    billing.desk.set(20, 7, 5.0);
    billing.post("plan/apply", &Value::Null).await;
    billing
        .until("plan", |plan| plan["lines"][0]["psa_quantity"] == 5.0)
        .await;
    let path = format!("{}/plan/report", billing.here);
    let report = billing.world.get(&path).send().await.expect_status(200);
    assert!(
        report
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let text = report.text();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows[1].starts_with("Beta,"), "differences first: {text}");
    assert!(
        rows[1].contains(",5,1.8,2,-3,2,"),
        "three counts, the difference and what is planned: {text}"
    );
    assert!(
        rows[0].contains(",planned_quantity,unit_price,change_amount,"),
        "{text}"
    );
    let path = format!("{}/plan/lines/{}/users", billing.here, ids[0]);
    let users = billing
        .world
        .get(&path)
        .send()
        .await
        .expect_status(200)
        .text();
    assert!(users.contains("'=sam"), "{users}");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_taken_back_once_and_only_the_newest() {
    let (billing, _) = Billing::billed().await;
    let changes = billing.get("changes").await;
    let id = changes["changes"][0]["id"].clone();
    let asked = json!({ "changes": [id] });
    billing.post("plan/undo", &asked).await;
    billing
        .until("changes", |made| {
            made["changes"].as_array().unwrap().len() == 3
        })
        .await;
    let again = billing
        .try_post("plan/undo", &asked)
        .await
        .expect_status(422);
    assert!(again.text().contains("/changes/0"), "{}", again.text());
    let unknown = json!({ "changes": ["nothing"] });
    let unknown = billing
        .try_post("plan/undo", &unknown)
        .await
        .expect_status(422);
    assert!(
        unknown.text().contains("there is no change nothing"),
        "{}",
        unknown.text()
    );
    let left = [billing.desk.quantity(10, 7), billing.desk.quantity(20, 7)];
    assert!(
        left.contains(&Some(0.0)) && left.contains(&Some(2.0)),
        "{left:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_is_adjusted_to_a_whole_number_or_dismissed() {
    let billing = Billing::start().await;
    billing.mode("ask").await;
    billing.uses(4.0).await;
    let lines = billing.planned(&["proposed"]).await;
    let (one, other) = (&lines[0]["id"], &lines[1]["id"]);
    for (body, said) in [
        (json!({ "line": one, "quantity": 2.5 }), "/quantity"),
        (json!({ "line": one, "quantity": -1 }), "/quantity"),
        (json!({ "line": "none", "quantity": 1 }), "/lines/0"),
    ] {
        let refused = billing
            .try_post("plan/adjust", &body)
            .await
            .expect_status(422);
        assert!(refused.text().contains(said), "{}", refused.text());
    }
    billing
        .post("plan/adjust", &json!({ "line": one, "quantity": 3 }))
        .await;
    billing
        .post("plan/dismiss", &json!({ "lines": [other] }))
        .await;
    billing.post("plan/apply", &Value::Null).await;
    let plan = billing
        .until("plan", |plan| {
            let lines = plan["lines"].as_array().unwrap();
            let line = lines.iter().find(|line| line["id"] == *one);
            line.is_some_and(|line| line["psa_quantity"] == 3)
        })
        .await;
    let lines = plan["lines"].as_array().unwrap();
    let of = |id: &Value| lines.iter().find(|line| line["id"] == *id).unwrap();
    assert_eq!(of(other)["state"], "dismissed", "{plan:#}");
    let held: f64 = [(10, 7), (20, 7)]
        .into_iter()
        .filter_map(|(agreement, item)| billing.desk.quantity(agreement, item))
        .sum();
    assert!((held - 3.0).abs() < 1e-9, "one line of three: {held}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_changes_the_quantity_once() {
    let billing = Billing::start().await;
    billing.mode("ask").await;
    billing.uses(3.0).await;
    billing.planned(&["proposed"]).await;
    billing.desk.loses_answer.store(true, Ordering::SeqCst);
    billing.post("plan/approve", &json!({})).await;
    billing.post("plan/apply", &Value::Null).await;
    billing.planned(&DONE).await;
    assert_eq!(billing.desk.quantity(10, 7), Some(3.0));
    assert_eq!(billing.desk.quantity(20, 7), Some(3.0));
    let changes = billing.get("changes").await;
    assert_eq!(
        changes["changes"].as_array().unwrap().len(),
        2,
        "{changes:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_chosen_is_refused_with_its_place() {
    let billing = Billing::start().await;
    let mut policy = billing.get("billing").await;
    policy["rule"]["minimum"] = json!(-1);
    let lines = billing.try_post("plan/lines/none/settle", &json!({})).await;
    assert_eq!(lines.expect_status(404).problem(), "not-found");
    for (path, body, said) in [
        ("billing", policy, "/rule/minimum"),
        (
            "mappings/products",
            json!({ "mappings": [{ "product": "web", "target": { "item": 99 } }] }),
            "there is no item 99",
        ),
        (
            "mappings/products",
            json!({ "mappings": [{ "product": "web", "target": { "item": 8 } }] }),
            "not active",
        ),
        (
            "mappings/products",
            json!({ "mappings": [{ "product": "web", "target": { "itm": 7 } }] }),
            "/mappings/0/target",
        ),
        (
            "mappings/agreements",
            json!({ "mappings": [{ "company": 2, "agreement": 30 }] }),
            "/mappings/0/agreement",
        ),
        (
            "mappings/agreements",
            json!({ "mappings": [{ "company": 1, "agreement": 20 }] }),
            "another company",
        ),
    ] {
        let refused = billing.try_put(path, &body).await;
        assert!(refused.status.is_client_error(), "{path} {body}");
        assert!(!refused.problem().is_empty());
        assert!(refused.text().contains(said), "{said}: {}", refused.text());
    }
    let unknown = format!("{}/plan/lines/none/explain", billing.here);
    let unknown = billing.world.get(&unknown).send().await.expect_status(404);
    assert_eq!(unknown.problem(), "not-found");
    let odd = format!("{}/plan?state=odd", billing.here);
    let odd = billing.world.get(&odd).send().await.expect_status(400);
    assert_eq!(odd.problem(), "parameter-invalid");
}

#[tokio::test(start_paused = true)]
async fn another_partner_sees_and_decides_nothing() {
    let (billing, _) = Billing::billed().await;
    let path = format!("{}/plan", billing.here);
    let seen = billing.world.get(&path).partner("msp-2").send().await;
    seen.expect_status(403);
    let path = format!("{}/plan/approve", billing.here);
    let decided = billing.world.post(&path).partner("msp-2").json(&json!({}));
    decided.send().await.expect_status(403);
}

/// The clock of the tests begins in the term whose usage they report.
#[test]
fn the_term_is_the_current_one() {
    let start = crate::world::START;
    let term = ["2026-07-01T00:00:00Z", "2026-07-31T23:59:59Z"];
    let [from, until] = term.map(|text| Timestamp::parse(text).unwrap());
    assert!(from <= start && start <= until, "{start}");
}
