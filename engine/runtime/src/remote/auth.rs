//! Who calls: a connector's `auth`, computed once per credential and handed to the broker, which
//! obtains and renews tokens for all calls together.

use std::collections::BTreeSet;
use std::sync::Mutex;

use definition::connector::Auth;
use exchange::Credential;
use exchange::auth::{Grant, OAuth2, SecretPlace};
use expression::{Expression, Scope};
use model::Secret;
use serde_json::Value;

use super::{Remote, credential, lock};
use crate::halt::Failed;

/// The brokers that know how to show who calls.
pub(crate) type Introduced = Mutex<BTreeSet<String>>;

impl Remote {
    /// Tells the broker how calls show who calls, the first time that one has to. It cannot be told
    /// earlier: an address for tokens may be something that setting up finds out.
    pub(super) fn introduce(&self, scope: &Scope<'_>) -> Result<(), Failed> {
        let Some(auth) = &self.connector.http.auth else {
            return Ok(());
        };
        if lock(&self.core.introduced).contains(self.broker.name()) {
            return Ok(());
        }
        let auth = compute(auth, scope).map_err(|error| Failed::Expression {
            operation: "http.auth".to_owned(),
            error: Box::new(error),
        })?;
        let base = credential(&self.core, &self.connector, &self.integration)
            .map_err(|error| Failed::Undefined(crate::error::chain(&error)))?;
        self.broker.set_credential(Credential { auth, ..base });
        lock(&self.core.introduced).insert(self.broker.name().to_owned());
        Ok(())
    }
}

fn compute(auth: &Auth, scope: &Scope<'_>) -> Result<exchange::Auth, expression::Error> {
    let text = |of: &Expression| Ok(super::request::text(&of.evaluate(scope)?));
    let secret = |of: &Expression| text(of).map(Secret::new);
    Ok(match auth {
        Auth::Basic { user, password } => exchange::Auth::Basic {
            user: text(user)?,
            password: secret(password)?,
        },
        Auth::Bearer { token } => exchange::Auth::Bearer(secret(token)?),
        Auth::ClientCredentials {
            token_url,
            client_id,
            client_secret,
            secret_in_header,
            scope: scopes,
            form,
        } => {
            let mut extra = Vec::new();
            for (name, value) in form {
                let value = value.evaluate(scope)?;
                if value != Value::Null {
                    extra.push((name.clone(), super::request::text(&value)));
                }
            }
            exchange::Auth::OAuth2(OAuth2 {
                token_url: text(token_url)?,
                client_id: text(client_id)?,
                client_secret: secret(client_secret)?,
                secret_place: if *secret_in_header {
                    SecretPlace::Basic
                } else {
                    SecretPlace::Body
                },
                scope: scopes.as_ref().map(text).transpose()?,
                extra,
                grant: Grant::ClientCredentials,
            })
        }
    })
}
