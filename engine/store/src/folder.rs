//! The folder of the embedded store: who may use it, which format it has, how much room is left.
//!
//! `LOCK` is held by the process that has the store open. `FORMAT` is written before the database
//! exists and holds the number of the store's format, or, from the first to the last step of an
//! import, that it is one. What an import that was broken off has left is therefore known for
//! certain, and the next one begins by removing it. `sled/` is the database.
//!
//! Durable means: also when the power fails. sled's own flush does not promise that on Linux. It
//! starts the writing of its pages (`sync_file_range`) and tells neither the file system to keep
//! the file's new length nor the disk to empty its cache, and large values, which it keeps in files
//! of their own (`sled/blobs`), it does not flush at all. So both are synced here before a commit
//! counts.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use std::{io, thread, time::Duration};

use crate::limits::REOPEN_WAIT;
use crate::medium::{Entry, Medium, Writes, start};
use crate::state::lock;
use crate::{Error, Options};

/// The format of the whole store.
const FORMAT: u64 = 1;
const FORMAT_FILE: &str = "FORMAT";
/// Where the next content of `FORMAT` is written until it is whole.
const NEXT_FORMAT_FILE: &str = "FORMAT.new";
/// The content of `FORMAT` while an import is under way, or after it was broken off.
const IMPORTING: &str = "importing";
const LOCK_FILE: &str = "LOCK";
const DATABASE: &str = "sled";
/// sled's log, in the database.
const LOG_FILE: &str = "db";
/// Where sled keeps large values, a file each.
const BLOBS: &str = "blobs";

/// What `FORMAT` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// A store of this format.
    Whole(u64),
    /// A store that an import has not made whole.
    Importing,
}

/// The folder, for as long as this process may use it.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    /// Unlocks when it is dropped.
    _lock: File,
}

