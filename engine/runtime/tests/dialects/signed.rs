//! Tokens of our own, signed with a private key, and OAuth 1.0a. The servers verify by other code
//! than what signs: `ring` with the public key, and the canonical form written out by hand.

#![expect(clippy::indexing_slicing, reason = "a failed test should panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use exchange::{RawAnswer, Request};
use hmac::{Hmac, Mac as _};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{START, World, granted, has_field, is_to, one_thing, sent};

const OPERATIONS: &str = "
  probe: { get: /probe }
  things: { get: /things, items: '$[*]' }
";

const RSA: &str = include_str!("rsa.pem");
const P256: &str = include_str!("p256.pem");

/// The public halves: PKCS #1, and the point.
const RSA_PUBLIC: &str = "\
MIIBCgKCAQEAtS/7uoX/21szrXfDVMHfdWqN8txH9bo+CB+UwbCcFmDGX+hhrW/s+VI/7DVa1ajz0RXec6YFhLPk/mzyH9mB\
gSqhwigo4IMJ6HkRGwrR3OO+HYVFdENGcVJgCKLOZo9bkrAaJoS7KAod4uG24XATx17o2HqI7pgB5hIwxeuDfz0oZAUZFSWI\
3itmK7JdCzprvqFqf1VLZivlOCiGLHRsG71t2mNmrCN4iYMIn0vFmvSDRdAV8lKb5VhK4PZP7z8g8IC7cP9QeHd8ZfqU4W4j\
Wg/wDmoHAHjSooUTvGh4PL5JEH+RKSfYu/fwqRbZlV+Go2aU3OFtnlwYeoCPMWm5+QIDAQAB";
const P256_PUBLIC: &str = "\
BCfQbNEg/KZDM9cDCkwRbai90MSoY3+oAE/UxMI0hk+hqZH+gauWkbtl6RadEYLwomLkjBHGY/Oow/WZHtA4XMQ=";

/// The header and the claims of a token, if the key signed it and it is good at that moment.
fn verified(token: &str, way: &'static dyn VerificationAlgorithm, key: &str) -> Option<[Value; 2]> {
    let (text, signature) = token.rsplit_once('.')?;
    let (head, claims) = text.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let key = UnparsedPublicKey::new(way, STANDARD.decode(key).unwrap());
    key.verify(text.as_bytes(), &signature).ok()?;
    let read = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    Some([read(head)?, read(claims)?])
}

/// The value of a field of the form that was sent; none of these needs decoding.
fn field(request: &Request, name: &str) -> Option<String> {
    let form = sent(request);
    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
    fields
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value.to_owned())
}

fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

