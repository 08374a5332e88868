//! A provider of accounts, as OpenID Connect has it, with one account; and with lies.
//!
//! It is strict: a code is given for a client and an address that are registered, used once, and
//! only by who proves to have asked for it. It signs with ES256. What it says wrongly is switched
//! on by a [`Lie`], one at a time, until [`Identity::be_honest`].

mod answers;
mod signer;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use self::signer::Signer;
use crate::Error;
use crate::clock::{Clock, SystemClock};
use crate::lock::lock;
use crate::serve::{self, Running};
use crate::url::encoded;

/// What is registered at a provider.
#[derive(Clone)]
pub struct Client {
    /// The client's name there.
    pub id: String,
    /// What proves it.
    pub secret: String,
    /// The only address that people are sent back to.
    pub back: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("id", &self.id)
            .field("back", &self.back)
            .finish_non_exhaustive()
    }
}

/// What a provider does wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Lie {
    /// These claims stand in the token over those that should; null takes one away.
    Claims(Value),
    /// The token says that it is not signed, and is not.
    Unsigned,
    /// The token is signed as with a shared secret, which is the published key.
    SignedWithWhatIsPublic,
    /// The token is signed with another key, under the name of the one that is published.
    ForeignKey,
    /// The token is signed with a key that is not published, under a name of its own.
    UnknownKey,
    /// What it says of itself names another issuer.
    OtherIssuer,
    /// One of its addresses (`/token`, `/keys`, ...) answers so.
    Answers {
        /// Which.
        path: &'static str,
        /// With this status.
        status: u16,
        /// And this text.
        body: String,
    },
    /// One of its addresses never answers.
    Silent(&'static str),
}

/// A simulated provider. Clones are the same one.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    /// Its own address, once it is served.
    issuer: String,
    client: Option<Client>,
    account: Map<String, Value>,
    lie: Option<Lie>,
    signer: Signer,
    stranger: Signer,
    codes: BTreeMap<String, Code>,
    calls: Vec<String>,
}

/// What a code was given for.
#[derive(Clone)]
struct Code {
    nonce: String,
    challenge: String,
}

impl Identity {
    /// One that nobody is registered at.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            clock: Arc::new(SystemClock),
            state: Mutex::new(State {
                issuer: String::new(),
                client: None,
                account: Map::new(),
                lie: None,
                signer: Signer::new("key-1"),
                stranger: Signer::new("key-0"),
                codes: BTreeMap::new(),
                calls: Vec::new(),
            }),
        }))
    }

    /// Serves it at `address` (port 0 takes a free one); that is its issuer from then on.
    pub async fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        let running = serve::serve(answers::router(self.clone()), address).await?;
        lock(&self.0.state).issuer.clone_from(&running.url);
        Ok(running)
    }

    /// Registers a client.
    pub fn register(&self, client: Client) {
        lock(&self.0.state).client = Some(client);
    }

    /// Has whoever comes be signed in there as somebody with these claims.
    pub fn sign_in_as(&self, claims: &Value) {
        let claims = claims.as_object().cloned();
        lock(&self.0.state).account = claims.unwrap_or_default();
    }

    /// Does this wrong from now on.
    pub fn lie(&self, lie: Lie) {
        lock(&self.0.state).lie = Some(lie);
    }

    /// Does nothing wrong from now on.
    pub fn be_honest(&self) {
        lock(&self.0.state).lie = None;
    }

    /// Signs with a new key from now on, and publishes no other.
    pub fn change_keys(&self) {
        let mut state = lock(&self.0.state);
        let name = format!("{}+", state.signer.name());
        state.signer = Signer::new(&name);
    }

    /// How often an address was called.
    pub fn calls(&self, path: &str) -> usize {
        let state = lock(&self.0.state);
        state.calls.iter().filter(|call| *call == path).count()
    }

    /// What a browser that comes to `url` is led to once its person is signed in there: the address
    /// to return to, with the answer. Says what is wrong with `url` if something is.
    pub fn authorize(&self, url: &str) -> Result<String, String> {
        let query = url.split_once("/authorize?").map(|(_, query)| query);
        let asked = answers::fields(query.ok_or("this is not where people sign in")?);
        let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let mut state = lock(&self.0.state);
        let client = state.client.clone().ok_or("nobody is registered")?;
        for (name, expected) in [
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", &client.back),
            ("code_challenge_method", "S256"),
        ] {
            if get(name) != expected {
                return Err(format!("{name} is {:?}", get(name)));
            }
        }
        if !get("scope").split(' ').any(|scope| scope == "openid") {
            return Err(format!("scope is {:?}", get("scope")));
        }
        let code = format!("code-{}", rand::random::<u64>());
        let about = Code {
            nonce: get("nonce"),
            challenge: get("code_challenge"),
        };
        if about.nonce.is_empty() || about.challenge.is_empty() || get("state").is_empty() {
            return Err("nonce, code_challenge or state is missing".to_owned());
        }
        state.codes.insert(code.clone(), about);
        let iss = encoded(&state.issuer);
        Ok(format!(
            "{}?code={code}&state={}&iss={iss}",
            client.back,
            get("state")
        ))
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity")
    }
}
