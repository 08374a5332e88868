//! What the examples of a connector try between them, and what they leave untried: every way to
//! the other side, every key that callouts are searched for, every rule about what its failures
//! mean, every field that is read from answers, both outcomes of its checks, and every line of its
//! own scripts. Shared scripts are not counted: what they do for one connector is a part of it.

mod answers;
mod checks;
mod lines;

use definition::rule::StatusPattern;
use definition::{Connector, ErrorRule, OfConnector};

use super::Played;
use crate::witness::Shown;

/// What examples try and leave untried, kind by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage(pub Vec<Tally>);

/// How many there are of one kind, and which of them no example tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What is counted, in the plural.
    pub what: &'static str,
    /// How many there are.
    pub of: usize,
    /// How many of them some example tries.
    pub tried: usize,
    /// Those that no example tries, in the order of the file.
    pub untried: Vec<Untried>,
}

/// What no example tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untried {
    /// What it is, as people find it in the file.
    pub name: String,
    /// The file.
    pub file: String,
    /// The line and the column in it, both counted from 1.
    pub place: Option<(usize, usize)>,
    /// What an example that tries it shows.
    pub example: String,
}

impl Tally {
    /// The part that is tried, in whole per cent rounded down; 100 where there is nothing to try.
    pub fn percent(&self) -> usize {
        (self.tried * 100).checked_div(self.of).unwrap_or(100)
    }
}

/// What `played`, the examples of `connector`, try between them. Those that do not hold count too:
/// what they try is another matter than whether it is right. Lines of scripts count once they have
/// been run in any example since the connector was loaded.
pub fn coverage(of: &OfConnector, connector: &Connector, played: &[Played]) -> Coverage {
    let mut operations = Count::new(
        "operations, setup, choices, rights, checks and callouts",
        of,
    );
    ways(connector, played, &mut operations);
    checks::count(connector, played, &mut operations);
    callout(connector, played, &mut operations);
    let mut rules = Count::new("error rules", of);
    errors(connector, played, &mut rules);
    let mut read = Count::new("fields, filters, pages and warnings", of);
    answers::count(connector, played, &mut read);
    let scripts = lines::tally(of, connector);
    Coverage(vec![operations.end(), rules.end(), read.end(), scripts])
}

/// Whether some example showed that of the operation, list or check of this name.
fn is_shown(played: &[Played], of: &str, shown: Shown) -> bool {
    let seen = (of.to_owned(), shown);
    played.iter().any(|one| one.noted.shown.contains(&seen))
}

/// Counts things of a connector's file.
struct Count<'a> {
    of: &'a OfConnector,
    what: &'static str,
    things: Vec<Thing>,
}

/// One thing that can be tried.
struct Thing {
    /// Its line and column. What stands in one place is one thing, however often it is used.
    place: Option<(usize, usize)>,
    name: String,
    example: String,
    is_tried: bool,
}

impl<'a> Count<'a> {
    const fn new(what: &'static str, of: &'a OfConnector) -> Self {
        Self {
            of,
            what,
            things: Vec::new(),
        }
    }

    /// Counts what lies at `way`, the keys and indices that lead to it. An `aspect` tells several
    /// things about one place apart.
    fn thing(&mut self, way: &[&str], aspect: &str, example: String, is_tried: bool) {
        let place = self.of.places.find(way.iter().copied());
        let name = format!("{}{aspect}", path(way));
        let is_same =
            |one: &&mut Thing| one.place == place && place.is_some() && one.example == example;
        if let Some(known) = self.things.iter_mut().find(is_same) {
            known.is_tried |= is_tried;
            return;
        }
        self.things.push(Thing {
            place,
            name,
            example,
            is_tried,
        });
    }

    fn end(self) -> Tally {
        let untried = self.things.iter().filter(|one| !one.is_tried);
        let mut untried: Vec<Untried> = untried
            .map(|one| Untried {
                name: one.name.clone(),
                file: self.of.file.clone(),
                place: one.place,
                example: one.example.clone(),
            })
            .collect();
        untried.sort_by_key(|one| one.place);
        Tally {
            what: self.what,
            of: self.things.len(),
            tried: self.things.len() - untried.len(),
            untried,
        }
    }
}

/// A way as people write it, such as `http.errors[2]`.
fn path(way: &[&str]) -> String {
    way.iter().fold(String::new(), |path, step| {
        match (path.is_empty(), step.parse::<usize>()) {
            (_, Ok(index)) => format!("{path}[{index}]"),
            (true, Err(_)) => (*step).to_owned(),
            (false, Err(_)) => format!("{path}.{step}"),
        }
    })
}

