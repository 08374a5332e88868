//! Takes secrets out of text before anybody reads it: messages, addresses, log lines.
//!
//! A secret is found as it is, percent-encoded, form-encoded, JSON-escaped (also as JSON in JSON),
//! HTML-escaped, in base64 of either alphabet at any offset (so also inside `Basic`), and in one of
//! the first four applied to the last. Not found: a secret that was hashed, encrypted, cut or
//! otherwise encoded twice the same way, and one shorter than `SECRET_CHARS_MIN`.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use model::Secret;

/// What stands in place of a secret.
pub const MARK: &str = "•••";

/// Shorter values are left alone: they are no secrets, and would take every text apart.
pub const SECRET_CHARS_MIN: usize = 4;

/// Longer texts are cut before they are searched, so that a hostile answer costs little.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// How many backslashes in a row are read as one escape: JSON in JSON, four deep.
const BACKSLASHES_MAX: usize = 16;

/// Knows a set of secrets in all their disguises.
#[derive(Clone, Default)]
pub struct Scrub {
    needles: Vec<Needle>,
}

#[derive(Clone, PartialEq, Eq)]
struct Needle {
    bytes: Vec<u8>,
    /// A hit inside base64 covers the whole run: its edges also hold a part of the secret.
    base64: bool,
}

impl Scrub {
    /// Will find each of `secrets`.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let text = secret.expose();
            // White space around a secret is easily lost on its way, so it is not needed for a hit.
            let text = text.trim();
            if text.chars().count() >= SECRET_CHARS_MIN {
                needles.push(Needle {
                    bytes: text.as_bytes().to_vec(),
                    base64: false,
                });
                needles.extend(base64_needles(text.as_bytes()));
            }
        }
        // A secret that contains another one must be replaced as a whole.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.bytes.len()));
        needles.dedup();
        Self { needles }
    }

    /// `text` with `MARK` for every secret in it.
    pub fn text(&self, text: &str) -> String {
        let bytes = cut(text, TEXT_BYTES_MAX).as_bytes();
        let mut hidden = vec![false; bytes.len()];
        for needle in &self.needles {
            hide(bytes, needle, &mut hidden);
        }
        let mut clean = Vec::with_capacity(bytes.len());
        let mut in_secret = false;
        for (byte, hide) in bytes.iter().zip(&hidden) {
            if !hide {
                clean.push(*byte);
            } else if !in_secret {
                clean.extend_from_slice(MARK.as_bytes());
            }
            in_secret = *hide;
        }
        String::from_utf8_lossy(&clean).into_owned()
    }

    /// `text` without its secrets, and not longer than `chars_max` characters.
    pub fn excerpt(&self, text: &str, chars_max: usize) -> String {
        let clean = self.text(text);
        match clean.char_indices().nth(chars_max) {
            Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default().trim_end()),
            None => clean,
        }
    }
}

/// Marks every occurrence, also overlapping ones: what one secret leaves over of another is still
/// a part of it.
fn hide(text: &[u8], needle: &Needle, hidden: &mut [bool]) {
    for start in 0..text.len() {
        if let Some(end) = occurrence(text, start, &needle.bytes) {
            let (start, end) = if needle.base64 {
                whole_run(text, start, end)
            } else {
                (start, end)
            };
            hidden
                .iter_mut()
                .take(end)
                .skip(start)
                .for_each(|byte| *byte = true);
        }
    }
}

/// Shows how many, not which.
impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrub({} patterns)", self.needles.len())
    }
}

/// The base64 characters that depend on nothing but the secret, for each of the three ways it can
/// lie in the text that was encoded.
fn base64_needles(secret: &[u8]) -> Vec<Needle> {
    let mut needles = Vec::new();
    for before in 0..3_usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(secret);
        // Characters whose six bits lie wholly inside the secret.
        let first = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        for encoded in [
            STANDARD_NO_PAD.encode(&padded),
            URL_SAFE_NO_PAD.encode(&padded),
        ] {
            if let Some(inner) = encoded.as_bytes().get(first..end) {
                needles.push(Needle {
                    bytes: inner.to_vec(),
                    base64: true,
                });
            }
        }
    }
    needles
}

