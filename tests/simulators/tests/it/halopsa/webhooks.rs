//! Webhooks: made over the API, what they carry, and how they go wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use simulators::callout::{Callout, Mishap, Sender};
use simulators::halopsa::{HaloPsa, Payload, Quirks};

use super::client::Api;
use crate::client::SOON;

const URL: &str = "http://receiver.example/callouts/token";

/// Keeps what it is given and answers with 200.
#[derive(Default)]
struct Receiver(Mutex<Vec<Callout>>);

impl Receiver {
    fn bodies(&self) -> Vec<Value> {
        let got = self.0.lock().unwrap();
        let bodies = got.iter().map(|callout| &callout.body);
        bodies
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }
}

#[async_trait]
impl Sender for Receiver {
    async fn send(&self, callout: &Callout) -> Result<u16, String> {
        self.0.lock().unwrap().push(callout.clone());
        Ok(200)
    }
}

async fn with_webhook(change: impl FnOnce(&mut Quirks)) -> (Api, Arc<Receiver>) {
    let api = Api::start_with_quirks(change).await;
    let receiver = Arc::new(Receiver::default());
    api.halo.set_sender(receiver.clone());
    api.halo.set_webhook(URL, None).unwrap();
    (api, receiver)
}

async fn delivered(api: &Api, count: usize) {
    let enough = move |halo: &HaloPsa| halo.deliveries().len() >= count;
    api.halo
        .wait_for("the webhooks", enough, SOON)
        .await
        .unwrap();
}

async fn closed(api: &Api) -> i64 {
    let id = api.open_ticket().await;
    api.halo.close_ticket_as_technician(id).unwrap();
    id
}

#[tokio::test]
async fn a_webhook_and_its_notification_are_made_listed_and_removed_over_the_api() {
    let api = Api::start().await;
    let receiver = Arc::new(Receiver::default());
    api.halo.set_sender(receiver.clone());
    let fields = json!({ "name": "Dovetail", "url": URL, "type": 0, "method": 0, "active": true,
        "content_type": "application/json", "authentication_type": 1,
        "basic_username": "halo", "basic_password": "pass" });
    let webhook = api.write("/Webhook", fields).await;
    assert_eq!(webhook["id"].as_str().unwrap().len(), 36);
    assert!(webhook.get("basic_password").is_none());
    let fields = json!({ "webhook_id": webhook["id"], "type": -2, "delivery_method": 6,
        "eventno": "76", "interval": "0", "useworkinghours": "0", "conditions": [] });
    api.write("/Notification", fields).await;
    assert_eq!(api.bare_rows("/Webhook?type=0").await.len(), 1);
    let path = format!(
        "/Notification?webhook_id={}",
        webhook["id"].as_str().unwrap()
    );
    assert_eq!(api.bare_rows(&path).await.len(), 1);
    let id = api.open_ticket().await;
    api.write("/Tickets", json!({ "id": id, "status_id": 2 }))
        .await;
    delivered(&api, 1).await;
    let sent = receiver.0.lock().unwrap().first().cloned().unwrap();
    assert_eq!(sent.authorization.as_deref(), Some("Basic aGFsbzpwYXNz"));
    assert_eq!(receiver.bodies()[0]["event"], "Ticket Status Changed");
    let path = format!("/Webhook/{}", webhook["id"].as_str().unwrap());
    assert_eq!(api.delete(&path).await.status, 200);
    assert_eq!(api.bare_rows("/Webhook").await, Vec::<Value>::new());
    api.refused(
        "/Notification",
        json!({ "webhook_id": "x", "delivery_method": 6 }),
    )
    .await;
}

