//! The folder that a demo keeps its state in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use exchange::{Random as _, SystemRandom};

use crate::error::Error;
use crate::output;

/// A new folder; removed with all in it when dropped, unless it is to be kept.
pub(super) struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// The folder `kept`, or one in the system's place for such things.
    pub(super) fn make(kept: Option<PathBuf>) -> Result<Self, Error> {
        let keep = kept.is_some();
        let path = kept.unwrap_or_else(|| {
            let name = format!("dovetail-demo-{:016x}", SystemRandom.next());
            std::env::temp_dir().join(name)
        });
        fs::create_dir(&path).map_err(|source| occupied(&path, source))?;
        Ok(Self { path, keep })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A demo never touches what is there: it might be the state of a real server.
fn occupied(path: &Path, source: io::Error) -> Error {
    if source.kind() == io::ErrorKind::AlreadyExists {
        return Error::BadSetting {
            setting: "--keep".to_owned(),
            wrong: format!("{} is there already", path.display()),
            remedy: "give the name of a folder that is not there yet".to_owned(),
        };
    }
    Error::UseData {
        attempt: "create",
        path: path.to_owned(),
        source,
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path) {
            output::tell(&format!("cannot remove {}: {error}", self.path.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[test]
    fn a_folder_goes_unless_it_is_kept() {
        let passing = Folder::make(None).unwrap();
        let path = passing.path().to_owned();
        fs::write(path.join("x"), "x").unwrap();
        drop(passing);
        assert!(!path.exists());
        let above = tempfile::tempdir().unwrap();
        let wanted = above.path().join("kept");
        drop(Folder::make(Some(wanted.clone())).unwrap());
        assert!(wanted.exists());
        assert!(matches!(
            Folder::make(Some(wanted)),
            Err(Error::BadSetting { .. })
        ));
    }
}