const SERVICE: &str = r#"
  auth:
    jwt_grant:
      jwt:
        key: $.credentials.secret
        header: { kid: "key-{{ credentials.user }}" }
        claims: { iss: $.credentials.user, aud: https://api.sample.example/token, levels: [1, 2] }
        lives: 45s
      client:
        token_url: https://api.sample.example/token
        client_id: box
        client_secret: $.vendor.key
        form: { tenant: t }"#;

/// A server that gives a token for an assertion that is signed, new and for it, each only once.
fn exchanging() -> impl Fn(&Request) -> RawAnswer {
    let used = Mutex::new(BTreeSet::new());
    move |request| {
        if !is_to(request, "/token") {
            let known = bearer(request) == Some("theirs");
            return if is_to(request, "/probe") {
                granted(known)
            } else {
                RawAnswer::json(if known { 200 } else { 401 }, &one_thing())
            };
        }
        let assertion = field(request, "assertion").unwrap_or_default();
        let read = verified(&assertion, &RSA_PKCS1_2048_8192_SHA256, RSA_PUBLIC);
        let Some([head, claims]) = read else {
            return RawAnswer::json(400, &json!({ "error": "invalid_grant" }));
        };
        assert_eq!(
            head,
            json!({ "alg": "RS256", "typ": "JWT", "kid": "key-ada" })
        );
        let now = START.as_millis() / 1_000;
        let good = claims["iss"] == "ada"
            && claims["aud"] == "https://api.sample.example/token"
            && claims["levels"] == json!([1, 2])
            && claims["iat"]
                .as_i64()
                .is_some_and(|made| (now - 60..=now).contains(&made))
            && claims["exp"].as_i64() == Some(now + 45)
            && used.lock().unwrap().insert(claims["jti"].to_string());
        assert!(good, "{claims}");
        let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        assert!(has_field(request, grant) && has_field(request, "client_id=box"));
        assert!(has_field(request, "tenant=t") && field(request, "client_secret").is_some());
        RawAnswer::json(
            200,
            &json!({ "access_token": "theirs", "expires_in": 3600 }),
        )
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_our_own_is_exchanged_for_one_of_theirs() {
    // A form of one line makes spaces of line breaks, and a file of JSON writes them as `\n`.
    for key in [
        RSA.to_owned(),
        RSA.replace('\n', " "),
        RSA.replace('\n', "\\n"),
    ] {
        let world = World::new(SERVICE, OPERATIONS, exchanging())
            .await
            .with_secret(&key);
        let id = world.create().await;
        for _ in 0..3 {
            assert_eq!(world.things(&id).await.unwrap(), ["one"]);
        }
        assert_eq!(
            world.server.seen("/token").len(),
            2,
            "one for the trial, one for all calls"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_private_key_is_told_without_a_call() {
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----";
    let public = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----";
    let damaged = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----";
    for (key, told) in [
        ("hunter2-hunter2", "paste all of it"),
        (locked, "passphrase"),
        (
            public,
            "a PUBLIC KEY was given where a private key is needed",
        ),
        (damaged, "damaged"),
    ] {
        let world = World::new(SERVICE, OPERATIONS, |_| granted(false))
            .await
            .with_secret(key);
        let report = world.test().await;
        assert!(
            !report.ok && report.message.contains(told),
            "{}",
            report.message
        );
        assert!(!report.message.contains("hunter2"), "{}", report.message);
        assert!(world.server.seen("").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_proves_itself_by_a_token_of_its_own() {
    let http = "
  auth:
    client_credentials:
      token_url: https://api.sample.example/token
      client_id: $.credentials.user
      scope: all
      jwt: { key: $.credentials.secret, algorithm: PS256, claims: { iss: $.credentials.user } }";
    let world = World::new(http, OPERATIONS, |request| {
        if is_to(request, "/token") {
            let assertion = field(request, "client_assertion").unwrap_or_default();
            let read = verified(&assertion, &RSA_PSS_2048_8192_SHA256, RSA_PUBLIC);
            assert!(
                read.is_some_and(|[head, claims]| head["alg"] == "PS256" && claims["iss"] == "ada")
            );
            let kind = "client_assertion_type=\
                urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
            assert!(has_field(request, kind) && has_field(request, "client_id=ada"));
            return RawAnswer::json(200, &json!({ "access_token": "theirs" }));
        }
        granted(bearer(request) == Some("theirs"))
    })
    .await
    .with_secret(RSA);
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_our_own_goes_with_each_call_and_is_made_anew() {
    let http = "
  auth:
    jwt: { key: $.credentials.secret, header: { kid: k }, claims: { iss: $.credentials.user } }";
    let world = World::new(http, OPERATIONS, |request| {
        let read = verified(
            bearer(request).unwrap(),
            &ECDSA_P256_SHA256_FIXED,
            P256_PUBLIC,
        );
        let good = read.is_some_and(|[head, _]| head["alg"] == "ES256" && head["kid"] == "k");
        if is_to(request, "/probe") {
            granted(good)
        } else {
            RawAnswer::json(if good { 200 } else { 401 }, &one_thing())
        }
    })
    .await
    .with_secret(P256);
    let id = world.create().await;
    for wait in [0, 10, 300] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        assert_eq!(world.things(&id).await.unwrap(), ["one"]);
    }
    let shown = world.server.seen("/things");
    let shown: Vec<_> = shown.iter().map(|one| bearer(one).unwrap()).collect();
    let [first, second, third] = shown.as_slice() else {
        panic!("{} calls", shown.len());
    };
    assert!(
        first == second && second != third,
        "new only when it is about to end"
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_is_made_with_a_token_of_our_own() {
    let http = r#"
  auth:
    session:
      login:
        post: "/app/{{ credentials.user }}/token"
        jwt: { key: $.credentials.secret, claims: { iss: "12345" } }
      token: $.token
      lives: 1h"#;
    let world = World::new(http, OPERATIONS, |request| {
        if is_to(request, "/app/ada/token") {
            let read = verified(
                bearer(request).unwrap(),
                &ECDSA_P256_SHA256_FIXED,
                P256_PUBLIC,
            );
            assert!(read.is_some_and(|[_, claims]| claims["iss"] == "12345"));
            return RawAnswer::json(201, &json!({ "token": "theirs" }));
        }
        granted(bearer(request) == Some("theirs"))
    })
    .await
    .with_secret(P256);
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}

/// RFC 3986, by hand.
fn encode(text: &str) -> String {
    let written = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    written.collect()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_signed_with_its_parameters_by_oauth_1() {
    let http = r#"
  auth:
    oauth1:
      consumer_key: ck&1
      consumer_secret: $.vendor.key
      token: $.credentials.user
      token_secret: $.credentials.secret
      realm: "1234567_SB1""#;
    let operations = "
  probe:
    post: /probe
    query: { q: 'a b+c', 'q[0]': ü }
    form: { z: 1/2, a: '' }
    record: { ok: $.ok }
  things: { get: /things }";
    let nonces = Mutex::new(BTreeSet::new());
    let world = World::new(http, operations, move |request| {
        let said = request
            .header("authorization")
            .unwrap()
            .strip_prefix("OAuth ")
            .unwrap();
        let said: BTreeMap<&str, &str> = said
            .split(", ")
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        assert_eq!(said["realm"], "1234567_SB1");
        assert_eq!(said["oauth_signature_method"], "HMAC-SHA256");
        assert_eq!(
            said["oauth_timestamp"],
            (START.as_millis() / 1_000).to_string()
        );
        assert_eq!(said["oauth_token"], "ada");
        assert!(
            nonces
                .lock()
                .unwrap()
                .insert(said["oauth_nonce"].to_owned())
        );
        // What was sent, as it has to be encoded for signing.
        let ours = said
            .iter()
            .filter(|(name, _)| !["realm", "oauth_signature"].contains(name));
        let mut all: Vec<String> = ours
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        all.extend(["q=a%20b%2Bc", "q%5B0%5D=%C3%BC", "z=1%2F2", "a="].map(str::to_owned));
        all.sort_by_key(|pair| {
            pair.split_once('=')
                .map(|(name, value)| [name, value].map(str::to_owned))
        });
        let address = encode("https://api.sample.example/probe");
        let message = format!("POST&{address}&{}", encode(&all.join("&")));
        let key = format!(
            "{}&{}",
            encode(crate::world::VENDOR_SECRET),
            encode(crate::world::SECRET)
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let signature = encode(&STANDARD.encode(mac.finalize().into_bytes()));
        granted(said["oauth_signature"] == signature && said["oauth_consumer_key"] == "ck%261")
    })
    .await;
    let report = world.test().await;
    assert!(report.ok, "{report:?}");
}