#[tokio::test]
async fn closing_a_ticket_is_told_whoever_closes_it() {
    let (api, receiver) = with_webhook(|_| {}).await;
    let by_technician = closed(&api).await;
    let by_action = api.open_ticket().await;
    let action = json!({ "ticket_id": by_action, "outcome_id": 7, "new_status": 9 });
    api.write("/Actions", action).await;
    delivered(&api, 2).await;
    let bodies = receiver.bodies();
    let told: Vec<_> = bodies.iter().map(|body| &body["ticket"]["id"]).collect();
    assert_eq!(told, [&json!(by_technician), &json!(by_action)]);
    let body = &bodies[0];
    assert_eq!(body["event_name"], "Ticket Closed");
    assert_eq!(body["object_id"], by_technician);
    assert_eq!(body["ticket"]["status_id"], 9);
    assert_ne!(body["id"], body["object_id"], "the id of the occurrence");
    assert!(body["notification_id"].is_i64() && body["webhook_id"].is_string());
}

#[tokio::test]
async fn a_body_comes_flat_or_with_the_event_alone() {
    let (api, receiver) = with_webhook(|quirks| quirks.payload = Payload::Flat).await;
    let id = closed(&api).await;
    delivered(&api, 1).await;
    let body = receiver.bodies().remove(0);
    assert_eq!(
        (&body["ticket_id"], &body["status_id"]),
        (&json!(id), &json!(9))
    );
    assert!(body.get("ticket").is_none());
    let (api, receiver) = with_webhook(|quirks| quirks.payload = Payload::EventOnly).await;
    let id = closed(&api).await;
    delivered(&api, 1).await;
    let body = receiver.bodies().remove(0);
    assert_eq!(body["object_id"], id);
    assert!(body.get("ticket").is_none() && body.get("status_id").is_none());
}

#[tokio::test(start_paused = true)]
async fn several_occurrences_come_in_one_array() {
    let mut config = super::client::config();
    config.quirks.batch_ms = Some(5_000);
    let halo = HaloPsa::new(config);
    let receiver = Arc::new(Receiver::default());
    halo.set_sender(receiver.clone());
    halo.set_webhook(URL, None).unwrap();
    let client = halo.clients().remove(1).id;
    for summary in ["one", "two"] {
        let fields = json!({ "summary": summary, "client_id": client });
        let id = halo.create("Tickets", fields).unwrap();
        halo.close_ticket_as_technician(id).unwrap();
    }
    let one = |halo: &HaloPsa| halo.deliveries().len() == 1;
    halo.wait_for("the webhook", one, Duration::from_mins(1))
        .await
        .unwrap();
    let body = receiver.bodies().remove(0);
    assert_eq!(body.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn webhooks_get_lost_doubled_and_overtaken() {
    let (api, receiver) = with_webhook(|_| {}).await;
    for mishap in [Mishap::Lost, Mishap::HeldBack, Mishap::Doubled] {
        api.halo.add_mishap(mishap);
    }
    closed(&api).await;
    let (held_back, doubled) = (closed(&api).await, closed(&api).await);
    delivered(&api, 3).await;
    let told: Vec<i64> = receiver
        .bodies()
        .iter()
        .map(|body| body["object_id"].as_i64().unwrap())
        .collect();
    assert_eq!(told, [doubled, doubled, held_back]);
}

#[tokio::test]
async fn anybody_can_forge_a_webhook() {
    let (api, receiver) = with_webhook(|_| {}).await;
    let id = api.open_ticket().await;
    api.halo.forge_callout(id);
    delivered(&api, 1).await;
    assert_eq!(receiver.bodies()[0]["ticket"]["id"], id);
    assert!(!api.halo.ticket(id).unwrap().is_closed());
}

#[tokio::test]
async fn a_webhook_that_is_not_active_is_silent() {
    let (api, receiver) = with_webhook(|_| {}).await;
    let webhook = api.bare_rows("/Webhook").await.remove(0);
    api.write("/Webhook", json!({ "id": webhook["id"], "active": false }))
        .await;
    closed(&api).await;
    api.write("/Webhook", json!({ "id": webhook["id"], "active": true }))
        .await;
    let told = closed(&api).await;
    delivered(&api, 1).await;
    assert_eq!(receiver.bodies().len(), 1);
    assert_eq!(receiver.bodies()[0]["object_id"], told);
}
