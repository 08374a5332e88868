//! The configuration file of a server, as it is written.
//!
//! It is read like every other file: held against its schema, so that a slip of the finger comes
//! back with its line, a caret and the name that was probably meant. What its values mean, what
//! the environment and the command line say instead, and what holds where none says anything, is
//! the business of whoever starts the server.

use std::collections::BTreeMap;
use std::fmt;

use model::{Problem, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::page::Page;
use crate::raw::value::SpanText;
use crate::{library, schemas};

/// What the operator decides. A key that is left out keeps its default.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Dovetail configuration")]
pub struct Configuration {
    /// Address and port to listen on, such as `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// The folder that holds the state.
    pub data: Option<String>,
    /// The address that PSAs reach this server under, such as `https://dovetail.example`.
    pub public_url: Option<String>,
    /// Folders with connectors that stand beside or over those that are built in.
    pub connectors: Option<Vec<String>>,
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
    /// Reads `text`, which problems call `name`. An empty file says nothing and is right.
    pub fn read(name: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let page = Page::read(name, text);
        if !page.is_broken() && page.value().is_null() {
            return Ok(Self::default());
        }
        let read = library::read(&page, &schemas::CONFIGURATION);
        read.ok_or_else(|| page.into_problems())
    }
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
        assert_eq!(read.vendor["sample"]["code"].expose(), "x");
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
        assert_eq!(problems[0].hint.as_deref(), Some("did you mean `listen`?"));
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
}
