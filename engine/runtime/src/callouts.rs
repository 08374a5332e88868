//! Callouts: what a PSA sends when a ticket has changed.
//!
//! A callout is a hint. It is searched for anything that names a ticket, that is made durable, and
//! the answer goes out; the ticket is read again later, and only what is found then counts. So a
//! forged, repeated, late or mangled callout does no harm, and there is no form it must have.

use definition::connector::{Accept, Callout as Definition, HintRule};
use model::{Integration, Secret};
use serde_json::{Map, Value};
use store::{Batch, Expect, Records};

use crate::Runtime;
use crate::integrations::token_hash;
use crate::tables::{CalloutOwner, CalloutRow, CalloutSeenRow, IntegrationRow, NOBODY};

/// The most name-value pairs that are looked at.
const PAIRS_MAX: usize = 500;

/// How deep JSON is searched.
const DEPTH_MAX: usize = 16;

/// A callout as it came in.
#[derive(Clone, Debug)]
pub struct Callout {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The query of the address, without the question mark.
    pub query: String,
    /// The type that the body claims to have.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// The name and password of HTTP Basic, if they came.
    pub basic: Option<(String, Secret)>,
}

/// Why a callout is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CalloutError {
    /// No integration has this token.
    #[error("the callout address is not known")]
    UnknownToken,
    /// The integration asks for a name and password, and these are not they.
    #[error("the callout's name and password are wrong or missing")]
    WrongCredentials,
    /// It came by a method that this PSA does not use.
    #[error("callouts here come by {}", accepts.join(" or "))]
    MethodNotAccepted {
        /// The methods that are used.
        accepts: Vec<String>,
    },
    /// Nothing in it names a ticket.
    #[error("nothing in the callout names a ticket; looked for {}", looked_for.join(", "))]
    NoTicket {
        /// The names that were looked for.
        looked_for: Vec<String>,
    },
    /// It could not be made durable; it should be sent again.
    #[error("the callout could not be made durable")]
    Store(#[from] store::Error),
}

impl Runtime {
    /// Takes in a callout. Once this returns it is durable; an equal one that waits already stands
    /// for both.
    pub async fn callout(&self, token: &str, callout: Callout) -> Result<(), CalloutError> {
        let core = &self.core;
        let integration = self.callout_owner(token).await?;
        check_basic(&integration, callout.basic.as_ref())?;
        let connector = core.library.connectors.get(&integration.connector);
        let definition = connector.and_then(|connector| connector.callout.as_ref());
        let definition = definition.ok_or(CalloutError::UnknownToken)?;
        if !definition.methods.contains(&callout.method.as_str()) {
            let accepts = definition
                .methods
                .iter()
                .map(|&method| method.to_owned())
                .collect();
            return Err(CalloutError::MethodNotAccepted { accepts });
        }
        let hint = hint(definition, &pairs(definition, &callout));
        let hint = hint.ok_or_else(|| CalloutError::NoTicket {
            looked_for: definition
                .hint
                .values()
                .flat_map(|rule| rule.keys.clone())
                .collect(),
        })?;
        let (mut batch, now) = (Batch::new(), core.now());
        core.enqueue_hint(&mut batch, &integration, hint, now);
        let parts = [integration.id.as_str()];
        let seen = CalloutSeenRow(now);
        batch.put_record(integration.partner.as_str(), &parts, &seen, Expect::Any);
        core.store.commit(batch).await?;
        core.metrics.callouts_accepted.add(1);
        Ok(())
    }

    async fn callout_owner(&self, token: &str) -> Result<Integration, CalloutError> {
        let store = &self.core.store;
        let hash = token_hash(token);
        let owner = store.get_record::<CalloutRow>(NOBODY, &[&hash]).await?;
        let Some(owner) = owner else {
            return Err(CalloutError::UnknownToken);
        };
        let CalloutOwner {
            partner,
            integration,
        } = owner.value.0;
        let row = store
            .get_record::<IntegrationRow>(partner.as_str(), &[integration.as_str()])
            .await?;
        Ok(row.ok_or(CalloutError::UnknownToken)?.value.0)
    }
}

fn check_basic(
    integration: &Integration,
    given: Option<&(String, Secret)>,
) -> Result<(), CalloutError> {
    let Some((name, password)) = &integration.callout_basic else {
        return Ok(());
    };
    // Hashes are compared, so that the time it takes tells nothing about where texts differ.
    let same = |one: &str, other: &str| token_hash(one) == token_hash(other);
    let fits = given.is_some_and(|(given_name, given_password)| {
        same(given_name, name) & same(given_password.expose(), password.expose())
    });
    if fits {
        Ok(())
    } else {
        Err(CalloutError::WrongCredentials)
    }
}

/// All name-value pairs that the callout brings, from wherever they may be.
fn pairs(definition: &Definition, callout: &Callout) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let accepts = |accept| definition.accepts.contains(&accept);
    if accepts(Accept::Query) {
        form_pairs(&callout.query, &mut pairs);
    }
    let body = String::from_utf8_lossy(&callout.body);
    let body = body.trim().trim_start_matches('\u{feff}');
    if accepts(Accept::Json)
        && let Ok(value) = serde_json::from_str::<Value>(body)
    {
        json_pairs("", &value, 0, &mut pairs);
    } else if accepts(Accept::Xml) && body.starts_with('<') {
        xml_pairs(body, &mut pairs);
    } else if accepts(Accept::Form) {
        form_pairs(body, &mut pairs);
    }
    pairs.truncate(PAIRS_MAX);
    pairs
}

