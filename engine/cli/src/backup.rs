//! `dovetail backup`: everything that a server keeps, in one file.
//!
//! A server that runs is asked over its API, since it alone has the store open; one that is
//! stopped is not needed. Either way it is one moment: all that was acknowledged before. The file
//! is read back and proved whole before it gets its name.

mod whole_file;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use exchange::{Clock as _, Network, NetworkOptions, SystemClock};
use model::Secret;
use store::{Exported, Sled, Store as _, check_export};
use tokio::sync::mpsc;

use self::whole_file::WholeFile;
use crate::args::BackupArgs;
use crate::client::Client;
use crate::error::Error;
use crate::exit::Exit;
use crate::operate::refusal;
use crate::output;

/// How many pieces of a store wait to be written.
const PIECES: usize = 4;

pub(crate) async fn run(args: BackupArgs) -> Result<Exit, Error> {
    let mut file = WholeFile::begin(&args.file, args.replace)?;
    match &args.data {
        Some(data) => from_folder(data, &mut file).await?,
        None => from_server(&args, &mut file).await?,
    }
    let exported = check_export(&mut open(file.beside())?, None);
    let exported = exported.map_err(|source| Error::NoBackup {
        path: args.file.clone(),
        source,
    })?;
    file.finish()?;
    output::print(&told(&args, exported))?;
    Ok(Exit::Ok)
}

async fn from_folder(data: &Path, file: &mut WholeFile) -> Result<(), Error> {
    let path = || data.to_owned();
    if !Sled::is_at(data) {
        return Err(Error::NoStore { path: path() });
    }
    let failed = |source| Error::BackUp {
        path: path(),
        source,
    };
    let store = Sled::open(data).map_err(failed)?;
    let (to, pieces) = mpsc::channel::<Vec<u8>>(PIECES);
    let take = async {
        // Gone as soon as nothing can be written, so that nobody waits for that.
        let mut pieces = pieces;
        while let Some(piece) = pieces.recv().await {
            file.write(&piece)?;
        }
        Ok(())
    };
    let (given, taken) = futures::join!(store.export(SystemClock.now(), to), take);
    taken?;
    given.map(drop).map_err(failed)
}

async fn from_server(args: &BackupArgs, file: &mut WholeFile) -> Result<(), Error> {
    let network = Network::new(&NetworkOptions::default());
    let network = network.map_err(|source| Error::Network { source })?;
    let token = Secret::new(args.token.as_deref().unwrap_or_default().trim());
    let client = Client::new(network, &args.server, token);
    let url = || args.server.clone();
    let begun = client.download("/api/v1/backup").await;
    let begun = begun.map_err(|source| Error::CallServer { url: url(), source })?;
    let broken = |source| Error::BrokenOff { url: url(), source };
    match begun {
        Ok(mut download) => {
            while let Some(piece) = download.next().await.map_err(broken)? {
                file.write(&piece)?;
            }
            Ok(())
        }
        Err(refused) => Err(refusal(&refused.body, refused.status)),
    }
}

/// The file at `path`, to be read.
pub(crate) fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(|source| Error::UseFile {
        attempt: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(BufReader::new(file))
}

/// What a backup holds, in one line.
pub(crate) fn held(exported: Exported) -> String {
    let totals = exported.totals;
    format!(
        "{} records, {} counters and {} pieces of work, as of {}",
        totals.records, totals.counters, totals.jobs, exported.at
    )
}

fn told(args: &BackupArgs, exported: Exported) -> String {
    let (file, bytes) = (args.file.display(), exported.bytes);
    let data = args.data.as_deref().unwrap_or_else(|| Path::new("DIR"));
    let secrets = if exported.is_sealed {
        format!(
            "The secrets in it are sealed, and the key is not in it: keep a copy of {} (or of what \
             --seal-key names) apart from the backup. Without the key it cannot be restored.",
            crate::sealing::default_path(data).display()
        )
    } else {
        "The secrets in it are not sealed: the server has not been started since it seals them. \
         Keep the file where nobody else can read it."
            .to_owned()
    };
    format!(
        "{file} is whole: {held}; {bytes} bytes.\n{secrets}\nNot in it either: the configuration, \
         connectors of your own, and token.key, without which tokens made by `dovetail token` end.\
         \nTo bring it back: dovetail restore {file} --data NEW-FOLDER --seal-key KEY-FILE",
        held = held(exported),
    )
}
