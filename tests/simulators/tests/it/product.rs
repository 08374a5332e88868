//! The product's receiver: signatures, repeated deliveries, failures on demand, samples.

use std::collections::BTreeSet;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::json;
use simulators::Running;
use simulators::faults::{Fault, Planned};
use simulators::product::{Config, Product, Rejection, signature};

use crate::client::{NOW, SOON, any_port, http, still};

struct Webhooks {
    product: Product,
    running: Running,
    http: reqwest::Client,
}

impl Webhooks {
    async fn start() -> Self {
        let product = Product::new(Config {
            clock: still(),
            ..Config::default()
        });
        let running = product.serve(any_port()).await.unwrap();
        Self {
            product,
            running,
            http: http(),
        }
    }

    async fn deliver(&self, id: &str, body: &str) -> Result<StatusCode, reqwest::Error> {
        self.deliver_signed(id, body, self.product.secret()).await
    }

    async fn deliver_signed(
        &self,
        id: &str,
        body: &str,
        secret: &str,
    ) -> Result<StatusCode, reqwest::Error> {
        let now: Timestamp = NOW.parse().unwrap();
        let at = now.as_second();
        let request = self
            .http
            .post(format!("{}/webhooks", self.running.url))
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header(
                "webhook-signature",
                signature(secret, id, at, body.as_bytes()).unwrap(),
            )
            .body(body.to_owned());
        request.send().await.map(|response| response.status())
    }
}

const CLOSED: &str = r#"{"type":"request.closed","data":{"id":"1650"}}"#;

#[tokio::test]
async fn an_event_is_kept_once_however_often_it_is_delivered() {
    let webhooks = Webhooks::start().await;
    for _ in 0..3 {
        assert_eq!(webhooks.deliver("msg_1", CLOSED).await.unwrap(), 204);
    }
    assert_eq!(
        webhooks
            .deliver("msg_2", r#"{"type":"issue.opened"}"#)
            .await
            .unwrap(),
        204
    );
    let closed = webhooks.product.received_of("request.closed");
    assert_eq!(closed.len(), 1);
    assert_eq!(closed.first().map(|event| event.deliveries), Some(3));
    assert_eq!(webhooks.product.received().len(), 2);
}

#[tokio::test]
async fn what_is_not_signed_rightly_is_not_kept() {
    let webhooks = Webhooks::start().await;
    let other = "whsec_b3RoZXItc2VjcmV0";
    assert_eq!(
        webhooks
            .deliver_signed("msg_1", CLOSED, other)
            .await
            .unwrap(),
        401
    );
    assert_eq!(webhooks.deliver("msg_2", "not json").await.unwrap(), 400);
    assert_eq!(webhooks.product.received(), []);
    assert_eq!(
        webhooks.product.rejected(),
        [Rejection::Signature, Rejection::Body]
    );
}

#[tokio::test]
async fn it_fails_as_often_as_it_is_told_to() {
    let webhooks = Webhooks::start().await;
    webhooks
        .product
        .faults()
        .add(Planned::next(Fault::PlainError).times(2));
    webhooks
        .product
        .faults()
        .add(Planned::next(Fault::DropAnswer).entity("webhooks"));
    assert_eq!(webhooks.deliver("msg_1", CLOSED).await.unwrap(), 500);
    assert_eq!(webhooks.deliver("msg_1", CLOSED).await.unwrap(), 500);
    assert_eq!(webhooks.product.received(), []);
    assert!(webhooks.deliver("msg_1", CLOSED).await.is_err());
    assert_eq!(webhooks.deliver("msg_1", CLOSED).await.unwrap(), 204);
    let deliveries: Vec<u32> = webhooks
        .product
        .received()
        .iter()
        .map(|event| event.deliveries)
        .collect();
    assert_eq!(
        deliveries,
        [2],
        "the dropped answer belonged to an event that was kept"
    );
}

#[tokio::test]
async fn a_test_can_wait_for_an_event() {
    let webhooks = Webhooks::start().await;
    let arrived = |product: &Product| !product.received_of("request.closed").is_empty();
    let waiting = webhooks.product.wait_for("the close", arrived, SOON);
    let (waited, delivered) = tokio::join!(waiting, webhooks.deliver("msg_1", CLOSED));
    assert!(waited.is_ok() && delivered.is_ok());
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_what_was_waited_for() {
    let product = Product::new(Config::default());
    let never = product.wait_for("the moon", |_| false, SOON).await;
    assert_eq!(
        never.unwrap_err().to_string(),
        "the moon did not happen in time"
    );
}

#[test]
fn samples_fit_together() {
    let product = Product::new(Config::default());
    let customers: BTreeSet<String> = product
        .customers()
        .into_iter()
        .map(|customer| customer.id)
        .collect();
    let requests = product.generated_requests(2_000);
    let ids: BTreeSet<&String> = requests.iter().map(|request| &request.id).collect();
    assert_eq!(ids.len(), 2_000);
    assert!(
        requests
            .iter()
            .all(|request| customers.contains(&request.customer_id))
    );
    assert!(
        product
            .usage()
            .iter()
            .all(|usage| customers.contains(&usage.customer_id))
    );
    let kinds: BTreeSet<&str> = requests
        .iter()
        .map(|request| request.report_type.as_str())
        .collect();
    assert_eq!(kinds, ["url_block", "user_feedback"].into());
    assert_eq!(product.generated_requests(5), product.generated_requests(5));
    let first = serde_json::to_value(requests.first()).unwrap();
    assert_eq!(first["id"], json!("1650"));
}