fn form_pairs(text: &str, pairs: &mut Vec<(String, String)>) {
    for pair in text.split(['&', ';', '\n']).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        pairs.push((decoded(name), decoded(value)));
    }
}

/// A part of a form, decoded. What is not a proper escape stays as it is.
fn decoded(text: &str) -> String {
    let text = text.trim().replace('+', " ");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn json_pairs(name: &str, value: &Value, depth: usize, pairs: &mut Vec<(String, String)>) {
    if depth > DEPTH_MAX || pairs.len() >= PAIRS_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                json_pairs(name, value, depth + 1, pairs);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                json_pairs(name, part, depth + 1, pairs);
            }
        }
        Value::Null => {}
        value => pairs.push((name.to_owned(), model::request::id_text(value))),
    }
}

/// Elements that hold only text, and attributes. This is no XML parser and need not be one: what
/// it finds is a hint, held against a pattern, and checked by reading the ticket.
fn xml_pairs(text: &str, pairs: &mut Vec<(String, String)>) {
    for part in text.split('<').take(PAIRS_MAX) {
        let Some((tag, content)) = part.split_once('>') else {
            continue;
        };
        let mut words = tag.trim_end_matches('/').split_whitespace();
        let name = words
            .next()
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default();
        for attribute in words {
            if let Some((name, value)) = attribute.split_once('=') {
                let name = name.rsplit(':').next().unwrap_or_default();
                pairs.push((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()));
            }
        }
        if !content.trim().is_empty() && !name.starts_with(['/', '?', '!']) {
            pairs.push((name.to_owned(), content.trim().to_owned()));
        }
    }
}

/// What the pairs say about a ticket, by the connector's rules; nothing when they say nothing.
fn hint(definition: &Definition, pairs: &[(String, String)]) -> Option<Map<String, Value>> {
    let mut hint = Map::new();
    for (field, rule) in &definition.hint {
        if let Some(value) = find(rule, pairs) {
            hint.insert(field.clone(), Value::from(value));
        }
    }
    (!hint.is_empty()).then_some(hint)
}

fn find(rule: &HintRule, pairs: &[(String, String)]) -> Option<String> {
    let fits = |value: &&String| rule.matches.is_match(value);
    let named = rule.keys.iter().find_map(|key| {
        let of_key = pairs
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(key));
        of_key.map(|(_, value)| value).find(fits)
    });
    let any = || {
        pairs
            .iter()
            .map(|(_, value)| value)
            .find(fits)
            .filter(|_| rule.anywhere)
    };
    named.or_else(any).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(accepts: &[Accept], callout: &Callout) -> Vec<(String, String)> {
        let definition = Definition {
            methods: vec!["POST"],
            accepts: accepts.to_vec(),
            hint: std::collections::BTreeMap::new(),
        };
        pairs(&definition, callout)
    }

    fn callout(query: &str, body: &str) -> Callout {
        Callout {
            method: "POST".to_owned(),
            query: query.to_owned(),
            content_type: None,
            body: body.as_bytes().to_vec(),
            basic: None,
        }
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    const ALL: [Accept; 4] = [Accept::Query, Accept::Form, Accept::Json, Accept::Xml];

    #[test]
    fn pairs_are_found_in_every_form() {
        let number = pair("Number", "T20260527.0006");
        for (query, body) in [
            ("Number=T20260527.0006", ""),
            ("", "Number=T20260527.0006&x=1"),
            ("", "a=b\nNumber=T20260527%2E0006"),
            ("", r#"{"ticket":{"Number":"T20260527.0006"}}"#),
            ("", r#"[{"Number":"T20260527.0006"}]"#),
            (
                "",
                "<?xml version=\"1.0\"?><t:Ticket><t:Number>T20260527.0006</t:Number></t:Ticket>",
            ),
            ("", "<Ticket Number=\"T20260527.0006\"/>"),
        ] {
            let found = found(&ALL, &callout(query, body));
            assert!(found.contains(&number), "{query} {body}: {found:?}");
        }
    }

    #[test]
    fn only_what_the_connector_accepts_is_looked_at() {
        let found = found(&[Accept::Form], &callout("id=1", r#"{"id": 2}"#));
        assert!(!found.iter().any(|(name, _)| name == "id"), "{found:?}");
    }

    #[test]
    fn broken_escapes_and_deep_nesting_do_no_harm() {
        assert_eq!(decoded("100%&%4"), "100%&%4");
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        assert!(found(&ALL, &callout("", &deep)).len() <= PAIRS_MAX);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(body: Vec<u8>, query: String) {
            let callout = Callout { body, ..callout(&query, "") };
            proptest::prop_assert!(found(&ALL, &callout).len() <= PAIRS_MAX);
        }
    }
}
