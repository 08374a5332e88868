//! A token of our own as the exchange makes it: who asks whom for what is computed once, the
//! moments and the signature for each token.

use definition::auth::{Jwt, JwtAlgorithm};
use exchange::auth;
use expression::{Expression, Scope};
use serde_json::{Map, Value};

use super::secret;

pub(super) fn compute(text: &Jwt, scope: &Scope<'_>) -> Result<auth::Jwt, expression::Error> {
    Ok(auth::Jwt {
        key: secret(&text.key, scope)?,
        algorithm: text.algorithm.map(algorithm),
        header: said(&text.header, scope)?,
        claims: said(&text.claims, scope)?,
        lives: text.lives,
    })
}

fn said(
    pairs: &[(String, Expression)],
    scope: &Scope<'_>,
) -> Result<Map<String, Value>, expression::Error> {
    let mut said = Map::new();
    for (name, value) in pairs {
        let value = value.evaluate(scope)?;
        if value != Value::Null {
            said.insert(name.clone(), value);
        }
    }
    Ok(said)
}

const fn algorithm(named: JwtAlgorithm) -> auth::JwtAlgorithm {
    match named {
        JwtAlgorithm::Rs256 => auth::JwtAlgorithm::Rs256,
        JwtAlgorithm::Rs384 => auth::JwtAlgorithm::Rs384,
        JwtAlgorithm::Rs512 => auth::JwtAlgorithm::Rs512,
        JwtAlgorithm::Ps256 => auth::JwtAlgorithm::Ps256,
        JwtAlgorithm::Ps384 => auth::JwtAlgorithm::Ps384,
        JwtAlgorithm::Ps512 => auth::JwtAlgorithm::Ps512,
        JwtAlgorithm::Es256 => auth::JwtAlgorithm::Es256,
        JwtAlgorithm::Es384 => auth::JwtAlgorithm::Es384,
        JwtAlgorithm::EdDsa => auth::JwtAlgorithm::EdDsa,
    }
}
