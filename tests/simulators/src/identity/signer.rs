//! A key of the provider's, and the tokens that it signs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// The length of each coordinate of a point.
const COORDINATE_BYTES: usize = 32;

/// A key with a name.
pub(super) struct Signer {
    name: String,
    key: EcdsaKeyPair,
}

impl Signer {
    #[expect(
        clippy::expect_used,
        reason = "it fails only where the system has no random numbers"
    )]
    pub(super) fn new(name: &str) -> Self {
        let (chance, way) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(way, &chance).expect("random numbers");
        let key = EcdsaKeyPair::from_pkcs8(way, key.as_ref(), &chance).expect("a key");
        Self {
            name: name.to_owned(),
            key,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The key as it is published.
    pub(super) fn published(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let point = point.get(1..).unwrap_or_default();
        let (x, y) = point.split_at(COORDINATE_BYTES.min(point.len()));
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.name,
            "x": x, "y": y })
    }

    /// A token with these claims, which says that the key `name` signed it.
    #[expect(
        clippy::expect_used,
        reason = "it fails only where the system has no random numbers"
    )]
    pub(super) fn sign(&self, name: &str, claims: &Map<String, Value>) -> String {
        let text = unsigned(&json!({ "alg": "ES256", "kid": name }), claims);
        let signed = self.key.sign(&SystemRandom::new(), text.as_bytes());
        let signature = signed.expect("random numbers");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token that takes the published key for a secret.
    pub(super) fn sign_with_what_is_public(&self, claims: &Map<String, Value>) -> String {
        let text = unsigned(&json!({ "alg": "HS256", "kid": self.name }), claims);
        let secret = self.key.public_key().as_ref();
        let signature = Hmac::<Sha256>::new_from_slice(secret).map(|mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes()
        });
        let signature = signature.unwrap_or_default();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A token that nobody signed.
pub(super) fn not_signed(claims: &Map<String, Value>) -> String {
    format!("{}.", unsigned(&json!({ "alg": "none" }), claims))
}

fn unsigned(head: &Value, claims: &Map<String, Value>) -> String {
    let encoded = |text: String| URL_SAFE_NO_PAD.encode(text);
    let claims = Value::Object(claims.clone()).to_string();
    format!("{}.{}", encoded(head.to_string()), encoded(claims))
}
