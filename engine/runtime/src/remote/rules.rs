//! A connector's error rules as the exchange asks for them: an operation's own first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use definition::rule::{About, MatchedCause};
use definition::{Connector, ErrorRule, Operation};
use exchange::{Answer, Cause, Classify, Content, Rejection};
use serde_json::{Map, Value};

/// The rules that hold for one operation.
#[derive(Clone, Debug)]
pub(super) struct Rules<'a> {
    operation: &'a Operation,
    connector: &'a Connector,
    /// What the operation knew when it was called.
    known: Cow<'a, Map<String, Value>>,
}

impl<'a> Rules<'a> {
    pub(super) const fn of(
        operation: &'a Operation,
        connector: &'a Connector,
        known: Cow<'a, Map<String, Value>>,
    ) -> Self {
        Self {
            operation,
            connector,
            known,
        }
    }
}

impl Classify for Rules<'_> {
    fn classify(&self, answer: &Answer) -> Option<Rejection> {
        let headers: BTreeMap<String, String> = answer.headers.iter().cloned().collect();
        let text;
        let body = match &answer.body {
            Content::Json(value) => value,
            Content::Text(said) => {
                text = Value::from(said.as_str());
                &text
            }
            Content::Empty | Content::Binary(_) => &Value::Null,
        };
        let own = numbered(&self.operation.name, &self.operation.errors);
        let common = numbered("http", &self.connector.http.errors);
        own.chain(common).find_map(|(name, rule)| {
            let matched = rule.apply(answer.status, &headers, body, &self.known)?;
            Some(Rejection {
                class: matched.class,
                rule: name,
                message: matched.said,
                remedy: matched.remedy,
                cause: matched.cause.map(cause),
                retry_after: None,
            })
        })
    }
}

fn cause(of: MatchedCause) -> Cause {
    Cause {
        name: of.name,
        about: match of.about {
            About::All => None,
            About::Thing(id) => Some(id),
        },
        title: of.title,
        recheck: of.recheck,
    }
}

/// Rules with the names that messages know them by.
fn numbered<'r>(
    of: &'r str,
    rules: &'r [ErrorRule],
) -> impl Iterator<Item = (String, &'r ErrorRule)> {
    rules
        .iter()
        .enumerate()
        .map(move |(at, rule)| (format!("{of}.errors[{at}]"), rule))
}
