//! Checks a login and what becomes of its token.

use expression::Shape;

use crate::auth::{Placement, Session};
use crate::check::auth::jwt;
use crate::check::connector::Surroundings;
use crate::check::value::Values;
use crate::check::{KEEP, duration, header, operation, scope};
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{PlacementText, SessionText};
use crate::raw::operation::OperationText;

/// The status of a token that is over, unless the file says otherwise.
const OVER: u16 = 401;

pub(super) fn check(
    text: &SessionText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Session {
    let login = OperationText::from(&text.login);
    let outer = Shape::object([("answer", scope::answer())]);
    let reading = Values::document(&Shape::Any, &outer, around.scripts);
    let expires_in = text.expires_in.as_ref();
    Session {
        login: operation::check_setup("login", &login, around, &spot.key("login")),
        jwt: text.login.jwt.as_ref().map(|jwt| {
            let at = spot.key("login").key("jwt");
            jwt::check(jwt, around, values, &at)
        }),
        token: reading.varying(&text.token.0, &spot.key("token")),
        expires_in: expires_in.map(|value| reading.varying(&value.0, &spot.key("expires_in"))),
        lives: text
            .lives
            .as_ref()
            .map(|lives| duration(lives, KEEP, &spot.key("lives"))),
        placement: text.put.as_ref().map_or_else(
            || header_placement("Authorization", "Bearer "),
            |put| placement(put, &spot.key("put")),
        ),
        over_on: text.over_on.clone().unwrap_or_else(|| vec![OVER]),
    }
}

fn placement(text: &PlacementText, spot: &Spot<'_>) -> Placement {
    let prefix = text.prefix.as_deref().unwrap_or_default();
    match (&text.header, &text.query, &text.cookie) {
        (Some(name), None, None) => {
            header::check_name(name, &spot.key("header"));
            return header_placement(name, prefix);
        }
        (None, Some(name), None) if prefix.is_empty() => return Placement::Query(name.clone()),
        (None, None, Some(name)) if prefix.is_empty() => return Placement::Cookie(name.clone()),
        _ => {}
    }
    let message = "a token is put in exactly one place".to_owned();
    let hint = "keep one of `header`, `query` and `cookie`; `prefix` goes with `header`".to_owned();
    spot.error(codes::EXACTLY_ONE, message, Some(hint));
    header_placement("Authorization", prefix)
}

fn header_placement(name: &str, prefix: &str) -> Placement {
    Placement::Header {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    }
}
