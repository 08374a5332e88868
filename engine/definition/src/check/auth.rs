//! Checks how calls show who calls. Signatures and logins have modules of their own.

mod hmac;
mod session;

use super::address;
use super::connector::Surroundings;
use super::value::Values;
use crate::auth::{Auth, Client};
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{AuthText, ClientText, SecretInText};

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
            Auth::ClientCredentials(self::client(client, around, values, &at))
        }),
        text.refresh_token.as_ref().map(|text| {
            let at = spot.key("refresh_token");
            Auth::RefreshToken {
                token: values.varying_template(&text.token, &at.key("token")),
                client: client(&text.client, around, values, &at.key("client")),
            }
        }),
        text.basic.as_ref().map(|text| {
            let at = spot.key("basic");
            Auth::Basic {
                user: values.template(&text.user, &at.key("user")),
                password: values.template(&text.password, &at.key("password")),
            }
        }),
        text.bearer.as_ref().map(|text| Auth::Bearer {
            token: values.template(&text.token, &spot.key("bearer").key("token")),
        }),
        text.query_key.as_ref().map(|text| Auth::QueryKey {
            name: text.name.clone(),
            key: values.template(&text.key, &spot.key("query_key").key("key")),
        }),
        text.hmac
            .as_ref()
            .map(|text| Auth::Hmac(hmac::check(text, values, &spot.key("hmac")))),
        text.session.as_ref().map(|text| {
            let session = session::check(text, around, &spot.key("session"));
            Auth::Session(Box::new(session))
        }),
    ];
    let mut given = ways.into_iter().flatten();
    if let (Some(only), None) = (given.next(), given.next()) {
        return Some(only);
    }
    let message = "calls show who calls in exactly one way".to_owned();
    let hint = "keep one of `client_credentials`, `refresh_token`, `basic`, `bearer`, \
        `query_key`, `hmac` and `session`";
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
    Client {
        token_url: values.template(&text.token_url, &spot.key("token_url")),
        client_id: values.template(&text.client_id, &spot.key("client_id")),
        client_secret: values.template(&text.client_secret, &spot.key("client_secret")),
        secret_in_header: text.secret_in == Some(SecretInText::Header),
        scope: scope.map(|scope| values.template(scope, &spot.key("scope"))),
        form: values.pairs(&text.form, &spot.key("form")),
    }
}
