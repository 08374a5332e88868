//! Callouts: what the other side sends of its own accord. What brings requests is seen to in
//! [`notice`]; everything here is about what a PSA sends when a ticket has changed.
//!
//! Such a callout is a hint. It is searched for anything that names a ticket, that is made durable,
//! and the answer goes out; the ticket is read again later, and only what is found then counts. So
//! a forged, repeated, late or mangled callout does no harm, and there is no form it must have.

mod notice;

use std::sync::Arc;

use definition::Family;
use definition::connector::{Accept, Callout as Definition, HintRule};
use model::{Integration, Secret};
use serde_json::{Map, Value};
use store::{Batch, Expect};

use crate::Runtime;
use crate::integrations::token_hash;
use crate::tables::{CalloutSeenRow, IntegrationRow, NOBODY};

/// The most name-value pairs that are looked at in one notice. One PSA sends the whole ticket with
/// all that is linked to it, some two thousand fields.
const PAIRS_MAX: usize = 4_000;

/// The most notices of one callout that are looked at. What lies behind them is found by the poll.
const NOTICES_MAX: usize = 200;

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
    /// It brings requests, and not all of them can be read.
    #[error("the callout brings a request that cannot be read: {}", findings.join("; "))]
    Malformed {
        /// What is wrong, each in a sentence without any value.
        findings: Vec<String>,
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
        let integration = &self.callout_owner(token).await?.0;
        check_basic(integration, callout.basic.as_ref())?;
        let connector = core.library.connectors.get(&integration.connector);
        let definition = connector.and_then(|connector| connector.callout.as_ref());
        let definition = definition.ok_or(CalloutError::UnknownToken)?;
        let family = connector.and_then(|one| core.library.families.get(&one.family));
        let family = family.ok_or(CalloutError::UnknownToken)?;
        let hints = match read(definition, family, &callout)? {
            Brought::Hints(hints) => hints,
            Brought::Requests(requests) => return self.take_noticed(integration, requests).await,
        };
        let (mut batch, now) = (Batch::new(), core.now());
        for hint in hints {
            core.enqueue_hint(&mut batch, integration, hint, now);
        }
        self.callout_seen(batch, integration).await
    }

    /// Commits what came of a callout, with the note that one came.
    async fn callout_seen(
        &self,
        mut batch: Batch,
        integration: &Integration,
    ) -> Result<(), CalloutError> {
        let (core, parts) = (&self.core, [integration.id.as_str()]);
        let seen = CalloutSeenRow(core.now());
        batch.put_record(integration.partner.as_str(), &parts, &seen, Expect::Any);
        core.store.commit(batch).await?;
        core.metrics.callouts_accepted.add(1);
        Ok(())
    }

    async fn callout_owner(&self, token: &str) -> Result<Arc<IntegrationRow>, CalloutError> {
        let (core, hash) = (&self.core, token_hash(token));
        let owner = core.owners.get(&*core.store, NOBODY, &[&hash]).await?;
        let owner = &owner.ok_or(CalloutError::UnknownToken)?.0;
        let parts = [owner.integration.as_str()];
        let row = core
            .owning
            .get(&*core.store, owner.partner.as_str(), &parts);
        row.await?.ok_or(CalloutError::UnknownToken)
    }
}

/// What a callout brings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Brought {
    /// Hints at tickets, at least one.
    Hints(Vec<Map<String, Value>>),
    /// Requests, or none.
    Requests(Vec<Value>),
}

/// Reads a callout as the connector says.
pub(crate) fn read(
    definition: &Definition,
    family: &Family,
    callout: &Callout,
) -> Result<Brought, CalloutError> {
    if !definition.methods.contains(&callout.method.as_str()) {
        let accepts = definition.methods.iter();
        let accepts = accepts.map(|&method| method.to_owned()).collect();
        return Err(CalloutError::MethodNotAccepted { accepts });
    }
    if let Some(notice) = &definition.request {
        return notice::requests(notice, family, &callout.body).map(Brought::Requests);
    }
    let hints = hints(definition, callout);
    if hints.is_empty() {
        let rules = definition.hint.values();
        let looked_for = rules.flat_map(|rule| rule.keys.clone()).collect();
        return Err(CalloutError::NoTicket { looked_for });
    }
    Ok(Brought::Hints(hints))
}