/// The end of an occurrence of `needle` that begins at `start`, whichever way each of its bytes is
/// written. All readings are followed, each state once, so the work is bounded whatever the text.
fn occurrence(text: &[u8], start: usize, needle: &[u8]) -> Option<usize> {
    let mut open = readings(text, start, needle);
    let mut seen = BTreeSet::new();
    let mut end = None;
    while let Some((matched, at)) = open.pop() {
        let rest = needle.get(matched..).unwrap_or_default();
        if rest.is_empty() {
            end = end.max(Some(at));
        }
        for (taken, next) in readings(text, at, rest) {
            if seen.insert((matched + taken, next)) {
                open.push((matched + taken, next));
            }
        }
    }
    end
}

/// Each way to read the beginning of `rest` at `at`: how much of `rest` that is, and where the
/// text goes on.
fn readings(text: &[u8], at: usize, rest: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (Some(&here), Some(&wanted)) = (text.get(at), rest.first()) else {
        return found;
    };
    if here == wanted {
        found.push((1, at + 1));
    }
    match here {
        b'+' if wanted == b' ' => found.push((1, at + 1)),
        b'%' if hex(text, at + 1, 2) == Some(u32::from(wanted)) => found.push((1, at + 3)),
        b'\\' => {
            found.extend(json_escape(text, at, rest));
            let run = backslashes(text, at);
            if run > 1 {
                // Escaped, and then again as a part of what was escaped, as in a body in a body.
                found.extend(json_escape(text, at + run - 1, rest));
                found.extend((wanted == b'\\').then_some((1, at + run)));
            }
        }
        b'&' => found.extend(html_escape(text, at, rest)),
        _ => {}
    }
    found
}

/// How many backslashes stand together, as far as this is looked at.
fn backslashes(text: &[u8], at: usize) -> usize {
    let run = text.iter().skip(at).take(BACKSLASHES_MAX);
    run.take_while(|byte| **byte == b'\\').count()
}

fn json_escape(text: &[u8], at: usize, rest: &[u8]) -> Option<(usize, usize)> {
    let code = match text.get(at + 1)? {
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let high = hex(text, at + 2, 4)?;
            return match char::from_u32(high) {
                Some(character) => spelled(character, rest, at + 6),
                None => spelled(surrogates(text, at, high)?, rest, at + 12),
            };
        }
        escaped => u32::from(*escaped),
    };
    spelled(char::from_u32(code)?, rest, at + 2)
}

/// The character that two `\u` escapes stand for together.
fn surrogates(text: &[u8], at: usize, high: u32) -> Option<char> {
    let low = hex(text, at + 8, 4)?.checked_sub(0xdc00)?;
    char::from_u32(0x1_0000 + (high.checked_sub(0xd800)? << 10) + low)
}

fn html_escape(text: &[u8], at: usize, rest: &[u8]) -> Option<(usize, usize)> {
    // `&#x10ffff;` is the longest there is.
    let length = text
        .get(at..)?
        .iter()
        .take(10)
        .position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(text.get(at + 1..at + length)?).ok()?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    spelled(character, rest, at + length + 1)
}

fn spelled(character: char, rest: &[u8], next: usize) -> Option<(usize, usize)> {
    let mut buffer = [0; 4];
    let bytes = character.encode_utf8(&mut buffer).as_bytes();
    rest.starts_with(bytes).then_some((bytes.len(), next))
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn whole_run(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_%".contains(byte);
    let before = text
        .iter()
        .take(start)
        .rev()
        .take_while(|byte| part(byte))
        .count();
    let after = text.iter().skip(end).take_while(|byte| part(byte)).count();
    (start - before, end + after)
}

/// At most the first `bytes_max` bytes, cut between characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests;
