//! Phrases: the texts that people write with variables in them, such as the title of a ticket.
//!
//! A phrase is a template with nothing but text and `{{ variable }}`: no helper, no block, no path.
//! So it always ends, its length is that of its values, and a person who reads it knows what it
//! will say. What is not known is refused when it is compiled, with the nearest name and its place.
//! A value that holds `{{ }}` itself is printed as it is and never read as a phrase.

use handlebars::template::{HelperTemplate, Parameter, TemplateElement as Element};

use crate::fault::{self, Fault};
use crate::template;

/// The longest phrase, in bytes. It stands in the settings, perhaps once for each report type.
pub const SOURCE_BYTES_MAX: usize = 8 * 1024;

/// A phrase that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(String),
}

impl Phrase {
    /// Reads `text`, which may name `variables`, or gives every fault in it.
    pub fn compile(text: &str, variables: &[&str]) -> Result<Self, Vec<Fault>> {
        if text.len() > SOURCE_BYTES_MAX {
            let message = format!(
                "this text has {} bytes, the limit is {SOURCE_BYTES_MAX}",
                text.len()
            );
            return Err(vec![Fault::new(fault::TOO_LONG, message)]);
        }
        if !text.contains("{{") {
            return Ok(Self(vec![Part::Text(text.to_owned())]));
        }
        let known = known(variables);
        let parsed = template::parse(text).map_err(|fault| {
            let hint = format!("write a variable as `{{{{name}}}}`; {known}");
            vec![fault.hint(hint)]
        })?;
        let mut reading = Reading {
            text,
            variables,
            known: &known,
            cursor: 0,
        };
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        for (index, element) in parsed.elements.iter().enumerate() {
            if let Some(place) = parsed.mapping.get(index) {
                reading.go_to(template::offset(text, place.0, place.1));
            }
            match reading.part(element) {
                Ok(part) => parts.extend(part),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(Self(parts))
        } else {
            Err(faults)
        }
    }

    /// The text, with what `value` gives for each variable.
    pub fn print<'v>(&self, value: impl Fn(&str) -> &'v str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Variable(name) => value(name),
        });
        parts.collect()
    }
}

fn known(variables: &[&str]) -> String {
    format!("known here: `{}`", variables.join("`, `"))
}

/// One pass over a phrase.
struct Reading<'t> {
    text: &'t str,
    variables: &'t [&'t str],
    known: &'t str,
    /// The byte at which the current element begins.
    cursor: usize,
}

impl Reading<'_> {
    fn go_to(&mut self, characters: usize) {
        let byte = self.text.char_indices().nth(characters);
        self.cursor = byte.map_or(self.cursor, |(byte, _)| byte);
    }

    fn part(&self, element: &Element) -> Result<Option<Part>, Fault> {
        match element {
            Element::RawString(text) => Ok(Some(Part::Text(text.clone()))),
            Element::Comment(_) => Ok(None),
            Element::Expression(call) | Element::HtmlExpression(call) => {
                self.variable(call).map(Some)
            }
            _ => Err(self.refused("a block or another template")),
        }
    }

    fn variable(&self, call: &HelperTemplate) -> Result<Part, Fault> {
        let name = match &call.name {
            Parameter::Path(path) => template::raw(path),
            Parameter::Name(name) => name,
            _ => return Err(self.refused("a value")),
        };
        if !call.params.is_empty() || !call.hash.is_empty() {
            return Err(self.refused("a helper"));
        }
        if self.variables.contains(&name) {
            return Ok(Part::Variable(name.to_owned()));
        }
        let place = fault::locate(self.text, self.cursor, name).map(|(place, _)| place);
        let hint = fault::suggest(name, self.variables.iter().copied());
        let message = format!("`{name}` is not a variable of this text");
        Err(Fault::new(fault::UNKNOWN_VARIABLE, message)
            .at(place)
            .hint(hint.unwrap_or_else(|| self.known.to_owned())))
    }

    fn refused(&self, what: &str) -> Fault {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let message = format!("this text takes variables alone, and here is {what}");
        Fault::new(fault::FORBIDDEN_IN_TEMPLATE, message)
            .at(Some((before.chars().count(), 2)))
            .hint(self.known.to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    const VARIABLES: [&str; 3] = ["report_type", "hostname", "user"];

    /// The code, the place and the hint of the first fault.
    fn fault(text: &str) -> (&'static str, Option<(usize, usize)>, String) {
        let fault = Phrase::compile(text, &VARIABLES).unwrap_err().remove(0);
        (fault.code, fault.offset, fault.hint.unwrap_or_default())
    }

    #[test]
    fn variables_are_printed_and_what_they_hold_is_not_read() {
        let phrase = Phrase::compile("[{{ user }}] {{report_type}}: {{{hostname}}}", &VARIABLES);
        let printed = phrase.unwrap().print(|name| match name {
            "user" => "{{user}}",
            "hostname" => "<a&b>",
            _ => "",
        });
        assert_eq!(printed, "[{{user}}] : <a&b>");
    }

    #[test]
    fn a_text_without_variables_is_itself() {
        for text in ["", "$.user", "a }} b", "{ user }", "two\nlines"] {
            let phrase = Phrase::compile(text, &VARIABLES).unwrap();
            assert_eq!(phrase.print(|_| "x"), text);
        }
    }

    #[test]
    fn a_misspelled_variable_is_refused_with_the_nearest_and_its_place() {
        let found = fault("ä: {{reprot_type}}");
        let hint = "did you mean `report_type`?".to_owned();
        assert_eq!(found, ("unknown-variable", Some((5, 11)), hint));
        let (_, _, hint) = fault("{{company}}");
        assert_eq!(hint, "known here: `hostname`, `report_type`, `user`");
    }

    #[test]
    fn broken_braces_are_refused_with_their_place() {
        let (code, place, hint) = fault("Request of {{ user");
        assert_eq!(code, "invalid-template");
        assert!(
            place.is_some() && hint.contains("`user`"),
            "{place:?} {hint}"
        );
    }

    #[test]
    fn whatever_is_more_than_a_variable_is_refused() {
        for text in [
            "{{#each user}}x{{/each}}",
            "{{#if user}}x{{/if}}",
            "{{upper user}}",
            "{{> user}}",
            "{{user.name}}",
            "{{../user}}",
            "{{@root.user}}",
            "{{this}}",
            "{{\"text\"}}",
            "{{user}} {{lookup user 0}}",
        ] {
            assert!(Phrase::compile(text, &VARIABLES).is_err(), "{text}");
        }
    }
}
