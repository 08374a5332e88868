//! Who calls: a connector's `auth`, computed once per credential and handed to the broker, which
//! obtains and renews tokens for all calls together.

mod consent;
mod hmac;
mod jwt;
mod session;

use std::collections::BTreeMap;
use std::sync::Mutex;

use definition::auth::{Auth, Client, Hash, OAuth1, Proof};
use exchange::Credential;
use exchange::auth::{Algorithm, Grant, OAuth2, SecretPlace};
use expression::{Expression, Scope};
use model::Secret;
use serde_json::Value;

use self::consent::Consent;
pub(crate) use self::consent::hashes as consents;
use super::request::text;
use super::{Remote, credential, lock};
use crate::halt::Failed;

/// The brokers that know how to show who calls, each with the consent that it calls by, if it
/// calls by one.
pub(crate) type Introduced = Mutex<BTreeMap<String, Option<Consent>>>;

/// The operation that failures of computing `http.auth` are reported for.
const OPERATION: &str = "http.auth";

impl Remote {
    /// Tells the broker how calls show who calls, the first time that one has to. It cannot be told
    /// earlier: an address for tokens may be something that setting up finds out.
    pub(super) async fn introduce(&self, scope: &Scope<'_>) -> Result<(), Failed> {
        let Some(auth) = &self.connector.http.auth else {
            return Ok(());
        };
        if lock(&self.core.introduced).contains_key(self.broker.name()) {
            return Ok(());
        }
        let (auth, consent) = match auth {
            Auth::RefreshToken { token, client } => {
                let given = secret(token, scope).map_err(failed)?;
                let client = oauth2(client, scope).map_err(failed)?;
                let (grant, consent) = self.grant(&given).await?;
                let auth = exchange::Auth::OAuth2(OAuth2 { grant, ..client });
                (auth, Some(consent))
            }
            other => (self.compute(other, scope).map_err(failed)?, None),
        };
        let base = credential(&self.core, &self.connector, &self.integration)
            .map_err(|error| Failed::Undefined(crate::error::chain(&error)))?;
        let mut introduced = lock(&self.core.introduced);
        let current = self.core.exchange.broker(self.broker.name());
        if !current.is_some_and(|current| current.is(&self.broker)) {
            // The credentials were replaced while this call was under way. It ends with the old
            // ones, and the new ones are still to be introduced.
            self.broker.set_credential(Credential { auth, ..base });
        } else if !introduced.contains_key(self.broker.name()) {
            // Somebody else may have been first; doing it again would end the token in use.
            self.broker.set_credential(Credential { auth, ..base });
            introduced.insert(self.broker.name().to_owned(), consent);
        }
        Ok(())
    }

    fn compute(&self, auth: &Auth, scope: &Scope<'_>) -> Result<exchange::Auth, expression::Error> {
        Ok(match auth {
            Auth::Basic { user, password } => exchange::Auth::Basic {
                user: printed(user, scope)?,
                password: secret(password, scope)?,
            },
            Auth::Bearer { token } => exchange::Auth::Bearer(secret(token, scope)?),
            Auth::QueryKey { name, key } => exchange::Auth::QueryKey {
                name: name.clone(),
                key: secret(key, scope)?,
            },
            Auth::Hmac(text) => exchange::Auth::Hmac(hmac::compute(text, scope)?),
            Auth::OAuth1(text) => exchange::Auth::OAuth1(oauth1(text, scope)?),
            Auth::Jwt(text) => exchange::Auth::Jwt(jwt::compute(text, scope)?),
            Auth::JwtGrant { jwt, client } => exchange::Auth::OAuth2(OAuth2 {
                grant: Grant::Jwt(jwt::compute(jwt, scope)?),
                ..oauth2(client, scope)?
            }),
            Auth::Session(text) => exchange::Auth::Session(self.session(text, scope)?),
            Auth::ClientCredentials(client) | Auth::RefreshToken { client, .. } => {
                exchange::Auth::OAuth2(oauth2(client, scope)?)
            }
        })
    }
}

/// The client itself; a consent is added by who has one.
fn oauth2(client: &Client, scope: &Scope<'_>) -> Result<OAuth2, expression::Error> {
    let mut extra = Vec::new();
    for (name, value) in &client.form {
        let value = value.evaluate(scope)?;
        if value != Value::Null {
            extra.push((name.clone(), text(&value)));
        }
    }
    let (ids, scopes) = (client.client_id.as_ref(), client.scope.as_ref());
    Ok(OAuth2 {
        token_url: printed(&client.token_url, scope)?,
        client_id: ids.map(|id| printed(id, scope)).transpose()?,
        proof: match &client.proof {
            Proof::None => exchange::Proof::None,
            Proof::Secret(text) => exchange::Proof::Secret(secret(text, scope)?),
            Proof::Jwt(text) => exchange::Proof::Jwt(jwt::compute(text, scope)?),
        },
        secret_place: if client.secret_in_header {
            SecretPlace::Basic
        } else {
            SecretPlace::Body
        },
        scope: scopes.map(|scopes| printed(scopes, scope)).transpose()?,
        extra,
        grant: Grant::ClientCredentials,
    })
}

fn oauth1(text: &OAuth1, scope: &Scope<'_>) -> Result<exchange::OAuth1, expression::Error> {
    let token = text.token.as_ref();
    let token =
        token.map(|(token, of_token)| Ok((printed(token, scope)?, secret(of_token, scope)?)));
    let realm = text.realm.as_ref();
    Ok(exchange::OAuth1 {
        algorithm: algorithm(text.hash),
        consumer_key: printed(&text.consumer_key, scope)?,
        consumer_secret: secret(&text.consumer_secret, scope)?,
        token: token.transpose()?,
        realm: realm.map(|realm| printed(realm, scope)).transpose()?,
    })
}

const fn algorithm(hash: Hash) -> Algorithm {
    match hash {
        Hash::Sha1 => Algorithm::Sha1,
        Hash::Sha256 => Algorithm::Sha256,
        Hash::Sha512 => Algorithm::Sha512,
    }
}

fn printed(value: &Expression, scope: &Scope<'_>) -> Result<String, expression::Error> {
    Ok(text(&value.evaluate(scope)?))
}

fn secret(value: &Expression, scope: &Scope<'_>) -> Result<Secret, expression::Error> {
    printed(value, scope).map(Secret::new)
}

fn failed(error: expression::Error) -> Failed {
    Failed::Expression {
        operation: OPERATION.to_owned(),
        error: Box::new(error),
    }
}
