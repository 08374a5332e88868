//! Signatures over a request with a shared key (HMAC with SHA-2).
//!
//! What is signed differs from API to API, so it is a list of parts. The signature is made for the
//! request as it is sent, with the date of each attempt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use model::{Secret, Timestamp};
use reqwest::Url;
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
    /// What is signed, in this order.
    pub over: Vec<SignedPart>,
    /// What stands between the parts.
    pub separator: String,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The header that carries it.
    pub header: String,
    /// What stands before it there, with its space.
    pub prefix: String,
    /// The header that carries the date, and how; none when the API wants no date.
    pub date: Option<(String, DateForm)>,
}

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
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
    /// The date as it is sent.
    Date,
    /// The body.
    Body,
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
        let parts = self
            .over
            .iter()
            .map(|part| part.bytes(request, &url, &date));
        let message = parts.collect::<Vec<_>>().join(self.separator.as_bytes());
        let signature = self.encoding.write(&self.signature(&message)?);
        request.set_header(&self.header, format!("{}{signature}", self.prefix));
        Ok(())
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let text = self.key.expose();
        let key = match self.key_form {
            KeyForm::Text => text.as_bytes().to_vec(),
            KeyForm::Base64 => STANDARD
                .decode(text.trim())
                .map_err(|_| "the signing key is not base64")?,
        };
        match self.algorithm {
            Algorithm::Sha256 => hmac::Hmac::<Sha256>::new_from_slice(&key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
            Algorithm::Sha512 => hmac::Hmac::<Sha512>::new_from_slice(&key)
                .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec()),
        }
        .map_err(|_| "the signing key has no usable length".to_owned())
    }
}

impl SignedPart {
    fn bytes(&self, request: &Request, url: &Url, date: &str) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Method => request.method.as_str().as_bytes().to_vec(),
            Self::Host => host(url).into_bytes(),
            Self::Path => url.path().as_bytes().to_vec(),
            Self::PathAndQuery => match url.query() {
                Some(query) => format!("{}?{query}", url.path()).into_bytes(),
                None => url.path().as_bytes().to_vec(),
            },
            Self::Header(name) => request.header(name).unwrap_or_default().as_bytes().to_vec(),
            Self::Date => date.as_bytes().to_vec(),
            Self::Body => request.body.to_bytes(),
            Self::BodyDigest(encoding) => encoding
                .write(&Sha256::digest(request.body.to_bytes()))
                .into_bytes(),
        }
    }
}

impl Encoding {
    fn write(self, bytes: &[u8]) -> String {
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
            Self::Http => jiff::Timestamp::from_millisecond(now.as_millis())
                .map(|moment| moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
                .unwrap_or_default(),
        }
    }
}

fn host(url: &Url) -> String {
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
            over,
            separator: "\n".to_owned(),
            encoding: Encoding::Hex,
            header: "x-signature".to_owned(),
            prefix: "v1=".to_owned(),
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
            (SignedPart::Body, "body"),
            (
                SignedPart::BodyDigest(Encoding::Hex),
                "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5",
            ),
        ];
        let (request, now) = (request(), Timestamp::from_millis(1_677_241_081_007));
        let url = Url::parse(&request.url).unwrap();
        for (part, wanted) in parts {
            let bytes = part.bytes(&request, &url, &DateForm::Http.write(now));
            assert_eq!(String::from_utf8(bytes).unwrap(), wanted, "{part:?}");
        }
        assert_eq!(DateForm::UnixSeconds.write(now), "1677241081");
        assert_eq!(DateForm::UnixMillis.write(now), "1677241081007");
        assert_eq!(DateForm::Rfc3339.write(now), "2023-02-24T12:18:01.007Z");
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
