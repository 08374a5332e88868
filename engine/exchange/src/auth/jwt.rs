//! Tokens that the caller makes for itself (RFC 7519): claims, signed with a private key.
//!
//! Such a token is shown as it is, or exchanged for another one (RFC 7523). It is made when it is
//! needed, so that it is new, and no two are the same. The keys are those that rustls signs with,
//! which is in the program for TLS: RSA, the curves P-256 and P-384, and Ed25519.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use model::{Class, Secret};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::SigningKey;
use serde_json::{Map, Value, json};

use super::{Fresh, Token};
use crate::failure::Failure;

/// How long ago a token says that it was made: a server whose clock is a little behind would
/// refuse one from its future.
pub const CLOCKS_APART: Duration = Duration::from_secs(10);

/// A token to be made.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The private key, in PEM. What became of its line breaks does not matter.
    pub key: Secret,
    /// How it signs; `None` for what is usual for the kind of key that it is.
    pub algorithm: Option<JwtAlgorithm>,
    /// More for the header than `alg` and `typ`, such as the key's id.
    pub header: Map<String, Value>,
    /// Who asks whom for what. `iat`, `exp` and `jti` are added unless they are there.
    pub claims: Map<String, Value>,
    /// How long it is good for.
    pub lives: Duration,
}

/// How a key signs, named as in RFC 7518.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the standard")]
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

/// What is usual for each kind of key, in this order.
const USUAL: [JwtAlgorithm; 4] = [
    JwtAlgorithm::Rs256,
    JwtAlgorithm::Es256,
    JwtAlgorithm::Es384,
    JwtAlgorithm::EdDsa,
];

impl JwtAlgorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rs256 => SignatureScheme::RSA_PKCS1_SHA256,
            Self::Rs384 => SignatureScheme::RSA_PKCS1_SHA384,
            Self::Rs512 => SignatureScheme::RSA_PKCS1_SHA512,
            Self::Ps256 => SignatureScheme::RSA_PSS_SHA256,
            Self::Ps384 => SignatureScheme::RSA_PSS_SHA384,
            Self::Ps512 => SignatureScheme::RSA_PSS_SHA512,
            Self::Es256 => SignatureScheme::ECDSA_NISTP256_SHA256,
            Self::Es384 => SignatureScheme::ECDSA_NISTP384_SHA384,
            Self::EdDsa => SignatureScheme::ED25519,
        }
    }

    /// The length of each of the two numbers of a signature that is a pair of them.
    const fn number_bytes(self) -> Option<usize> {
        match self {
            Self::Es256 => Some(32),
            Self::Es384 => Some(48),
            _ => None,
        }
    }
}

impl Jwt {
    /// Makes one, good from now on.
    pub(super) fn make(&self, fresh: &Fresh<'_>) -> Result<Token, Failure> {
        let text = self.signed(fresh);
        let text = text.map_err(|wrong| Failure::unsent(Class::CredentialsRejected, wrong))?;
        Ok(Token {
            text: Secret::new(text),
            lives: Some(self.lives),
        })
    }

