//! A bad file never replaces a good one: what is loaded when a later source has mistakes.
//!
//! Sources are laid one over the other. Whatever was good below a layer is still there above it:
//! a file of the layer that cannot be used is set aside, and what it would have replaced stays.
//! So is one that is good by itself and makes something below it bad, such as a script without
//! the function that a pipeline calls. This only chooses what is used. What is reported is what is
//! wrong with all files as they are written; `library` sees to that.

use std::collections::BTreeSet;

use crate::files::{FileId, Kind};
use crate::library::{Attempt, Library};
use crate::sources::Sources;

/// What can be used of `sources`, the later of which stand over the earlier ones.
pub(crate) fn settle(sources: &[Sources]) -> Library {
    let mut aside = BTreeSet::new();
    let mut settled = Library::default();
    for layer in 0..sources.len() {
        let kept = names(&settled);
        // Ends because each round sets aside a file that was not, and a layer holds only so many.
        settled = loop {
            let below = sources.iter().take(layer + 1);
            let attempt = Attempt::of(below, &aside);
            let culprits = culprits(&attempt, layer, &kept);
            if culprits.is_empty() {
                break attempt.library;
            }
            aside.extend(culprits);
        };
    }
    settled
}

/// The files of `layer` to do without. Order matters: a bad script makes the pipelines bad that
/// call it, and they are good again once it is set aside.
fn culprits(attempt: &Attempt, layer: usize, kept: &BTreeSet<Name>) -> BTreeSet<FileId> {
    let files = &attempt.files;
    let broken = |kinds: &[Kind]| files.broken_replacements(layer, kinds);
    let found = [
        files.replacing_parts(layer, &attempt.broken_parts),
        broken(&[Kind::Family]),
        broken(&[Kind::Pipeline, Kind::Connector]),
    ];
    if let Some(found) = found.into_iter().find(|found| !found.is_empty()) {
        return found;
    }
    if kept.is_subset(&names(&attempt.library)) {
        return BTreeSet::new();
    }
    let scripts = files.replacing_scripts_in_use(layer);
    if scripts.is_empty() {
        files.replacing_contracts(layer)
    } else {
        scripts
    }
}

/// What is defined, by its kind, its family if it is a pipeline, and its name.
type Name = (Kind, String, String);

fn names(library: &Library) -> BTreeSet<Name> {
    let families = library.families.values().flat_map(|family| {
        let pipelines = family.pipelines.keys();
        let pipelines = pipelines.map(|name| (Kind::Pipeline, family.name.clone(), name.clone()));
        pipelines.chain([(Kind::Family, String::new(), family.name.clone())])
    });
    let connectors = library.connectors.keys();
    let connectors = connectors.map(|name| (Kind::Connector, String::new(), name.clone()));
    families.chain(connectors).collect()
}