impl Folder {
    /// The folder at `dir` with a store in it, or an empty one that becomes a store.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let folder = Self::lock(dir)?;
        let why = match folder.mark()? {
            Some(Mark::Whole(found)) if found > FORMAT => {
                return Err(Error::NewerStore {
                    dir: folder.dir,
                    found,
                    known: FORMAT,
                });
            }
            Some(Mark::Whole(_)) => return Ok(folder),
            Some(Mark::Importing) => {
                "bringing a backup into it was broken off; restore again, into it or elsewhere"
            }
            None if folder.dir.join(DATABASE).exists() => {
                "it has a database in `sled` and no FORMAT file; restore the last backup into a \
                 new folder, and keep this one for inquiry"
            }
            None => {
                folder.finish()?;
                return Ok(folder);
            }
        };
        Err(Error::NotAStore {
            dir: folder.dir,
            why,
        })
    }

    /// The folder at `dir`, which must not hold a store; what an import that was broken off has
    /// left there is removed. It becomes a store with [`Folder::finish`].
    pub(crate) fn create(dir: &Path) -> Result<Self, Error> {
        let folder = Self::lock(dir)?;
        match folder.mark()? {
            Some(Mark::Importing) => folder.remove()?,
            None if !folder.dir.join(DATABASE).exists() => {}
            Some(Mark::Whole(_)) | None => return Err(Error::NotEmpty { dir: folder.dir }),
        }
        folder.write_mark(IMPORTING)?;
        Ok(folder)
    }

    /// Whether the folder at `dir` holds a whole store, of whatever format.
    pub(crate) fn is_store(dir: &Path) -> bool {
        dir.join(FORMAT_FILE).exists() && !Self::left_over(dir).contains(&FORMAT_FILE)
    }

    /// The names in the folder at `dir` that are of no store: of what opening it leaves, and of
    /// what an import that was broken off has left.
    pub(crate) fn left_over(dir: &Path) -> &'static [&'static str] {
        match fs::read_to_string(dir.join(FORMAT_FILE)) {
            Ok(text) if text.trim() == IMPORTING => {
                &[LOCK_FILE, NEXT_FORMAT_FILE, FORMAT_FILE, DATABASE]
            }
            _ => &[LOCK_FILE, NEXT_FORMAT_FILE],
        }
    }

    /// Takes away again what an import has made.
    fn remove(&self) -> Result<(), Error> {
        let database = self.dir.join(DATABASE);
        let removed = gone(fs::remove_dir_all(&database))
            // The mark goes last, so that the next import knows what it finds.
            .and_then(|()| File::open(&self.dir)?.sync_all())
            .and_then(|()| gone(fs::remove_file(self.dir.join(FORMAT_FILE))));
        removed.map_err(|source| unusable(&database, source))
    }

    /// Marks the folder as a whole store.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.write_mark(&FORMAT.to_string())
    }

    fn write_mark(&self, mark: &str) -> Result<(), Error> {
        let path = self.dir.join(FORMAT_FILE);
        // Written beside and moved, so that there is never a half-written one.
        let beside = self.dir.join(NEXT_FORMAT_FILE);
        let written = fs::write(&beside, format!("{mark}\n"))
            .and_then(|()| File::open(&beside)?.sync_all())
            .and_then(|()| fs::rename(&beside, &path))
            .and_then(|()| File::open(&self.dir)?.sync_all());
        written.map_err(|source| unusable(&path, source))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn lock(dir: &Path) -> Result<Self, Error> {
        fs::create_dir_all(dir).map_err(|source| unusable(dir, source))?;
        let path = dir.join(LOCK_FILE);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.map_err(|source| unusable(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_owned(),
                _lock: file,
            }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked {
                dir: dir.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(unusable(&path, source)),
        }
    }

    fn mark(&self) -> Result<Option<Mark>, Error> {
        let path = self.dir.join(FORMAT_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(unusable(&path, source)),
        };
        if text.trim() == IMPORTING {
            return Ok(Some(Mark::Importing));
        }
        let format = text.trim().parse().map(Mark::Whole);
        format.map(Some).map_err(|_| Error::NotAStore {
            dir: self.dir.clone(),
            why: "its FORMAT file holds no number; restore the last backup into a new folder",
        })
    }
}

/// A folder that an import fills. Dropped before it is whole, what was made is removed; should that
/// fail, the next import does it.
pub(crate) struct Unfinished {
    folder: Arc<Folder>,
    is_whole: bool,
}

impl Unfinished {
    pub(crate) fn new(folder: Arc<Folder>) -> Self {
        Self {
            folder,
            is_whole: false,
        }
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.folder.finish()?;
        self.is_whole = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_whole
            && let Err(error) = self.folder.remove()
        {
            tracing::warn!(%error, "what an import has made cannot be removed");
        }
    }
}

/// What was removed, or was not there, is gone.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn unusable(path: &Path, source: io::Error) -> Error {
    Error::Folder {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// The database in a folder.
pub(crate) struct OnDisk {
    // Before the folder, because fields are dropped in order and the lock must go last.
    tree: sled::Db,
    /// The file that the tree is written to, opened once more: whoever wrote, the file is synced.
    log: File,
    /// The large values that are known to be on the disk.
    synced: Mutex<HashSet<OsString>>,
    folder: Arc<Folder>,
    min_free_bytes: u64,
}

impl OnDisk {
    pub(crate) fn open(folder: Arc<Folder>, options: Options) -> Result<Self, Error> {
        let path = folder.dir.join(DATABASE);
        let config = sled::Config::new()
            .path(&path)
            .cache_capacity(options.cache_bytes)
            // The committer flushes; nothing may become durable, or fail to, behind its back.
            .flush_every_ms(None);
        let started = Instant::now();
        loop {
            match config.open() {
                Ok(tree) => {
                    let log = File::open(path.join(LOG_FILE)).and_then(|log| {
                        // The names of new files are content of their folders.
                        File::open(&path)?.sync_all()?;
                        File::open(&folder.dir)?.sync_all()?;
                        Ok(log)
                    });
                    return Ok(Self {
                        tree,
                        log: log.map_err(|source| unusable(&path, source))?,
                        synced: Mutex::default(),
                        folder,
                        min_free_bytes: options.min_free_bytes,
                    });
                }
                // The folder's lock is ours, so this can only be the last threads of a store that
                // was closed in this process just before: sled lets go of its files a bit late.
                Err(sled::Error::Io(error))
                    if is_locked(&error) && started.elapsed() < REOPEN_WAIT =>
                {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(sled::Error::Io(source)) => return Err(unusable(&path, source)),
                Err(source) => {
                    return Err(Error::Read {
                        source: Arc::new(source),
                    });
                }
            }
        }
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Returns once all that sled has written would be there after a power failure.
    fn sync(&self) -> io::Result<()> {
        self.sync_blobs()?;
        self.log.sync_data()
    }

    /// A large value is written once and never changed, so each is synced once.
    fn sync_blobs(&self) -> io::Result<()> {
        let folder = self.folder.dir.join(DATABASE).join(BLOBS);
        let there = fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.file_name()));
        let there = there.collect::<io::Result<HashSet<_>>>()?;
        let mut synced = lock(&self.synced);
        if there.is_subset(&synced) {
            return Ok(());
        }
        for new in there.difference(&synced) {
            match File::open(folder.join(new)) {
                Ok(file) => file.sync_all()?,
                // Removed meanwhile, as nothing refers to it any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        File::open(&folder)?.sync_all()?;
        *synced = there;
        Ok(())
    }
}

/// sled gives no error kind of its own for this.
fn is_locked(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn read(source: sled::Error) -> Error {
    Error::Read {
        source: Arc::new(source),
    }
}

fn write(source: sled::Error) -> Error {
    Error::Write {
        source: Arc::new(source),
    }
}

impl Medium for OnDisk {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .tree
            .get(key)
            .map_err(read)?
            .map(|value| value.to_vec()))
    }

    fn page(&self, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Result<Vec<Entry>, Error> {
        let mut page = Vec::new();
        for entry in self
            .tree
            .range::<&[u8], _>((start(prefix, after), std::ops::Bound::Unbounded))
        {
            let (key, value) = entry.map_err(read)?;
            if page.len() == limit || !key.starts_with(prefix) {
                break;
            }
            page.push((key.to_vec(), value.to_vec()));
        }
        Ok(page)
    }

    fn room(&self, bytes: usize) -> Result<(), Error> {
        let free = fs4::available_space(&self.folder.dir)
            .map_err(|source| unusable(&self.folder.dir, source))?;
        let needed = self.min_free_bytes.saturating_add(bytes as u64);
        if free >= needed {
            return Ok(());
        }
        Err(Error::DiskFull {
            dir: self.folder.dir.clone(),
            free,
            needed,
        })
    }

    fn write(&self, writes: &Writes) -> Result<(), Error> {
        let mut batch = sled::Batch::default();
        for (key, value) in writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.tree.apply_batch(batch).map_err(write)?;
        self.tree.flush().map_err(write)?;
        self.sync().map_err(|source| write(source.into()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    /// Should sled lay out its files otherwise one day, what is synced would no longer be what it
    /// wrote.
    #[test]
    fn what_is_synced_is_where_the_values_lie() {
        let dir = tempfile::tempdir().unwrap();
        let disk = {
            let folder = Folder::open(dir.path()).unwrap();
            OnDisk::open(Arc::new(folder), Options::default()).unwrap()
        };
        let write = |key: &[u8], value: Vec<u8>| {
            disk.write(&Writes::from([(key.to_vec(), Some(value))]))
                .unwrap();
        };
        write(b"small", b"a value of our own".to_vec());
        let mut log = Vec::new();
        io::Read::read_to_end(&mut &disk.log, &mut log).unwrap();
        let found = log.windows(18).any(|part| part == b"a value of our own");
        assert!(found, "the log is not where the value lies");
        assert!(lock(&disk.synced).is_empty());
        write(b"large", vec![7; 1_000_000]);
        let blobs = lock(&disk.synced).clone();
        let lengths = blobs.iter().map(|blob| {
            let path = dir.path().join(DATABASE).join(BLOBS).join(blob);
            fs::metadata(path).unwrap().len()
        });
        assert!(lengths.max() > Some(1_000_000), "{blobs:?}");
    }
}
