//! Texts on their way to people: what may not stand in them, how long they may be, and addresses
//! that nobody is to open by a click.
//!
//! What a request says comes from anyone at all, and it is read by technicians in a system that
//! makes links of addresses and cuts titles at line breaks. Each function here takes any text,
//! cannot fail, and changes nothing when it is applied again.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

/// The text on one line: line breaks, control characters and runs of white space become one space;
/// what is not seen, or turns the order of what is seen, is gone.
pub fn one_line(text: &str) -> String {
    let seen: String = text.chars().filter(|one| !is_unseen(*one)).collect();
    let breaks = |character: char| character.is_whitespace() || character.is_control();
    let words: Vec<&str> = seen.split(breaks).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The text with its lines, each ended by a line feed; without control characters and what is not
/// seen.
pub fn lines(text: &str) -> String {
    let stays = |one: &char| !is_unseen(*one) && (!one.is_control() || is_break(*one));
    let seen: String = text.chars().filter(stays).collect();
    let breaks = |one: char| is_break(one) && one != '\t';
    seen.replace("\r\n", "\n").replace(breaks, "\n")
}

/// At most `units_max` UTF-16 units of the text; what was cut shows as a final `…`, which counts.
/// What a reader takes for one character, such as an emoji of several, is never cut apart. UTF-16
/// is how the databases behind most of these systems count, and never less than characters.
pub fn fit(text: &str, units_max: usize) -> Cow<'_, str> {
    if units(text) <= units_max {
        return Cow::Borrowed(text);
    }
    let Some(room) = units_max.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let whole = within(text.graphemes(true), room);
    let kept = if whole == 0 {
        // One letter under a thousand marks: better a part of it than nothing at all.
        within(text.split_inclusive(|_: char| true), room)
    } else {
        whole
    };
    let kept = text.get(..kept).unwrap_or_default().trim_end();
    Cow::Owned(format!("{kept}…"))
}

