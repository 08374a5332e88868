//! The keys that secrets are sealed with where they are kept, and the sealing itself:
//! ChaCha20-Poly1305 with a nonce from chance, bound to the place where the secret lies.
//!
//! What is sealed is `~`, a number of this form, which key, nonce, and ciphertext with its tag.
//! There may be several keys: the first seals, and all of them open, so that a key can be changed
//! while what the former ones sealed is sealed anew piece by piece.

use std::fmt;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

/// What leads everything sealed. A record that is not sealed begins with a digit.
const MARK: &[u8] = b"~1";

/// The bytes that tell keys apart.
const ID_BYTES: usize = 8;

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// The hexadecimal digits of a key, as a key file has them.
pub const KEY_DIGITS: usize = 2 * KEY_BYTES;

/// The most keys of a file: the one in use, and those whose work is not sealed anew yet.
const KEYS_MAX: usize = 8;

/// Keys that seal and open.
pub struct SealingKeys {
    keys: Vec<SealingKey>,
}

struct SealingKey {
    id: [u8; ID_BYTES],
    key: LessSafeKey,
}

impl SealingKeys {
    /// The keys of a key file: one per line in hexadecimal digits, that in use first. Nothing
    /// where a line is something else, or there is none.
    pub fn read(text: &str) -> Option<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Option<Vec<SealingKey>> = lines.map(SealingKey::read).collect();
        let keys = keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len()))?;
        Some(Self { keys })
    }

    /// `plain` sealed with the key in use for the place `about`; nothing where the system has no
    /// chance to give.
    pub fn seal(&self, about: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let SealingKey { id, key } = self.keys.first()?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut text = plain.to_vec();
        let sealed_with = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(sealed_with, Aad::from(about), &mut text)
            .ok()?;
        Some([MARK, id, &nonce, &text].concat())
    }

    /// What was sealed for the place `about`; nothing if it was changed, was sealed for another
    /// place, or with a key that is not here.
    pub fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, rest) = parts(sealed)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
        let key = self.keys.iter().find(|one| one.id == id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let plain = key.key.open_in_place(nonce, Aad::from(about), &mut text);
        plain.ok().map(|plain| plain.to_vec())
    }

    /// Whether it is sealed at all.
    pub fn is_sealed(value: &[u8]) -> bool {
        value.starts_with(MARK)
    }

    /// Whether it is sealed with the key in use.
    pub fn is_current(&self, value: &[u8]) -> bool {
        let current = self.keys.first();
        parts(value).is_some_and(|(id, _)| current.is_some_and(|key| key.id == id))
    }
}

/// Which key, and what follows.
fn parts(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    sealed.strip_prefix(MARK)?.split_at_checked(ID_BYTES)
}

impl SealingKey {
    fn read(line: &str) -> Option<Self> {
        if line.len() != KEY_DIGITS {
            return None;
        }
        let pairs = (0..KEY_BYTES).map(|at| line.get(2 * at..2 * at + 2));
        let bytes: Option<Vec<u8>> = pairs
            .map(|pair| u8::from_str_radix(pair?, 16).ok())
            .collect();
        let bytes = bytes?;
        let digest = Sha256::new()
            .chain_update(b"which key: ")
            .chain_update(&bytes)
            .finalize();
        Some(Self {
            id: digest.get(..ID_BYTES)?.try_into().ok()?,
            key: LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?),
        })
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKeys(•••)")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    fn keys(digits: &[&str]) -> SealingKeys {
        let lines: Vec<String> = digits
            .iter()
            .map(|digit| digit.repeat(KEY_DIGITS))
            .collect();
        SealingKeys::read(&lines.join("\n")).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_and_as_it_was_only() {
        let keys = keys(&["a"]);
        let sealed = keys.seal(b"here", b"secret").unwrap();
        assert!(SealingKeys::is_sealed(&sealed));
        assert_eq!(keys.open(b"here", &sealed).unwrap(), b"secret");
        assert_eq!(keys.open(b"there", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            *changed.get_mut(at).unwrap() ^= 1;
            assert_eq!(keys.open(b"here", &changed), None, "{at}");
            assert_eq!(keys.open(b"here", sealed.get(..at).unwrap()), None);
        }
        let again = keys.seal(b"here", b"secret").unwrap();
        assert_ne!(again, sealed, "the same is not seen to be the same");
    }

    #[test]
    fn a_former_key_opens_and_the_one_in_use_seals() {
        let former = keys(&["a"]).seal(b"here", b"secret").unwrap();
        let both = keys(&["b", "a"]);
        assert_eq!(both.open(b"here", &former).unwrap(), b"secret");
        assert!(!both.is_current(&former));
        let anew = both.seal(b"here", b"secret").unwrap();
        assert!(both.is_current(&anew) && keys(&["b"]).open(b"here", &anew).is_some());
        assert_eq!(keys(&["a"]).open(b"here", &anew), None);
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let key = "a".repeat(KEY_DIGITS);
        for text in [
            "",
            "\n",
            "abc",
            &"g".repeat(KEY_DIGITS),
            &format!("{key}\nx"),
        ] {
            assert!(SealingKeys::read(text).is_none(), "{text}");
        }
        assert!(SealingKeys::read(&format!("{key}\n").repeat(KEYS_MAX + 1)).is_none());
    }
}
