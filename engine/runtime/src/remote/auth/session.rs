//! A login as the exchange makes it: its request, computed once, and where its token is.

use std::sync::Arc;
use std::time::Duration;

use definition::auth::{Placement, Session};
use exchange::{Answer, Expect, Token};
use expression::Scope;
use model::Secret;
use serde_json::Value;

use super::jwt;
use crate::remote::Remote;
use crate::remote::request::whole;

impl Remote {
    pub(super) fn session(
        &self,
        session: &Session,
        scope: &Scope<'_>,
    ) -> Result<exchange::Session, expression::Error> {
        let mut login = self.request(&session.login, scope)?;
        // The token may come in a header, with a page or with nothing in the body.
        login.expect = Expect::Anything;
        let picking = session.clone();
        Ok(exchange::Session {
            login,
            jwt: session
                .jwt
                .as_ref()
                .map(|text| jwt::compute(text, scope))
                .transpose()?,
            pick: Arc::new(move |answer| pick(&picking, answer)),
            placement: match session.placement.clone() {
                Placement::Header { name, prefix } => exchange::Placement::Header { name, prefix },
                Placement::Query(name) => exchange::Placement::Query(name),
                Placement::Cookie(name) => exchange::Placement::Cookie(name),
            },
            renew_on: session.over_on.clone(),
        })
    }
}

/// The token in an answer. What it says instead is never quoted: it may hold a secret that nobody
/// knows as one.
fn pick(session: &Session, answer: &Answer) -> Result<Token, String> {
    let answered = answer.as_value();
    let body = answered.get("body").unwrap_or(&Value::Null);
    let scope = Scope::document(body).with("answer", &answered);
    let token = session.token.evaluate(&scope).unwrap_or(Value::Null);
    let token = match &token {
        Value::String(token) if !token.is_empty() => token.clone(),
        Value::Number(token) => token.to_string(),
        _ => {
            let status = answer.status;
            return Err(format!(
                "login: status {status}, and no token where `http.auth.session.token` looks for it"
            ));
        }
    };
    let said = session.expires_in.as_ref();
    let said = said.and_then(|value| value.evaluate(&scope).ok());
    let lives = said
        .and_then(|value| whole(&value))
        .map(Duration::from_secs);
    Ok(Token {
        text: Secret::new(token),
        lives: lives.or(session.lives),
    })
}
