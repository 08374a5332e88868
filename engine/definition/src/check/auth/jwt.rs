//! Checks a token of our own.

use std::time::Duration;

use crate::auth::{Jwt, JwtAlgorithm};
use crate::check::connector::Surroundings;
use crate::check::value::Values;
use crate::check::{JWT_LIVES, duration};
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{JwtAlgorithmText, JwtText};

/// How long a token is good for unless the file says otherwise: longer than a clock is wrong or a
/// call is under way, and shorter than any server objects to but those that say so.
const LIVES: Duration = Duration::from_mins(5);

/// What each token says anew. Said here, it would be the same in all of them, and the second one
/// would be refused.
const SAID_ANEW: [&str; 4] = ["iat", "nbf", "exp", "jti"];

pub(super) fn check(
    text: &JwtText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Jwt {
    around.secrets.ask_for_in(&text.key, &spot.key("key"));
    let reserved = |name: &str, key: &str, hint: &str| {
        let message = format!("`{name}` is made for each token");
        let at = spot.key(key).key(name);
        at.key_error(codes::RESERVED_NAME, message, Some(hint.to_owned()));
    };
    for (name, _) in text
        .claims
        .0
        .iter()
        .filter(|(name, _)| SAID_ANEW.contains(&name.as_str()))
    {
        let hint = "take it out; `lives` says how long a token is good for";
        reserved(name, "claims", hint);
    }
    if text.header.0.iter().any(|(name, _)| name == "alg") {
        reserved("alg", "header", "write it as `algorithm`, beside `key`");
    }
    let lives = text.lives.as_ref();
    Jwt {
        key: values.template(&text.key, &spot.key("key")),
        algorithm: text.algorithm.map(algorithm),
        header: values.pairs(&text.header, &spot.key("header")),
        claims: values.pairs(&text.claims, &spot.key("claims")),
        lives: lives.map_or(LIVES, |lives| {
            duration(lives, JWT_LIVES, &spot.key("lives"))
        }),
    }
}

const fn algorithm(text: JwtAlgorithmText) -> JwtAlgorithm {
    match text {
        JwtAlgorithmText::Rs256 => JwtAlgorithm::Rs256,
        JwtAlgorithmText::Rs384 => JwtAlgorithm::Rs384,
        JwtAlgorithmText::Rs512 => JwtAlgorithm::Rs512,
        JwtAlgorithmText::Ps256 => JwtAlgorithm::Ps256,
        JwtAlgorithmText::Ps384 => JwtAlgorithm::Ps384,
        JwtAlgorithmText::Ps512 => JwtAlgorithm::Ps512,
        JwtAlgorithmText::Es256 => JwtAlgorithm::Es256,
        JwtAlgorithmText::Es384 => JwtAlgorithm::Es384,
        JwtAlgorithmText::EdDsa => JwtAlgorithm::EdDsa,
    }
}
