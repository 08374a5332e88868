//! The PSA's cloud: any number of simulated tenants behind one address.
//!
//! An operator configures one address of the PSA for all partners, and the PSA tells each user's
//! own address from there. So it is here: zone information is answered by the tenant whose user
//! asks, and each tenant lives, with its controls, under a path of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;

use super::{Autotask, Config, Credentials};
use crate::Error;
use crate::lock::lock;
use crate::serve::{self, Running};

/// The cloud; dropping it takes it off the network.
#[derive(Debug)]
pub struct Cloud {
    tenants: Tenants,
    running: Running,
}

/// By the first part of their path.
#[derive(Clone, Debug, Default)]
struct Tenants(Arc<Mutex<BTreeMap<String, Autotask>>>);

impl Tenants {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Autotask>> {
        lock(&self.0)
    }

    fn named(&self, name: &str) -> Option<Autotask> {
        self.lock().get(name).cloned()
    }

    /// The tenant whose user asks, or any: each of them refuses a user that it does not know.
    fn of_user(&self, query: &str) -> Option<Autotask> {
        let tenants = self.lock();
        let knows = |(name, _): &(&String, &Autotask)| query.contains(&format!("{name}%40"));
        let found = tenants.iter().find(knows).or_else(|| tenants.iter().next());
        found.map(|(_, tenant)| tenant.clone())
    }
}

impl Cloud {
    /// A cloud without tenants at `address`; port 0 takes a free one.
    pub async fn serve(address: SocketAddr) -> Result<Self, Error> {
        let tenants = Tenants::default();
        let router = Router::new().fallback(pass_on).with_state(tenants.clone());
        let running = serve::serve(router, address).await?;
        Ok(Self { tenants, running })
    }

    /// Its address, without a final slash.
    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// The address where the PSA tells in which zone a user lives.
    pub fn api_root(&self) -> String {
        format!("{}/ATServicesRest", self.running.url)
    }

    /// Adds a tenant that lives at `/{name}`, and whose API user is `{name}@psa.example`.
    pub fn add(&self, name: &str, mut config: Config) -> Autotask {
        config.public_url = Some(format!("{}/{name}", self.running.url));
        config.credentials = Credentials {
            username: format!("{name}@psa.example"),
            ..config.credentials
        };
        let tenant = Autotask::new(config);
        self.tenants.lock().insert(name.to_owned(), tenant.clone());
        tenant
    }

    /// Gives what serves it.
    pub(crate) fn into_running(self) -> Running {
        self.running
    }
}

async fn pass_on(State(tenants): State<Tenants>, mut request: Request) -> Response {
    let uri = request.uri().clone();
    let (first, rest) = uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let tenant = tenants.named(first);
    if tenant.is_some() {
        let path = format!("/{rest}?{query}");
        *request.uri_mut() = path
            .trim_end_matches('?')
            .parse::<Uri>()
            .unwrap_or_default();
    }
    match tenant.or_else(|| tenants.of_user(query)) {
        Some(tenant) => match tenant.router().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        },
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
