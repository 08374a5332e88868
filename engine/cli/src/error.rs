//! Why a command could not do what it was asked, with what a person can do about it.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;

use crate::exit::Exit;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A configuration file cannot be read at all.
    #[error("cannot read the configuration file {path}", path = path.display())]
    ReadConfig {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A configuration file has problems.
    #[error("the configuration file {path} cannot be used\n\n{report}", path = path.display())]
    BadConfig {
        /// The file.
        path: PathBuf,
        /// The problems with their places, rendered.
        report: String,
    },
    /// A setting has a value that cannot be used.
    #[error("{setting}: {wrong}")]
    BadSetting {
        /// Where it was given: a key of the file, a variable or a flag.
        setting: String,
        /// What is wrong with it.
        wrong: String,
        /// How to mend it.
        remedy: String,
    },
    /// Files of connectors cannot be read at all.
    #[error("cannot load connectors")]
    ReadConnectors {
        /// Why.
        #[source]
        source: definition::sources::Error,
    },
    /// The store cannot be opened.
    #[error("cannot open the store in {path}", path = path.display())]
    OpenStore {
        /// The data folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: store::Error,
    },
    /// A backup cannot be taken from the store.
    #[error("cannot back up the store in {path}", path = path.display())]
    BackUp {
        /// The data folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: store::Error,
    },
    /// A backup that is whole cannot be brought into the folder.
    #[error("cannot restore into {path}", path = path.display())]
    Restore {
        /// The data folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: store::Error,
    },
    /// A file or folder of the state cannot be used.
    #[error("cannot {attempt} {path}", path = path.display())]
    UseData {
        /// What was attempted, such as "create".
        attempt: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file with a key is not one.
    #[error("{path} is not a key: it should hold 64 hexadecimal digits", path = path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
    },
    /// The store was sealed, and its key is not there.
    #[error("the secrets in the store are sealed, and {path} is not there", path = path.display())]
    MissingKey {
        /// The file with the key.
        path: PathBuf,
    },
    /// A server's answer with a backup did not come to its end.
    #[error("the backup from the server at {url} was broken off")]
    BrokenOff {
        /// Its address.
        url: String,
        /// Why.
        #[source]
        source: crate::client::Error,
    },
    /// What came for a new backup is not, or not completely, one.
    #[error("{path} was not written: what came for it is no backup", path = path.display())]
    NoBackup {
        /// The file that was to be written.
        path: PathBuf,
        /// What is wrong with what came.
        #[source]
        source: store::Error,
    },
    /// A file with a backup cannot be used.
    #[error("the backup {path} cannot be used", path = path.display())]
    UseBackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: store::Error,
    },
    /// A file that a person named cannot be written or read.
    #[error("cannot {attempt} {path}", path = path.display())]
    UseFile {
        /// What was attempted, such as "create".
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file is there already, and nobody said that it may go.
    #[error("{path} is there already", path = path.display())]
    FileThere {
        /// The file.
        path: PathBuf,
    },
    /// The folder holds no store.
    #[error("there is no store in {path}", path = path.display())]
    NoStore {
        /// The data folder.
        path: PathBuf,
    },
    /// A backup is brought into a folder of its own only.
    #[error("{path} is not empty: it holds {found}", path = path.display())]
    NotEmpty {
        /// The data folder.
        path: PathBuf,
        /// Something that is in it.
        found: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A simulator cannot be run.
    #[error("cannot run the simulator")]
    Simulate {
        /// Why.
        #[source]
        source: simulators::Error,
    },
    /// HTTP calls cannot be prepared.
    #[error("cannot prepare HTTP calls")]
    Network {
        /// Why.
        #[source]
        source: exchange::Error,
    },
    /// A server gave no answer.
    #[error("the server at {url} cannot be reached")]
    CallServer {
        /// Its address.
        url: String,
        /// Why.
        #[source]
        source: crate::client::Error,
    },
    /// A server refused what it was asked to do.
    #[error("the server refused: {said}")]
    Refused {
        /// What it said.
        said: String,
        /// What it said can be done about it.
        remedy: Option<String>,
    },
    /// Work has not ended in the time that it was given.
    #[error("{what} has not ended yet")]
    StillRunning {
        /// What is waited for.
        what: String,
    },
    /// The system gives no threads.
    #[error("cannot start threads")]
    Threads {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system's signals cannot be listened to.
    #[error("cannot listen to signals")]
    Signals {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Print {
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// How the program ends because of it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::ReadConfig { .. }
            | Self::BadConfig { .. }
            | Self::BadSetting { .. }
            | Self::UseFile { .. }
            | Self::FileThere { .. }
            | Self::ReadConnectors { .. } => Exit::Config,
            Self::UseBackup { source, .. } => match source {
                store::Error::OtherKey { .. } => Exit::Store,
                _ => Exit::Config,
            },
            Self::OpenStore { .. }
            | Self::BackUp { .. }
            | Self::Restore { .. }
            | Self::NoStore { .. }
            | Self::NotEmpty { .. }
            | Self::UseData { .. }
            | Self::BadKey { .. }
            | Self::MissingKey { .. } => Exit::Store,
            Self::Listen { .. } => Exit::Listen,
            Self::Simulate { source } => match source {
                simulators::Error::Bind { .. } => Exit::Listen,
                _ => Exit::Bug,
            },
            Self::CallServer { .. }
            | Self::BrokenOff { .. }
            | Self::NoBackup { .. }
            | Self::StillRunning { .. } => Exit::Unanswered,
            Self::Refused { .. } => Exit::Refused,
            Self::Network { .. }
            | Self::Threads { .. }
            | Self::Signals { .. }
            | Self::Print { .. } => Exit::System,
        }
    }

    /// What a person can do about it, where the error itself does not say.
    pub(crate) fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::ReadConfig { .. } => "check the path and that this user may read it",
            Self::BadSetting { remedy, .. } => remedy,
            Self::ReadConnectors { .. } => "check the folder, and that this user may read it",
            Self::BackUp {
                source: store::Error::Locked { .. },
                ..
            } => "a server that runs is backed up with --server and --token instead of --data",
            Self::UseBackup {
                source: store::Error::OtherKey { .. },
                ..
            } => "give the key of the time of the backup with --seal-key; nothing was changed",
            Self::UseBackup { .. } => {
                "take another copy of it, or another backup; nothing was changed"
            }
            Self::Restore { .. } => {
                "mend that, or name another folder with --data, and restore again; no part of the \
                 backup is used"
            }
            Self::UseFile { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space on the disk, or write to another one"
            }
            Self::UseFile { .. } => "check the path and the rights of this user",
            Self::FileThere { .. } => "choose another name, or give --replace",
            Self::NoStore { .. } => "name the data folder of the server with --data",
            Self::NotEmpty { .. } => {
                "name a new or an empty folder with --data; only keys may lie there already"
            }
            Self::UseData { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space on the disk, or choose another folder with --data"
            }
            Self::UseData { .. } => {
                "choose a folder that this user may write to, with --data; nothing was changed"
            }
            Self::BadKey { .. } => {
                "restore it from a backup; token.key may be removed instead: a new one is then \
                 made, and all tokens end"
            }
            Self::MissingKey { .. } => {
                "put the key file back, or name it with --seal-key; nothing was changed"
            }
            Self::Listen { source, .. }
            | Self::Simulate {
                source: simulators::Error::Bind { source, .. },
            } => listen_remedy(source.kind()),
            Self::CallServer { .. } => {
                "check that it runs there, and name it with --server or DOVETAIL_SERVER"
            }
            Self::BrokenOff { .. } => {
                "try again; the log of the server says why, unless it was stopped"
            }
            Self::NoBackup { .. } => {
                "try again; if it is so again, see what answers at that address"
            }
            Self::StillRunning { .. } => {
                "the server goes on by itself; look again later, or give it more time with --wait"
            }
            Self::Refused { remedy, .. } => return remedy.clone(),
            Self::BadConfig { .. }
            | Self::OpenStore { .. }
            | Self::BackUp { .. }
            | Self::Simulate { .. }
            | Self::Network { .. }
            | Self::Threads { .. }
            | Self::Signals { .. }
            | Self::Print { .. } => return None,
        };
        Some(remedy.to_owned())
    }

    /// What caused it, from the outside in.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = self.source();
        while let Some(inner) = cause {
            causes.push(inner.to_string());
            cause = inner.source();
        }
        causes
    }
}

