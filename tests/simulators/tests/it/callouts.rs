//! Extension callouts: when they fire, what they carry, and how they go wrong.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use simulators::autotask::{
    Autotask, Callout, CalloutConfig, CalloutFormat, Mishap, PairNames, Sender,
};
use simulators::product::{Config as ProductConfig, Product};

use crate::client::{Api, SOON, any_port};

const FLAG: &str = "Is DefensX Ticket?";

/// Keeps what it is given and answers with the statuses it was told to, then with 200.
#[derive(Default)]
struct Receiver {
    got: Mutex<Vec<Callout>>,
    statuses: Mutex<Vec<u16>>,
}

impl Receiver {
    fn bodies(&self) -> Vec<String> {
        self.got
            .lock()
            .unwrap()
            .iter()
            .map(|callout| callout.body.clone())
            .collect()
    }
}

#[async_trait]
impl Sender for Receiver {
    async fn send(&self, callout: &Callout) -> Result<u16, String> {
        self.got.lock().unwrap().push(callout.clone());
        Ok(self.statuses.lock().unwrap().pop().unwrap_or(200))
    }
}

/// A tenant with the flag field and a callout for flagged tickets.
async fn with_callout(change: impl FnOnce(&mut CalloutConfig)) -> (Api, Arc<Receiver>) {
    let api = Api::start().await;
    api.autotask
        .add_ticket_list_field(FLAG, &["Yes", "No"])
        .unwrap();
    let mut callout = CalloutConfig {
        url: "http://receiver.example/callouts/token".to_owned(),
        user_defined_field: Some(FLAG.to_owned()),
        retry_wait_ms: 0,
        ..CalloutConfig::default()
    };
    change(&mut callout);
    api.autotask.set_callout(Some(callout));
    let receiver = Arc::new(Receiver::default());
    api.autotask.set_sender(receiver.clone());
    (api, receiver)
}

async fn flagged(api: &Api) -> i64 {
    let flag = json!([{ "name": FLAG, "value": "Yes" }]);
    api.post("/Tickets", &api.ticket_with("userDefinedFields", flag))
        .await
        .id()
}

async fn delivered(api: &Api, count: usize) {
    let enough = move |autotask: &Autotask| autotask.deliveries().len() >= count;
    api.autotask
        .wait_for("the callouts", enough, SOON)
        .await
        .unwrap();
}

#[tokio::test]
async fn closing_a_flagged_ticket_fires_once_whoever_closes_it() {
    let (api, receiver) = with_callout(|_| {}).await;
    let by_technician = flagged(&api).await;
    let by_api = flagged(&api).await;
    let unflagged = api.open_ticket().await;
    api.autotask.close_ticket_as_technician(unflagged).unwrap();
    api.autotask
        .close_ticket_as_technician(by_technician)
        .unwrap();
    api.autotask
        .edit_ticket(by_technician, json!({ "title": "edited later" }))
        .unwrap();
    delivered(&api, 1).await;
    api.patch(
        "/Tickets",
        &json!({ "id": by_api.to_string(), "status": 5 }),
    )
    .await
    .id();
    delivered(&api, 2).await;
    let expected = [by_technician, by_api].map(|id| {
        let number = api.autotask.ticket(id).unwrap().number;
        let domain = "northwind-msp.example";
        format!("id={id}&number={number}&domain={domain}&Is%20DefensX%20Ticket%3F=Yes")
    });
    assert_eq!(receiver.bodies(), expected);
}

#[tokio::test]
async fn a_rule_on_every_edit_fires_again() {
    let (api, receiver) = with_callout(|callout| callout.every_edit = true).await;
    let id = flagged(&api).await;
    api.autotask.close_ticket_as_technician(id).unwrap();
    api.patch("/Tickets", &json!({ "id": id, "title": "edited later" }))
        .await
        .id();
    delivered(&api, 2).await;
    assert_eq!(receiver.bodies().len(), 2);
}

