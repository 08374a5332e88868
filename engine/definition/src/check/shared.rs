//! Operations that read the pages of another one.
//!
//! What is sent, how the pages follow each other and where their items are is the other one's, so
//! that whoever has just read that one has read this one, too. For this to be so, nothing of it may
//! depend on what it is given.

use std::collections::BTreeMap;

use super::connector::Surroundings;
use super::inputs;
use crate::codes;
use crate::near;
use crate::operation::Operation;
use crate::page::Spot;
use crate::raw::connector::ConnectorFile;
use crate::raw::operation::OperationText;

/// The keys that such an operation has of its own.
const OWN: &[&str] = &["pages_of", "parts", "where", "record"];

/// Gives each operation that reads another's pages what it has of that one.
pub(crate) fn lend(file: &mut ConnectorFile, spot: &Spot<'_>) {
    let spot = spot.key("operations");
    let lenders: BTreeMap<String, OperationText> = file.operations.0.iter().cloned().collect();
    for (name, text) in &mut file.operations.0 {
        let Some(of) = &text.pages_of else {
            continue;
        };
        let at = spot.key(name);
        let Some(lender) = lenders.get(&of.0) else {
            let message = format!("`{}` is not an operation of this connector", of.0);
            let hint = near::hint(&of.0, lenders.keys().map(String::as_str));
            at.key("pages_of")
                .error(codes::UNKNOWN_OPERATION, message, hint);
            continue;
        };
        refuse_own_keys(&of.0, &at);
        refuse_lender(&of.0, lender, &at.key("pages_of"));
        *text = OperationText {
            pages_of: text.pages_of.take(),
            parts: text.parts.take(),
            counts: text.counts.take(),
            record: text.record.take(),
            ..lender.clone()
        };
    }
}

fn refuse_own_keys(lender: &str, spot: &Spot<'_>) {
    for key in spot.keys().into_iter().filter(|key| !OWN.contains(key)) {
        let message = format!("`{key}` is that of `{lender}`, whose pages are read");
        let hint = "leave it out, or leave `pages_of` out".to_owned();
        spot.key(key)
            .key_error(codes::SHARED_PAGES, message, Some(hint));
    }
}

fn refuse_lender(name: &str, lender: &OperationText, spot: &Spot<'_>) {
    let (message, hint) = if let Some(of) = &lender.pages_of {
        let message = format!("the pages of `{name}` are those of `{}`", of.0);
        (message, format!("write `pages_of: {}`", of.0))
    } else if lender.pages.is_none() {
        let hint = "give it `pages`, or say here what is sent".to_owned();
        (format!("`{name}` has no pages"), hint)
    } else if lender.job.is_some() || !lender.before.0.is_empty() {
        let message = format!("`{name}` needs other calls before its own");
        (message, "say here what is sent".to_owned())
    } else {
        return;
    };
    spot.error(codes::SHARED_PAGES, message, Some(hint));
}

/// Where the operation stands: what it has of another one stands with that one.
pub(crate) fn spot<'p>(text: &OperationText, name: &str, operations: &Spot<'p>) -> Spot<'p> {
    let own = operations.key(name);
    match &text.pages_of {
        Some(of) => own.lent(OWN, operations.key(&of.0)),
        None => own,
    }
}

/// Whether it was to read the pages of an operation that is not there.
pub(crate) fn is_lost(text: &OperationText) -> bool {
    text.pages_of.is_some() && text.address().is_none()
}

/// The names of what an operation is given, with those of their schemas, and of what is given to
/// the one whose pages it reads.
pub(crate) fn inputs<'a>(
    around: &Surroundings<'a>,
    name: &str,
    text: &OperationText,
) -> BTreeMap<&'a str, &'a str> {
    let mut given = inputs::of(around, name);
    if let Some(of) = &text.pages_of {
        given.extend(inputs::of(around, &of.0));
    }
    given
}

/// Reports what would make of the same pages something else each time.
pub(crate) fn looks_at_pages_alone(
    text: &OperationText,
    operation: &Operation,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    let Some(of) = &text.pages_of else { return };
    let roots = operation.roots();
    for input in inputs(around, &operation.name, text).into_keys() {
        if roots.contains(input) {
            let message = format!(
                "the pages of `{}` are read whatever `{input}` is, and this looks at it",
                of.0
            );
            let hint = "leave it out, or say here what is sent".to_owned();
            spot.key("pages_of")
                .error(codes::SHARED_PAGES, message, Some(hint));
        }
    }
}
