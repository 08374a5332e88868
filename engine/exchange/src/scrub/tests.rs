//! Whatever form a secret takes, nothing of it is left after scrubbing.

#![expect(clippy::unwrap_used, reason = "a failed test should panic")]

use proptest::prelude::*;

use super::*;

fn scrub(secret: &str) -> Scrub {
    Scrub::new(&[Secret::new(secret)])
}

fn check(secret: &str, text: &str, wanted: &str) {
    assert_eq!(scrub(secret).text(text), wanted);
}

#[test]
fn a_secret_is_found_in_its_usual_disguises() {
    check("p@ss w/rd", "key=p@ss w/rd.", "key=•••.");
    check("p@ss w/rd", "?key=p%40ss%20w%2frd&x", "?key=•••&x");
    check("p@ss w/rd", "key=p%40ss+w%2Frd", "key=•••");
    check(r#"a"b\c"#, r#"{"k":"a\"b\\c"}"#, r#"{"k":"•••"}"#);
    check(
        r#"a"b\c"#,
        r#"{"said":"{\"k\":\"a\\\"b\\\\c\"}"}"#,
        r#"{"said":"{\"k\":\"•••\"}"}"#,
    );
    check("a\"b<c>", "<i>a&quot;b&lt;c&#62;</i>", "<i>•••</i>");
    check("schlüssel", r"schl\u00fcssel schl%C3%BCssel", "••• •••");
    check("key😀key", r"key\ud83d\ude00key", "•••");
}

#[test]
fn a_secret_is_found_inside_basic() {
    let basic = base64::engine::general_purpose::STANDARD.encode("user:p@ss w/rd");
    check("p@ss w/rd", &format!("authorization: Basic {basic} end"), {
        "authorization: Basic ••• end"
    });
}

#[test]
fn two_secrets_that_overlap_leave_nothing_over() {
    let scrub = Scrub::new(&[
        Secret::new("abcdef"),
        Secret::new("defghi"),
        Secret::new("cdef"),
    ]);
    assert_eq!(scrub.text("-abcdefghi-abcdef-cdef-"), "-•••-•••-•••-");
}

#[test]
fn short_values_and_ordinary_text_are_left_alone() {
    check("abc", "abc", "abc");
    check("", "text", "text");
    check(
        "hunter22",
        "100% sure & \\ done + %zz",
        "100% sure & \\ done + %zz",
    );
}

#[test]
fn an_excerpt_is_cut_after_it_was_scrubbed() {
    assert_eq!(
        scrub("secret-value").excerpt("ab secret-value", 6),
        "ab •••"
    );
    assert_eq!(
        scrub("secret-value").excerpt("ab secret-value cd", 6),
        "ab •••…"
    );
}

/// One way to write a secret into a text.
fn disguised(secret: &str, way: u8, noise: &str) -> String {
    let percent = |byte: u8| format!("%{byte:02X}");
    let joined = |parts: Vec<String>| parts.concat();
    match way {
        0 => secret.to_owned(),
        1 => joined(secret.bytes().map(percent).collect()),
        2 => crate::request::form_encoded(&[(noise.to_owned(), secret.to_owned())]),
        3 => serde_json::to_string(&format!("{noise}{secret}")).unwrap(),
        4 => STANDARD_NO_PAD.encode(format!("{noise}{secret}")),
        5 => URL_SAFE_NO_PAD.encode(format!("{noise}{secret}{noise}")),
        6 => joined(
            secret
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect(),
        ),
        7 => joined(
            STANDARD_NO_PAD
                .encode(secret)
                .bytes()
                .map(percent)
                .collect(),
        ),
        _ => joined(
            secret
                .chars()
                .map(|c| format!("&#{};", u32::from(c)))
                .collect(),
        ),
    }
}

proptest! {
    #[test]
    fn no_disguise_hides_a_secret(
        secret in "[!-~é€😀]{6,24}",
        way in 0_u8..9,
        before in "[a-z :]{0,9}",
        after in "[a-z :]{0,9}",
    ) {
        let disguise = disguised(&secret, way, &before);
        // What stands around it must not happen to be a part of it.
        let text = format!("{before} {disguise} {after}");
        let clean = scrub(&secret).text(&text);
        prop_assert!(clean.contains(MARK), "{text} gave {clean}");
        let core = match way {
            2 => disguise.split_once('=').unwrap().1.to_owned(),
            3 => serde_json::to_string(&secret).unwrap().trim_matches('"').to_owned(),
            _ => disguise,
        };
        prop_assert!(!clean.contains(&core), "{text} gave {clean}");
    }

    #[test]
    fn any_text_is_survived(secret in "\\PC{4,12}", text in "\\PC{0,200}") {
        let clean = scrub(&secret).text(&text);
        let trimmed = secret.trim();
        if trimmed.chars().count() >= SECRET_CHARS_MIN && !MARK.contains(trimmed) {
            prop_assert!(!clean.contains(trimmed));
        }
    }
}
