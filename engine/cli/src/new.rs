//! `dovetail new`: a connector to begin with. It passes `check` and `test` as it is made, and its
//! comments say what to replace.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use include_dir::{Dir, DirEntry, include_dir};

use crate::args::NewArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

static SKELETON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/skeleton");

/// What stands for the connector's name in the skeleton.
const NAME: &str = "my_psa";

/// The longest name.
const NAME_MAX: usize = 40;

pub(crate) fn run(args: &NewArgs) -> Result<Exit, Error> {
    let name = args.name.as_str();
    if !is_name(name) {
        return Err(Error::BadSetting {
            setting: "NAME".to_owned(),
            wrong: format!("`{name}` cannot be the name of a connector"),
            remedy: format!(
                "take small letters, digits and underscores, first a letter, at most {NAME_MAX}"
            ),
        });
    }
    let folder = args.folder.join(name);
    let failed = |attempt, path: &Path| {
        let path = path.to_owned();
        move |source| Error::UseData {
            attempt,
            path,
            source,
        }
    };
    fs::create_dir_all(&args.folder).map_err(failed("create", &args.folder))?;
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Error::BadSetting {
                setting: "NAME".to_owned(),
                wrong: format!("{} is there already", folder.display()),
                remedy: "take another name, or another place with --folder; nothing was written"
                    .to_owned(),
            });
        }
        made => made.map_err(failed("create", &folder))?,
    }
    write(&SKELETON, &folder, name).map_err(failed("write to", &folder))?;
    let shown = folder.display();
    output::print(&format!(
        "{shown} is a connector to begin with. Next:\n  dovetail check {shown}\n  dovetail test \
         {shown}\n  dovetail serve --data ./data --connectors {shown}"
    ))?;
    Ok(Exit::Ok)
}

fn write(from: &Dir<'_>, folder: &Path, name: &str) -> std::io::Result<()> {
    for entry in from.entries() {
        match entry {
            DirEntry::Dir(inner) => {
                fs::create_dir_all(folder.join(inner.path()))?;
                write(inner, folder, name)?;
            }
            DirEntry::File(file) => {
                let text = file.contents_utf8().unwrap_or_default();
                let path = file.path().to_string_lossy().replace(NAME, name);
                fs::write(folder.join(path), text.replace(NAME, name))?;
            }
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let plain = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
    begins && name.len() <= NAME_MAX && name.chars().all(plain)
}
