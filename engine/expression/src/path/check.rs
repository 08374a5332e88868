//! A path against what is known: every name that cannot exist, with the nearest that does.

use std::slice;

use jsonpath_rust::parser::model::{
    Comparable, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};

use crate::compile::Names;
use crate::fault::{self, Fault};
use crate::shape::{Found, Shape};

/// Everything wrong with `query`, which was read from `text`.
pub(super) fn check(text: &str, query: &JpQuery, names: &Names<'_>) -> Vec<Fault> {
    let mut check = Check {
        text,
        cursor: 0,
        faults: Vec::new(),
        rooted: names.document,
    };
    match (names.document, query.segments.split_first()) {
        (Some(document), _) => check.segments(document, &query.segments),
        (None, Some((Segment::Selector(Selector::Name(name)), rest))) => {
            if let Some(shape) = check.name(names.roots, name, fault::UNKNOWN_VARIABLE) {
                check.segments(shape, rest);
            }
        }
        (None, _) => check.faults.push(no_single_root(text)),
    }
    check.faults
}

/// The fault of a path that does not begin with one name where `$` is a set of names.
pub(super) fn no_single_root(text: &str) -> Fault {
    Fault::new(
        fault::UNSUPPORTED_PATH,
        format!("`{text}` does not begin with one name"),
    )
    .hint("`$` is a set of names here: begin with one of them, as in `$.request`".to_owned())
}

struct Check<'t> {
    text: &'t str,
    /// The byte of `text` behind the last name that was looked at; names occur in order.
    cursor: usize,
    faults: Vec<Fault>,
    /// What `$` is inside a filter; `None` where it is a set of names.
    rooted: Option<&'t Shape>,
}

impl Check<'_> {
    fn segments<'s>(&mut self, mut shape: &'s Shape, segments: &[Segment]) {
        static ANY: Shape = Shape::Any;
        for segment in segments {
            let selectors = match segment {
                Segment::Selector(selector) => slice::from_ref(selector),
                Segment::Selectors(selectors) => selectors,
                // Whatever `..` hits, nothing is known of it.
                Segment::Descendant(_) => return,
            };
            let mut next: Vec<&'s Shape> = Vec::new();
            for selector in selectors {
                match self.selector(shape, selector) {
                    Some(part) => next.push(part),
                    None => return,
                }
            }
            shape = match *next {
                [only] => only,
                _ => &ANY,
            };
        }
    }

    /// What `selector` selects from `shape`; `None` when that is a fault.
    fn selector<'s>(&mut self, shape: &'s Shape, selector: &Selector) -> Option<&'s Shape> {
        match selector {
            Selector::Name(name) => self.name(shape, name, fault::UNKNOWN_FIELD),
            Selector::Filter(filter) => {
                let part = self.part(shape, "filtered")?;
                self.filter(part, filter);
                Some(part)
            }
            Selector::Index(_) => self.part(shape, "indexed"),
            Selector::Wildcard => self.part(shape, "listed"),
            Selector::Slice(..) => self.part(shape, "sliced"),
        }
    }

    fn name<'s>(&mut self, shape: &'s Shape, name: &str, code: &'static str) -> Option<&'s Shape> {
        let place = fault::locate(self.text, self.cursor, name);
        if let Some((_, end)) = place {
            self.cursor = end;
        }
        let (message, hint) = match shape.field(name) {
            Found::Shape(found) => return Some(found),
            Found::Missing if code == fault::UNKNOWN_VARIABLE => (
                format!("`{name}` is not known here"),
                fault::suggest(name, shape.names()),
            ),
            Found::Missing => (
                format!("there is no field `{name}`"),
                fault::suggest(name, shape.names()),
            ),
            Found::NoFields("a list") => (
                format!("`{name}` is looked up in a list"),
                Some("take one element with `[0]`, or all with `[*]`".to_owned()),
            ),
            Found::NoFields(what) => (format!("`{name}` is looked up in {what}"), None),
        };
        let fault = Fault::new(code, message)
            .at(place.map(|(offset, _)| offset))
            .hint(hint);
        self.faults.push(fault);
        None
    }

    fn part<'s>(&mut self, shape: &'s Shape, done: &str) -> Option<&'s Shape> {
        let part = shape.part();
        if part.is_none() {
            let message = format!("in `{}`, a single value is {done}", self.text);
            self.faults.push(Fault::new(fault::UNKNOWN_FIELD, message));
        }
        part
    }

    /// Checks the names that a filter looks at in `element`: a misspelled one would not fail, it
    /// would select nothing, for ever.
    fn filter(&mut self, element: &Shape, filter: &Filter) {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => {
                for part in parts {
                    self.filter(element, part);
                }
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(element, expr),
            Filter::Atom(FilterAtom::Test { expr, .. }) => self.test(element, expr),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (left, right) = comparison.vals();
                self.comparable(element, left);
                self.comparable(element, right);
            }
        }
    }

    fn test(&mut self, element: &Shape, test: &Test) {
        match test {
            Test::RelQuery(segments) => self.segments(element, segments),
            Test::AbsQuery(query) => self.absolute(&query.segments),
            Test::Function(function) => self.function(element, function),
        }
    }

    fn comparable(&mut self, element: &Shape, comparable: &Comparable) {
        match comparable {
            Comparable::Literal(_) => {}
            Comparable::Function(function) => self.function(element, function),
            Comparable::SingularQuery(SingularQuery::Current(path)) => {
                self.segments(element, &as_segments(path));
            }
            Comparable::SingularQuery(SingularQuery::Root(path)) => {
                self.absolute(&as_segments(path));
            }
        }
    }

    fn function(&mut self, element: &Shape, function: &TestFunction) {
        let arguments: Vec<&FnArg> = match function {
            TestFunction::Custom(_, arguments) => arguments.iter().collect(),
            TestFunction::Length(argument) => vec![argument],
            TestFunction::Value(argument) | TestFunction::Count(argument) => vec![argument],
            TestFunction::Search(one, two) | TestFunction::Match(one, two) => vec![one, two],
        };
        for argument in arguments {
            match argument {
                FnArg::Literal(_) => {}
                FnArg::Test(test) => self.test(element, test),
                FnArg::Filter(filter) => self.filter(element, filter),
            }
        }
    }

    /// `$` inside a filter is the document that the library was given. Where `$` is a set of names
    /// it is given only one of them, and the path would quietly look in the wrong place.
    fn absolute(&mut self, segments: &[Segment]) {
        match self.rooted {
            Some(document) => self.segments(document, segments),
            None => self.faults.push(
                Fault::new(fault::UNSUPPORTED_PATH, "a filter cannot look at `$` here")
                    .hint("compare with a constant, or decide in a script".to_owned()),
            ),
        }
    }
}

fn as_segments(path: &[SingularQuerySegment]) -> Vec<Segment> {
    let selector = |segment: &SingularQuerySegment| match segment {
        SingularQuerySegment::Index(index) => Selector::Index(*index),
        SingularQuerySegment::Name(name) => Selector::Name(name.clone()),
    };
    path.iter()
        .map(|segment| Segment::Selector(selector(segment)))
        .collect()
}
