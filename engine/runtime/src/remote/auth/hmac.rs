//! A signature as the exchange makes it.

use definition::auth::{DateForm, Encoding, Hmac, Signed};
use exchange::auth;
use expression::Scope;

use super::{printed, secret};

pub(super) fn compute(text: &Hmac, scope: &Scope<'_>) -> Result<auth::Hmac, expression::Error> {
    Ok(auth::Hmac {
        algorithm: super::algorithm(text.hash),
        key: secret(&text.key, scope)?,
        key_form: if text.key_is_base64 {
            auth::KeyForm::Base64
        } else {
            auth::KeyForm::Text
        },
        key_from: all(&text.key_from, scope)?,
        over: all(&text.over, scope)?,
        separator: text.separator.clone(),
        encoding: encoding(text.encoding),
        header: text.header.clone(),
        prefix: all(&text.prefix, scope)?,
        date: text
            .date
            .as_ref()
            .map(|(header, form)| (header.clone(), date_form(*form))),
    })
}

fn all(parts: &[Signed], scope: &Scope<'_>) -> Result<Vec<auth::SignedPart>, expression::Error> {
    parts.iter().map(|part| signed(part, scope)).collect()
}

fn signed(part: &Signed, scope: &Scope<'_>) -> Result<auth::SignedPart, expression::Error> {
    Ok(match part {
        Signed::Text(text) => auth::SignedPart::Text(printed(text, scope)?),
        Signed::Header(name) => auth::SignedPart::Header(name.clone()),
        Signed::Method => auth::SignedPart::Method,
        Signed::Host => auth::SignedPart::Host,
        Signed::Path => auth::SignedPart::Path,
        Signed::PathAndQuery => auth::SignedPart::PathAndQuery,
        Signed::SortedQuery => auth::SignedPart::SortedQuery,
        Signed::Joined(parts) => auth::SignedPart::Joined(all(parts, scope)?),
        Signed::Digest(parts) => auth::SignedPart::Digest(all(parts, scope)?),
        Signed::Date => auth::SignedPart::Date,
        Signed::Day => auth::SignedPart::Day,
        Signed::Body => auth::SignedPart::Body,
        Signed::BodyDigest(form) => auth::SignedPart::BodyDigest(encoding(*form)),
    })
}

const fn encoding(form: Encoding) -> auth::Encoding {
    match form {
        Encoding::Hex => auth::Encoding::Hex,
        Encoding::Base64 => auth::Encoding::Base64,
    }
}

const fn date_form(form: DateForm) -> auth::DateForm {
    match form {
        DateForm::UnixSeconds => auth::DateForm::UnixSeconds,
        DateForm::UnixMillis => auth::DateForm::UnixMillis,
        DateForm::Rfc3339 => auth::DateForm::Rfc3339,
        DateForm::Http => auth::DateForm::Http,
        DateForm::Compact => auth::DateForm::Compact,
    }
}
