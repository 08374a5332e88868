//! The names that the steps of a pipeline can use, as they grow from step to step.

use std::collections::BTreeMap;

use expression::Shape;

use super::scope;
use crate::codes;
use crate::page::Spot;
use crate::raw::value::Name;

/// The names that a step can use.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    known: BTreeMap<String, Shape>,
    /// Whether the steps here are done for one of many things: a request, a record of a list.
    one_of_many: bool,
}

impl Names {
    /// The names that are there when the pipeline starts.
    pub(crate) fn new(known: BTreeMap<String, Shape>, one_of_many: bool) -> Self {
        Self { known, one_of_many }
    }

    /// The names as a compiler wants them.
    pub(crate) fn shape(&self) -> Shape {
        Shape::object(self.known.clone())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Shape> {
        self.known.get(name)
    }

    /// Whether the steps here are done for one of many things.
    pub(crate) fn is_one_of_many(&self) -> bool {
        self.one_of_many
    }

    /// The names inside a loop, where `name` is the one of many.
    pub(crate) fn inside(&self, name: &Name, shape: Shape, spot: &Spot<'_>) -> Self {
        let mut inside = Self {
            one_of_many: true,
            ..self.clone()
        };
        inside.add(name, shape, spot);
        inside
    }

    /// Adds a name. It may hide an earlier one only where it is the same thing more fully known,
    /// such as a ticket in place of its key: a reader would be misled by anything else.
    pub(crate) fn add(&mut self, name: &Name, shape: Shape, spot: &Spot<'_>) {
        let hidden = self
            .known
            .get(&name.0)
            .filter(|before| !is_fuller(&shape, before));
        if hidden.is_some() || scope::PIPELINE_ROOTS.contains(&name.0.as_str()) {
            let message = format!("`{}` means something else here already", name.0);
            spot.error(
                codes::SHADOWED_NAME,
                message,
                Some("choose another name".to_owned()),
            );
        }
        self.known.insert(name.0.clone(), shape);
    }

    /// Adds a name of which nothing is known, because what would give it does not exist.
    pub(crate) fn add_unknown(&mut self, name: Option<&Name>) {
        self.known
            .extend(name.map(|name| (name.0.clone(), Shape::Any)));
    }
}

/// Whether `after` is an object with all the keys of the object `before`.
fn is_fuller(after: &Shape, before: &Shape) -> bool {
    match (after, before) {
        (Shape::Object { fields: after, .. }, Shape::Object { fields: before, .. }) => {
            before.keys().all(|key| after.contains_key(key))
        }
        _ => false,
    }
}
