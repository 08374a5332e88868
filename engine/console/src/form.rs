//! Forms that are made from a connector's definition: each field of it becomes a control.

use askama::Template;
use runtime::{Fault, FormField};

use crate::directory::Chosen;
use crate::fields::Fields;

mod setting;

pub(crate) use setting::{Offered, setting, typed_value};

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
    /// What counts while it is blank.
    pub(crate) placeholder: String,
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
    /// A whole number.
    Number,
    /// Something that is on or off.
    Switch,
    /// One of several; the text says what none of them means, where none may be chosen.
    Choice(Vec<Choice>, Option<String>),
    /// A text with variables.
    Template(Vec<Variable>),
    /// A company of the directory.
    Company(Chosen),
}

impl Field {
    fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    fn is_number(&self) -> bool {
        self.kind == Kind::Number
    }
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// What a person reads.
    pub(crate) label: String,
    /// Whether it can be chosen.
    pub(crate) active: bool,
    /// Whether it is what the field holds.
    pub(crate) selected: bool,
}

/// What a template can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// As it is written in the template.
    pub(crate) written: String,
    /// What it is, with an example.
    pub(crate) about: String,
}

/// What is wrong with the value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// In one sentence.
    pub(crate) message: String,
    /// How to mend it.
    pub(crate) hint: Option<String>,
}

impl Wrong {
    /// What of `faults` is about the place `pointer`.
    pub(crate) fn at(faults: &[Fault], pointer: &str) -> Option<Self> {
        let fault = faults.iter().find(|fault| fault.pointer == pointer);
        fault.map(Self::from)
    }
}

impl From<&Fault> for Wrong {
    fn from(fault: &Fault) -> Self {
        Self {
            message: sentence(&fault.message),
            hint: fault.hint.as_deref().map(sentence),
        }
    }
}

/// With a capital letter at its beginning and a full stop at its end, and in quotation marks what
/// messages quote between backticks.
pub(crate) fn sentence(text: &str) -> String {
    let mut is_open = false;
    let mut letters = text.chars().map(|letter| match letter {
        '`' => {
            is_open = !is_open;
            if is_open { '“' } else { '”' }
        }
        letter => letter,
    });
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(letters).collect();
    match text.chars().next_back() {
        Some('.' | '!' | '?' | '…') | None => text,
        Some(_) => text + ".",
    }
}

/// How often something runs, in words; `every` as it is written in settings, such as `6h`.
pub(crate) fn often(every: &str) -> String {
    let span = model::span::parse(every);
    sentence(&span.map_or_else(|| format!("every {every}"), model::span::every))
}

/// Words of codes that people write in capitals.
const ABBREVIATIONS: [&str; 6] = ["url", "dns", "ip", "id", "ssl", "vpn"];

/// A code such as `url_block` as people write it: `URL Block`.
pub(crate) fn in_words(code: &str) -> String {
    let words = code.split('_').filter(|word| !word.is_empty());
    let words: Vec<String> = words
        .map(|word| {
            if ABBREVIATIONS.contains(&word) {
                return word.to_uppercase();
            }
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect()
        })
        .collect();
    words.join(" ")
}

/// The field for one of a connector's credentials, with what was typed.
pub(crate) fn credential(field: &FormField, typed: &Fields, faults: &[Fault]) -> Field {
    let name = format!("credentials.{}", field.name);
    let typed = typed.get(&name).or(field.default.as_deref());
    let fault = Wrong::at(faults, &format!("/credentials/{}", field.name));
    // The hint is the help, which stands there anyway.
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
        placeholder: String::new(),
        required: field.default.is_none(),
        fault,
        name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_sentences_and_codes_words() {
        assert_eq!(sentence("the key is missing"), "The key is missing.");
        assert_eq!(sentence("Really?"), "Really?");
        assert_eq!(sentence("`a` is no `b`"), "“a” is no “b”.");
        assert_eq!(sentence(""), "");
        assert_eq!(in_words("url_block"), "URL Block");
    }
}
