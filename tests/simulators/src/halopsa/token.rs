//! The token endpoint, and who may call with which token.
//!
//! A token is good for its time whatever happens to the agent meanwhile: the rights are in it.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::HaloPsa;
use super::answer::{Done, Refusal};
use super::call::{Call, Parameters};
use super::config::{Application, Config};
use super::rights::Rights;
use super::violation::Violation;

/// Most tokens remembered; the oldest are forgotten, and thereby refused, first.
pub const TOKENS_MAX: usize = 10_000;

/// How long after a refusal calls with the same token can still be on their way.
const IN_FLIGHT: SignedDuration = SignedDuration::from_secs(10);

/// What a token allows.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) rights: Rights,
    pub(crate) agent: i64,
    /// Scopes as asked for; `all` for everything.
    pub(crate) scopes: BTreeSet<String>,
    expires: Timestamp,
    number: u64,
}

impl Grant {
    /// What a technician may do who works in the tenant itself.
    pub(crate) fn of_technician(agent: i64) -> Self {
        Self {
            rights: Rights::default(),
            agent,
            scopes: BTreeSet::from(["all".to_owned()]),
            expires: Timestamp::MAX,
            number: 0,
        }
    }

    /// Whether the scopes allow reading (`read`) or changing (`edit`) a subject such as `tickets`.
    pub(crate) fn allows(&self, verb: &str, subject: &str) -> bool {
        let wanted = format!("{verb}:{subject}");
        let allowed = |scope: &String| scope.starts_with("all") || *scope == wanted;
        self.scopes.iter().any(allowed)
    }
}

/// Tokens given out and refused, and secrets rejected.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    given: BTreeMap<String, Grant>,
    count: u64,
    /// Tokens that are not honoured, and when a call was first refused for it.
    refused: BTreeMap<String, Timestamp>,
    rejected: BTreeSet<(String, String)>,
    revoked: bool,
}

impl Tokens {
    fn keep(&mut self, token: String, mut grant: Grant) {
        self.count += 1;
        grant.number = self.count;
        if self.given.len() >= TOKENS_MAX {
            let oldest = self.given.iter().min_by_key(|(_, grant)| grant.number);
            if let Some(oldest) = oldest.map(|(token, _)| token.clone()) {
                self.given.remove(&oldest);
            }
        }
        self.given.insert(token, grant);
    }

    /// Makes every token that was given out invalid.
    pub(crate) fn expire(&mut self) {
        self.given.clear();
    }

    /// Withdraws the application: no token is given out, none is honoured.
    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
        self.given.clear();
    }

    /// Honours the application again.
    pub(crate) fn restore(&mut self) {
        self.revoked = false;
        self.rejected.clear();
    }
}

impl HaloPsa {
    /// Answers `POST /auth/token`.
    pub(crate) fn give_token(&self, call: &Call<'_>) -> Result<Done, Refusal> {
        if call.method() != Method::POST {
            return Err(Refusal::Verb);
        }
        let form = self.form(call)?;
        if form.text("grant_type") != Some("client_credentials") {
            return Err(refused("unsupported_grant_type"));
        }
        self.check_client(call, &form)?;
        let scopes = self.scopes(&form)?;
        let scope = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
        let seconds = self.config().limits.token_seconds;
        let lifetime = SignedDuration::from_secs(seconds.into());
        let (rights, agent) = {
            let tenant = self.tenant();
            (tenant.rights.clone(), tenant.api_agent)
        };
        let grant = Grant {
            rights,
            agent,
            scopes,
            expires: self
                .now()
                .saturating_add(lifetime)
                .unwrap_or(Timestamp::MAX),
            number: 0,
        };
        let token = self.new_token(agent);
        self.tokens().keep(token.clone(), grant);
        let refresh = self.quirks().refresh_token;
        let mut body = json!({
            "scope": scope, "token_type": "Bearer", "access_token": token, "expires_in": seconds,
        });
        if let Some(body) = body.as_object_mut().filter(|_| refresh) {
            let token = self.new_token(agent);
            body.insert("refresh_token".to_owned(), Value::from(token));
        }
        Ok(Done::ok(body))
    }

