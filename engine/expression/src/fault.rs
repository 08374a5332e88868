//! What is wrong with an expression, as data, and the nearest name for a misspelled one.
//!
//! A fault speaks of what the author wrote and never of a value that was computed.

/// One thing wrong with a value that was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the value: a JSON pointer (RFC 6901), empty for the value itself.
    pub pointer: String,
    /// Which characters of the string at `pointer`: the first one, counted from 0, and how many.
    /// `None` when the fault is about the string, or whatever else is there, as a whole.
    pub offset: Option<(usize, usize)>,
    /// One of [`CODES`].
    pub code: &'static str,
    /// One sentence naming the thing.
    pub message: String,
    /// How to mend it, where that is known.
    pub hint: Option<String>,
}

/// Every code that a [`Fault`] can have, and what it says.
pub const CODES: [(&str, &str); 21] = [
    (INVALID_PATH, "a JSONPath cannot be read"),
    (
        PATH_WITHOUT_DOT,
        "a text begins like a path, but for the dot behind its `$`",
    ),
    (
        UNSUPPORTED_PATH,
        "a JSONPath is well-formed but cannot be used in this place",
    ),
    (
        UNKNOWN_VARIABLE,
        "the first name of a path does not exist here",
    ),
    (
        UNKNOWN_FIELD,
        "a later name of a path does not exist, or what it is looked up in has none",
    ),
    (INVALID_TEMPLATE, "a template cannot be read"),
    (
        FORBIDDEN_IN_TEMPLATE,
        "a template uses partials, decorators or raw blocks",
    ),
    (
        UNKNOWN_HELPER,
        "a template calls a helper that does not exist",
    ),
    (
        WRONG_ARGUMENTS,
        "a helper is called with the wrong number or kind of arguments",
    ),
    (NOT_PRINTABLE, "a template prints a list or an object"),
    (
        INVALID_REFERENCE,
        "`script` is not of the form `file.rhai#function`",
    ),
    (UNKNOWN_SCRIPT, "no such script file is loaded"),
    (
        UNKNOWN_FUNCTION,
        "the script has no such function, or it is private",
    ),
    (
        AMBIGUOUS_FUNCTION,
        "the script has several functions of this name",
    ),
    (
        UNKNOWN_PARAMETER,
        "a parameter of the function is not the name of anything here",
    ),
    (
        SECRET_TO_SCRIPT,
        "a parameter of the function asks for credentials",
    ),
    (
        NESTED_TOO_DEEPLY,
        "maps and lists are nested beyond the limit",
    ),
    (TOO_LONG, "a path or template is longer than the limit"),
    (
        NOT_A_SELECTOR,
        "a list selector is needed here, and this is not a path",
    ),
    (GIVES_NO_VALUE, "a function ends with what has no value"),
    (AMBIGUOUS_NAME, "a field has the name of a helper"),
];

pub(crate) const INVALID_PATH: &str = "invalid-path";
pub(crate) const UNSUPPORTED_PATH: &str = "unsupported-path";
pub(crate) const UNKNOWN_VARIABLE: &str = "unknown-variable";
pub(crate) const UNKNOWN_FIELD: &str = "unknown-field";
pub(crate) const INVALID_TEMPLATE: &str = "invalid-template";
pub(crate) const FORBIDDEN_IN_TEMPLATE: &str = "forbidden-in-template";
pub(crate) const UNKNOWN_HELPER: &str = "unknown-helper";
pub(crate) const WRONG_ARGUMENTS: &str = "wrong-arguments";
pub(crate) const NOT_PRINTABLE: &str = "not-printable";
pub(crate) const INVALID_REFERENCE: &str = "invalid-reference";
pub(crate) const UNKNOWN_SCRIPT: &str = "unknown-script";
pub(crate) const UNKNOWN_FUNCTION: &str = "unknown-function";
pub(crate) const AMBIGUOUS_FUNCTION: &str = "ambiguous-function";
pub(crate) const UNKNOWN_PARAMETER: &str = "unknown-parameter";
pub(crate) const SECRET_TO_SCRIPT: &str = "secret-to-script";
pub(crate) const NESTED_TOO_DEEPLY: &str = "nested-too-deeply";
pub(crate) const TOO_LONG: &str = "too-long";
pub(crate) const PATH_WITHOUT_DOT: &str = "path-without-dot";
pub(crate) const NOT_A_SELECTOR: &str = "not-a-selector";
pub(crate) const GIVES_NO_VALUE: &str = "gives-no-value";
pub(crate) const AMBIGUOUS_NAME: &str = "ambiguous-name";

impl Fault {
    /// A fault of the value as a whole; the compiler adds where that is.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: String::new(),
            offset: None,
            code,
            message: message.into(),
            hint: None,
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, offset: Option<(usize, usize)>) -> Self {
        self.offset = offset;
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// The longest list of names that a hint spells out; beyond it nobody reads on.
const NAMES_MAX: usize = 12;

/// Quotes that look well and quote nothing; some editors put them in.
pub(crate) const TYPOGRAPHIC_QUOTES: [char; 5] = ['“', '”', '‘', '’', '„'];

/// What to do about one of them.
pub(crate) const STRAIGHT_QUOTES: &str = "write straight quotes, `'` or `\"`";

/// A hint for `wrong`: the nearest of `names`, else all of them when they are few.
pub(crate) fn suggest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    if wrong.starts_with(TYPOGRAPHIC_QUOTES) {
        return Some(STRAIGHT_QUOTES.to_owned());
    }
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let nearest = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .min()
        .filter(|(distance, _)| *distance <= (wrong.chars().count() / 3).max(1));
    match nearest {
        Some((_, name)) => Some(format!("did you mean `{name}`?")),
        None if names.is_empty() || names.len() > NAMES_MAX => None,
        None => Some(format!("known here: `{}`", names.join("`, `"))),
    }
}

/// Where `needle` is in `text` at or after byte `from`, as characters; and the byte after it.
pub(crate) fn locate(text: &str, from: usize, needle: &str) -> Option<((usize, usize), usize)> {
    let start = from + text.get(from..)?.find(needle)?;
    let before = text.get(..start)?.chars().count();
    Some((
        (before, needle.chars().count().max(1)),
        start + needle.len(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = || ["company", "request", "settings"].into_iter();
        assert_eq!(
            suggest("reqeust", names()).as_deref(),
            Some("did you mean `request`?")
        );
        assert_eq!(
            suggest("invoice", names()).as_deref(),
            Some("known here: `company`, `request`, `settings`")
        );
        assert_eq!(suggest("x", std::iter::empty()), None);
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(locate("äö request", 0, "request"), Some(((3, 7), 12)));
        assert_eq!(locate("request", 3, "request"), None);
    }
}
