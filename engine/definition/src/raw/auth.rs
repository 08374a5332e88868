//! How calls show who calls, as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::operation::OperationText;
use super::value::{Computed, Pairs, SpanText, Template};

/// How calls show who calls: exactly one of these.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Auth")]
pub(crate) struct AuthText {
    /// OAuth 2 for the client itself. The token is asked for, shared by all calls, and renewed
    /// before it ends or once when it is refused.
    pub(crate) client_credentials: Option<ClientText>,
    /// OAuth 2 for a person who consented. Where each refresh token is good for one use, the next
    /// one is kept before it is needed.
    pub(crate) refresh_token: Option<RefreshTokenText>,
    /// OAuth 2 by a token of our own that is exchanged for one of theirs (RFC 7523), as for a
    /// service account.
    pub(crate) jwt_grant: Option<JwtGrantText>,
    /// The header `Authorization: Bearer` with a token of our own, signed with a private key and
    /// made anew before it ends.
    pub(crate) jwt: Option<JwtText>,
    /// The header `Authorization: Basic`.
    pub(crate) basic: Option<BasicText>,
    /// The header `Authorization: Bearer` with a token that does not change.
    pub(crate) bearer: Option<BearerText>,
    /// A key in the query. The only place where a secret may stand in an address, for APIs that
    /// take it nowhere else.
    pub(crate) query_key: Option<QueryKeyText>,
    /// A signature over each request with a shared key.
    pub(crate) hmac: Option<HmacText>,
    /// A signature over each request and its parameters by OAuth 1.0a (RFC 5849).
    pub(crate) oauth1: Option<OAuth1Text>,
    /// A login that gives a token, shared by all calls and renewed as for OAuth 2.
    pub(crate) session: Option<SessionText>,
}

impl AuthText {
    /// Whether it sets the header `Authorization`.
    pub(crate) fn puts_authorization(&self) -> bool {
        let by_token = self.client_credentials.is_some() || self.refresh_token.is_some();
        let session = self.session.as_ref();
        let by_session = session.is_some_and(|session| session.put.is_none());
        let by_own = self.jwt_grant.is_some() || self.jwt.is_some() || self.oauth1.is_some();
        by_token || by_session || by_own || self.basic.is_some() || self.bearer.is_some()
    }
}

/// An OAuth 2 client.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Client")]
pub(crate) struct ClientText {
    /// Where tokens are given out, as a whole address.
    pub(crate) token_url: Template,
    /// The client's id. Only with `jwt_grant` can there be none.
    pub(crate) client_id: Option<Template>,
    /// The client's secret.
    pub(crate) client_secret: Option<Template>,
    /// A token of our own that proves the client instead of a secret (`private_key_jwt`).
    pub(crate) jwt: Option<JwtText>,
    /// Where id and secret are put. Default: form.
    pub(crate) secret_in: Option<SecretInText>,
    /// The scopes asked for, separated by spaces.
    pub(crate) scope: Option<Template>,
    /// More form fields, such as a tenant. One that is null is left out.
    #[serde(default)]
    pub(crate) form: Pairs<Computed>,
}

/// Where a client's id and secret are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SecretIn")]
pub(crate) enum SecretInText {
    /// In the fields `client_id` and `client_secret` of the form.
    Form,
    /// In the header `Authorization: Basic`.
    Header,
}

/// OAuth 2 for a person who consented.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RefreshToken")]
pub(crate) struct RefreshTokenText {
    /// The refresh token that came with the consent.
    pub(crate) token: Template,
    /// The client it was given to.
    pub(crate) client: ClientText,
}

/// OAuth 2 by a token of our own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "JwtGrant")]
pub(crate) struct JwtGrantText {
    /// The token that is exchanged.
    pub(crate) jwt: JwtText,
    /// Where, and what else the server wants to be told.
    pub(crate) client: ClientText,
}

