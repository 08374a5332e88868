//! Forms that are made from a connector's definition: each field of it becomes a control.

use askama::Template;
use runtime::{Fault, FormField};

use crate::fields::Fields;

/// One field of a form, printed with its label, its help and what is wrong with it.
#[derive(Clone, Debug, Template)]
#[template(path = "field.html")]
pub(crate) struct Field {
    /// The name under which the form sends it; also its id on the page.
    pub(crate) name: String,
    /// What stands beside it.
    pub(crate) label: String,
    /// What it does, or where its value is found.
    pub(crate) help: Option<String>,
    /// What it looks like.
    pub(crate) kind: Kind,
    /// What is in it.
    pub(crate) value: String,
    /// Whether the form can be saved without it.
    pub(crate) required: bool,
    /// What is wrong with what is in it.
    pub(crate) fault: Option<Wrong>,
}

/// What a field looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of text.
    Text,
    /// A line that nobody looking over a shoulder should read.
    Secret,
}

impl Kind {
    fn is_secret(&self) -> bool {
        *self == Self::Secret
    }
}

/// What is wrong with the value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// In one sentence.
    pub(crate) message: String,
    /// How to mend it, where that is not what the field's help says anyway.
    pub(crate) hint: Option<String>,
}

impl Wrong {
    /// What of `faults` is about the place `pointer`.
    pub(crate) fn at(faults: &[Fault], pointer: &str) -> Option<Self> {
        let fault = faults.iter().find(|fault| fault.pointer == pointer)?;
        Some(Self {
            message: sentence(&fault.message),
            hint: fault.hint.as_deref().map(sentence),
        })
    }
}

/// With a capital letter at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(letters).collect();
    match text.chars().next_back() {
        Some('.' | '!' | '?' | '…') | None => text,
        Some(_) => text + ".",
    }
}

/// The field for one of a connector's credentials, with what was typed.
pub(crate) fn credential(field: &FormField, typed: &Fields, faults: &[Fault]) -> Field {
    let name = format!("credentials.{}", field.name);
    let typed = typed.get(&name).or(field.default.as_deref());
    let fault = Wrong::at(faults, &format!("/credentials/{}", field.name));
    // The help is above it anyway.
    let fault = fault.map(|wrong| Wrong {
        hint: None,
        ..wrong
    });
    Field {
        label: field.label.clone(),
        help: field.help.clone(),
        kind: if field.secret {
            Kind::Secret
        } else {
            Kind::Text
        },
        value: typed.unwrap_or_default().to_owned(),
        required: field.default.is_none(),
        fault,
        name,
    }
}
