//! Checks a signature over requests.

use expression::Expression;
use serde_json::Value;

use crate::auth::{DateForm, Encoding, Hmac, Signed};
use crate::check::connector::Surroundings;
use crate::check::header;
use crate::check::value::Values;
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{
    DateFormText, DateText, EncodingText, HmacText, KeyIsText, PrefixText, SignedPartText,
    SignedText, SignedWordText,
};

pub(super) fn check(
    text: &HmacText,
    around: &Surroundings<'_>,
    values: &Values<'_>,
    spot: &Spot<'_>,
) -> Hmac {
    around.secrets.ask_for_in(&text.key, &spot.key("key"));
    header::check_name(&text.header, &spot.key("header"));
    let all = |parts: &[SignedText], key: &str| all(parts, text, values, &spot.key(key));
    Hmac {
        key: values.template(&text.key, &spot.key("key")),
        key_is_base64: text.key_is == Some(KeyIsText::Base64),
        hash: super::hash(text.hash),
        key_from: all(&text.key_from, "key_from"),
        over: all(&text.over, "over"),
        separator: text.separator.clone().unwrap_or_else(|| "\n".to_owned()),
        header: text.header.clone(),
        prefix: match &text.prefix {
            None => Vec::new(),
            Some(PrefixText::Text(text)) => {
                vec![Signed::Text(Expression::constant(Value::String(
                    text.clone(),
                )))]
            }
            Some(PrefixText::Parts(parts)) => all(parts, "prefix"),
        },
        encoding: match text.encoding {
            Some(EncodingText::Hex) => Encoding::Hex,
            Some(EncodingText::Base64) | None => Encoding::Base64,
        },
        date: text.date.as_ref().map(|text| date(text, &spot.key("date"))),
    }
}

fn date(text: &DateText, spot: &Spot<'_>) -> (String, DateForm) {
    header::check_name(&text.header, &spot.key("header"));
    let form = match text.form {
        DateFormText::UnixSeconds => DateForm::UnixSeconds,
        DateFormText::UnixMillis => DateForm::UnixMillis,
        DateFormText::Rfc3339 => DateForm::Rfc3339,
        DateFormText::Http => DateForm::Http,
        DateFormText::Compact => DateForm::Compact,
    };
    (text.header.clone(), form)
}

fn all(parts: &[SignedText], text: &HmacText, values: &Values<'_>, spot: &Spot<'_>) -> Vec<Signed> {
    let parts = parts.iter().enumerate();
    parts
        .map(|(index, part)| signed(part, text, values, &spot.index(index)))
        .collect()
}

fn signed(part: &SignedText, text: &HmacText, values: &Values<'_>, spot: &Spot<'_>) -> Signed {
    match part {
        SignedText::Word(SignedWordText::Method) => Signed::Method,
        SignedText::Word(SignedWordText::Host) => Signed::Host,
        SignedText::Word(SignedWordText::Path) => Signed::Path,
        SignedText::Word(SignedWordText::PathAndQuery) => Signed::PathAndQuery,
        SignedText::Word(SignedWordText::SortedQuery) => Signed::SortedQuery,
        SignedText::Word(word @ (SignedWordText::Date | SignedWordText::Day)) => {
            if text.date.is_none() {
                let message = "a date is signed, and none is sent".to_owned();
                let hint = "say with `date` which header carries it, and how".to_owned();
                spot.error(codes::SIGNED_WITHOUT_DATE, message, Some(hint));
            }
            if *word == SignedWordText::Day {
                Signed::Day
            } else {
                Signed::Date
            }
        }
        SignedText::Word(SignedWordText::Body) => Signed::Body,
        SignedText::Word(SignedWordText::BodySha256Hex) => Signed::BodyDigest(Encoding::Hex),
        SignedText::Word(SignedWordText::BodySha256Base64) => Signed::BodyDigest(Encoding::Base64),
        SignedText::Part(SignedPartText {
            header: Some(name), ..
        }) => {
            header::check_name(name, &spot.key("header"));
            Signed::Header(name.clone())
        }
        SignedText::Part(SignedPartText {
            text: Some(text), ..
        }) => Signed::Text(values.template(text, &spot.key("text"))),
        SignedText::Part(SignedPartText {
            joined: Some(parts),
            ..
        }) => Signed::Joined(all(parts, text, values, &spot.key("joined"))),
        SignedText::Part(SignedPartText {
            sha256_hex: Some(parts),
            ..
        }) => Signed::Digest(all(parts, text, values, &spot.key("sha256_hex"))),
        // The structure asks for one of them.
        SignedText::Part(_) => Signed::Text(Expression::constant(Value::Null)),
    }
}
