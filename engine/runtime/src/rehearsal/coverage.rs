//! What the examples of a connector try between them, and what they leave untried: every way to
//! the other side, every key that callouts are searched for, and every rule about what its
//! failures mean.

use definition::rule::StatusPattern;
use definition::{Connector, ErrorRule};

use super::Played;

/// What examples try and leave untried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Operations, setup, lists of choices, rights, and what callouts are searched for.
    pub operations: Tally,
    /// The error rules of the connector and of its operations.
    pub rules: Tally,
}

/// How many there are, and which of them no example tries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there are.
    pub of: usize,
    /// Those that no example tries, as people find them in the connector's file.
    pub untried: Vec<String>,
}

impl Tally {
    /// The part that is tried, in whole per cent rounded down; 100 where there is nothing to try.
    pub fn percent(&self) -> usize {
        let tried = self.of.saturating_sub(self.untried.len());
        (tried * 100).checked_div(self.of).unwrap_or(100)
    }

    fn count(&mut self, name: String, is_tried: bool) {
        self.of += 1;
        if !is_tried {
            self.untried.push(name);
        }
    }
}

/// What `played`, the examples of `connector`, try between them. Those that do not hold count too:
/// what they try is another matter than whether it is right.
pub fn coverage(connector: &Connector, played: &[Played]) -> Coverage {
    let called = |name: &str| played.iter().any(|one| one.noted.operations.contains(name));
    let mut operations = Tally::default();
    for name in connector.setup.keys() {
        operations.count(format!("setup.{name}"), called(name));
    }
    let tested = played.iter().any(|one| one.rights);
    for right in &connector.rights {
        operations.count(format!("rights: {}", right.right), tested);
    }
    for name in connector.choices.keys() {
        let is_tried = played.iter().any(|one| one.choices.as_ref() == Some(name));
        operations.count(format!("choices.{name}"), is_tried);
    }
    for name in connector.operations.keys() {
        operations.count(format!("operations.{name}"), called(name));
    }
    callout(connector, played, &mut operations);
    let mut rules = Tally::default();
    let setup = connector.setup.values().map(|setup| &setup.operation);
    let own = connector.operations.values().chain(setup);
    let own = own.map(|operation| (operation.name.as_str(), operation.errors.as_slice()));
    for (of, list) in own.chain([("http", connector.http.errors.as_slice())]) {
        for (at, rule) in list.iter().enumerate() {
            let name = format!("{of}.errors[{at}]");
            let spoke = played.iter().any(|one| one.noted.rules.contains(&name));
            rules.count(format!("{name} ({})", described(rule)), spoke);
        }
    }
    Coverage { operations, rules }
}

/// How callouts are read. Each key of a hint has to be found by some example, since nobody would
/// see that one is misspelt: the poll finds the ticket, only later.
fn callout(connector: &Connector, played: &[Played], tally: &mut Tally) {
    let Some(definition) = &connector.callout else {
        return;
    };
    let read: Vec<_> = played
        .iter()
        .filter_map(|one| one.callout.as_ref())
        .collect();
    if definition.request.is_some() {
        tally.count("callout.request".to_owned(), !read.is_empty());
    }
    for (field, rule) in &definition.hint {
        for key in &rule.keys {
            let key = format!("{field}: {key}");
            let is_tried = read.iter().any(|found| found.contains(&key));
            tally.count(format!("callout.hint.{key}"), is_tried);
        }
    }
}

/// A rule by what it looks for, since people do not count rules.
fn described(rule: &ErrorRule) -> String {
    let status = match rule.status {
        Some(StatusPattern::Exactly(status)) => Some(format!("status {status}")),
        Some(StatusPattern::Hundred(digit)) => Some(format!("status {digit}xx")),
        None => None,
    };
    let pattern = rule
        .matches
        .as_ref()
        .map(|pattern| format!("matches {}", pattern.as_str()));
    let seen: Vec<String> = status.into_iter().chain(pattern).collect();
    format!("{} → {}", seen.join(", "), rule.class)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn nothing_to_try_is_fully_tried_and_a_share_is_rounded_down() {
        assert_eq!(Tally::default().percent(), 100);
        let mut tally = Tally::default();
        for at in 0..3 {
            tally.count(format!("rule {at}"), at < 2);
        }
        assert_eq!(tally.percent(), 66);
        assert_eq!(tally.untried, ["rule 2"]);
    }
}
