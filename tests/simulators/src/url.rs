//! Addresses as callers know them, and percent-encoding for query strings and forms.

use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

/// The address that the caller of a simulator reaches it by, without a final slash; `public`
/// where it is known better.
pub(crate) fn base(parts: &Parts, public: Option<&str>) -> String {
    if let Some(url) = public {
        return url.to_owned();
    }
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = parts.uri.authority().map(Authority::as_str);
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    format!("{scheme}://{}", authority.or(host).unwrap_or("localhost"))
}

/// Encodes everything that is not plainly allowed.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}
