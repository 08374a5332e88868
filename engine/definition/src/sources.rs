//! Where definition files come from: a folder on disk, or texts that were built into the program.
//!
//! A `Sources` is read once and is then plain data, so that loading and checking are pure. It does
//! not know what a file means; `library` decides that by the file's place and its first key.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest definition file that is read, in bytes. The shipped ones stay below 20 kB; a larger
/// file is most likely not a definition at all.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// How many files one folder may hold, with those in the folders below it.
pub const FILES_MAX: usize = 2_000;
/// How deep folders may nest. A link that leads back to its parent ends here.
pub const FOLDERS_DEEP_MAX: usize = 16;

/// Why files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder could not be listed.
    #[error("could not list the folder {path}")]
    ListFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be read as UTF-8 text.
    #[error("could not read the file {path}")]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file is larger than `FILE_BYTES_MAX`.
    #[error("the file {path} has {bytes} bytes, more than the {FILE_BYTES_MAX} allowed")]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A folder holds more than `FILES_MAX` files or nests deeper than `FOLDERS_DEEP_MAX`.
    #[error("the folder {path} holds too many files or folders to be a folder of definitions")]
    FolderTooLarge {
        /// The folder.
        path: PathBuf,
    },
}

/// Definition files by path, from one origin. Only `.yaml`, `.yml`, `.rhai` and `.json` files are
/// kept; paths use `/` and begin with the name that the origin was given.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: BTreeMap<String, String>,
}

impl Sources {
    /// Files that are at hand already, such as those built into the program. `name` leads each
    /// path, as in `connectors`; it may be empty.
    pub fn new<P, T>(name: &str, files: impl IntoIterator<Item = (P, T)>) -> Self
    where
        P: AsRef<str>,
        T: Into<String>,
    {
        let files = files
            .into_iter()
            .filter(|(path, _)| is_definition(path.as_ref()))
            .map(|(path, text)| (join(name, path.as_ref()), text.into()))
            .collect();
        Self { files }
    }

    /// Reads the folder `path` and those below it, or the one file `path`. `name` leads each path
    /// in problems; give the path as the user wrote it, so that an editor can open it.
    pub fn read(name: &str, path: &Path) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        if path.is_file() {
            files.insert(name.to_owned(), read_file(path)?);
        } else {
            read_folder(name, path, &mut files, 0)?;
        }
        Ok(Self { files })
    }

    /// Adds the files beside the one file `path`, but not those in folders: its context. A file
    /// there that cannot be read is none; whoever checks the folder hears of it.
    pub(crate) fn with_neighbours(&self, name: &str, path: &Path) -> Self {
        let mut files = self.files.clone();
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let beside = name.rsplit_once('/').map_or("", |(beside, _)| beside);
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let file_name = entry.file_name();
            let visible = file_name.to_str().filter(|name| !name.starts_with('.'));
            let Some(file_name) = visible.filter(|name| is_definition(name)) else {
                continue;
            };
            if files.len() >= FILES_MAX {
                break;
            }
            let full_name = join(beside, file_name);
            if !files.contains_key(&full_name)
                && let Ok(text) = read_file(&entry.path())
            {
                files.insert(full_name, text);
            }
        }
        Self { files }
    }

    /// The files, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

fn join(name: &str, path: &str) -> String {
    match name.trim_end_matches('/') {
        "" => path.to_owned(),
        name => format!("{name}/{path}"),
    }
}

fn is_definition(path: &str) -> bool {
    matches!(
        Path::new(path)
            .extension()
            .and_then(|extension| extension.to_str()),
        Some("yaml" | "yml" | "rhai" | "json")
    )
}

fn read_folder(
    name: &str,
    folder: &Path,
    files: &mut BTreeMap<String, String>,
    depth: usize,
) -> Result<(), Error> {
    let failed = |source| Error::ListFolder {
        path: folder.to_owned(),
        source,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        // A name that is not UTF-8 cannot be a definition's: none of ours is.
        let Some(file_name) = entry.file_name().to_str().map(ToOwned::to_owned) else {
            continue;
        };
        // Editors and version control keep hidden files that are theirs alone.
        if file_name.starts_with('.') {
            continue;
        }
        let full_name = join(name, &file_name);
        if path.is_dir() {
            if depth >= FOLDERS_DEEP_MAX {
                return Err(Error::FolderTooLarge { path });
            }
            read_folder(&full_name, &path, files, depth + 1)?;
        } else if is_definition(&file_name) {
            if files.len() >= FILES_MAX {
                return Err(Error::FolderTooLarge {
                    path: folder.to_owned(),
                });
            }
            files.insert(full_name, read_file(&path)?);
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<String, Error> {
    let failed = |source| Error::ReadFile {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(Error::FileTooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    fs::read_to_string(path).map_err(failed)
}
