//! Signatures over a request with a shared key (HMAC).
//!
//! What is signed differs from API to API, so it is a list of parts. The signature is made for the
//! request as it is sent, with the date of each attempt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use model::{Secret, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::hex::hex;
use crate::request::Request;

/// How requests are signed.
#[derive(Clone, Debug)]
pub struct Hmac {
    /// The hash.
    pub algorithm: Algorithm,
    /// The shared key, as it was given.
    pub key: Secret,
    /// What the key's text stands for.
    pub key_form: KeyForm,
    /// What the key is made of: each part is signed with the key so far, and that is the next key.
    /// None where the shared key itself signs.
    pub key_from: Vec<SignedPart>,
    /// What is signed, in this order.
    pub over: Vec<SignedPart>,
    /// What stands between the parts.
    pub separator: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The header that carries it.
    pub header: String,
    /// What stands before it there, one after the other.
    pub prefix: Vec<SignedPart>,
    /// The header that carries the date, and how; none when the API wants no date.
    pub date: Option<(String, DateForm)>,
}

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1, which older APIs ask for. For this use no weakness of it is known.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// What a key's text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// Its own bytes.
    Text,
    /// The bytes it encodes in base64.
    Base64,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, lower case.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// Seconds since the Unix epoch.
    UnixSeconds,
    /// Milliseconds since the Unix epoch.
    UnixMillis,
    /// RFC 3339 with milliseconds, UTC.
    Rfc3339,
    /// As in the `Date` header.
    Http,
    /// ISO 8601 without punctuation, in seconds, UTC: `20260701T120000Z`.
    Compact,
}

/// One part of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedPart {
    /// This text.
    Text(String),
    /// The method, upper case.
    Method,
    /// The host, with the port where it is not the usual one.
    Host,
    /// The path.
    Path,
    /// The path and, after `?`, the query.
    PathAndQuery,
    /// The value of a header, empty where there is none.
    Header(String),
    /// The query, its parameters sorted by name and value, each encoded by RFC 3986.
    SortedQuery,
    /// The date as it is sent.
    Date,
    /// The day of the date, UTC: `20260701`.
    Day,
    /// The body.
    Body,
    /// Parts with nothing between them.
    Joined(Vec<SignedPart>),
    /// The SHA-256 digest, hexadecimal, of parts with the separator between them.
    Digest(Vec<SignedPart>),
    /// The SHA-256 digest of the body.
    BodyDigest(Encoding),
}

impl Hmac {
    pub(super) fn sign(&self, request: &mut Request, now: Timestamp) -> Result<(), String> {
        let date = self
            .date
            .as_ref()
            .map(|(_, form)| form.write(now))
            .unwrap_or_default();
        if let Some((name, _)) = &self.date {
            request.set_header(name, date.as_str());
        }
        let url = Url::parse(&request.url).map_err(|error| format!("not an address: {error}"))?;
        let told = Told {
            request,
            url: &url,
            date: &date,
            day: &DateForm::Compact
                .write(now)
                .chars()
                .take(8)
                .collect::<String>(),
            separator: &self.separator,
        };
        let mut key = self.shared_key()?;
        for part in &self.key_from {
            key = self.algorithm.sign(&key, &told.bytes(part))?;
        }
        let message = told.all(&self.over, &self.separator);
        let signature = self.encoding.write(&self.algorithm.sign(&key, &message)?);
        let prefix = String::from_utf8(told.all(&self.prefix, ""));
        let prefix = prefix.map_err(|_| "what stands before the signature is no text")?;
        request.set_header(&self.header, format!("{prefix}{signature}"));
        Ok(())
    }

    fn shared_key(&self) -> Result<Vec<u8>, String> {
        let text = self.key.expose();
        match self.key_form {
            KeyForm::Text => Ok(text.as_bytes().to_vec()),
            KeyForm::Base64 => STANDARD
                .decode(text.trim())
                .map_err(|_| "the signing key is not base64".to_owned()),
        }
    }
}

