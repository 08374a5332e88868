//! What is built into the program: the connectors, families, pipelines, scripts and schemas.
//!
//! This is the one file of the engine that may name a folder of a PSA; it does not have to,
//! because all folders are taken as they are.

use std::path::PathBuf;

use definition::{Loaded, Sources, load as load_sources};
use include_dir::{Dir, DirEntry, include_dir};

use crate::error::Error;

static CONNECTORS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../connectors");
static SCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../scripts");
static SCHEMAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../schemas");

/// The built-in files. Their names lead with `built-in`, so that nobody looks for them on disk.
pub(crate) fn sources() -> Vec<Sources> {
    let folders = [
        ("built-in/schemas", &SCHEMAS),
        ("built-in/scripts", &SCRIPTS),
        ("built-in/connectors", &CONNECTORS),
    ];
    let source = |(name, folder): (&str, &'static Dir<'static>)| {
        let mut files = Vec::new();
        gather(folder, &mut files);
        Sources::new(name, files)
    };
    folders.into_iter().map(source).collect()
}

/// Loads what is built in, with the folders `over` standing over it, each over those before.
pub(crate) fn load(over: &[PathBuf]) -> Result<Loaded, Error> {
    let mut all = sources();
    for folder in over {
        let read = Sources::read(&folder.to_string_lossy(), folder);
        all.push(read.map_err(|source| Error::ReadConnectors { source })?);
    }
    Ok(load_sources(&all))
}

fn gather(folder: &'static Dir<'static>, files: &mut Vec<(&'static str, &'static str)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => gather(inner, files),
            DirEntry::File(file) => {
                files.extend(file.path().to_str().zip(file.contents_utf8()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use definition::{Style, render};

    use super::*;

    #[test]
    fn all_that_is_built_in_is_good() {
        let loaded = load(&[]).unwrap();
        let problems = render(&loaded.problems, Style::Plain);
        assert!(loaded.problems.is_empty(), "{problems}");
        assert!(!loaded.library.connectors.is_empty());
        assert!(!loaded.library.families.is_empty());
    }

    #[test]
    fn a_bad_folder_stops_no_good_connector() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("connector.yaml"),
            "connector: bad\nnonsense: 1\n",
        )
        .unwrap();
        let loaded = load(&[folder.path().to_owned()]).unwrap();
        assert!(!loaded.problems.is_empty());
        let alone = load(&[]).unwrap();
        assert!(
            loaded
                .library
                .connectors
                .keys()
                .eq(alone.library.connectors.keys())
        );
    }
}