#[tokio::test]
async fn pairs_travel_as_form_query_json_or_xml() {
    for (format, method, kind, body) in [
        (
            CalloutFormat::Form,
            Method::POST,
            Some("application/x-www-form-urlencoded"),
            "TN=",
        ),
        (CalloutFormat::Query, Method::GET, None, ""),
        (
            CalloutFormat::Json,
            Method::POST,
            Some("application/json"),
            r#"{"TN":"#,
        ),
        (
            CalloutFormat::Xml,
            Method::POST,
            Some("text/xml; charset=utf-8"),
            "<?xml",
        ),
    ] {
        let (api, receiver) = with_callout(|callout| {
            callout.format = format;
            callout.username = Some("user".to_owned());
            callout.password = Some("pass".to_owned());
            callout.pairs = PairNames {
                id: String::new(),
                number: "TN".to_owned(),
                domain: String::new(),
            };
        })
        .await;
        let id = flagged(&api).await;
        api.autotask.close_ticket_as_technician(id).unwrap();
        delivered(&api, 1).await;
        let callout = receiver.got.lock().unwrap().remove(0);
        assert_eq!((callout.method, callout.content_type), (method, kind));
        assert!(callout.body.starts_with(body), "{}", callout.body);
        assert_eq!(
            callout.url.contains("?TN=T20260527."),
            format == CalloutFormat::Query
        );
        assert_eq!(callout.authorization.as_deref(), Some("Basic dXNlcjpwYXNz"));
    }
}

#[tokio::test]
async fn a_failing_receiver_is_tried_again_up_to_the_limit() {
    let (api, receiver) = with_callout(|callout| callout.attempts = 3).await;
    receiver.statuses.lock().unwrap().extend([200, 503, 500]);
    let id = flagged(&api).await;
    api.autotask.close_ticket_as_technician(id).unwrap();
    delivered(&api, 3).await;
    let statuses: Vec<_> = api
        .autotask
        .deliveries()
        .iter()
        .map(|it| it.status)
        .collect();
    assert_eq!(statuses, [Some(500), Some(503), Some(200)]);
}

#[tokio::test]
async fn callouts_are_lost_doubled_held_back_and_forged() {
    let (api, _) = with_callout(|_| {}).await;
    for mishap in [Mishap::Lost, Mishap::HeldBack, Mishap::Doubled] {
        api.autotask.add_mishap(mishap);
    }
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(flagged(&api).await);
    }
    for id in &ids {
        api.autotask.close_ticket_as_technician(*id).unwrap();
    }
    delivered(&api, 3).await;
    api.autotask.forge_callout(1, "T19990101.0001");
    delivered(&api, 4).await;
    let about: Vec<_> = api
        .autotask
        .deliveries()
        .iter()
        .map(|it| it.ticket_id)
        .collect();
    let [_, second, third] = ids[..] else { return };
    assert_eq!(about, [Some(third), Some(third), Some(second), None]);
}

#[tokio::test]
async fn a_callout_is_set_over_http_and_goes_over_the_network() {
    let api = Api::start().await;
    let receiver = Product::new(ProductConfig::default());
    let running = receiver.serve(any_port()).await.unwrap();
    let url = format!("{}/webhooks", running.url);
    let callout = json!({ "url": url, "format": "json", "attempts": 1 });
    assert_eq!(
        api.control(Method::POST, "/callout", Some(callout))
            .await
            .status,
        204
    );
    let id = api.open_ticket().await;
    let path = format!("/tickets/{id}/status");
    let closed = api
        .control(Method::POST, &path, Some(json!({ "status": 5 })))
        .await;
    assert_eq!(closed.status, 204);
    delivered(&api, 1).await;
    // The product takes only signed webhooks: its 401 shows that the callout got there.
    assert_eq!(
        api.autotask.deliveries().first().and_then(|it| it.status),
        Some(401)
    );
}
