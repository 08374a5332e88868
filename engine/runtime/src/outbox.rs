//! Events for the product: queued in the commit that makes them true, sent as Standard Webhooks,
//! repeated until they are taken.
//!
//! Source of the form: the Standard Webhooks specification. The signature covers
//! `id.timestamp.body` with HMAC-SHA256; the id stays the same when a message is repeated.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exchange::{
    About, Answer, Body, Broker, Credential, Expect, Hosts, Kind, Method, Rejection, Request, Terms,
};
use hmac::{Hmac, Mac};
use model::{Class, IssueKind, Partner, PartnerId, Secret, Webhook};
use serde_json::{Value, json};
use sha2::Sha256;
use store::{Batch, NewJob, Records};

use crate::core::Core;
use crate::error::Error;
use crate::halt::Halt;
use crate::integrations::token_hash;
use crate::issues::Trouble;
use crate::tables::PartnerRow;
use crate::work::{DELIVERY_PRIORITY, Message, Work};

/// How long the product may take to accept an event.
const TIMEOUT: Duration = Duration::from_secs(15);

/// After so many tries a person is told; the event is tried on all the same.
pub(crate) const TRIES_UNTOLD: u32 = 8;

impl Core {
    /// Adds to `batch` that the product is to be told of `event`, if the partner has an address
    /// for that.
    pub(crate) async fn tell(
        &self,
        batch: &mut Batch,
        partner: &PartnerId,
        event: &str,
        data: &Value,
    ) -> Result<(), store::Error> {
        if let Some(job) = self.event(partner, event, data).await? {
            batch.enqueue(job);
        }
        Ok(())
    }

    /// The job that tells the product of `event`; nothing without an address for that.
    pub(crate) async fn event(
        &self,
        partner: &PartnerId,
        event: &str,
        data: &Value,
    ) -> Result<Option<NewJob>, store::Error> {
        let row = self
            .store
            .get_record::<PartnerRow>(partner.as_str(), &[])
            .await?;
        if row.is_none_or(|row| row.value.0.webhook.is_none()) {
            return Ok(None);
        }
        let message = Message {
            id: format!("msg_{}", self.token(12)),
            event: event.to_owned(),
            at: self.now(),
            data: data.clone(),
        };
        // Events about one thing keep their order; one that is not taken holds up no others.
        let about = ["request", "id"]
            .iter()
            .find_map(|key| data.get(key)?.as_str());
        let lane = format!("tell/{}", about.unwrap_or(&message.id));
        let id = message.id.clone();
        let work = Work::Deliver {
            partner: partner.clone(),
            message,
        };
        Ok(Some(work.job(id, lane, DELIVERY_PRIORITY, self.now())))
    }

    /// Sends one event. An answer with a 2xx status means that it was taken.
    pub(crate) async fn deliver(&self, partner: &Partner, message: &Message) -> Result<(), Halt> {
        let Some(webhook) = &partner.webhook else {
            return Ok(());
        };
        let request = self.signed(webhook, message).map_err(Halt::from)?;
        let broker = self.product_broker(partner, webhook);
        let retry = exchange::Retry::never();
        let terms = Terms {
            broker: &broker,
            anonymous: false,
            allowance: None,
            kind: Kind::Read,
            limits: &[],
            retry: &retry,
            patience: TIMEOUT,
            rules: &not_taken,
            priority: exchange::Priority::Tickets,
            about: About {
                partner: partner.id.as_str(),
                integration: "",
                operation: "deliver",
            },
        };
        match self.exchange.call(&request, &terms).await {
            Ok(_) => {
                self.metrics.delivered.add(1);
                Ok(())
            }
            Err(failure) => Err(Halt::Again {
                wait: failure.retry_after,
                class: Some(failure.class),
                message: format!(
                    "the product does not take {}: {}",
                    message.event, failure.message
                ),
            }),
        }
    }

    /// Another address or key is another broker, which knows nothing of how the old one fared.
    fn product_broker(&self, partner: &Partner, webhook: &Webhook) -> Broker {
        let what = token_hash(&format!("{} {}", webhook.url, webhook.secret.expose()));
        let name = format!(
            "{}/product/{}",
            partner.id,
            what.get(..12).unwrap_or_default()
        );
        self.exchange.broker(&name).unwrap_or_else(|| {
            let hosts = Hosts::default()
                .trust(origin(&webhook.url))
                .unwrap_or_default();
            let secrets = vec![webhook.secret.clone()];
            self.exchange.set_broker(
                &name,
                Credential {
                    secrets,
                    hosts,
                    ..Credential::default()
                },
            )
        })
    }

    fn signed(&self, webhook: &Webhook, message: &Message) -> Result<Request, Error> {
        let body = json!({ "type": message.event, "timestamp": message.at, "data": message.data });
        let text = body.to_string();
        let seconds = (self.now().as_millis() / 1000).to_string();
        let key = signing_key(&webhook.secret)
            .ok_or_else(|| Error::invalid("/webhook/secret", "the signing key is not base64"))?;
        let mut request = Request::new(Method::Post, webhook.url.clone());
        request.timeout = TIMEOUT;
        request.expect = Expect::Anything;
        request.set_header("webhook-id", &message.id);
        request.set_header("webhook-timestamp", &seconds);
        request.set_header(
            "webhook-signature",
            format!("v1,{}", signature(&key, &message.id, &seconds, &text)),
        );
        request.body = Body::Text {
            content_type: "application/json".to_owned(),
            text,
        };
        Ok(request)
    }
}

/// Whatever the product answers, the event is sent again: a 401 is a fault of its set-up, and must
/// not stop events for ever as it would stop calls to a PSA.
fn not_taken(answer: &Answer) -> Option<Rejection> {
    let is_fine = (200..300).contains(&answer.status) || answer.status == 429;
    (!is_fine).then(|| Rejection {
        class: Class::Unavailable,
        rule: "not taken".to_owned(),
        message: Some(format!("status {}", answer.status)),
        remedy: None,
        cause: None,
        retry_after: None,
    })
}

/// The trouble with a product that does not take events.
pub(crate) fn undelivered(webhook: &str, detail: String) -> Trouble {
    Trouble {
        kind: IssueKind::Undelivered,
        integration: None,
        subject: "webhook".to_owned(),
        cause: None,
        title: format!("The product does not take events at {webhook}"),
        detail: Some(detail),
        remedy: "Check that the address is right and answers with a 2xx status. The events are \
                 kept and sent again by themselves."
            .to_owned(),
    }
}

/// The bytes of a signing key in the `whsec_...` form.
pub(crate) fn signing_key(secret: &Secret) -> Option<Vec<u8>> {
    STANDARD
        .decode(secret.expose().strip_prefix("whsec_")?)
        .ok()
        .filter(|key| !key.is_empty())
}

fn signature(key: &[u8], id: &str, seconds: &str, body: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Scheme, host and port of an address.
pub(crate) fn origin(address: &str) -> &str {
    let rest = address.find("://").map_or(0, |at| at + 3);
    let end = address
        .get(rest..)
        .and_then(|rest| rest.find(['/', '?', '#']));
    address
        .get(..end.map_or(address.len(), |end| rest + end))
        .unwrap_or(address)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    /// The example that the Standard Webhooks libraries test themselves with.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let key = signing_key(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        assert_eq!(
            signature(
                &key,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                r#"{"test": 2432232314}"#
            ),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(
            origin("http://127.0.0.1:80/hook?x=1"),
            "http://127.0.0.1:80"
        );
        assert_eq!(origin("https://a.example"), "https://a.example");
    }
}
