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
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            let message = format!("`{name}` is not the name of a header");
            let hint = "use letters, digits and hyphens".to_owned();
            spot.key(name)
                .key_error(codes::BAD_HEADER, message, Some(hint));
        } else if OURS.contains(&name.to_lowercase().as_str()) {
            let message = format!("`{name}` follows from the request and cannot be set");
            spot.key(name)
                .key_error(codes::BAD_HEADER, message, Some("remove it".to_owned()));
        }
    }
}
