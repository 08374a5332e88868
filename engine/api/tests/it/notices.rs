//! The test notice: sent to where the partner's events go, by whoever may change something there.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use exchange::{RawAnswer, Transport, TransportError};
use serde_json::{Value, json};

use crate::world::World;

const PARTNER: &str = "/api/v1/partners/msp-1";
const TEST: &str = "/api/v1/partners/msp-1/webhook/test";

/// A product that answers with a status, and keeps what it was sent.
struct Product {
    status: Mutex<u16>,
    sent: Mutex<Vec<exchange::Request>>,
}

#[async_trait]
impl Transport for Product {
    async fn send(&self, request: &exchange::Request) -> Result<RawAnswer, TransportError> {
        self.sent.lock().unwrap().push(request.clone());
        let status = *self.status.lock().unwrap();
        Ok(RawAnswer::json(
            status,
            &json!({ "secret": "of the product" }),
        ))
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_notice_says_whether_the_product_takes_notices() {
    let product = Arc::new(Product {
        status: Mutex::new(204),
        sent: Mutex::default(),
    });
    let world = World::over(product.clone(), &[]).await;
    let test = || world.post(TEST).partner("msp-1").send();
    // Nowhere to send it to.
    let nowhere = test().await.expect_status(422);
    assert_eq!(nowhere.problem(), "invalid");
    let webhook = json!({ "url": "https://product.example/hook" });
    let partner = json!({ "name": "Northwind", "webhook": webhook });
    world
        .put(PARTNER)
        .json(&partner)
        .send()
        .await
        .expect_status(200);

    let taken = test().await.expect_status(200).json();
    assert_eq!(taken, json!({ "taken": true }));
    let sent = product.sent.lock().unwrap().pop().unwrap();
    assert_eq!(sent.url, "https://product.example/hook");
    assert!(sent.header("webhook-signature").unwrap().starts_with("v1,"));
    let body: Value = serde_json::from_slice(&sent.body.to_bytes()).unwrap();
    assert_eq!(body["type"], "notice.test");
    assert_eq!(body["data"], json!({ "partner": "msp-1" }));

    *product.status.lock().unwrap() = 410;
    let refused = test().await.expect_status(200).json();
    assert_eq!(refused["taken"], false);
    assert!(
        refused["detail"].as_str().unwrap().contains("410"),
        "{refused}"
    );
    assert!(
        refused["remedy"].as_str().unwrap().contains("2xx"),
        "{refused}"
    );
    assert!(!refused.to_string().contains("of the product"), "{refused}");
    assert_eq!(product.sent.lock().unwrap().len(), 1, "it is not repeated");
}

#[tokio::test(start_paused = true)]
async fn only_who_may_change_the_partner_sends_one() {
    let world = World::new().await;
    let body = json!({ "name": "looks", "read_only": true });
    let tokens = "/api/v1/partners/msp-1/tokens";
    let made = world.post(tokens).json(&body).send().await.json();
    let reads = made["token"].as_str().unwrap();
    let refused = world.post(TEST).bearer(reads).send().await;
    assert_eq!(refused.expect_status(403).problem(), "forbidden");
    let refused = world.post(TEST).partner("msp-2").send().await;
    assert_eq!(refused.expect_status(403).problem(), "forbidden");
    let unknown = world
        .post("/api/v1/partners/nobody/webhook/test")
        .send()
        .await;
    assert_eq!(unknown.expect_status(404).problem(), "not-found");
}
