//! `dovetail token`, which also makes sign-in links, and the key that both are minted with.
//!
//! The key is a file in the data folder, readable by its owner only. Minting needs nothing but the
//! file, so that it works while the server runs, and before it first did.

use std::path::Path;

use access::{Claims, Scope, TokenKey};
use exchange::{Clock as _, SystemClock};
use model::{PartnerId, span};

use crate::args::TokenArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::key_file;
use crate::output;

/// The file in the data folder: 64 hexadecimal digits and a line end.
const FILE: &str = "token.key";

/// The bytes of a key.
const KEY_BYTES: usize = 32;

pub(crate) fn run(args: &TokenArgs) -> Result<Exit, Error> {
    let scope = scope(args)?;
    let issued_at = SystemClock.now();
    let expires_at = args.expires.as_deref().map(|text| {
        let span = span::parse(text).ok_or_else(|| Error::BadSetting {
            setting: "--expires".to_owned(),
            wrong: format!("`{text}` is not a span of time"),
            remedy: "write a whole number and one of s, m, h, d, as in 90d".to_owned(),
        })?;
        Ok(issued_at.after(span))
    });
    let expires_at = expires_at.transpose()?;
    let key = key(&args.data)?;
    if let Some(address) = &args.link {
        let path = console::sign_in_path(&key, scope, issued_at);
        let address = address.trim_end_matches('/');
        output::print(&format!("{address}{}", path.expose()))?;
        return Ok(Exit::Ok);
    }
    let claims = Claims {
        scope,
        id: None,
        issued_at,
        expires_at,
    };
    output::print(key.mint(&claims).expose())?;
    Ok(Exit::Ok)
}

fn scope(args: &TokenArgs) -> Result<Scope, Error> {
    let Some(partner) = args.partner.as_deref() else {
        return Ok(Scope::Operator);
    };
    let id = PartnerId::new(partner).map_err(|error| Error::BadSetting {
        setting: "--partner".to_owned(),
        wrong: error.to_string(),
        remedy: "give the id that the product uses for this partner".to_owned(),
    })?;
    Ok(if args.read_only {
        Scope::Reader(id)
    } else {
        Scope::Partner(id)
    })
}

/// The key in the data folder, made when there is none.
pub(crate) fn key(data: &Path) -> Result<TokenKey, Error> {
    let path = data.join(FILE);
    let text = key_file::read_or_make(&path, "mint tokens")?;
    let bytes = decoded(text.trim()).ok_or(Error::BadKey { path })?;
    Ok(TokenKey::from_bytes(bytes))
}

fn decoded(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    let digits = (0..KEY_BYTES).map(|at| text.get(2 * at..2 * at + 2));
    let bytes: Option<Vec<u8>> = digits
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;

    use super::*;

    fn claims() -> Claims {
        Claims {
            scope: Scope::Operator,
            id: None,
            issued_at: SystemClock.now(),
            expires_at: None,
        }
    }

    #[test]
    fn all_who_ask_at_once_get_the_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let ask = || {
            thread::spawn({
                let data = data.clone();
                move || key(&data).unwrap()
            })
        };
        let asked: Vec<_> = (0..8).map(|_| ask()).collect();
        let keys: Vec<TokenKey> = asked.into_iter().map(|one| one.join().unwrap()).collect();
        let token = keys.first().unwrap().mint(&claims());
        for key in &keys {
            assert!(key.verify(token.expose(), SystemClock.now()).is_ok());
        }
        let names: Vec<_> = fs::read_dir(&data)
            .unwrap()
            .map(|one| one.unwrap().file_name())
            .collect();
        assert_eq!(names, [FILE]);
        let mode = fs::metadata(data.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for text in ["", "xyz", &"g".repeat(64), &"é".repeat(32)] {
            fs::write(&path, text).unwrap();
            assert!(
                matches!(key(folder.path()), Err(Error::BadKey { .. })),
                "{text}"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn wrong_arguments_make_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let args = |partner: Option<&str>, expires: Option<&str>| TokenArgs {
            data: folder.path().to_owned(),
            partner: partner.map(str::to_owned),
            read_only: false,
            link: None,
            expires: expires.map(str::to_owned),
        };
        for wrong in [args(Some("a/b"), None), args(None, Some("soon"))] {
            assert_eq!(run(&wrong).unwrap_err().exit(), Exit::Config);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
