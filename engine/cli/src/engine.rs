//! The engine put together, from start to stop: store, library, network, runtime, API, console.
//!
//! `serve` and `demo` run this same engine. Started in this order: the store, whose lock keeps a
//! second process out; the key; the listener, so that a port in use is known before any work is
//! done; then the workers, the API and the console. Stopped the other way round: nothing new is
//! accepted, what is under way ends or is handed back, the store is closed last.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use access::{ProviderSettings, Scope, TokenKey};
use definition::Library;
use exchange::{Clock, Network, NetworkOptions, SystemClock, SystemRandom};
use runtime::{Config, Parts, Runtime};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::sealing;
use crate::token;

/// How an engine is set up.
pub(crate) struct Plan {
    /// The folder that holds the state.
    pub(crate) data: PathBuf,
    /// The file with the key that secrets in it are sealed with.
    pub(crate) seal_key: PathBuf,
    /// Address and port to listen on.
    pub(crate) listen: String,
    /// Under which address others reach it.
    pub(crate) public: PublicAddress,
    /// What people sign in with beside links.
    pub(crate) provider: Option<ProviderSettings>,
    /// How long work under way may take to end at the stop.
    pub(crate) grace: Duration,
    /// What the runtime leaves to the operator.
    pub(crate) runtime: Config,
}

/// Under which address others reach an engine.
pub(crate) enum PublicAddress {
    /// Nobody said; callout addresses are shown as paths.
    Unknown,
    /// Under this one.
    Given(String),
    /// Under the one it listens on; right only where all run on one machine.
    Listener,
}

/// A running engine.
pub(crate) struct Engine {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What tokens for it are minted with.
    pub(crate) tokens: TokenKey,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    working: JoinHandle<()>,
}

impl Engine {
    /// Starts an engine over `library`.
    pub(crate) async fn start(plan: Plan, library: Library) -> Result<Self, Error> {
        let store = sealing::open(&plan.data, &plan.seal_key).await?;
        let restored = runtime::restored(&store).await;
        let restored = restored.map_err(|source| Error::OpenStore {
            path: plan.data.clone(),
            source,
        })?;
        if let Some(restored) = restored {
            tracing::info!(
                "the state was restored at {} from a backup of {}: for every new request until {} \
                 a ticket is looked for before one is made",
                restored.restored_at,
                restored.taken_at,
                restored.looked_for_until()
            );
        }
        let tokens = token::key(&plan.data)?;
        let (listener, address) = listen(&plan.listen).await?;
        let network =
            Network::new(&NetworkOptions::default()).map_err(|source| Error::Network { source })?;
        let public_url = plan.public.url(address);
        let runtime = Runtime::new(Parts {
            store: Arc::new(store),
            library: Arc::new(library),
            transport: Arc::new(network),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            config: Config {
                public_url: public_url.clone(),
                restored,
                ..plan.runtime
            },
        });
        let api = api::router(
            runtime.clone(),
            tokens.clone(),
            api_options(public_url.clone()),
        );
        let mut console = console_options(public_url);
        if let Some(provider) = plan.provider {
            console = console.with_provider(provider);
        }
        let console = console::router(runtime.clone(), tokens.clone(), console);
        let router = api.merge(console);
        let (stop, stopped) = watch::channel(false);
        let mut told = stopped.clone();
        let shutdown = async move { drop(told.wait_for(|stop| *stop).await) };
        let serving = tokio::spawn(api::serve(listener, router, shutdown));
        let grace = plan.grace;
        let working = tokio::spawn(async move { runtime.work(stopped, grace).await });
        Ok(Self {
            address,
            tokens,
            stop,
            serving,
            working,
        })
    }

    /// The address that a person on this machine uses.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a link that signs a person in, once, for `scope`.
    pub(crate) fn sign_in_url(&self, scope: Scope) -> String {
        let path = console::sign_in_path(&self.tokens, scope, SystemClock.now());
        format!("{}{}", self.url(), path.expose())
    }

    /// Waits until a part of the engine ends without being told to, which none ever should.
    pub(crate) async fn ended(&mut self) {
        tokio::select! {
            _ = &mut self.serving => {}
            _ = &mut self.working => {}
        }
    }

    /// Stops it and waits until all work is ended or handed back and the store is closed.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for (part, ended) in [("API", self.serving.await), ("worker", self.working.await)] {
            if let Err(error) = ended {
                tracing::error!("the {part} did not end well: {error}");
            }
        }
    }
}

async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen {
        address: address.to_owned(),
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

impl PublicAddress {
    fn url(self, address: SocketAddr) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Given(url) => Some(url),
            Self::Listener => Some(format!("http://{address}")),
        }
    }
}

fn api_options(public_url: Option<String>) -> api::Options {
    let options = api::Options::new(|| SystemClock.now());
    match public_url {
        Some(url) => options.with_public_url(url),
        None => options,
    }
}

fn console_options(public_url: Option<String>) -> console::Options {
    let options = console::Options::new(|| SystemClock.now());
    match public_url {
        Some(url) => options.with_public_url(url),
        None => options,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;
    use crate::builtin;
    use crate::exit::Exit;

    async fn start(data: &std::path::Path, listen: &str) -> Result<Engine, Error> {
        let plan = Plan {
            data: data.to_owned(),
            seal_key: sealing::default_path(data),
            listen: listen.to_owned(),
            public: PublicAddress::Unknown,
            provider: None,
            grace: Duration::from_secs(1),
            runtime: Config::default(),
        };
        Engine::start(plan, builtin::load(&[])?.library).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_engine_per_folder_and_port_and_both_are_free_after_it_stops() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let engine = start(one.path(), "127.0.0.1:0").await.unwrap();
        let address = engine.address.to_string();
        let same_folder = start(one.path(), "127.0.0.1:0").await.err().unwrap();
        assert_eq!(same_folder.exit(), Exit::Store, "{same_folder}");
        let same_port = start(other.path(), &address).await.err().unwrap();
        assert_eq!(same_port.exit(), Exit::Listen, "{same_port}");
        engine.stop().await;
        start(one.path(), &address).await.unwrap().stop().await;
    }
}