impl Algorithm {
    pub(super) fn sign(self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Sha1 => hmac::Hmac::<Sha1>::new_from_slice(key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Self::Sha256 => hmac::Hmac::<Sha256>::new_from_slice(key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Self::Sha512 => hmac::Hmac::<Sha512>::new_from_slice(key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
        }
        .map_err(|_| "the signing key has no usable length".to_owned())
    }
}

/// What the parts of a signature are taken from.
struct Told<'a> {
    request: &'a Request,
    url: &'a Url,
    date: &'a str,
    day: &'a str,
    separator: &'a str,
}

impl Told<'_> {
    fn all(&self, parts: &[SignedPart], separator: &str) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| self.bytes(part)).collect();
        parts.join(separator.as_bytes())
    }

    fn bytes(&self, part: &SignedPart) -> Vec<u8> {
        let (request, url) = (self.request, self.url);
        match part {
            SignedPart::Text(text) => text.clone().into_bytes(),
            SignedPart::Method => request.method.as_str().as_bytes().to_vec(),
            SignedPart::Host => host(url).into_bytes(),
            SignedPart::Path => url.path().as_bytes().to_vec(),
            SignedPart::PathAndQuery => match url.query() {
                Some(query) => format!("{}?{query}", url.path()).into_bytes(),
                None => url.path().as_bytes().to_vec(),
            },
            SignedPart::SortedQuery => sorted_query(url).into_bytes(),
            SignedPart::Header(name) => {
                request.header(name).unwrap_or_default().as_bytes().to_vec()
            }
            SignedPart::Date => self.date.as_bytes().to_vec(),
            SignedPart::Day => self.day.as_bytes().to_vec(),
            SignedPart::Body => request.body.to_bytes(),
            SignedPart::BodyDigest(encoding) => encoding
                .write(&Sha256::digest(request.body.to_bytes()))
                .into_bytes(),
            SignedPart::Joined(parts) => self.all(parts, ""),
            SignedPart::Digest(parts) => {
                hex(&Sha256::digest(self.all(parts, self.separator))).into_bytes()
            }
        }
    }
}

/// What RFC 3986 leaves as it is; everything else is encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn sorted_query(url: &Url) -> String {
    canonical(url.query_pairs())
}

/// A text as RFC 3986 encodes one that may hold anything.
pub(super) fn component(text: impl AsRef<str>) -> String {
    utf8_percent_encode(text.as_ref(), RESERVED).to_string()
}

