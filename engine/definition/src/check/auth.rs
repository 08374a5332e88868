//! Checks how calls show who calls. Signatures, tokens of our own and logins have modules of their
//! own.

mod hmac;
mod jwt;
mod session;

use super::address;
use super::connector::Surroundings;
use super::value::Values;
use crate::auth::{Auth, Client, Hash, OAuth1, Proof};
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{AuthText, ClientText, HashText, OAuth1Text, SecretInText};
use crate::raw::value::Template;

/// Checks `http.auth`. `values` sees what people gave and what setup found.
pub(crate) fn check(
    text: &AuthText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Option<Auth> {
    let ways = [
        text.client_credentials.as_ref().map(|client| {
            let at = spot.key("client_credentials");
            known(
                client,
                client.client_secret.is_some() || client.jwt.is_some(),
                &at,
            );
            Auth::ClientCredentials(self::client(client, around, values, &at))
        }),
        text.refresh_token.as_ref().map(|text| {
            let at = spot.key("refresh_token");
            around.secrets.ask_for_in(&text.token, &at.key("token"));
            known(&text.client, true, &at.key("client"));
            Auth::RefreshToken {
                token: values.varying_template(&text.token, &at.key("token")),
                client: client(&text.client, around, values, &at.key("client")),
            }
        }),
        text.jwt_grant.as_ref().map(|text| {
            let at = spot.key("jwt_grant");
            Auth::JwtGrant {
                jwt: jwt::check(&text.jwt, around, values, &at.key("jwt")),
                client: client(&text.client, around, values, &at.key("client")),
            }
        }),
        text.jwt
            .as_ref()
            .map(|text| Auth::Jwt(jwt::check(text, around, values, &spot.key("jwt")))),
        text.basic.as_ref().map(|text| {
            let at = spot.key("basic");
            around
                .secrets
                .ask_for_in(&text.password, &at.key("password"));
            Auth::Basic {
                user: values.template(&text.user, &at.key("user")),
                password: values.template(&text.password, &at.key("password")),
            }
        }),
        text.bearer.as_ref().map(|text| {
            let at = spot.key("bearer").key("token");
            around.secrets.ask_for_in(&text.token, &at);
            Auth::Bearer {
                token: values.template(&text.token, &at),
            }
        }),
        text.query_key.as_ref().map(|text| {
            let at = spot.key("query_key").key("key");
            around.secrets.ask_for_in(&text.key, &at);
            Auth::QueryKey {
                name: text.name.clone(),
                key: values.template(&text.key, &at),
            }
        }),
        text.hmac
            .as_ref()
            .map(|text| Auth::Hmac(hmac::check(text, around, values, &spot.key("hmac")))),
        text.oauth1
            .as_ref()
            .map(|text| Auth::OAuth1(oauth1(text, around, values, &spot.key("oauth1")))),
        text.session.as_ref().map(|text| {
            let session = session::check(text, around, values, &spot.key("session"));
            Auth::Session(Box::new(session))
        }),
    ];
    let mut given = ways.into_iter().flatten();
    if let (Some(only), None) = (given.next(), given.next()) {
        return Some(only);
    }
    let message = "calls show who calls in exactly one way".to_owned();
    let hint = "keep one of `client_credentials`, `refresh_token`, `jwt_grant`, `jwt`, `basic`, \
        `bearer`, `query_key`, `hmac`, `oauth1` and `session`";
    spot.error(codes::EXACTLY_ONE, message, Some(hint.to_owned()));
    None
}

fn client(
    text: &ClientText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Client {
    address::check_whole(&text.token_url, around, &spot.key("token_url"));
    let scope = text.scope.as_ref();
    let id = text.client_id.as_ref();
    let proof = match (&text.client_secret, &text.jwt) {
        (None, None) => Proof::None,
        (Some(secret), None) => {
            let at = spot.key("client_secret");
            around.secrets.ask_for_in(secret, &at);
            Proof::Secret(values.template(secret, &at))
        }
        (None, Some(jwt)) => Proof::Jwt(jwt::check(jwt, around, values, &spot.key("jwt"))),
        (Some(_), Some(_)) => {
            let message = "a client proves itself in one way".to_owned();
            let hint = "keep one of `client_secret` and `jwt`".to_owned();
            spot.error(codes::EXACTLY_ONE, message, Some(hint));
            Proof::None
        }
    };
    Client {
        token_url: values.template(&text.token_url, &spot.key("token_url")),
        client_id: id.map(|id| values.template(id, &spot.key("client_id"))),
        proof,
        secret_in_header: text.secret_in == Some(SecretInText::Header),
        scope: scope.map(|scope| values.template(scope, &spot.key("scope"))),
        form: values.pairs(&text.form, &spot.key("form")),
    }
}

/// Says what a client lacks to be known to the server.
fn known(text: &ClientText, is_proven: bool, spot: &Spot<'_>) {
    let lacks = |key: &str, hint: &str| {
        let message = format!("the key `{key}` is missing");
        spot.error(codes::MISSING_KEY, message, Some(hint.to_owned()));
    };
    if text.client_id.is_none() {
        lacks("client_id", "it tells the server who asks for a token");
    }
    if !is_proven {
        let hint = "it proves that it is the client who asks; a client with a private key has \
            `jwt` instead";
        lacks("client_secret", hint);
    }
}

fn oauth1(
    text: &OAuth1Text,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> OAuth1 {
    let secret = |key: &str, text: &Template| around.secrets.ask_for_in(text, &spot.key(key));
    secret("consumer_secret", &text.consumer_secret);
    if let Some(text) = &text.token_secret {
        secret("token_secret", text);
    }
    let token = match (&text.token, &text.token_secret) {
        (Some(token), Some(secret)) => Some((
            values.template(token, &spot.key("token")),
            values.template(secret, &spot.key("token_secret")),
        )),
        (None, None) => None,
        _ => {
            let message = "a token and its secret go together".to_owned();
            let hint = "give both `token` and `token_secret`, or neither";
            spot.error(codes::MISSING_KEY, message, Some(hint.to_owned()));
            None
        }
    };
    let realm = text.realm.as_ref();
    OAuth1 {
        consumer_key: values.template(&text.consumer_key, &spot.key("consumer_key")),
        consumer_secret: values.template(&text.consumer_secret, &spot.key("consumer_secret")),
        token,
        realm: realm.map(|realm| values.template(realm, &spot.key("realm"))),
        hash: hash(text.hash),
    }
}

fn hash(text: Option<HashText>) -> Hash {
    match text {
        Some(HashText::Sha1) => Hash::Sha1,
        Some(HashText::Sha256) | None => Hash::Sha256,
        Some(HashText::Sha512) => Hash::Sha512,
    }
}