/// A token of our own, signed with a private key (JWT). `iat`, `exp` and `jti` are among its claims
/// by themselves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Jwt")]
pub(crate) struct JwtText {
    /// The private key in PEM: RSA, P-256, P-384 or Ed25519.
    pub(crate) key: Template,
    /// How it signs. Default: what is usual for the kind of key that it is, `RS256` or `ES256`.
    pub(crate) algorithm: Option<JwtAlgorithmText>,
    /// What stands in its header, such as `kid`. A null is left out.
    #[serde(default)]
    pub(crate) header: Pairs<Computed>,
    /// Who asks whom for what, such as `iss`, `sub`, `aud` and `scope`. A null is left out.
    pub(crate) claims: Pairs<Computed>,
    /// How long it is good for. Default: 5m.
    pub(crate) lives: Option<SpanText>,
}

/// How a private key signs (RFC 7518).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(rename = "JwtAlgorithm")]
pub(crate) enum JwtAlgorithmText {
    /// RSA with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSA with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// The curve P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// The curve P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A signature over each request by OAuth 1.0a.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OAuth1")]
pub(crate) struct OAuth1Text {
    /// The client's key.
    pub(crate) consumer_key: Template,
    /// The client's secret.
    pub(crate) consumer_secret: Template,
    /// The token, where there is one.
    pub(crate) token: Option<Template>,
    /// The token's secret.
    pub(crate) token_secret: Option<Template>,
    /// What the server calls the part of it that is called, such as an account.
    pub(crate) realm: Option<Template>,
    /// The hash. Default: sha256.
    pub(crate) hash: Option<HashText>,
}

/// The header `Authorization: Basic`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Basic")]
pub(crate) struct BasicText {
    /// The user's name.
    pub(crate) user: Template,
    /// The password.
    pub(crate) password: Template,
}

/// The header `Authorization: Bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bearer")]
pub(crate) struct BearerText {
    /// The token.
    pub(crate) token: Template,
}

/// A key in the query.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QueryKey")]
pub(crate) struct QueryKeyText {
    /// The parameter's name.
    pub(crate) name: String,
    /// The key.
    pub(crate) key: Template,
}

/// A signature over each request (HMAC).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Hmac")]
pub(crate) struct HmacText {
    /// The shared key.
    pub(crate) key: Template,
    /// What the key's text stands for. Default: text.
    pub(crate) key_is: Option<KeyIsText>,
    /// The hash. Default: sha256.
    pub(crate) hash: Option<HashText>,
    /// What the signing key is made of, where the shared key itself does not sign: each part is
    /// signed with the key so far, and that is the next key.
    #[serde(default)]
    pub(crate) key_from: Vec<SignedText>,
    /// What is signed, in this order.
    #[schemars(length(min = 1))]
    pub(crate) over: Vec<SignedText>,
    /// What stands between the parts. Default: the end of a line.
    pub(crate) separator: Option<String>,
    /// The header that carries the signature.
    pub(crate) header: String,
    /// What stands before the signature there, with its space: a text, or parts, one after the
    /// other.
    pub(crate) prefix: Option<PrefixText>,
    /// How the signature is written. Default: base64.
    pub(crate) encoding: Option<EncodingText>,
    /// The date that goes with the signature, where the API wants one.
    pub(crate) date: Option<DateText>,
}

/// What stands before a signature.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Prefix")]
pub(crate) enum PrefixText {
    /// This text.
    Text(String),
    /// These parts.
    Parts(Vec<SignedText>),
}

/// What a key's text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "KeyIs")]
pub(crate) enum KeyIsText {
    /// Its own bytes.
    Text,
    /// The bytes it encodes.
    Base64,
}

/// A hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Hash")]
pub(crate) enum HashText {
    /// SHA-1, for older APIs.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Encoding")]
pub(crate) enum EncodingText {
    /// Hexadecimal, in small letters.
    Hex,
    /// Base64.
    Base64,
}

/// One part of what is signed: a word, or a map with one of `text`, `header`, `joined` and
/// `sha256_hex`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Signed")]
pub(crate) enum SignedText {
    /// Something of the request.
    Word(SignedWordText),
    /// Something that has a name or a text of its own.
    Part(SignedPartText),
}

/// Something of the request that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SignedWord", inline)]
pub(crate) enum SignedWordText {
    /// The method, in capitals.
    Method,
    /// The host, with the port where it is not the usual one.
    Host,
    /// The path.
    Path,
    /// The path and, after `?`, the query.
    PathAndQuery,
    /// The query, its parameters sorted, each encoded by RFC 3986.
    SortedQuery,
    /// The date as it is sent.
    Date,
    /// The day of the date, as `20260701`.
    Day,
    /// The body.
    Body,
    /// The SHA-256 digest of the body, hexadecimal.
    BodySha256Hex,
    /// The SHA-256 digest of the body in base64.
    BodySha256Base64,
}

/// A part of what is signed that has a name or a text of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignedPart", extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct SignedPartText {
    /// This text, such as an id that goes with the key.
    pub(crate) text: Option<Template>,
    /// The value of this header of the request.
    pub(crate) header: Option<String>,
    /// These parts with nothing between them.
    pub(crate) joined: Option<Vec<SignedText>>,
    /// The SHA-256 digest, hexadecimal, of these parts with `separator` between them, such as a
    /// canonical form of the request.
    pub(crate) sha256_hex: Option<Vec<SignedText>>,
}

/// The date that goes with a signature.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SignedDate")]
pub(crate) struct DateText {
    /// The header that carries it.
    pub(crate) header: String,
    /// How it is written.
    #[serde(rename = "as")]
    pub(crate) form: DateFormText,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DateForm")]
pub(crate) enum DateFormText {
    /// In seconds since 1970.
    UnixSeconds,
    /// In milliseconds since 1970.
    UnixMillis,
    /// As `2026-07-01T12:00:00.000Z`.
    Rfc3339,
    /// As in the header `Date`: `Wed, 01 Jul 2026 12:00:00 GMT`.
    Http,
    /// As `20260701T120000Z`.
    Compact,
}

/// A login that gives a token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Session")]
pub(crate) struct SessionText {
    /// The login. It is sent without `http.headers`.
    pub(crate) login: LoginText,
    /// Where the token is. `$` is the body of the answer, `answer.headers` are its headers.
    pub(crate) token: Computed,
    /// How many seconds the token is good for, where the answer tells.
    pub(crate) expires_in: Option<Computed>,
    /// How long a token is good, where the answer does not tell. Without either, until it is
    /// refused.
    pub(crate) lives: Option<SpanText>,
    /// Where the token is put. Default: the header `Authorization`, after `Bearer `.
    pub(crate) put: Option<PlacementText>,
    /// The statuses that say that a session is over. Default: 401.
    #[schemars(inner(range(min = 300, max = 599)))]
    pub(crate) over_on: Option<Vec<u16>>,
}

/// A login: exactly one of `post` and `get`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Login")]
pub(crate) struct LoginText {
    /// Sends a POST to this address: a path below `http.base_url`, or a whole one.
    pub(crate) post: Option<Template>,
    /// Sends a GET to this address: a path below `http.base_url`, or a whole one.
    pub(crate) get: Option<Template>,
    /// Query parameters, encoded as they must be.
    #[serde(default)]
    pub(crate) query: Pairs<Computed>,
    /// Headers. One that is null is left out.
    #[serde(default)]
    pub(crate) headers: Pairs<Computed>,
    /// What is sent as JSON.
    pub(crate) body: Option<Computed>,
    /// What is sent as a form instead of a body.
    #[serde(default)]
    pub(crate) form: Pairs<Computed>,
    /// A token of our own that the login is made with, in the header `Authorization: Bearer`.
    pub(crate) jwt: Option<JwtText>,
}

impl From<&LoginText> for OperationText {
    fn from(login: &LoginText) -> Self {
        Self {
            post: login.post.clone(),
            get: login.get.clone(),
            anonymous: true,
            query: login.query.clone(),
            headers: login.headers.clone(),
            body: login.body.clone(),
            form: login.form.clone(),
            ..Self::default()
        }
    }
}

/// Where a token is put: exactly one of `header`, `query` and `cookie`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Placement")]
pub(crate) struct PlacementText {
    /// In the header of this name.
    pub(crate) header: Option<String>,
    /// What stands before the token in that header, with its space.
    pub(crate) prefix: Option<String>,
    /// In the query parameter of this name.
    pub(crate) query: Option<String>,
    /// In the cookie of this name.
    pub(crate) cookie: Option<String>,
}
