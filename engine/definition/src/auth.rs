//! How calls show who calls, checked and compiled. What these mean on the wire is the exchange's
//! business; here they are texts still to be computed from what people gave.

use std::time::Duration;

use expression::Expression;

use crate::operation::Operation;

/// How calls show who calls. Unless it says otherwise, an expression sees the roots `credentials`,
/// `vendor`, `setup`, `operation` and `now`.
#[derive(Clone, Debug)]
pub enum Auth {
    /// OAuth 2 for the client itself (RFC 6749, 4.4).
    ClientCredentials(Client),
    /// OAuth 2 for a person who consented (RFC 6749, 6).
    RefreshToken {
        /// The refresh token that came with the consent.
        token: Expression,
        /// The client it was given to.
        client: Client,
    },
    /// OAuth 2 by a token of our own (RFC 7523, 2.1).
    JwtGrant {
        /// The token that is exchanged.
        jwt: Jwt,
        /// Who exchanges it, and where.
        client: Client,
    },
    /// The header `Authorization: Bearer` with a token of our own.
    Jwt(Jwt),
    /// The header `Authorization: Basic`.
    Basic {
        /// The user's name.
        user: Expression,
        /// The password.
        password: Expression,
    },
    /// The header `Authorization: Bearer` with a token that does not change.
    Bearer {
        /// The token.
        token: Expression,
    },
    /// A key in the query.
    QueryKey {
        /// The parameter's name.
        name: String,
        /// The key.
        key: Expression,
    },
    /// A signature over each request.
    Hmac(Hmac),
    /// A signature over each request by OAuth 1.0a (RFC 5849).
    OAuth1(OAuth1),
    /// A login that gives a token.
    Session(Box<Session>),
}

/// An OAuth 2 client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where tokens are given out, as a whole address.
    pub token_url: Expression,
    /// The client's id, if the server wants it.
    pub client_id: Option<Expression>,
    /// What proves that it is the client.
    pub proof: Proof,
    /// Whether id and secret go into `Authorization: Basic` rather than into the form.
    pub secret_in_header: bool,
    /// The scopes asked for, separated by spaces.
    pub scope: Option<Expression>,
    /// More form fields. A null is left out.
    pub form: Vec<(String, Expression)>,
}

/// What proves that it is the client who asks for a token.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Nothing.
    None,
    /// A secret.
    Secret(Expression),
    /// A token of our own (RFC 7523, 2.2).
    Jwt(Jwt),
}

/// A token of our own, signed with a private key.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The private key in PEM.
    pub key: Expression,
    /// How it signs, as RFC 7518 names it; none for what is usual for its kind.
    pub algorithm: Option<JwtAlgorithm>,
    /// What stands in its header. A null is left out.
    pub header: Vec<(String, Expression)>,
    /// What it says. A null is left out.
    pub claims: Vec<(String, Expression)>,
    /// How long it is good for.
    pub lives: Duration,
}

/// How a private key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of RFC 7518")]
pub enum JwtAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// A signature over each request and its parameters with two shared secrets (OAuth 1.0a).
#[derive(Clone, Debug)]
pub struct OAuth1 {
    /// The client's key.
    pub consumer_key: Expression,
    /// The client's secret.
    pub consumer_secret: Expression,
    /// The token and its secret.
    pub token: Option<(Expression, Expression)>,
    /// What the server calls the part of it that is called.
    pub realm: Option<Expression>,
    /// The hash.
    pub hash: Hash,
}

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// A signature over each request with a shared key (HMAC).
#[derive(Clone, Debug)]
pub struct Hmac {
    /// The shared key.
    pub key: Expression,
    /// Whether the key's text is base64 of its bytes.
    pub key_is_base64: bool,
    /// The hash.
    pub hash: Hash,
    /// What the signing key is made of, one after the other; none where the shared key signs.
    pub key_from: Vec<Signed>,
    /// What is signed, in this order.
    pub over: Vec<Signed>,
    /// What stands between the parts.
    pub separator: String,
    /// The header that carries the signature.
    pub header: String,
    /// What stands before the signature there, one after the other.
    pub prefix: Vec<Signed>,
    /// How the signature is written.
    pub encoding: Encoding,
    /// The header that carries the date, and how; none when no date is sent.
    pub date: Option<(String, DateForm)>,
}

/// One part of what is signed.
#[derive(Clone, Debug)]
pub enum Signed {
    /// A text.
    Text(Expression),
    /// The value of a header of the request.
    Header(String),
    /// The method, in capitals.
    Method,
    /// The host, with the port where it is not the usual one.
    Host,
    /// The path.
    Path,
    /// The path and, after `?`, the query.
    PathAndQuery,
    /// The query with its parameters sorted and encoded.
    SortedQuery,
    /// The date as it is sent.
    Date,
    /// The day of the date.
    Day,
    /// Parts with nothing between them.
    Joined(Vec<Signed>),
    /// The SHA-256 digest, hexadecimal, of parts with the separator between them.
    Digest(Vec<Signed>),
    /// The body.
    Body,
    /// The SHA-256 digest of the body.
    BodyDigest(Encoding),
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal, in small letters.
    Hex,
    /// Base64.
    Base64,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// In seconds since 1970.
    UnixSeconds,
    /// In milliseconds since 1970.
    UnixMillis,
    /// As `2026-07-01T12:00:00.000Z`.
    Rfc3339,
    /// As in the header `Date`.
    Http,
    /// As `20260701T120000Z`.
    Compact,
}

/// A login that gives a token.
#[derive(Clone, Debug)]
pub struct Session {
    /// The login: anonymous, and read by nothing but what follows.
    pub login: Operation,
    /// The token of our own that it is made with, as Bearer.
    pub jwt: Option<Jwt>,
    /// The token; `$` is the answer's body, and the only root is `answer`.
    pub token: Expression,
    /// How many seconds it is good for, with the same names.
    pub expires_in: Option<Expression>,
    /// How long it is good for where the answer does not tell.
    pub lives: Option<Duration>,
    /// Where it is put.
    pub placement: Placement,
    /// The statuses that say that a session is over.
    pub over_on: Vec<u16>,
}

/// Where a token is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Into a header.
    Header {
        /// Its name.
        name: String,
        /// What stands before the token.
        prefix: String,
    },
    /// Into the query parameter of this name.
    Query(String),
    /// Into the cookie of this name.
    Cookie(String),
}
