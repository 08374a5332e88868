//! Checks how calls show who calls.

use super::address;
use super::connector::Surroundings;
use super::value::Values;
use crate::codes;
use crate::connector::Auth;
use crate::page::Spot;
use crate::raw::connector::{AuthText, BasicText, BearerText, ClientCredentialsText, SecretInText};

/// Checks `http.auth`. `values` sees what people gave and what setup found.
pub(crate) fn check(
    text: &AuthText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Option<Auth> {
    match (&text.client_credentials, &text.basic, &text.bearer) {
        (Some(text), None, None) => {
            let at = spot.key("client_credentials");
            Some(client_credentials(text, around, values, &at))
        }
        (None, Some(BasicText { user, password }), None) => {
            let at = spot.key("basic");
            Some(Auth::Basic {
                user: values.template(user, &at.key("user")),
                password: values.template(password, &at.key("password")),
            })
        }
        (None, None, Some(BearerText { token })) => {
            let at = spot.key("bearer").key("token");
            Some(Auth::Bearer {
                token: values.template(token, &at),
            })
        }
        _ => {
            let message = "calls show who calls in exactly one way".to_owned();
            let hint = "keep one of `client_credentials`, `basic` and `bearer`".to_owned();
            spot.error(codes::EXACTLY_ONE, message, Some(hint));
            None
        }
    }
}

fn client_credentials(
    text: &ClientCredentialsText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Auth {
    address::check_whole(&text.token_url, around, &spot.key("token_url"));
    let scope = text.scope.as_ref();
    Auth::ClientCredentials {
        token_url: values.template(&text.token_url, &spot.key("token_url")),
        client_id: values.template(&text.client_id, &spot.key("client_id")),
        client_secret: values.template(&text.client_secret, &spot.key("client_secret")),
        secret_in_header: text.secret_in == Some(SecretInText::Header),
        scope: scope.map(|scope| values.template(scope, &spot.key("scope"))),
        form: values.pairs(&text.form, &spot.key("form")),
    }
}
