//! The key that secrets in the store are sealed with, and `dovetail rotate-key`.
//!
//! It is a file with one line of hexadecimal digits, in the data folder unless the operator keeps
//! it elsewhere. A store that was sealed is not opened without it: a new key would help nobody.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::SealingKeys;
use runtime::SEALED_TABLES;
use store::{Cipher, Sealed, Sled, was_sealed};

use crate::args::RotateArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::key_file;
use crate::output;

/// The file in the data folder.
const FILE: &str = "seal.key";

/// What others can do who read it.
const SO: &str = "open the secrets in the store";

/// The partners whose values are sealed anew per step.
const PARTNERS_AT_ONCE: usize = 500;

/// Joins the keys and the store, which do not know each other.
struct Keys(SealingKeys);

impl Cipher for Keys {
    fn seal(&self, about: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        self.0.seal(about, plain)
    }

    fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.open(about, sealed)
    }

    fn is_sealed(&self, value: &[u8]) -> bool {
        SealingKeys::is_sealed(value)
    }

    fn is_current(&self, value: &[u8]) -> bool {
        self.0.is_current(value)
    }
}

/// Where the key is unless the operator keeps it elsewhere.
pub(crate) fn default_path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// The store in the folder `data` with its secrets sealed; what lies there unsealed is sealed.
pub(crate) async fn open(data: &Path, key: &Path) -> Result<Sealed<Sled>, Error> {
    let failed = |source| Error::OpenStore {
        path: data.to_owned(),
        source,
    };
    let store = Sled::open(data).map_err(failed)?;
    if !key.exists() && was_sealed(&store).await.map_err(failed)? {
        return Err(Error::MissingKey {
            path: key.to_owned(),
        });
    }
    let text = key_file::read_or_make(key, SO)?;
    let keys = SealingKeys::read(&text).ok_or_else(|| Error::BadKey {
        path: key.to_owned(),
    })?;
    let sealed = Sealed::open(Arc::new(store), Arc::new(Keys(keys)), SEALED_TABLES);
    let sealed = sealed.await.map_err(failed)?;
    reseal(&sealed).await.map_err(failed)?;
    Ok(sealed)
}

/// What opens the values of a backup; nothing where there is no key file.
pub(crate) fn cipher(key: &Path) -> Result<Option<impl Cipher>, Error> {
    let Some(text) = key_file::read_if_there(key, SO)? else {
        return Ok(None);
    };
    let keys = SealingKeys::read(&text).map(Keys);
    keys.map(Some).ok_or_else(|| Error::BadKey {
        path: key.to_owned(),
    })
}

/// Seals with the key in use whatever is not.
async fn reseal(store: &Sealed<Sled>) -> Result<u64, store::Error> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = runtime::partner_names(store, after.as_deref(), PARTNERS_AT_ONCE).await?;
        let is_last = page.len() < PARTNERS_AT_ONCE;
        count += store.reseal(&page).await?;
        after = page.last().cloned();
        if is_last {
            return Ok(count);
        }
    }
}

/// Seals everything with a new key. The former one stays in the file until nothing needs it.
pub(crate) async fn rotate(args: RotateArgs) -> Result<Exit, Error> {
    let key = args.seal_key.unwrap_or_else(|| default_path(&args.data));
    // Opened with the keys so far: that they are right is known before anything is changed.
    drop(open(&args.data, &key).await?);
    let former = key_file::read(&key, SO)?;
    let new = key_file::digits();
    key_file::replace(&key, &format!("{new}\n{former}"))?;
    drop(open(&args.data, &key).await?);
    key_file::replace(&key, &new)?;
    output::print(&format!(
        "All secrets are sealed with the new key in {}. Keep a copy of it apart from the copies \
         of the store; copies of the store that were made before need the key of their time.",
        key.display()
    ))?;
    Ok(Exit::Ok)
}
