//! Checks the names of headers that are sent.

use crate::codes;
use crate::page::Spot;
use crate::raw::value::{Computed, Pairs};

/// Headers that follow from the address and the body; one that contradicts them breaks the call.
const OURS: [&str; 5] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "te",
];

/// Reports names that no header can have, and those that are not the author's to set.
pub(crate) fn check(headers: &Pairs<Computed>, spot: &Spot<'_>) {
    for (name, _) in &headers.0 {
        if let Some((message, hint)) = fault(name) {
            spot.key(name)
                .key_error(codes::BAD_HEADER, message, Some(hint.to_owned()));
        }
    }
}

/// Reports a header that `http.auth` sets.
pub(crate) fn refuse_authorization(headers: &Pairs<Computed>, spot: &Spot<'_>) {
    let given = headers.0.iter().map(|(name, _)| name);
    for name in given.filter(|name| name.eq_ignore_ascii_case("authorization")) {
        let message = format!("`{name}` is set by `http.auth`, so that this is never sent");
        let hint = "keep one of the two".to_owned();
        spot.key(name)
            .key_warning(codes::BAD_HEADER, message, Some(hint));
    }
}

/// The same for the one name that is the value here.
pub(crate) fn check_name(name: &str, spot: &Spot<'_>) {
    if let Some((message, hint)) = fault(name) {
        spot.error(codes::BAD_HEADER, message, Some(hint.to_owned()));
    }
}

/// What is wrong with a header's name, and what to do about it.
fn fault(name: &str) -> Option<(String, &'static str)> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        let message = format!("`{name}` is not the name of a header");
        return Some((message, "use letters, digits and hyphens"));
    }
    let is_ours = OURS.contains(&name.to_lowercase().as_str());
    is_ours.then(|| {
        let message = format!("`{name}` follows from the request and cannot be set");
        (message, "remove it")
    })
}
