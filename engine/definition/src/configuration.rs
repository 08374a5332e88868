//! The configuration file of a server, as it is written.
//!
//! It is read like every other file: held against its schema, so that a slip of the finger comes
//! back with its line, a caret and the name that was probably meant. What its values mean, what
//! the environment and the command line say instead, and what holds where none says anything, is
//! the business of whoever starts the server.

mod keep;
mod sign_in;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use model::{Problem, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::page::{Page, Spot};
use crate::raw::value::SpanText;
use crate::{library, schemas};

pub use keep::{EXCHANGES_KEPT, KeepText, REQUESTS_KEPT, RUNS_KEPT};
pub use sign_in::{RoleText, SignInRuleText, SignInText};

/// What the operator decides. A key that is left out keeps its default.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail configuration")]
pub struct Configuration {
    /// Address and port to listen on, such as `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// The folder that holds the state.
    pub data: Option<String>,
    /// The file with the key that secrets in the state are sealed with; `seal.key` in that folder
    /// where nothing is said. It is made if it is not there.
    pub seal_key: Option<String>,
    /// The address that PSAs reach this server under, such as `https://dovetail.example`.
    pub public_url: Option<String>,
    /// Folders with connectors that stand beside or over those that are built in.
    pub connectors: Option<Vec<String>>,
    /// Origins that may be called besides the hosts that connectors name, such as a PSA on a host
    /// of one's own: `https://psa.example.com`, `http://127.0.0.1:9001`.
    pub trust: Option<Vec<String>>,
    /// Per connector, what its maker gave once for all partners, such as an integration code.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, BTreeMap<String, String>>")]
    pub vendor: BTreeMap<String, BTreeMap<String, Secret>>,
    /// How many pieces of work are done at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub workers: Option<u32>,
    /// How many of them may be one partner's, so that a noisy one does not slow the others.
    #[schemars(range(min = 1, max = 10_000))]
    pub workers_per_partner: Option<u32>,
    /// How long work under way may take to end when the server is told to stop.
    #[schemars(with = "Option<SpanText>")]
    pub grace: Option<String>,
    /// How long things are kept.
    #[serde(default)]
    pub keep: KeepText,
    /// How people sign in with an account elsewhere; with links only where nothing is said.
    pub sign_in: Option<SignInText>,
    /// What is written to the log, and how.
    #[serde(default)]
    pub log: LogText,
}

/// What is written to the log, and how.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Log")]
pub struct LogText {
    /// How much: `error`, `warn`, `info`, `debug` or `trace`; or by part, as in
    /// `info,exchange=debug`.
    pub level: Option<String>,
    /// One line of text per event, or one line of JSON.
    pub format: Option<LogFormat>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl Configuration {
    /// Reads `text`, which problems call `name`. A file of nothing but comments says nothing and
    /// is right. Problems never quote what is under `vendor`: most of it is secret.
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let says_something = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
        if !text.lines().any(says_something) {
            return Ok(Self::default());
        }
        let page = Page::read(name, text);
        let read: Option<Self> = library::read(&page, &schemas::CONFIGURATION);
        if let Some(file) = &read {
            file.check(&page.spot());
        }
        match read {
            Some(file) if !page.is_broken() => Ok(file),
            _ => Err(without_secrets(page.into_problems(), text)),
        }
    }

    /// Looks for what the schema cannot say.
    fn check(&self, spot: &Spot<'_>) {
        self.keep.check(&spot.key("keep"));
        if let Some(sign_in) = &self.sign_in {
            sign_in.check(&spot.key("sign_in"));
        }
    }
}

/// The problems, without the lines that may hold a secret.
fn without_secrets(mut problems: Vec<Problem>, text: &str) -> Vec<Problem> {
    let vendor = vendor_lines(text);
    for problem in &mut problems {
        // A secret may be written where only the name of its file belongs.
        let line = problem.source_line.replace("secret_file", "");
        if vendor.contains(&problem.place.line) || line.contains("secret") {
            "(not shown)".clone_into(&mut problem.source_line);
            (problem.place.column, problem.place.length) = (1, 1);
        }
    }
    problems
}

/// The lines from the key `vendor` to the next key of the file, counted from 1. The text may not
/// even be YAML, so that this looks at nothing but how lines begin.
fn vendor_lines(text: &str) -> Range<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let is_vendor = |line: &&str| line.trim_start_matches(['"', '\'']).starts_with("vendor");
    let Some(first) = lines.iter().position(is_vendor) else {
        return 0..0;
    };
    let begins_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    let next = lines.iter().skip(first + 1).position(begins_key);
    first + 1..next.map_or(lines.len(), |next| first + 1 + next) + 1
}

/// Shows no vendor value: most of them are secrets.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("public_url", &self.public_url)
            .field("connectors", &self.connectors)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    #[test]
    fn every_key_is_read() {
        let text = "listen: 127.0.0.1:80\ndata: here\npublic_url: https://a.example\n\
                    connectors: [mine]\nvendor: { sample: { code: x } }\nworkers: 3\n\
                    workers_per_partner: 2\ngrace: 5s\nlog: { level: debug, format: json }\n";
        let read = Configuration::read("c.yaml", text).unwrap();
        assert_eq!(read.connectors.unwrap(), ["mine"]);
        let code = read
            .vendor
            .get("sample")
            .and_then(|sample| sample.get("code"));
        assert_eq!(code.map(Secret::expose), Some("x"));
        assert_eq!(read.log.format, Some(LogFormat::Json));
        assert_eq!((read.workers, read.grace.as_deref()), (Some(3), Some("5s")));
    }

    #[test]
    fn a_slip_of_the_finger_is_shown_where_it_is() {
        let problems = Configuration::read("c.yaml", "data: here\nlisen: x\ngrace: 5\n").err();
        let problems = problems.unwrap();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code, problem.place.line))
            .collect();
        assert_eq!(found, [("unknown-key", 2), ("wrong-type", 3)]);
        let hint = problems.first().and_then(|problem| problem.hint.as_deref());
        assert_eq!(hint, Some("did you mean `listen`?"));
    }

    #[test]
    fn an_empty_file_says_nothing() {
        assert!(
            Configuration::read("c.yaml", "# later\n")
                .unwrap()
                .listen
                .is_none()
        );
    }

    #[test]
    fn what_is_under_vendor_is_never_quoted() {
        for wrong in [
            "  a: { code: 12345 }",
            "  a: { code: \"12345 }",
            "  a: [12345]",
        ] {
            let text = format!("data: x\nvendor:\n{wrong}\nlisen: y\n");
            let problems = Configuration::read("c.yaml", &text).unwrap_err();
            let told = format!("{problems:?}");
            assert!(!told.contains("12345"), "{told}");
        }
        assert_eq!(vendor_lines("data: x\nvendor:\n  a: 1\nlisten: y\n"), 2..4);
        assert_eq!(vendor_lines("data: x\nvendor: { a: 1 }"), 2..3);
    }
}
