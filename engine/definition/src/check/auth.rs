//! Checks how calls show who calls.

use expression::Compiler;

use super::connector::Surroundings;
use super::{address, pairs, template};
use crate::codes;
use crate::connector::Auth;
use crate::page::Spot;
use crate::raw::connector::{AuthText, BasicText, BearerText, ClientCredentialsText, SecretInText};

/// Checks `http.auth`. `compiler` sees what people gave and what setup found.
pub(crate) fn check(
    text: &AuthText,
    around: &Surroundings<'_>,
    compiler: &Compiler<'_>,
    spot: &Spot<'_>,
) -> Option<Auth> {
    match (&text.client_credentials, &text.basic, &text.bearer) {
        (Some(text), None, None) => {
            let at = spot.key("client_credentials");
            Some(client_credentials(text, around, compiler, &at))
        }
        (None, Some(BasicText { user, password }), None) => {
            let at = spot.key("basic");
            Some(Auth::Basic {
                user: template(compiler, user, &at.key("user")),
                password: template(compiler, password, &at.key("password")),
            })
        }
        (None, None, Some(BearerText { token })) => {
            let at = spot.key("bearer").key("token");
            Some(Auth::Bearer {
                token: template(compiler, token, &at),
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
    compiler: &Compiler<'_>,
    spot: &Spot<'_>,
) -> Auth {
    address::check_whole(&text.token_url, around, &spot.key("token_url"));
    let scope = text.scope.as_ref();
    Auth::ClientCredentials {
        token_url: template(compiler, &text.token_url, &spot.key("token_url")),
        client_id: template(compiler, &text.client_id, &spot.key("client_id")),
        client_secret: template(compiler, &text.client_secret, &spot.key("client_secret")),
        secret_in_header: text.secret_in == Some(SecretInText::Header),
        scope: scope.map(|scope| template(compiler, scope, &spot.key("scope"))),
        form: pairs(compiler, &text.form, &spot.key("form")),
    }
}
