//! `dovetail restore`: a new data folder from what `dovetail backup` wrote.
//!
//! The whole file is proved, and the key tried on every secret in it, before anything is made.
//! All or nothing: until the last step the folder is none that a server would start on; what fails
//! takes away what it made, and what is killed leaves only what the next restore takes away. What
//! is true of a restored state, and what people have to do, is told at the end;
//! `runtime::restored` has the reasons.

use std::fs;
use std::io;
use std::path::Path;

use exchange::{Clock as _, SystemClock};
use runtime::{Readied, Restored, ready_restored};
use store::{Cipher, Sled, check_export};

use crate::args::RestoreArgs;
use crate::backup::{held, open};
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::sealing;

/// What may lie in the folder: keys that somebody put there, and what a file system has of itself.
const MAY_BE_THERE: [&str; 3] = ["seal.key", "token.key", "lost+found"];

pub(crate) async fn run(args: RestoreArgs) -> Result<Exit, Error> {
    is_free(&args.data)?;
    let default = sealing::default_path(&args.data);
    let key = args.seal_key.as_deref().unwrap_or(&default);
    let cipher = sealing::cipher(key)?;
    let cipher = cipher.as_ref().map(|cipher| cipher as &dyn Cipher);
    let checked = check_export(&mut open(&args.file)?, cipher);
    let checked = checked.map_err(|source| Error::UseBackup {
        path: args.file.clone(),
        source,
    })?;
    if checked.is_sealed && cipher.is_none() {
        return Err(Error::MissingKey {
            path: key.to_owned(),
        });
    }
    let failed = |source| Error::Restore {
        path: args.data.clone(),
        source,
    };
    let brought = Sled::import(&args.data, &mut open(&args.file)?).map_err(failed)?;
    let restored = Restored {
        taken_at: brought.exported().at,
        restored_at: SystemClock.now(),
    };
    let readied = ready_restored(brought.store(), restored).await;
    let readied = readied.map_err(failed)?;
    let exported = brought.exported();
    brought.finish().map_err(failed)?;
    output::print(&format!(
        "{folder} holds what {file} held: {held}.\n\n{truths}\n\n{tasks}",
        folder = args.data.display(),
        file = args.file.display(),
        held = held(exported),
        truths = truths(&restored),
        tasks = tasks(&args, &restored, &readied),
    ))?;
    Ok(Exit::Ok)
}

/// Refuses a folder with anything in it that was not put there for this, or by an earlier attempt.
fn is_free(data: &Path) -> Result<(), Error> {
    let failed = |source| Error::UseData {
        attempt: "read",
        path: data.to_owned(),
        source,
    };
    let entries = match fs::read_dir(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let found = entry.map_err(failed)?.file_name();
        let mut expected = MAY_BE_THERE.iter().chain(Sled::left_over(data));
        if !expected.any(|name| found == **name) {
            return Err(Error::NotEmpty {
                path: data.to_owned(),
                found: found.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

fn truths(restored: &Restored) -> String {
    format!(
        "What was done after {taken} was done, and this state does not know of it. From now on:\n\
         - A ticket or note is looked for in the PSA before it is made, for each request that was \
         accepted before now and each new one until {until}. That is a call more for each.\n\
         - Closes in the PSA since then are found by the next poll.\n\
         - Nothing is billed unasked. Plans begin with what the PSA has, so that no change is made \
         twice, but with the usage of that moment.",
        taken = restored.taken_at,
        until = restored.looked_for_until(),
    )
}

fn tasks(args: &RestoreArgs, restored: &Restored, readied: &Readied) -> String {
    let taken = restored.taken_at;
    let mut tasks = vec![
        "Never start the old server again, should it still be there with its own data: each of the \
         two would make tickets and changes without the other."
            .to_owned(),
        format!(
            "Have the product send again, under the same ids, what it has sent since {taken}: \
             requests, closes, customers and usage. What it does not send again is not there: such \
             a request's ticket is followed by nobody."
        ),
        format!(
            "Make again what people have set up since {taken} (mappings, settings, credentials), \
             before requests are sent again."
        ),
        "With the token.key of the old server, tokens that were revoked since then and sign-ins \
         that were ended are good again, too. Revoke those tokens again on the page Tokens, or \
         remove token.key before the start: that ends all tokens and sign-ins at once."
            .to_owned(),
        "A request that was added to the ticket of an earlier one since then may get a ticket of \
         its own, and a test ticket of that time may have stayed open: look through them."
            .to_owned(),
    ];
    tasks.extend(billing(readied));
    let key = args.seal_key.as_deref().map(Path::display);
    let key = key.map_or_else(String::new, |key| format!(" --seal-key {key}"));
    let data = args.data.display();
    tasks.push(format!("Start it: dovetail serve --data {data}{key}"));
    let numbered = tasks.iter().zip(1..);
    let lines: Vec<String> = numbered.map(|(task, n)| format!("{n}. {task}")).collect();
    format!("What you have to do:\n{}", lines.join("\n"))
}

/// What is to be done about billing.
fn billing(readied: &Readied) -> Option<String> {
    if readied.asking.is_empty() && readied.dropped == 0 {
        return None;
    }
    let asking = readied.asking.iter();
    let names: Vec<String> = asking
        .map(|(partner, integration)| format!("{partner}/{integration}"))
        .collect();
    let whose = if names.is_empty() {
        String::new()
    } else {
        format!(
            " These billed by themselves and wait for approval until you set them back: {}.",
            names.join(", ")
        )
    };
    Some(format!(
        "Once usage has been sent again, look at the plans and approve them; decisions of before \
         that were not applied yet ({}) were dropped.{whose}",
        readied.dropped
    ))
}
