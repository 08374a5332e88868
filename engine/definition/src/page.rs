//! A file under check: its text, its tree, and the problems found in it so far.
//!
//! Checks walk the raw types, which know no places. Beside them goes a `Spot`, which is the same
//! position as a JSON pointer; a problem reported at a spot gets its line and column from the tree.

use std::cell::{Cell, RefCell};

use expression::Fault;
use model::{Place, Problem, Severity};
use serde_json::Value;

use crate::yaml::{self, Kind, Node, Span};

/// One YAML file.
#[derive(Debug)]
pub(crate) struct Page {
    name: String,
    lines: Vec<String>,
    root: Option<Node>,
    problems: RefCell<Vec<Problem>>,
    /// Script files that have problems of their own, so that calling them is none.
    broken_scripts: RefCell<Vec<String>>,
    /// Whether something was passed over because of a problem elsewhere.
    spoiled: Cell<bool>,
}

impl Page {
    /// Parses `text`; what is wrong with it as YAML is among the problems already.
    pub(crate) fn read(name: &str, text: &str) -> Self {
        let (root, flaws) = yaml::parse(text);
        let page = Self {
            name: name.to_owned(),
            lines: text
                .trim_start_matches('\u{feff}')
                .lines()
                .map(ToOwned::to_owned)
                .collect(),
            root,
            problems: RefCell::new(Vec::new()),
            broken_scripts: RefCell::new(Vec::new()),
            spoiled: Cell::new(false),
        };
        for flaw in flaws {
            page.note(
                flaw.code,
                Severity::Error,
                flaw.span,
                flaw.message,
                flaw.hint,
            );
        }
        page
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    pub(crate) fn value(&self) -> Value {
        self.root.as_ref().map_or(Value::Null, Node::to_value)
    }

    /// Says nothing about calls of these scripts, whose own problems are reported.
    pub(crate) fn forgive_scripts(&self, names: &[String]) {
        self.broken_scripts.replace(names.to_vec());
    }

    /// How many errors were found so far.
    pub(crate) fn errors(&self) -> usize {
        let problems = self.problems.borrow();
        problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count()
    }

    /// Where its values stand.
    pub(crate) fn places(&self) -> Places {
        Places(self.root.clone())
    }

    /// The top of the file.
    pub(crate) fn spot(&self) -> Spot<'_> {
        Spot {
            page: self,
            steps: Vec::new(),
            lender: None,
        }
    }

    /// Whether anything found so far forbids to use the file.
    pub(crate) fn is_broken(&self) -> bool {
        self.spoiled.get() || self.errors() > 0
    }

    /// Forbids to use the file because of a problem elsewhere.
    pub(crate) fn spoil(&self) {
        self.spoiled.set(true);
    }

    /// The problems in the order of the file, each once: a value that is used through aliases is
    /// checked as often as it is used.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems
            .sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
        problems.dedup();
        problems
    }

    pub(crate) fn note(
        &self,
        code: &'static str,
        severity: Severity,
        span: Span,
        message: String,
        hint: Option<String>,
    ) {
        let source_line = self.line(span.line).to_owned();
        let place = Place {
            file: self.name.clone(),
            line: span.line,
            column: span.column,
            length: span.length,
        };
        self.problems.borrow_mut().push(Problem {
            code,
            severity,
            message,
            place,
            source_line,
            hint,
        });
    }

    fn is_of_broken_script(&self, fault: &Fault) -> bool {
        let names = |name: &String| fault.message.contains(&format!("`{name}`"));
        fault.code == "unknown-script" && self.broken_scripts.borrow().iter().any(names)
    }

    fn line(&self, number: usize) -> &str {
        number
            .checked_sub(1)
            .and_then(|index| self.lines.get(index))
            .map_or("", String::as_str)
    }
}

/// Where the values of a file stand, for those who speak of them when it has long been read.
#[derive(Clone, Debug, Default)]
pub struct Places(Option<Node>);

impl Places {
    /// The line and the column, both counted from 1, of the key or list item that these keys and
    /// indices lead to; `None` when there is none. What is used by an alias stands where its anchor
    /// is, so that two ways may lead to one place.
    pub fn find<'s>(&self, steps: impl IntoIterator<Item = &'s str>) -> Option<(usize, usize)> {
        let (mut node, mut span) = (self.0.as_ref()?, None);
        for step in steps {
            let next = node.child(step)?;
            let key = node.entry(step).map(|entry| entry.key_span);
            span = Some(key.unwrap_or_else(|| next.visible_span()));
            node = next;
        }
        span.map(|span| (span.line, span.column))
    }
}

/// A position in a page.
#[derive(Clone, Debug)]
pub(crate) struct Spot<'p> {
    page: &'p Page,
    steps: Vec<String>,
    /// Where all of its keys stand but these.
    lender: Option<(&'static [&'static str], Box<Self>)>,
}

impl<'p> Spot<'p> {
    /// The value of `key` in the map here.
    pub(crate) fn key(&self, key: &str) -> Self {
        if let Some((own, lender)) = &self.lender
            && !own.contains(&key)
        {
            return lender.key(key);
        }
        let mut steps = self.steps.clone();
        steps.push(key.to_owned());
        self.at(steps)
    }