    fn form(&self, call: &Call<'_>) -> Result<Parameters, Refusal> {
        let content_type = call.parts.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let is_form = |kind: &str| kind.starts_with("application/x-www-form-urlencoded");
        if !content_type.is_some_and(is_form) {
            self.violate(Violation::TokenNotForm);
            return Err(refused("invalid_request"));
        }
        Ok(Parameters::of_form(call.body))
    }

    /// Checks the tenant's name, too: a wrong one fails in a way that looks like a wrong secret.
    fn check_client(&self, call: &Call<'_>, form: &Parameters) -> Result<(), Refusal> {
        let quirks = self.quirks();
        let Config {
            application,
            tenant: known,
            ..
        } = self.config();
        let Application {
            client_id,
            client_secret,
            ..
        } = application;
        let parameters = call.parameters();
        let tenant = parameters.text("tenant").or_else(|| form.text("tenant"));
        let tenant_fits = match tenant {
            Some(tenant) => tenant.eq_ignore_ascii_case(known),
            None => !quirks.tenant_required,
        };
        let given = |name| form.text(name).unwrap_or_default().to_owned();
        let (id, secret) = (given("client_id"), given("client_secret"));
        let fits = id.eq_ignore_ascii_case(client_id) && secret == *client_secret;
        let mut tokens = self.tokens();
        if fits && tenant_fits && !tokens.revoked {
            return Ok(());
        }
        // The tenant in other ways may be tried, so only the same secret twice is held against it.
        let again = !tokens.rejected.insert((id, format!("{secret}@{tenant:?}")));
        drop(tokens);
        if again {
            self.violate(Violation::RejectedCredentialsAgain);
        }
        Err(Refusal::OAuth {
            status: quirks.invalid_client_status,
            error: "invalid_client",
            text: quirks.invalid_client_text.clone(),
        })
    }

    fn scopes(&self, form: &Parameters) -> Result<BTreeSet<String>, Refusal> {
        let asked = form.text("scope").unwrap_or_default();
        let asked: BTreeSet<String> = asked.split_whitespace().map(str::to_owned).collect();
        let known = &self.config().application.scopes;
        let all = known.iter().any(|scope| scope == "all");
        if asked.is_empty() || !(all || asked.iter().all(|scope| known.contains(scope))) {
            return Err(refused("invalid_scope"));
        }
        Ok(asked)
    }

    /// A token that looks like one; nobody can read anything from it.
    fn new_token(&self, agent: i64) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "alg": "RS256", "typ": "at+jwt" }));
        let claims = part(json!({ "sub": agent.to_string(), "nonce": self.draw().to_string() }));
        format!("{head}.{claims}.{}", part(json!(self.draw().to_string())))
    }

    /// The grant of the token that a call bears.
    pub(crate) fn authenticate(&self, headers: &HeaderMap) -> Result<Grant, Refusal> {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let Some(token) = bearer else {
            return Err(Refusal::Unauthorized);
        };
        let now = self.now();
        let mut tokens = self.tokens();
        let grant = tokens.given.get(token).filter(|grant| now < grant.expires);
        if let Some(grant) = grant {
            return Ok(grant.clone());
        }
        if tokens.refused.len() >= TOKENS_MAX {
            tokens.refused.clear();
        }
        let first = *tokens.refused.entry(token.to_owned()).or_insert(now);
        drop(tokens);
        if now.duration_since(first) > IN_FLIGHT {
            self.violate(Violation::RefusedTokenAgain);
        }
        Err(Refusal::Unauthorized)
    }
}

fn refused(error: &'static str) -> Refusal {
    Refusal::OAuth {
        status: 400,
        error,
        text: None,
    }
}
