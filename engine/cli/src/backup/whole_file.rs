//! A file that is there under its name only once it is whole, also after a power failure, and that
//! its owner alone can read.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use exchange::{Random as _, SystemRandom};

use crate::error::Error;
use crate::key_file::{folder_of, sync};

/// A file that is being written. Dropping it unfinished removes what was written.
pub(super) struct WholeFile {
    file: File,
    beside: PathBuf,
    path: PathBuf,
    may_replace: bool,
    is_done: bool,
}

impl WholeFile {
    /// Begins the file `path`. One that is there is refused, unless it may be replaced.
    pub(super) fn begin(path: &Path, may_replace: bool) -> Result<Self, Error> {
        if !may_replace && path.symlink_metadata().is_ok() {
            return Err(there(path));
        }
        let mut name = OsString::from(path.as_os_str());
        name.push(format!(".{:016x}.part", SystemRandom.next()));
        let beside = PathBuf::from(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(failed("create", &beside))?;
        Ok(Self {
            file,
            beside,
            path: path.to_owned(),
            may_replace,
            is_done: false,
        })
    }

    /// Where it lies until it is finished.
    pub(super) fn beside(&self) -> &Path {
        &self.beside
    }

    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(piece)
            .map_err(failed("write", &self.path))
    }

    /// Gives it its name.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let attempt = failed("write", &self.path);
        self.file.sync_all().map_err(&attempt)?;
        // A link, unlike a new name, never takes the place of a file that came meanwhile.
        match fs::hard_link(&self.beside, &self.path) {
            Ok(()) => fs::remove_file(&self.beside).map_err(&attempt)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !self.may_replace => {
                return Err(there(&self.path));
            }
            // It may be replaced, or these files cannot have two names.
            Err(_) => fs::rename(&self.beside, &self.path).map_err(&attempt)?,
        }
        sync(folder_of(&self.path)).map_err(&attempt)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_done {
            // It says in its name that it is a part, should it stay.
            drop(fs::remove_file(&self.beside));
        }
    }
}

fn there(path: &Path) -> Error {
    Error::FileThere {
        path: path.to_owned(),
    }
}

fn failed(attempt: &'static str, path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::UseFile {
        attempt,
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn it_appears_whole_and_private_and_replaces_only_what_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.backup");
        let mut file = WholeFile::begin(&path, false).unwrap();
        file.write(b"one").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(names(folder.path()), ["state.backup"]);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let refused = WholeFile::begin(&path, false).err().unwrap();
        assert!(matches!(refused, Error::FileThere { .. }), "{refused}");

        let mut file = WholeFile::begin(&path, true).unwrap();
        file.write(b"two").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["state.backup"]);
    }

    #[test]
    fn one_that_came_meanwhile_stays_and_a_part_that_is_given_up_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.backup");
        let file = WholeFile::begin(&path, false).unwrap();
        fs::write(&path, "theirs").unwrap();
        let refused = file.finish().unwrap_err();
        assert!(matches!(refused, Error::FileThere { .. }), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["state.backup"]);
    }
}