    /// The same place, where a problem with any key but `own` is one of what it has from `lender`.
    pub(crate) fn lent(self, own: &'static [&'static str], lender: Self) -> Self {
        let lender = Some((own, Box::new(lender)));
        Self { lender, ..self }
    }

    /// The keys of the map here, as they are written.
    pub(crate) fn keys(&self) -> Vec<&'p str> {
        match self.node().map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().map(|entry| &*entry.key).collect(),
            _ => Vec::new(),
        }
    }

    const fn at(&self, steps: Vec<String>) -> Self {
        Self {
            page: self.page,
            steps,
            lender: None,
        }
    }

    /// The `index`-th part of the list here.
    pub(crate) fn index(&self, index: usize) -> Self {
        self.key(&index.to_string())
    }

    /// The value at a JSON pointer from here.
    pub(crate) fn pointer(&self, pointer: &str) -> Self {
        let mut steps = self.steps.clone();
        let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
        steps.extend(pointer.split('/').skip(1).map(unescape));
        self.at(steps)
    }

    /// The path as people write it, e.g. `steps[2].when.steps[0]`.
    pub(crate) fn path(&self) -> String {
        self.steps.iter().fold(String::new(), |path, step| {
            match (path.is_empty(), step.parse::<usize>()) {
                (_, Ok(index)) => format!("{path}[{index}]"),
                (true, Err(_)) => step.clone(),
                (false, Err(_)) => format!("{path}.{step}"),
            }
        })
    }

    /// The last step of the path; none at the top.
    pub(crate) fn last(&self) -> Option<&str> {
        self.steps.last().map(String::as_str)
    }

    /// Reports an error about the value here.
    pub(crate) fn error(&self, code: &'static str, message: String, hint: Option<String>) {
        self.page
            .note(code, Severity::Error, self.span(), message, hint);
    }

    /// Reports an error about the key whose value is here.
    pub(crate) fn key_error(&self, code: &'static str, message: String, hint: Option<String>) {
        self.page
            .note(code, Severity::Error, self.key_span(), message, hint);
    }

    /// Reports a doubt about the key whose value is here.
    pub(crate) fn key_warning(&self, code: &'static str, message: String, hint: Option<String>) {
        self.page
            .note(code, Severity::Warning, self.key_span(), message, hint);
    }

    /// Reports what is wrong with the expression here.
    pub(crate) fn faults(&self, faults: Vec<Fault>) {
        for fault in faults {
            if self.page.is_of_broken_script(&fault) {
                self.page.spoil();
                continue;
            }
            let spot = self.pointer(&fault.pointer);
            let span = match (spot.node().map(|node| (node, &node.kind)), fault.offset) {
                (Some((node, Kind::Text(text))), Some((offset, length))) => {
                    let line = self.page.line(node.span.line);
                    yaml::within(node.span, text, line, offset, length)
                }
                _ => spot.span(),
            };
            self.page
                .note(fault.code, Severity::Error, span, fault.message, fault.hint);
        }
    }

    /// The path of the file.
    pub(crate) fn file(&self) -> &'p str {
        &self.page.name
    }

    /// All values of the file as one text, to look for a name in.
    pub(crate) fn file_text(&self) -> String {
        self.page.value().to_string()
    }

    /// What stands at a pointer of the file, as one text to look for a name in.
    pub(crate) fn file_text_at(&self, pointer: &str) -> Option<String> {
        self.page.value().pointer(pointer).map(Value::to_string)
    }

    /// How many errors were found in the whole file so far.
    pub(crate) fn errors(&self) -> usize {
        self.page.errors()
    }

    /// Whether a value of the file is missing only because something elsewhere is broken, so that
    /// what follows from its absence is no mistake of this file.
    pub(crate) fn is_spoiled(&self) -> bool {
        self.page.spoiled.get()
    }

    fn node(&self) -> Option<&'p Node> {
        self.steps
            .iter()
            .try_fold(self.page.root.as_ref()?, |node, step| node.child(step))
    }

    /// Where to point for the value here. A map or list is best shown by its key.
    fn span(&self) -> Span {
        match self.node() {
            Some(node) => match node.kind {
                Kind::Map(_) | Kind::List(_) | Kind::Null => self.key_span(),
                _ => node.span,
            },
            None => self.key_span(),
        }
    }

    /// Where to point for the key here; for a part of a list its beginning. A key that is not
    /// there is shown by the map it is missing from.
    fn key_span(&self) -> Span {
        let start = Span {
            line: 1,
            column: 1,
            length: 1,
        };
        let Some((last, above)) = self.steps.split_last() else {
            return self.page.root.as_ref().map_or(start, Node::visible_span);
        };
        let parent = self.at(above.to_vec());
        match parent.node() {
            Some(node) => match (node.entry(last), node.child(last)) {
                (Some(entry), _) => entry.key_span,
                (None, Some(item)) => item.visible_span(),
                (None, None) => parent.key_span(),
            },
            None => parent.key_span(),
        }
    }
}