    fn signed(&self, fresh: &Fresh<'_>) -> Result<String, String> {
        let key = private_key(self.key.expose())?;
        let usual = USUAL.as_slice();
        let wanted = self.algorithm.as_ref().map_or(usual, std::slice::from_ref);
        let fits = |algorithm: &&JwtAlgorithm| key.choose_scheme(&[algorithm.scheme()]).is_some();
        let algorithm = *wanted.iter().find(fits).ok_or_else(|| {
            let names: Vec<&str> = wanted.iter().map(|one| one.name()).collect();
            format!(
                "the private key is of another kind than {} needs",
                names.join(" or ")
            )
        })?;
        let signer = key.choose_scheme(&[algorithm.scheme()]);
        let text = format!(
            "{}.{}",
            encoded(self.head(algorithm)),
            encoded(self.said(fresh))
        );
        let signature = signer.and_then(|signer| signer.sign(text.as_bytes()).ok());
        let signature = signature.and_then(|signature| match algorithm.number_bytes() {
            Some(bytes) => pair(&signature, bytes),
            None => Some(signature),
        });
        let signature = signature.ok_or("the private key could not sign")?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn head(&self, algorithm: JwtAlgorithm) -> Map<String, Value> {
        let mut head = Map::new();
        head.insert("alg".to_owned(), json!(algorithm.name()));
        head.insert("typ".to_owned(), json!("JWT"));
        head.extend(self.header.clone());
        head
    }

    fn said(&self, fresh: &Fresh<'_>) -> Map<String, Value> {
        let seconds = |moment: model::Timestamp| moment.as_millis().div_euclid(1_000);
        let mut said = Map::new();
        said.insert(
            "iat".to_owned(),
            json!(seconds(fresh.now.before(CLOCKS_APART))),
        );
        said.insert(
            "exp".to_owned(),
            json!(seconds(fresh.now.after(self.lives))),
        );
        said.insert("jti".to_owned(), json!(fresh.nonce()));
        said.extend(self.claims.clone());
        said
    }
}

fn encoded(part: Map<String, Value>) -> String {
    URL_SAFE_NO_PAD.encode(Value::Object(part).to_string())
}

/// Reads a private key. Forms of one line, and files of JSON, do to its line breaks what they want.
fn private_key(text: &str) -> Result<Arc<dyn SigningKey>, String> {
    const WHOLE: &str = "the private key is not one in PEM: paste all of it, from \
        `-----BEGIN PRIVATE KEY-----` to `-----END PRIVATE KEY-----`";
    let text = text.replace("\\n", "\n");
    let inside = text.split_once("-----BEGIN ").map(|(_, rest)| rest);
    let (kind, rest) = inside
        .and_then(|rest| rest.split_once("-----"))
        .ok_or(WHOLE)?;
    let (body, _) = rest.split_once("-----END ").ok_or(WHOLE)?;
    let body: String = body.split_whitespace().collect();
    let bytes = STANDARD.decode(body);
    let key = match (kind, bytes) {
        ("PRIVATE KEY", Ok(bytes)) => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bytes)),
        ("RSA PRIVATE KEY", Ok(bytes)) => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(bytes)),
        ("EC PRIVATE KEY", Ok(bytes)) => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(bytes)),
        ("ENCRYPTED PRIVATE KEY", _) => {
            return Err(
                "the private key is locked by a passphrase: save it without one".to_owned(),
            );
        }
        (kind, Ok(_)) => return Err(format!("a {kind} was given where a private key is needed")),
        (_, Err(_)) => return Err("the private key is damaged: its text is not base64".to_owned()),
    };
    any_supported_type(&key).map_err(|_| {
        "the private key is damaged, or neither RSA, P-256, P-384 nor Ed25519".to_owned()
    })
}

/// The two numbers of a signature one after the other, as RFC 7518 writes them, from the DER
/// (`SEQUENCE { INTEGER, INTEGER }`) that TLS uses. Both stay below 128 bytes, so that each length
/// is one byte.
fn pair(der: &[u8], bytes: usize) -> Option<Vec<u8>> {
    const SEQUENCE: u8 = 0x30;
    let [SEQUENCE, _, rest @ ..] = der else {
        return None;
    };
    let (first, rest) = number(rest, bytes)?;
    let (second, _) = number(rest, bytes)?;
    Some([first, second].concat())
}

/// The number that `der` begins with, of exactly so many bytes, and what follows it.
fn number(der: &[u8], bytes: usize) -> Option<(Vec<u8>, &[u8])> {
    const INTEGER: u8 = 0x02;
    let [INTEGER, length, rest @ ..] = der else {
        return None;
    };
    let (digits, rest) = rest.split_at_checked(usize::from(*length))?;
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..)?;
    let mut number = vec![0; bytes.checked_sub(digits.len())?];
    number.extend_from_slice(digits);
    Some((number, rest))
}
