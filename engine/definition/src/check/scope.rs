//! What expressions can see, and where: the names and shapes that are announced to the compiler.

use std::collections::BTreeMap;

use expression::Shape;
use serde_json::Value;

use crate::connector::Section;
use crate::family::Family;
use crate::raw::connector::{ConnectorFile, FieldText, SectionText};
use crate::raw::operation::{OperationText, PagesText};
use crate::raw::value::{Computed, Named};

/// The names that every operation sees, besides its contract's inputs.
pub(crate) const OPERATION_ROOTS: [&str; 9] = [
    "credentials",
    "vendor",
    "settings",
    "setup",
    "operation",
    "now",
    "job",
    "page",
    "answer",
];
/// The names that stand for what was answered where records are read.
pub(crate) const RECORD_ROOTS: [&str; 2] =
    [expression::DOCUMENT_PARAMETER, crate::operation::WHOLE];
/// The names that every pipeline sees, besides those of its events.
pub(crate) const PIPELINE_ROOTS: [&str; 5] = ["settings", "partner", "integration", "run", "now"];

/// What the expressions of one connector can see.
#[derive(Debug)]
pub(crate) struct ConnectorScope {
    roots: BTreeMap<String, Shape>,
}

impl ConnectorScope {
    /// What `file` announces: its forms, with the settings of its family, and the records of its
    /// setup.
    pub(crate) fn of(file: &ConnectorFile, family: &Family) -> Self {
        let setup = file
            .setup
            .0
            .iter()
            .map(|(name, text)| (name.clone(), record_shape(text)));
        let roots = BTreeMap::from([
            ("credentials".to_owned(), form(&file.credentials)),
            ("vendor".to_owned(), form(&file.vendor)),
            (
                "settings".to_owned(),
                settings(&file.settings, &family.settings),
            ),
            ("setup".to_owned(), Shape::object(setup)),
            ("operation".to_owned(), scalars(["name", "entity"])),
            ("now".to_owned(), Shape::Scalar),
        ]);
        Self { roots }
    }

    /// The common names and nothing else.
    pub(crate) fn common(&self) -> Shape {
        Shape::object(self.roots.clone())
    }

    /// The common names that people may be told: in their texts, no credential can slip through.
    pub(crate) fn told(&self) -> Shape {
        told(&self.common())
    }

    /// What a partner gives, and nothing else.
    pub(crate) fn credentials(&self) -> Shape {
        let given = self.roots.get_key_value("credentials").into_iter();
        Shape::object(given.map(|(name, shape)| (name.clone(), shape.clone())))
    }

    /// The names that tell who calls: what people gave, and what setup found.
    pub(crate) fn callers(&self) -> Shape {
        let mut roots = self.roots.clone();
        roots.retain(|name, _| ["credentials", "vendor", "setup"].contains(&name.as_str()));
        Shape::object(roots)
    }

    /// The names that setting up can rely on: what people gave, and what setup found before.
    pub(crate) fn during_setup(&self) -> Shape {
        let mut roots = self.roots.clone();
        roots.remove("settings");
        Shape::object(roots)
    }
}

/// These names without those whose values are nobody else's to read.
pub(crate) fn told(names: &Shape) -> Shape {
    match names {
        Shape::Object { fields, .. } => {
            let open = |name: &str| name != "credentials" && name != "vendor";
            let told = fields.iter().filter(|(name, _)| open(name));
            Shape::object(told.map(|(name, shape)| (name.clone(), shape.clone())))
        }
        Shape::Any | Shape::Scalar | Shape::Array(_) => Shape::object::<String>([]),
    }
}

/// The shape of `page`: what the way of paging gives.
pub(crate) fn page(pages: &PagesText) -> Shape {
    let size = pages.has_size().then_some("size");
    let names = pages.asked_by().into_iter().chain(size);
    Shape::object(names.map(|name| (name, Shape::Scalar)))
}

/// The shape of `answer`.
pub(crate) fn answer() -> Shape {
    Shape::object([
        ("status", Shape::Scalar),
        ("headers", Shape::open_object::<String>([])),
        ("body", Shape::Any),
    ])
}

/// What is known of the records that an operation's `record` makes.
pub(crate) fn record_shape(operation: &OperationText) -> Shape {
    match &operation.record {
        Some(Computed(Value::Object(fields))) if !is_directive(fields) => Shape::object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), field_shape(value))),
        ),
        _ => Shape::Any,
    }
}

/// Whether a map is a call or a literal rather than a map of parts.
pub(crate) fn is_directive(fields: &serde_json::Map<String, Value>) -> bool {
    fields.len() == 1 && fields.keys().all(|key| key == "script" || key == "literal")
}

/// A template prints a text; whatever a path or a script gives cannot be known here.
fn field_shape(value: &Value) -> Shape {
    match value {
        Value::String(text) if text.starts_with('$') => Shape::Any,
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => Shape::Scalar,
        Value::Array(_) | Value::Object(_) => Shape::Any,
    }
}

fn form(fields: &Named<FieldText>) -> Shape {
    Shape::object(
        fields
            .0
            .iter()
            .map(|(name, _)| (name.clone(), Shape::Scalar)),
    )
}

fn settings(own: &Named<SectionText>, of_family: &BTreeMap<String, Section>) -> Shape {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, section) in &own.0 {
        let fields = section.fields.0.iter().map(|(field, _)| field.as_str());
        sections.entry(name).or_default().extend(fields);
    }
    for (name, section) in of_family {
        let fields = section.fields.iter().map(|field| field.name.as_str());
        sections.entry(name).or_default().extend(fields);
    }
    Shape::object(sections.into_iter().map(|(name, fields)| {
        let fields = fields.into_iter().map(|field| (field, Shape::Scalar));
        (name, Shape::object(fields))
    }))
}

fn scalars<const N: usize>(names: [&str; N]) -> Shape {
    Shape::object(names.map(|name| (name, Shape::Scalar)))
}

/// The integration at hand; `callout` is what the PSA has to know to send us its notices, where the
/// operator has said under which address it reaches us.
fn integration() -> Shape {
    let texts = ["name", "version", "url", "username", "password"];
    let callout = texts.map(|name| (name, Shape::Scalar));
    let events = ("events", Shape::Array(Box::new(Shape::Scalar)));
    Shape::object([
        ("id", Shape::Scalar),
        ("connector", Shape::Scalar),
        (
            "callout",
            Shape::object(callout.into_iter().chain([events])),
        ),
    ])
}

/// The names that every pipeline sees. What settings there are is the connector's business.
pub(crate) fn pipeline() -> BTreeMap<String, Shape> {
    BTreeMap::from([
        ("settings".to_owned(), Shape::Any),
        ("partner".to_owned(), scalars(["id", "name"])),
        ("integration".to_owned(), integration()),
        ("run".to_owned(), scalars(["id"])),
        ("now".to_owned(), Shape::Scalar),
    ])
}
