//! The real transport: reqwest over rustls.
//!
//! It follows no redirect (a redirect would carry credentials to an address that nobody checked),
//! takes no proxy from the environment (a variable left over on a server must not see tickets),
//! keeps no cookies, and reads a body only up to the request's limit.

use std::error::Error as _;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, ClientBuilder, Response, redirect};

use crate::answer::RawAnswer;
use crate::error::Error;
use crate::public::PublicAddresses;
use crate::request::Request;
use crate::transport::{Lack, Transport, TransportError};

/// How long connecting may take, TLS included. Shorter than any call's timeout, so that a dead
/// host is known as "not sent" instead of "unknown".
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept. Load balancers drop theirs after 60 s or more; a request
/// written to a connection that the other side just dropped has an unknown outcome.
pub const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(30);

/// How the network is reached, where that is not the plain way.
#[derive(Clone, Debug, Default)]
pub struct NetworkOptions {
    /// An HTTP proxy that the operator names, e.g. `http://proxy.example.net:3128`.
    pub proxy: Option<String>,
    /// PEM certificates of authorities to trust besides the machine's, e.g. of that proxy.
    pub authorities_pem: Option<Vec<u8>>,
    /// The `user-agent` to send; the program's name and version when none is given.
    pub user_agent: Option<String>,
}

/// Sends requests over the network. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct Network {
    client: Client,
    /// For hosts that partners give. Where a proxy is used, it is the proxy that finds addresses.
    public: Client,
}

impl Network {
    /// Prepares TLS and the connection pool.
    pub fn new(options: &NetworkOptions) -> Result<Self, Error> {
        // Fails only when a provider is installed already, and then there is one.
        drop(rustls::crypto::ring::default_provider().install_default());
        Ok(Self {
            client: client(options)?.build().map_err(Error::Client)?,
            public: client(options)?
                .dns_resolver(PublicAddresses)
                .build()
                .map_err(Error::Client)?,
        })
    }

    /// Sends the request, and leaves it to the caller to take the body and to limit it.
    pub async fn download(&self, request: &Request) -> Result<Download, TransportError> {
        let response = self.begin(request).await?;
        Ok(Download { response })
    }

    async fn begin(&self, request: &Request) -> Result<Response, TransportError> {
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes())
            .map_err(|e| TransportError::not_sent(Lack::Unsendable, e.to_string()))?;
        let client = if request.public_only {
            &self.public
        } else {
            &self.client
        };
        let mut builder = client.request(method, &request.url);
        for (name, value) in request.wire_headers() {
            builder = builder.header(name, value);
        }
        builder
            .body(request.body.to_bytes())
            .send()
            .await
            .map_err(|error| why(&error))
    }
}

/// An answer whose body is taken piece by piece, whatever its length.
#[derive(Debug)]
pub struct Download {
    response: Response,
}

impl Download {
    /// The status of the answer.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The next piece of the body; nothing at its end. A body that broke off before its end is an
    /// error.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        let piece = self.response.chunk().await.map_err(|error| why(&error))?;
        Ok(piece.map(|piece| piece.to_vec()))
    }
}

/// A client as all calls need it.
fn client(options: &NetworkOptions) -> Result<ClientBuilder, Error> {
    let agent = concat!("dovetail/", env!("CARGO_PKG_VERSION"));
    let mut builder = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_CONNECTION_MAX)
        .user_agent(options.user_agent.as_deref().unwrap_or(agent));
    if let Some(proxy) = &options.proxy {
        let proxy = reqwest::Proxy::all(proxy).map_err(Error::Proxy)?;
        builder = builder.proxy(proxy);
    }
    if let Some(pem) = &options.authorities_pem {
        let authorities = reqwest::Certificate::from_pem_bundle(pem).map_err(Error::Authorities)?;
        builder = builder.tls_certs_merge(authorities);
    }
    Ok(builder)
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: &Request) -> Result<RawAnswer, TransportError> {
        let mut response = self.begin(request).await?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| why(&error))? {
            if body.len().saturating_add(chunk.len()) > request.body_bytes_max {
                let detail = format!("the answer is larger than {} bytes", request.body_bytes_max);
                return Err(TransportError::unknown(Lack::TooLarge, detail));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawAnswer {
            status,
            headers,
            body,
        })
    }
}

/// Only what failed before or while connecting counts as not sent; everything else is unknown.
fn why(error: &reqwest::Error) -> TransportError {
    let detail = chain(error);
    if error.is_builder() {
        TransportError::not_sent(Lack::Unsendable, detail)
    } else if error.is_connect() {
        TransportError::not_sent(Lack::Connect, detail)
    } else if error.is_timeout() {
        TransportError::unknown(Lack::Timeout, detail)
    } else {
        TransportError::unknown(Lack::Broken, detail)
    }
}

/// Where the call went, and the causes below the library's own sentence, which would repeat the
/// whole address with its query.
fn chain(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return error.to_string();
    };
    let place = error.url().and_then(|url| {
        let port = url.port_or_known_default()?;
        Some(format!("{}:{port}", url.host_str()?))
    });
    let mut parts: Vec<String> = place.into_iter().chain([cause.to_string()]).collect();
    while let Some(inner) = cause.source() {
        parts.push(inner.to_string());
        cause = inner;
    }
    parts.join(": ")
}
