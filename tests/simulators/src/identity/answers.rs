//! What the provider answers: what it is, its keys, where people sign in, and tokens for codes.

use std::collections::BTreeMap;

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Client, Code, Identity, Lie, State, signer};
use crate::lock::lock;

/// How long a token is good, in seconds.
const LIFE_SECONDS: i64 = 300;

pub(super) fn router(identity: Identity) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(document))
        .route("/authorize", get(authorize))
        .route("/keys", get(keys))
        .route("/token", post(token))
        .layer(from_fn_with_state(identity.clone(), count))
        .with_state(identity)
}

/// Counts the call, and answers it wrongly where that is switched on.
async fn count(Shared(identity): Shared<Identity>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let lie = {
        let mut state = lock(&identity.0.state);
        state.calls.push(path.clone());
        state.lie.clone()
    };
    match lie {
        Some(Lie::Silent(at)) if at == path => std::future::pending().await,
        Some(Lie::Answers {
            path: at,
            status,
            body,
        }) if at == path => {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            let json = [(header::CONTENT_TYPE, "application/json")];
            (status, json, body).into_response()
        }
        _ => next.run(request).await,
    }
}

async fn document(Shared(identity): Shared<Identity>) -> Json<Value> {
    let state = lock(&identity.0.state);
    let url = &state.issuer;
    let issuer = match state.lie {
        Some(Lie::OtherIssuer) => "https://another.example",
        _ => url,
    };
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "end_session_endpoint": format!("{url}/leave"),
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn authorize(Shared(identity): Shared<Identity>, uri: Uri) -> Response {
    match identity.authorize(&uri.to_string()) {
        Ok(back) => Redirect::to(&back).into_response(),
        Err(wrong) => (StatusCode::BAD_REQUEST, wrong).into_response(),
    }
}

async fn keys(Shared(identity): Shared<Identity>) -> Json<Value> {
    let state = lock(&identity.0.state);
    Json(json!({ "keys": [state.signer.published()] }))
}

async fn token(Shared(identity): Shared<Identity>, headers: HeaderMap, form: String) -> Response {
    let refused = |error: &str| {
        let said = Json(json!({ "error": error }));
        (StatusCode::BAD_REQUEST, said).into_response()
    };
    let form = fields(&form);
    let mut state = lock(&identity.0.state);
    let Some(client) = state.client.clone().filter(|it| it.is_proved(&headers)) else {
        return refused("invalid_client");
    };
    // Whoever brings it, a code is worth nothing afterwards.
    let code = form.get("code").and_then(|code| state.codes.remove(code));
    let Some(code) = code.filter(|code| code.may_be_used(&form, &client)) else {
        return refused("invalid_grant");
    };
    let now = identity.0.clock.now().as_second();
    let token = state.token(&client, &code, now);
    Json(json!({ "token_type": "Bearer", "access_token": "unused", "id_token": token }))
        .into_response()
}

impl Client {
    /// Whether the header proves it, as RFC 6749 has it: both parts are encoded like a form.
    fn is_proved(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|given| given.to_str().ok()?.strip_prefix("Basic "));
        let given = given.and_then(|given| String::from_utf8(STANDARD.decode(given).ok()?).ok());
        let given = given.unwrap_or_default();
        let (id, secret) = given.split_once(':').unwrap_or_default();
        let pair = fields(&format!("id={id}&secret={secret}"));
        let [id, secret] = ["id", "secret"].map(|name| pair.get(name));
        id == Some(&self.id) && secret == Some(&self.secret)
    }
}

impl Code {
    fn may_be_used(&self, form: &BTreeMap<String, String>, client: &Client) -> bool {
        let get = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let digest = Sha256::digest(get("code_verifier"));
        get("grant_type") == "authorization_code"
            && get("redirect_uri") == client.back
            && URL_SAFE_NO_PAD.encode(digest) == self.challenge
    }
}

impl State {
    fn token(&self, client: &Client, code: &Code, now: i64) -> String {
        let mut claims = self.account.clone();
        let own = json!({ "iss": self.issuer, "aud": client.id, "iat": now,
            "exp": now + LIFE_SECONDS, "nonce": code.nonce });
        claims.extend(own.as_object().cloned().unwrap_or_default());
        if let Some(Lie::Claims(false_ones)) = &self.lie {
            tell(&mut claims, false_ones);
        }
        let name = self.signer.name();
        match self.lie {
            Some(Lie::Unsigned) => signer::not_signed(&claims),
            Some(Lie::SignedWithWhatIsPublic) => self.signer.sign_with_what_is_public(&claims),
            Some(Lie::ForeignKey) => self.stranger.sign(name, &claims),
            Some(Lie::UnknownKey) => self.stranger.sign(self.stranger.name(), &claims),
            _ => self.signer.sign(name, &claims),
        }
    }
}

fn tell(claims: &mut Map<String, Value>, false_ones: &Value) {
    for (name, value) in false_ones.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(claims.remove(name)),
            value => drop(claims.insert(name.clone(), value.clone())),
        }
    }
}

/// What a query or a form says.
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = form_urlencoded::parse(text.as_bytes());
    pairs.into_owned().collect()
}
