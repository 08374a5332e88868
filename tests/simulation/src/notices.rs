//! Requests that the product notifies of, instead of handing them in through the API: at a secret
//! address, by notices that name the user by an id alone, whose name is then looked up.
//!
//! A notice is sent until it is accepted, as any webhook. What is accepted is held against the same
//! promises as what was handed in; here are those of notices alone.

use axum::http::Method;
use serde_json::{Value, json};
use simulators::product::{API_KEY, UserRequest};

use crate::partner::{must, path, text, until_answered};
use crate::promise::{Broken, Promise, hold};
use crate::world::World;

/// What the ids of requests begin with that nobody made.
const FORGED: &str = "forged-";

/// The product's own integration.
pub(crate) struct Notices {
    /// The path of the integration.
    integration: String,
    /// The path that notices come to.
    address: String,
}

/// Whether the product of `seed` sends notices.
pub(crate) fn are_sent(seed: u64) -> bool {
    seed % 4 == 2
}

impl Notices {
    /// Connects the product, as a person would.
    pub(crate) async fn set_up(world: &World) -> Self {
        let new = json!({ "connector": "defensx", "credentials": { "api_key": API_KEY } });
        let made = must(world, Method::POST, &path("/integrations"), Some(new)).await;
        let integration = path(&format!("/integrations/{}", text(&made["id"])));
        let shown = must(world, Method::GET, &integration, None).await;
        let url = text(&shown["callout"]["url"]);
        let at = url.find("/callouts/").expect("a path for callouts");
        let address = url.split_at(at).1.to_owned();
        Self {
            integration,
            address,
        }
    }

    /// Notifies of a request until that is accepted.
    pub(crate) async fn notify(&self, world: &World, request: &Value) {
        let field = |name: &str| text(&request[name]);
        let request = UserRequest {
            id: field("id"),
            customer_id: field("customer_id"),
            report_type: field("report_type"),
            hostname: field("hostname"),
            url: field("url"),
            reason: field("reason"),
            user: user_of(world, &field("id")),
        };
        let notice = world.product.notice(&request);
        let answer = self.send(world, &self.address, &notice).await;
        assert_eq!(answer, 200, "{notice}");
    }

    /// Somebody sends notices that are none: to an address that is made up, and one to the right
    /// one that says too little.
    pub(crate) async fn forge(&self, world: &World, number: u64) {
        let payload = json!({ "type": "UserRequest", "id": format!("{FORGED}{number}") });
        let mut notice = json!({ "event": "UserRequest.Create", "time": 1, "payload": payload });
        let answer = self.send(world, &self.address, &notice).await;
        assert_eq!(answer, 400, "{notice}");
        notice["payload"]["customer_id"] = json!(world.product.customers()[0].id);
        notice["payload"]["report_type"] = json!("url_block");
        let made_up = format!("{}x", self.address);
        let answer = self.send(world, &made_up, &notice).await;
        assert_eq!(answer, 404, "{made_up}");
    }

    async fn send(&self, world: &World, address: &str, notice: &Value) -> u16 {
        let answer = until_answered(world, Method::POST, address, Some(notice.clone())).await;
        answer.status
    }

    /// Saves the key that the product takes, as often as it takes.
    pub(crate) async fn save_key(&self, world: &World) {
        let credentials = json!({ "credentials": { "api_key": API_KEY } });
        let path = format!("{}/credentials", self.integration);
        world
            .until("the key is saved", || async {
                let saved = world.try_call(Method::PUT, &path, Some(&credentials)).await;
                saved.is_ok_and(|answer| answer.body["ok"] == true)
            })
            .await;
    }
}

/// Who made the request with this id; of one in four nobody knows.
fn user_of(world: &World, id: &str) -> Option<String> {
    let users = world.product.requests().into_iter().map(|one| one.user);
    let users: Vec<String> = users.flatten().collect();
    let number = id.parse::<usize>().unwrap_or_default();
    let known = users.get(number % users.len().max(1));
    known.filter(|_| number % 4 != 3).cloned()
}

/// Nothing that was forged is there, and who asked is told rightly or not at all.
pub(crate) fn check(world: &World, request: &Value) -> Result<(), Broken> {
    let id = text(&request["id"]);
    hold(Promise::NothingForged, !id.starts_with(FORGED), || {
        format!("request {id} was never made")
    })?;
    let told = &request["request"]["user"];
    let names = ["name", "email", "username"].map(|name| told[name].as_str());
    let right = user_of(world, &id);
    let is_right = |name: &&str| Some(*name) == right.as_deref();
    let is_true = names.iter().flatten().all(is_right);
    hold(Promise::UserTold, is_true, || {
        format!("request {id} was made by {right:?}, and told is {told}")
    })
}
