//! Files with keys: readable by their owner only, made whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use exchange::{Random as _, SystemRandom};

use crate::error::Error;
use crate::output;

/// The bytes of a key.
const KEY_BYTES: usize = 32;

/// The text of the key file. A warning tells where others can read it, too; `so` says what they
/// can do then.
pub(crate) fn read(path: &Path, so: &str) -> Result<String, Error> {
    let failed = failed("read", path);
    let text = fs::read_to_string(path).map_err(&failed)?;
    let mode = fs::metadata(path).map_err(&failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        output::tell(&format!(
            "warning: others may read {path}, and so {so}; mend it with: chmod 600 {path}",
            path = path.display()
        ));
    }
    Ok(text)
}

/// As [`read`]; nothing where there is no such file.
pub(crate) fn read_if_there(path: &Path, so: &str) -> Result<Option<String>, Error> {
    match read(path, so) {
        Ok(text) => Ok(Some(text)),
        Err(Error::UseData { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// As [`read`]; where there is no such file, one with a new key is made first.
pub(crate) fn read_or_make(path: &Path, so: &str) -> Result<String, Error> {
    if let Some(text) = read_if_there(path, so)? {
        return Ok(text);
    }
    create(path, &digits())?;
    read(path, so)
}

/// A new key, in hexadecimal digits.
pub(crate) fn digits() -> String {
    let words = std::iter::repeat_with(|| SystemRandom.next().to_le_bytes());
    let bytes = words.flatten().take(KEY_BYTES);
    let pairs = bytes.map(|byte| format!("{byte:02x}"));
    pairs.collect()
}

/// Makes the file where there is none. It appears whole or not at all, and one that another process
/// makes at the same time stays: a link is made only where there is none.
fn create(path: &Path, text: &str) -> Result<(), Error> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    let beside = written_beside(path, text)?;
    let linked = fs::hard_link(&beside, path);
    let removed = fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("create", path)(error));
        }
        _ => removed.map_err(failed("remove", &beside))?,
    }
    sync(folder).map_err(failed("create", path))
}

/// Puts `text` in the place of what the file holds, whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let beside = written_beside(path, text)?;
    fs::rename(&beside, path).map_err(failed("replace", path))?;
    sync(folder_of(path)).map_err(failed("replace", path))
}

fn written_beside(path: &Path, text: &str) -> Result<std::path::PathBuf, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}", SystemRandom.next()));
    let beside = std::path::PathBuf::from(name);
    write(&beside, text).map_err(failed("create", &beside))?;
    Ok(beside)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", text.trim_end())?;
    file.sync_all()
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|one| !one.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// Returns once the names in the folder would be there after a power failure.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed<'p>(attempt: &'static str, path: &'p Path) -> impl Fn(io::Error) -> Error + 'p {
    move |source| Error::UseData {
        attempt,
        path: path.to_owned(),
        source,
    }
}