/// Every way to the other side.
fn ways(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    let called = |name: &str| played.iter().any(|one| one.noted.operations.contains(name));
    for name in connector.setup.keys() {
        let example = "an example whose `given.setup` lacks it".to_owned();
        count.thing(&["setup", name], "", example, called(name));
    }
    let tested = played.iter().any(|one| one.rights);
    for (at, right) in connector.rights.iter().enumerate() {
        let example = "`connection: test`".to_owned();
        let aspect = format!(" ({})", right.right);
        count.thing(&["rights", &at.to_string()], &aspect, example, tested);
    }
    for name in connector.choices.keys() {
        let is_tried = played.iter().any(|one| one.choices.as_ref() == Some(name));
        let example = format!("`choices: {name}`");
        count.thing(&["choices", name], "", example, is_tried);
    }
    for name in connector.operations.keys() {
        let example = format!("`operation: {name}`");
        count.thing(&["operations", name], "", example, called(name));
    }
}

/// How callouts are read. Each key of a hint has to be found by some example, since nobody would
/// see that one is misspelt: the poll finds the ticket, only later.
fn callout(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    let Some(definition) = &connector.callout else {
        return;
    };
    let read: Vec<_> = played
        .iter()
        .filter_map(|one| one.callout.as_ref())
        .collect();
    if definition.request.is_some() {
        let example = "`callout: { body: ... }`".to_owned();
        count.thing(&["callout", "request"], "", example, !read.is_empty());
    }
    for (field, rule) in &definition.hint {
        for (at, key) in rule.keys.iter().enumerate() {
            let found = format!("{field}: {key}");
            let is_tried = read.iter().any(|one| one.contains(&found));
            let way = ["callout", "hint", field, "keys", &at.to_string()];
            let example = format!("`callout: {{ body: {{ {key}: ... }} }}`");
            count.thing(&way, &format!(" ({key})"), example, is_tried);
        }
    }
}

/// Every rule about what failures mean, the connector's and those of its operations.
fn errors(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    let own = connector.operations.iter();
    let own = own.map(|(name, one)| (["operations", name.as_str()], one.errors.as_slice()));
    let setup = connector.setup.iter();
    let setup =
        setup.map(|(name, one)| (["setup", name.as_str()], one.operation.errors.as_slice()));
    for (above, rules) in own.chain(setup) {
        for (at, rule) in rules.iter().enumerate() {
            let at = at.to_string();
            let way = [above[0], above[1], "errors", &at];
            error(count, &way, (above[1], rule), played);
        }
    }
    for (at, rule) in connector.http.errors.iter().enumerate() {
        let at = at.to_string();
        error(count, &["http", "errors", &at], ("http", rule), played);
    }
}

fn error(count: &mut Count<'_>, way: &[&str], (of, rule): (&str, &ErrorRule), played: &[Played]) {
    let at = way.last().copied().unwrap_or_default();
    let name = format!("{of}.errors[{at}]");
    let spoke = played.iter().any(|one| one.noted.rules.contains(&name));
    let example = format!("an answer with {}, and `fails`", looked_for(rule));
    count.thing(way, &format!(" ({})", rule.class), example, spoke);
}

/// What a rule looks for, since people do not count rules.
fn looked_for(rule: &ErrorRule) -> String {
    let status = match rule.status {
        Some(StatusPattern::Exactly(status)) => Some(format!("status {status}")),
        Some(StatusPattern::Hundred(digit)) => Some(format!("status {digit}xx")),
        None => None,
    };
    let pattern = rule
        .matches
        .as_ref()
        .map(|pattern| format!("what matches {}", pattern.as_str()));
    let seen: Vec<String> = status.into_iter().chain(pattern).collect();
    if seen.is_empty() {
        "what it looks for".to_owned()
    } else {
        seen.join(" and ")
    }
}

#[cfg(test)]
mod tests {
    use definition::OfConnector;

    use super::{Count, path};

    #[test]
    fn nothing_to_try_is_fully_tried_and_a_share_is_rounded_down() {
        let of = OfConnector::default();
        assert_eq!(Count::new("rules", &of).end().percent(), 100);
        let mut count = Count::new("rules", &of);
        for at in 0..3 {
            count.thing(&["rules", &at.to_string()], "", String::new(), at < 2);
        }
        let tally = count.end();
        assert_eq!((tally.of, tally.tried, tally.percent()), (3, 2, 66));
        assert_eq!(
            tally.untried.first().map(|one| one.name.as_str()),
            Some("rules[2]")
        );
    }

    #[test]
    fn a_way_is_written_as_people_write_it() {
        assert_eq!(
            path(&["http", "errors", "2", "when"]),
            "http.errors[2].when"
        );
    }
}
