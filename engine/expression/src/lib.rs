//! Values that are computed: JSONPath picks, Handlebars prints, Rhai decides.
//!
//! A connector or pipeline file holds expressions wherever it holds a value. [`Compiler`] turns
//! such a value into an [`Expression`] when the file is loaded and reports everything that is
//! wrong with it as [`Fault`]s; [`Expression::evaluate`] computes it from a [`Scope`] later, as
//! often as needed. What can be known to be wrong is never found out in the second step.
//!
//! | in the file | is |
//! |---|---|
//! | a string that is `$` or starts with `$.` or `$[` | the typed value at this path |
//! | a string with `{{ }}` | printed text |
//! | a map with the single key `script` | what `file.rhai#function` returns |
//! | a map with the single key `literal` | its value, untouched |
//! | any other map or list | itself, its parts computed |
//! | any other scalar | itself |
//!
//! This crate reads no file, no clock and no environment, and knows neither what the names in a
//! scope mean nor where in a file a value stood: a fault says where inside the value it is, and
//! `definition` turns that into a line and a column.

pub mod compile;
pub mod error;
pub mod expression;
pub mod fault;
mod path;
pub mod phrase;
pub mod scope;
pub mod script;
pub mod shape;
pub mod template;
pub mod text;

pub use compile::{Compiler, DOCUMENT_PARAMETER};
pub use error::{Error, Thrown};
pub use expression::{Expression, Hits, Selector};
pub use fault::Fault;
pub use path::Place;
pub use phrase::Phrase;
pub use scope::Scope;
pub use script::{ScriptFault, Scripts};
pub use shape::Shape;