/// Parameters in the one form that both sides sign: encoded, then sorted by name and value.
pub(super) fn canonical<T: AsRef<str>>(pairs: impl IntoIterator<Item = (T, T)>) -> String {
    let pairs = pairs.into_iter();
    let mut pairs: Vec<(String, String)> = pairs
        .map(|(name, value)| (component(name), component(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

impl Encoding {
    pub(super) fn write(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Base64 => STANDARD.encode(bytes),
        }
    }
}

impl DateForm {
    fn write(self, now: Timestamp) -> String {
        match self {
            Self::UnixSeconds => now.as_millis().div_euclid(1_000).to_string(),
            Self::UnixMillis => now.as_millis().to_string(),
            Self::Rfc3339 => now.to_string(),
            Self::Compact => jiff::Timestamp::from_millisecond(now.as_millis())
                .map(|moment| moment.strftime("%Y%m%dT%H%M%SZ").to_string())
                .unwrap_or_default(),
            Self::Http => jiff::Timestamp::from_millisecond(now.as_millis())
                .map(|moment| moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
                .unwrap_or_default(),
        }
    }
}

pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;
    use crate::request::{Body, Method};

    fn scheme(over: Vec<SignedPart>) -> Hmac {
        Hmac {
            algorithm: Algorithm::Sha256,
            key: Secret::new("Jefe"),
            key_form: KeyForm::Text,
            key_from: Vec::new(),
            over,
            separator: "\n".to_owned(),
            encoding: Encoding::Hex,
            header: "x-signature".to_owned(),
            prefix: vec![SignedPart::Text("v1=".to_owned())],
            date: None,
        }
    }

    fn request() -> Request {
        let mut request = Request::new(Method::Post, "https://a.example:8443/p/q?x=1");
        let content_type = "text/plain".to_owned();
        request.body = Body::Text {
            content_type,
            text: "body".to_owned(),
        };
        request
    }

    fn check(hmac: &Hmac, wanted: &str) {
        let mut request = request();
        hmac.sign(&mut request, Timestamp::from_millis(1_677_241_081_007))
            .unwrap();
        assert_eq!(request.header("x-signature"), Some(wanted));
    }

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let mut hmac = scheme(vec![SignedPart::Text(
            "what do ya want for nothing?".to_owned(),
        )]);
        check(
            &hmac,
            "v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        hmac.key_form = KeyForm::Base64;
        hmac.key = Secret::new("SmVmZQ==");
        hmac.encoding = Encoding::Base64;
        check(&hmac, "v1=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        hmac.algorithm = Algorithm::Sha512;
        hmac.encoding = Encoding::Hex;
        check(
            &hmac,
            "v1=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        );
    }

    #[test]
    fn every_part_of_a_request_can_be_signed() {
        let parts = [
            (SignedPart::Method, "POST"),
            (SignedPart::Host, "a.example:8443"),
            (SignedPart::Path, "/p/q"),
            (SignedPart::PathAndQuery, "/p/q?x=1"),
            (SignedPart::Header("content-language".to_owned()), ""),
            (SignedPart::Date, "Fri, 24 Feb 2023 12:18:01 GMT"),
            (SignedPart::Day, "20230224"),
            (SignedPart::SortedQuery, "x=1"),
            (
                SignedPart::Joined(vec![SignedPart::Method, SignedPart::Path]),
                "POST/p/q",
            ),
            (
                SignedPart::Digest(vec![SignedPart::Text("bo".to_owned())]),
                "3d099d0f13df9d0bb4427a6ce99d61b988861761e286d6e34b17d6371b46b13f",
            ),
            (SignedPart::Body, "body"),
            (
                SignedPart::BodyDigest(Encoding::Hex),
                "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5",
            ),
        ];
        let (request, now) = (request(), Timestamp::from_millis(1_677_241_081_007));
        let url = Url::parse(&request.url).unwrap();
        let told = Told {
            request: &request,
            url: &url,
            date: &DateForm::Http.write(now),
            day: "20230224",
            separator: "|",
        };
        for (part, wanted) in parts {
            let bytes = told.bytes(&part);
            assert_eq!(String::from_utf8(bytes).unwrap(), wanted, "{part:?}");
        }
        assert_eq!(DateForm::Compact.write(now), "20230224T121801Z");
        assert_eq!(DateForm::UnixSeconds.write(now), "1677241081");
        assert_eq!(DateForm::UnixMillis.write(now), "1677241081007");
        assert_eq!(DateForm::Rfc3339.write(now), "2023-02-24T12:18:01.007Z");
    }

    #[test]
    fn parameters_are_sorted_and_encoded_for_signing() {
        let url = Url::parse("https://a.example/?b=2&a=x+y&a=%2F~&c").unwrap();
        assert_eq!(sorted_query(&url), "a=%2F~&a=x%20y&b=2&c=");
    }

    /// The case `get-vanilla` of the public test suite for AWS Signature Version 4.
    #[test]
    fn a_canonical_request_is_signed_with_a_key_for_the_day() {
        let text = |text: &str| SignedPart::Text(text.to_owned());
        let parts = |parts: &[SignedPart]| parts.to_vec();
        let canonical = parts(&[
            SignedPart::Method,
            SignedPart::Path,
            SignedPart::SortedQuery,
            SignedPart::Joined(parts(&[text("host:"), SignedPart::Host])),
            SignedPart::Joined(parts(&[text("x-amz-date:"), SignedPart::Date])),
            text(""),
            text("host;x-amz-date"),
            SignedPart::BodyDigest(Encoding::Hex),
        ]);
        let scope = SignedPart::Joined(parts(&[
            SignedPart::Day,
            text("/us-east-1/service/aws4_request"),
        ]));
        let mut hmac = scheme(parts(&[
            text("AWS4-HMAC-SHA256"),
            SignedPart::Date,
            scope,
            SignedPart::Digest(canonical),
        ]));
        hmac.key = Secret::new("AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        hmac.key_from = parts(&[
            SignedPart::Day,
            text("us-east-1"),
            text("service"),
            text("aws4_request"),
        ]);
        hmac.prefix = parts(&[text("Signature of "), SignedPart::Day, text(" ")]);
        hmac.date = Some(("x-amz-date".to_owned(), DateForm::Compact));
        let mut request = Request::new(Method::Get, "https://example.amazonaws.com/");
        hmac.sign(&mut request, Timestamp::from_millis(1_440_938_160_000))
            .unwrap();
        assert_eq!(request.header("x-amz-date"), Some("20150830T123600Z"));
        assert_eq!(
            request.header("x-signature"),
            Some(
                "Signature of 20150830 \
                 5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
            )
        );
    }

    #[test]
    fn the_date_that_is_signed_is_the_one_that_is_sent() {
        let mut hmac = scheme(vec![SignedPart::Date]);
        hmac.date = Some(("x-date".to_owned(), DateForm::UnixSeconds));
        let mut with_date = request();
        hmac.sign(&mut with_date, Timestamp::from_millis(5_000))
            .unwrap();
        assert_eq!(with_date.header("x-date"), Some("5"));
        let text = scheme(vec![SignedPart::Text("5".to_owned())]);
        check(&text, with_date.header("x-signature").unwrap());
    }
}