/// The keys by which the hints of a callout are found, each after its field: `id: ticket_id`.
pub(crate) fn deciding(definition: &Definition, callout: &Callout) -> Vec<String> {
    let mut deciding = Vec::new();
    for pairs in notices(definition, callout) {
        for (field, rule) in &definition.hint {
            let key = named(rule, &pairs).map(|(key, _)| format!("{field}: {key}"));
            deciding.extend(key);
        }
    }
    deciding
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

/// What the callout says about tickets: one hint for each ticket that it names.
fn hints(definition: &Definition, callout: &Callout) -> Vec<Map<String, Value>> {
    let notices = notices(definition, callout);
    let mut hints = Vec::new();
    for hint in notices.iter().filter_map(|pairs| hint(definition, pairs)) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// The name-value pairs of each notice in the callout, from wherever they may be. A list in JSON
/// is several notices, sent together.
fn notices(definition: &Definition, callout: &Callout) -> Vec<Vec<(String, String)>> {
    let accepts = |accept| definition.accepts.contains(&accept);
    let mut common = Vec::new();
    if accepts(Accept::Query) {
        form_pairs(&callout.query, &mut common);
    }
    let body = String::from_utf8_lossy(&callout.body);
    let body = body.trim().trim_start_matches('\u{feff}');
    if accepts(Accept::Json)
        && let Ok(value) = serde_json::from_str::<Value>(body)
    {
        let several = match value {
            Value::Array(several) => several,
            one => vec![one],
        };
        let notice = |value: &Value| {
            let mut pairs = common.clone();
            json_pairs("", value, 0, &mut pairs);
            pairs.truncate(PAIRS_MAX);
            pairs
        };
        return several.iter().take(NOTICES_MAX).map(notice).collect();
    }
    if accepts(Accept::Xml) && body.starts_with('<') {
        xml_pairs(body, &mut common);
    } else if accepts(Accept::Form) {
        form_pairs(body, &mut common);
    }
    common.truncate(PAIRS_MAX);
    vec![common]
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

/// The names of what lies in objects are those of the objects and its own, with points between.
fn json_pairs(name: &str, value: &Value, depth: usize, pairs: &mut Vec<(String, String)>) {
    if depth > DEPTH_MAX || pairs.len() >= PAIRS_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let below = if name.is_empty() {
                    field.clone()
                } else {
                    format!("{name}.{field}")
                };
                json_pairs(&below, value, depth + 1, pairs);
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
    let any = || {
        let mut values = pairs.iter().map(|(_, value)| value);
        let fits = values.find(|value| rule.matches.is_match(value));
        fits.filter(|_| rule.anywhere)
    };
    let named = named(rule, pairs).map(|(_, value)| value);
    named.or_else(any).cloned()
}

/// The value of the first key that has one that fits, with that key.
fn named<'a>(
    rule: &'a HintRule,
    pairs: &'a [(String, String)],
) -> Option<(&'a String, &'a String)> {
    rule.keys.iter().find_map(|key| {
        let of_key = pairs.iter().filter(|(name, _)| is_called(name, key));
        let mut values = of_key.map(|(_, value)| value);
        let fits = values.find(|value| rule.matches.is_match(value));
        fits.map(|value| (key, value))
    })
}

/// Whether a name is `key`, or ends in it: `ticket.id` is called `id` and `ticket.id`.
fn is_called(name: &str, key: &str) -> bool {
    let Some(front) = name.len().checked_sub(key.len()) else {
        return false;
    };
    let (front, back) = name.split_at_checked(front).unwrap_or((name, ""));
    back.eq_ignore_ascii_case(key) && (front.is_empty() || front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use definition::connector::Regex;
    use serde_json::json;

    use super::*;

    fn found(accepts: &[Accept], callout: &Callout) -> Vec<(String, String)> {
        let definition = Definition {
            methods: vec!["POST"],
            accepts: accepts.to_vec(),
            hint: std::collections::BTreeMap::new(),
            events: Vec::new(),
            request: None,
            guide: Vec::new(),
        };
        notices(&definition, callout).concat()
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

    /// The ids that a callout hints at.
    fn ids(body: &Value) -> Vec<String> {
        let rule = HintRule {
            keys: ["ticket.id", "ticket_id", "object_id", "id"]
                .map(str::to_owned)
                .to_vec(),
            matches: Regex::new("^[0-9]+$").unwrap(),
            anywhere: false,
        };
        let definition = Definition {
            methods: vec!["POST"],
            accepts: vec![Accept::Json],
            hint: std::collections::BTreeMap::from([("id".to_owned(), rule)]),
            request: None,
            guide: Vec::new(),
            events: Vec::new(),
        };
        let hints = hints(&definition, &callout("", &body.to_string()));
        let id =
            |hint: &Map<String, Value>| hint.get("id").and_then(Value::as_str).map(str::to_owned);
        hints.iter().filter_map(id).collect()
    }

    #[test]
    fn the_surest_key_counts_wherever_it_stands() {
        for (body, wanted) in [
            (
                json!({"id": 7, "ticket": {"id": 1234}, "action": {"id": 4, "ticket_id": 99}}),
                "1234",
            ),
            (
                json!({"id": 7, "action": {"id": 4, "ticket_id": 1234}}),
                "1234",
            ),
            (json!({"id": "0b9d", "object_id": 1234}), "1234"),
            (json!({"id": 1234, "status_id": 9}), "1234"),
            (json!({"data": {"Ticket": {"ID": "1234"}}}), "1234"),
        ] {
            assert_eq!(ids(&body), [wanted], "{body}");
        }
    }

    #[test]
    fn each_notice_of_a_batch_is_a_hint_of_its_own() {
        let batch = json!([
            {"id": 1, "ticket": {"id": 20}},
            {"id": 2, "object_id": 21},
            {"nothing": true},
            {"id": 3, "ticket": {"id": 20}},
        ]);
        assert_eq!(ids(&batch), ["20", "21"]);
        let many = Value::Array((0..1_000).map(|id| json!({ "id": id })).collect());
        assert_eq!(ids(&many).len(), NOTICES_MAX);
    }

    const ALL: [Accept; 4] = [Accept::Query, Accept::Form, Accept::Json, Accept::Xml];

    #[test]
    fn pairs_are_found_in_every_form() {
        let number = "T20260527.0006";
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
            let is_it =
                |(name, value): &(String, String)| is_called(name, "number") && value == number;
            assert!(found.iter().any(is_it), "{query} {body}: {found:?}");
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
