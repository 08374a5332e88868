//! What goes over the wire, one module per resource.
//!
//! These types are the contract: the OpenAPI document is generated from them, callers depend on
//! them, and they change apart from the engine's own. What comes in refuses unknown fields, so
//! that a misspelt one is an error and not a silence. What goes out holds no
//! [`Secret`](model::Secret).

pub(crate) mod activity;
pub(crate) mod billing;
pub(crate) mod credentials;
pub(crate) mod exchanges;
pub(crate) mod integrations;
pub(crate) mod issues;
pub(crate) mod legs;
pub(crate) mod mappings;
pub(crate) mod partners;
pub(crate) mod plan;
pub(crate) mod previews;
pub(crate) mod reconciliation;
pub(crate) mod requests;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod tokens;
pub(crate) mod usage;

use model::Timestamp;
use serde::Serialize;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A moment, written as RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Moment(Timestamp);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment, RFC 3339 in UTC."))
            .examples(["2026-07-01T12:00:00.000Z"])
            .into()
    }
}

impl ToSchema for Moment {}

/// Turns each of `items` into its wire form.
pub(crate) fn each<T, W: From<T>>(items: Vec<T>) -> Vec<W> {
    items.into_iter().map(W::from).collect()
}
