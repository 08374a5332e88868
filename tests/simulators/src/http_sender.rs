//! The sender over the network: what a simulator uses when nobody gives it another one.

use std::sync::OnceLock;

use async_trait::async_trait;

use crate::callout::{Callout, Sender};

/// Sends callouts with a real HTTP client, made when the first one is sent.
#[derive(Debug, Default)]
pub struct HttpSender {
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl HttpSender {
    fn client(&self) -> Result<&reqwest::Client, String> {
        let client = self.client.get_or_init(|| {
            // A process has one default provider; if another part has set it, that one serves.
            drop(rustls::crypto::ring::default_provider().install_default());
            reqwest::Client::builder()
                .build()
                .map_err(|error| format!("{error:?}"))
        });
        client.as_ref().map_err(Clone::clone)
    }
}

#[async_trait]
impl Sender for HttpSender {
    async fn send(&self, callout: &Callout) -> Result<u16, String> {
        let mut request = self.client()?.request(callout.method.clone(), &callout.url);
        if let Some(content_type) = callout.content_type {
            request = request
                .header("content-type", content_type)
                .body(callout.body.clone());
        }
        if let Some(authorization) = &callout.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await.map_err(|error| format!("{error:?}"))?;
        Ok(response.status().as_u16())
    }
}