/// The bytes of those first `parts` that have no more than `room` units together.
fn within<'t>(parts: impl Iterator<Item = &'t str>, room: usize) -> usize {
    let (mut bytes, mut left) = (0, room);
    for part in parts {
        let Some(rest) = left.checked_sub(units(part)) else {
            break;
        };
        (bytes, left) = (bytes + part.len(), rest);
    }
    bytes
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Tabs, and everything that ends a line somewhere.
const fn is_break(one: char) -> bool {
    matches!(one, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Marks that turn the direction of text, separators of no width, and code points that are no
/// characters: an address or a name may be made to read as another by them. The joiners within
/// emoji and scripts stay.
const fn is_unseen(one: char) -> bool {
    matches!(one,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}')
        || one as u32 & 0xfffe == 0xfffe
}

/// The text with every address in it written so that nobody opens it by a click: `hxxps` for
/// `https`, `[.]` in the host. E-mail addresses stay as they are.
pub fn defang(text: &str) -> String {
    let words = text.split_inclusive(is_edge).map(|word| {
        let bare = word.trim_end_matches(is_edge);
        let edge = word.get(bare.len()..).unwrap_or_default();
        format!("{}{edge}", defang_word(bare))
    });
    words.collect()
}

/// What ends an address in running text.
fn is_edge(one: char) -> bool {
    one.is_whitespace()
        || matches!(
            one,
            '<' | '>' | '"' | '(' | ')' | '|' | ',' | ';' | '{' | '}'
        )
}

fn defang_word(word: &str) -> String {
    if !word.contains("://") {
        let host = word.get(..host_length(word)).unwrap_or_default();
        let path = word.get(host.len()..).unwrap_or_default();
        return if is_host(host.trim_end_matches('.')) && !path.contains('@') {
            format!("{}{path}", harmless(host))
        } else {
            word.to_owned()
        };
    }
    let (mut done, mut rest) = (String::with_capacity(word.len() + 8), word);
    // An address may carry another one in its path or query.
    while let Some((scheme, after)) = rest.split_once("://") {
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        // What looks like a host and is followed by `://` is the scheme of the next one.
        let is_scheme = after.find("://").is_some_and(|next| next < end);
        let (host, path) = after
            .split_at_checked(if is_scheme { 0 } else { end })
            .unwrap_or((after, ""));
        done.push_str(&scheme_defanged(scheme));
        done.push_str("://");
        done.push_str(&harmless(host));
        rest = path;
    }
    done.push_str(rest);
    done
}

/// The first part of a word that may be a host.
fn host_length(word: &str) -> usize {
    word.find(['/', '?', '#', ':']).unwrap_or(word.len())
}

/// What stands before `://`, its end no longer a scheme that anything opens.
fn scheme_defanged(before: &str) -> String {
    let lower = before.to_ascii_lowercase();
    let known = ["https", "http", "ftps", "ftp"];
    let Some(scheme) = known.iter().find(|known| lower.ends_with(**known)) else {
        return before.to_owned();
    };
    let (other, scheme) = before
        .split_at_checked(before.len() - scheme.len())
        .unwrap_or((before, ""));
    format!("{other}{}", scheme.replace('t', "x").replace('T', "X"))
}

fn harmless(host: &str) -> Cow<'_, str> {
    if host.contains("[.]") {
        return Cow::Borrowed(host);
    }
    Cow::Owned(host.replace('.', "[.]"))
}

/// Whether a word reads like a host: labels with points between them, a name at its end.
fn is_host(word: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|one| one.is_alphanumeric() || one == '-' || one == '_')
    };
    let Some((before, last)) = word.rsplit_once('.') else {
        return false;
    };
    let is_name = last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    before.split('.').all(label) && (is_name || last.starts_with("xn--") && label(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_that_reads_as_it_is_written() {
        assert_eq!(one_line(" a\r\n\tb\u{0}c\u{2028}d "), "a b c d");
        assert_eq!(one_line("exe.\u{202e}gpj.\u{2066}x"), "exe.gpj.x");
        assert_eq!(one_line("\u{202e}\u{feff}\u{7}"), "");
        assert_eq!(
            one_line("👩\u{200d}👧 می\u{200c}خواهم"),
            "👩\u{200d}👧 می\u{200c}خواهم"
        );
    }

    #[test]
    fn a_description_keeps_its_lines() {
        assert_eq!(lines("a\r\nb\rc\n\nd\te\u{1b}[31m"), "a\nb\nc\n\nd\te[31m");
        assert_eq!(lines("a\r\u{202e}\nb"), "a\nb");
    }

    #[test]
    fn what_is_one_character_to_a_reader_is_not_cut_apart() {
        assert_eq!(fit("administrator", 6), "admin…");
        assert_eq!(fit("exactly", 7), "exactly");
        assert_eq!(fit("ab👩\u{200d}👧cd", 6), "ab…");
        assert_eq!(fit("cafe\u{301} au", 5), "caf…");
        assert_eq!(fit("one two", 5), "one…");
        assert_eq!(fit(&format!("e{}", "\u{301}".repeat(50)), 3), "e\u{301}…");
        assert_eq!((fit("ab", 1), fit("ab", 0)), ("…".into(), "".into()));
    }

    #[test]
    fn addresses_are_defanged_wherever_they_stand() {
        for (text, expected) in [
            (
                "see https://files.example/a.b?c",
                "see hxxps://files[.]example/a.b?c",
            ),
            ("(HTTP://A.example)", "(HXXP://A[.]example)"),
            ("files.example: no", "files[.]example: no"),
            (
                "url=http://a.b/?u=https://c.d/e",
                "url=hxxp://a[.]b/?u=hxxps://c[.]d/e",
            ),
            ("ftp://u:p@h.example:21", "fxp://u:p@h[.]example:21"),
            ("dana@fabrikam.example", "dana@fabrikam.example"),
            (
                "Needed. Version 1.2, e.g. soon...",
                "Needed. Version 1.2, e.g. soon...",
            ),
            ("hxxps://files[.]example", "hxxps://files[.]example"),
        ] {
            assert_eq!(defang(text), expected);
        }
    }
}
