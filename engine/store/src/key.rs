//! Ordered keys: partner, table, then the parts that tell records of a table apart.
//!
//! The byte order of keys is the order of their parts, compared one after the other as UTF-8. A
//! prefix ends at the end of a part, so the records of partner `a` are never found under a prefix
//! of partner `ab`, and no part can fake a boundary: a zero byte ends a part, and a zero inside one
//! is written `01 01` (a one, so that this stays reversible, `01 02`). Both sort where they should.

use std::fmt;

use model::Timestamp;

const END: u8 = 0;
const ESCAPE: u8 = 1;

/// The address of a record or a counter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// The key of `parts` in `table` of `partner`; the partner is empty for what belongs to none.
    pub fn new(partner: &str, table: &str, parts: &[&str]) -> Self {
        let room =
            partner.len() + table.len() + parts.iter().map(|part| part.len() + 1).sum::<usize>();
        let mut bytes = Vec::with_capacity(room + 2);
        for part in [partner, table].iter().chain(parts) {
            push(&mut bytes, part);
        }
        Self(bytes)
    }

    /// The prefix of all keys in `table` of `partner` whose first parts are `parts`. The key of
    /// exactly these parts is among them.
    pub fn prefix(partner: &str, table: &str, parts: &[&str]) -> Self {
        Self::new(partner, table, parts)
    }

    /// The prefix of all keys of `partner`.
    pub fn of_partner(partner: &str) -> Self {
        let mut bytes = Vec::with_capacity(partner.len() + 1);
        push(&mut bytes, partner);
        Self(bytes)
    }

    /// The prefix of all keys.
    pub const fn everything() -> Self {
        Self(Vec::new())
    }

    /// The partner; empty for what belongs to none.
    pub fn partner(&self) -> String {
        self.components().into_iter().next().unwrap_or_default()
    }

    /// The table.
    pub fn table(&self) -> String {
        self.components().into_iter().nth(1).unwrap_or_default()
    }

    /// The parts behind partner and table.
    pub fn parts(&self) -> Vec<String> {
        self.components().into_iter().skip(2).collect()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads back what [`Key::as_bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        split(bytes).map(|_| Self(bytes.to_vec()))
    }

    /// Partner, table and parts in one list.
    pub(crate) fn components(&self) -> Vec<String> {
        split(&self.0).unwrap_or_default()
    }
}

/// A number as a part that sorts like the number.
pub fn number(value: u64) -> String {
    format!("{value:016x}")
}

/// Reads back what [`number`] gave.
pub fn read_number(part: &str) -> Option<u64> {
    u64::from_str_radix(part, 16)
        .ok()
        .filter(|value| number(*value) == part)
}

/// A moment as a part that sorts like the moment: the oldest comes first in a scan.
pub fn oldest_first(moment: Timestamp) -> String {
    number(rank(moment))
}

/// A moment as a part that sorts the other way: the newest comes first in a scan.
pub fn newest_first(moment: Timestamp) -> String {
    number(!rank(moment))
}

/// Moments before 1970 are negative; flipping the sign bit puts them in front of the others.
fn rank(moment: Timestamp) -> u64 {
    moment.as_millis().cast_unsigned() ^ (1 << 63)
}

fn push(bytes: &mut Vec<u8>, part: &str) {
    for byte in part.bytes() {
        if byte <= ESCAPE {
            bytes.extend([ESCAPE, byte + 1]);
        } else {
            bytes.push(byte);
        }
    }
    bytes.push(END);
}

/// The parts of an encoded key; nothing when it is not one.
fn split(bytes: &[u8]) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            END => parts.push(String::from_utf8(std::mem::take(&mut part)).ok()?),
            ESCAPE => part.push(
                rest.next()?
                    .checked_sub(1)
                    .filter(|plain| *plain <= ESCAPE)?,
            ),
            plain => part.push(plain),
        }
    }
    part.is_empty().then_some(parts)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, part) in self.components().iter().enumerate() {
            let slash = if position > 0 { "/" } else { "" };
            write!(f, "{slash}{}", part.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prefix_ends_at_the_end_of_a_part() {
        let prefix = Key::prefix("acme", "request", &["1"]);
        let under = |key: Key| key.as_bytes().starts_with(prefix.as_bytes());
        assert!(under(Key::new("acme", "request", &["1"])));
        assert!(under(Key::new("acme", "request", &["1", "history"])));
        for other in ["10", "1\0", "1\u{1}", "1\0history", ""] {
            assert!(!under(Key::new("acme", "request", &[other])), "{other:?}");
        }
        assert!(!under(Key::new("acme2", "request", &["1"])));
    }

    #[test]
    fn numbers_and_moments_sort_and_read_back() {
        let values = [0, 9, 10, 255, 256, u64::MAX];
        assert!(values.map(number).is_sorted());
        assert_eq!(
            values.map(|value| read_number(&number(value))),
            values.map(Some)
        );
        assert_eq!(read_number("ff"), None, "not one of ours");

        let moments = [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_millis);
        assert!(moments.map(oldest_first).is_sorted());
        assert!(moments.map(newest_first).iter().rev().is_sorted());
    }

    #[test]
    fn a_key_names_its_parts() {
        let key = Key::new("acme", "request", &["a/b", "ü"]);
        assert_eq!(key.partner(), "acme");
        assert_eq!(key.table(), "request");
        assert_eq!(key.parts(), ["a/b", "ü"]);
        assert_eq!(Key::of_partner("acme").parts(), Vec::<String>::new());
        assert_eq!(key.to_string(), "acme/request/a/b/ü");
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        for bytes in [&b"abc"[..], &[ESCAPE, 7, END], &[ESCAPE], &[0xff, END]] {
            assert_eq!(Key::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    fn parts() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[\0\u{1}\u{2}ab\u{10ffff}]{0,4}", 0..4)
    }

    fn of(parts: &[String]) -> Key {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Key::new("p", "t", &parts)
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_parts_do_and_read_back(left in parts(), right in parts()) {
            prop_assert_eq!(of(&left).cmp(&of(&right)), left.cmp(&right));
            prop_assert_eq!(of(&left).parts(), left.clone());
            prop_assert_eq!(Key::from_bytes(of(&left).as_bytes()), Some(of(&left)));
            let prefixed = of(&right).as_bytes().starts_with(of(&left).as_bytes());
            prop_assert_eq!(prefixed, right.starts_with(&left));
        }
    }
}
