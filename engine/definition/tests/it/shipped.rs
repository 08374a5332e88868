//! The files that are shipped are without a problem, and mean what they should.

use std::path::Path;

use definition::{Loaded, Sources, Style, load, render};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .and_then(Path::parent)
        .unwrap()
}

pub(crate) fn shipped_sources() -> Vec<Sources> {
    let read = |name: &str| Sources::read(name, &root().join(name)).unwrap();
    ["schemas", "scripts", "connectors"].map(read).to_vec()
}

fn shipped() -> Loaded {
    load(&shipped_sources())
}

#[test]
fn shipped_files_have_no_problem() {
    let problems = shipped().problems;
    assert!(problems.is_empty(), "{}", render(&problems, Style::Plain));
}