fn listen_remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::AddrInUse => {
            "another program listens there, perhaps another dovetail; stop it, or choose another \
             port with --listen"
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not listen there; choose a port above 1023 with --listen"
        }
        _ => "choose an address of this machine with --listen, such as 127.0.0.1:8080",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_and_a_locked_store_end_differently_and_say_how_to_mend_it() {
        let listen = Error::Listen {
            address: "127.0.0.1:1".to_owned(),
            source: io::ErrorKind::AddrInUse.into(),
        };
        assert_eq!(listen.exit(), Exit::Listen);
        assert!(
            listen
                .remedy()
                .is_some_and(|remedy| remedy.contains("--listen"))
        );
        let source = store::Error::Locked { dir: "d".into() };
        let locked = Error::OpenStore {
            path: "d".into(),
            source,
        };
        assert_eq!(locked.exit(), Exit::Store);
        assert!(
            locked
                .causes()
                .concat()
                .contains("in use by another process")
        );
        assert_eq!(locked.remedy(), None, "that is said by the cause");
        let source = store::Error::Locked { dir: "d".into() };
        let backup = Error::BackUp {
            path: "d".into(),
            source,
        };
        assert_eq!(backup.exit(), Exit::Store);
        assert!(backup.remedy().is_some_and(|it| it.contains("--server")));
    }

    #[test]
    fn a_full_disk_asks_for_space_and_not_for_rights() {
        let full = Error::UseData {
            attempt: "create",
            path: "d".into(),
            source: io::ErrorKind::StorageFull.into(),
        };
        assert!(
            full.remedy()
                .is_some_and(|remedy| remedy.contains("free some space"))
        );
    }
}
