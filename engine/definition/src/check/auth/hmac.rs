//! Checks a signature over requests.

use expression::Expression;
use serde_json::Value;

use crate::auth::{DateForm, Encoding, Hmac, Signed};
use crate::check::header;
use crate::check::value::Values;
use crate::codes;
use crate::page::Spot;
use crate::raw::auth::{
    DateFormText, DateText, EncodingText, HashText, HmacText, KeyIsText, SignedPartText,
    SignedText, SignedWordText,
};

pub(super) fn check(text: &HmacText, values: &Values<'_>, spot: &Spot<'_>) -> Hmac {
    header::check_name(&text.header, &spot.key("header"));
    let parts = text.over.iter().enumerate();
    let over =
        parts.map(|(index, part)| signed(part, text, values, &spot.key("over").index(index)));
    Hmac {
        key: values.template(&text.key, &spot.key("key")),
        key_is_base64: text.key_is == Some(KeyIsText::Base64),
        is_sha512: text.hash == Some(HashText::Sha512),
        over: over.collect(),
        separator: text.separator.clone().unwrap_or_else(|| "\n".to_owned()),
        header: text.header.clone(),
        prefix: text.prefix.clone(),
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
    };
    (text.header.clone(), form)
}

fn signed(part: &SignedText, text: &HmacText, values: &Values<'_>, spot: &Spot<'_>) -> Signed {
    match part {
        SignedText::Word(SignedWordText::Method) => Signed::Method,
        SignedText::Word(SignedWordText::Host) => Signed::Host,
        SignedText::Word(SignedWordText::Path) => Signed::Path,
        SignedText::Word(SignedWordText::PathAndQuery) => Signed::PathAndQuery,
        SignedText::Word(SignedWordText::Date) => {
            if text.date.is_none() {
                let message = "a date is signed, and none is sent".to_owned();
                let hint = "say with `date` which header carries it, and how".to_owned();
                spot.error(codes::SIGNED_WITHOUT_DATE, message, Some(hint));
            }
            Signed::Date
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
        // The structure asks for one of the two.
        SignedText::Part(_) => Signed::Text(Expression::constant(Value::Null)),
    }
}
