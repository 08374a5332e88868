//! What the engine gives to scripts beside the language: few functions, pure, noun first, none of
//! which can fail. Where a text is wanted, any value will do: `()` counts as the empty text.
//! [`host_functions`] is the list that the documentation is made from.

use rhai::{Array, Dynamic, Engine, INT, ImmutableString};

use crate::text::{defang, lines, one_line};

/// One host function, as the documentation shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// Its name.
    pub name: &'static str,
    /// Its parameters and result.
    pub signature: &'static str,
    /// What it gives, in one sentence.
    pub doc: &'static str,
    /// A script that evaluates to true.
    pub example: &'static str,
}

/// Every host function, by name.
pub const fn host_functions() -> &'static [HostFunction] {
    &[
        HostFunction {
            name: "list_first",
            signature: "list_first(list) -> value or ()",
            doc: "The first element, or `()` when the list is empty.",
            example: r#"list_first(["a", "b"]) == "a" && list_first([]) == ()"#,
        },
        HostFunction {
            name: "text_defang",
            signature: "text_defang(text) -> text",
            doc: "The text with every address in it so that nobody opens it by a click. E-mail \
                  addresses stay.",
            example: r#"text_defang("at https://a.example/x") == "at hxxps://a[.]example/x""#,
        },
        HostFunction {
            name: "text_is_blank",
            signature: "text_is_blank(value) -> bool",
            doc: "Whether the value is `()` or nothing but white space.",
            example: r#"text_is_blank(" ") && text_is_blank(()) && !text_is_blank("x")"#,
        },
        HostFunction {
            name: "text_lines",
            signature: "text_lines(text) -> text",
            doc: "The text with its lines, without other control characters and what turns the \
                  direction of text. For descriptions.",
            example: r#"text_lines("one\r\ntwo\u001b") == "one\ntwo""#,
        },
        HostFunction {
            name: "text_one_line",
            signature: "text_one_line(text) -> text",
            doc: "The text on one line: line breaks, control characters and runs of white space \
                  become one space, and what turns the direction of text is gone. For titles, \
                  which a PSA refuses or cuts at a line break.",
            example: r#"text_one_line(" two\r\n  lines ") == "two lines""#,
        },
        HostFunction {
            name: "text_title_case",
            signature: "text_title_case(text) -> text",
            doc: "Words with a capital each, split at spaces, `_` and `-`.",
            example: r#"text_title_case("blocked_by-policy") == "Blocked By Policy""#,
        },
        HostFunction {
            name: "text_truncate",
            signature: "text_truncate(text, max_chars) -> text",
            doc: "At most so many characters; what was cut shows as a final `…`, which counts.",
            example: r#"text_truncate("administrator", 6) == "admin…""#,
        },
        HostFunction {
            name: "url_defang",
            signature: "url_defang(url) -> text",
            doc: "The URL so that nobody opens it by a click: `hxxp` and `[.]` in the host.",
            example: r#"url_defang("https://a.example/x.y") == "hxxps://a[.]example/x.y""#,
        },
    ]
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn("list_first", |list: Array| {
            list.into_iter().next().unwrap_or_default()
        })
        .register_fn("text_is_blank", |value: Dynamic| is_blank(&value))
        .register_fn("text_defang", |value: Dynamic| defang(&text(&value)))
        .register_fn("text_lines", |value: Dynamic| lines(&text(&value)))
        .register_fn("text_one_line", |value: Dynamic| one_line(&text(&value)))
        .register_fn("text_title_case", |value: Dynamic| {
            title_case(&text(&value))
        })
        .register_fn("text_truncate", |value: Dynamic, max: INT| {
            truncate(&text(&value), max)
        })
        .register_fn("url_defang", |value: Dynamic| url_defang(&text(&value)));
}

/// Any value as text, `()` as none: ids come as numbers from one system and as texts from another,
/// and a ticket is not to be lost over that.
fn text(value: &Dynamic) -> ImmutableString {
    match value.as_immutable_string_ref() {
        Ok(text) => text.clone(),
        Err(_) if value.is_unit() => ImmutableString::new(),
        Err(_) => value.to_string().into(),
    }
}

fn is_blank(value: &Dynamic) -> bool {
    text(value).trim().is_empty()
}

fn title_case(text: &str) -> String {
    let words = text.split([' ', '_', '-']).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(capitalised).collect();
    words.join(" ")
}

/// Only the first letter changes: `MFA` and `macOS` keep theirs as far as they can.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn truncate(text: &str, max_chars: INT) -> String {
    let limit = usize::try_from(max_chars).unwrap_or(0);
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let Some(kept) = limit.checked_sub(1) else {
        return String::new();
    };
    text.chars().take(kept).chain(['…']).collect()
}

fn url_defang(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{}://", scheme.replacen("tt", "xx", 1)), rest),
        None => (String::new(), url),
    };
    let host_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(host_length).unwrap_or((rest, ""));
    format!("{scheme}{}{path}", host.replace('.', "[.]"))
}
