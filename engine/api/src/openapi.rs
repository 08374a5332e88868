//! The OpenAPI document, generated from the routes and the wire types.
//!
//! `schemas/openapi.json` is this document, committed, so that a change of the contract is seen in
//! review; a test keeps the two the same. What is alike for many routes, such as the parameters in
//! the path, is added here once instead of being repeated at each.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Required,
    ResponseBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{Code, Fault, InText, ProblemDocument};
use crate::routes;

/// The name of the bearer tokens in the document.
const TOKEN: &str = "token";

/// What stands in braces in the paths.
const PARAMETERS: [(&str, &str); 9] = [
    ("partner", "The partner's id, as the product gave it."),
    ("request", "The request's id, as the product gave it."),
    ("integration", "The integration's id."),
    (
        "choices",
        "The name of the choices, as the setting's form gives it.",
    ),
    ("section", "The section's name, e.g. `tickets`."),
    ("run", "The run's id."),
    ("issue", "The issue's id."),
    ("line", "The id of a line of the plan."),
    ("token", "The secret part of the callout address."),
];

/// The document.
pub(crate) fn document() -> OpenApi {
    let mut document = OpenApi::default();
    document.info = InfoBuilder::new()
        .title("Dovetail")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description()))
        .build();
    document.components = Some(
        ComponentsBuilder::new()
            .schema(ProblemDocument::name(), ProblemDocument::schema())
            .schema(Fault::name(), Fault::schema())
            .schema(InText::name(), InText::schema())
            .security_scheme(
                TOKEN,
                SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)),
            )
            .build(),
    );
    let open = [routes::open(), routes::frequent()].map(|router| (false, router));
    for (guarded, router) in [(true, routes::guarded())].into_iter().chain(open) {
        let mut part = router.into_openapi();
        for (path, item) in &mut part.paths.paths {
            for operation in operations(item) {
                complete(operation, path, guarded);
            }
        }
        document.merge(part);
    }
    document
}

/// The document as it is served and committed.
pub(crate) fn text(document: &OpenApi) -> String {
    // Writing strings and numbers into memory cannot fail.
    document.to_pretty_json().unwrap_or_default() + "\n"
}

fn description() -> String {
    let codes: Vec<String> = Code::ALL
        .iter()
        .map(|code| {
            format!(
                "- `{}` ({}): {}.",
                code.name(),
                code.status().as_u16(),
                code.title()
            )
        })
        .collect();
    format!(
        "Requests of a product's users become tickets in the PSA of the partner that serves them, \
         and closes go both ways.\n\n\
         Every call but callouts brings a bearer token, made with `dovetail token`: an operator's, \
         which the product uses, or a partner's, which reaches that partner only and sends no \
         partners, customers or requests. Moments are RFC 3339 in UTC. Unknown fields are refused. \
         Every answer has an `x-request-id`, taken over from the call where it brings one.\n\n\
         An answer of 2xx means that what was sent is kept, also across a crash. Anything else \
         means that nothing was taken in, and is `application/problem+json` (RFC 9457) with one \
         of these in `type`, after `/problems/`:\n\n{}",
        codes.join("\n")
    )
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post]
        .into_iter()
        .flatten()
}

/// Adds what is alike for all operations.
fn complete(operation: &mut Operation, path: &str, guarded: bool) {
    let named = path.split(['{', '}']).skip(1).step_by(2);
    let parameters = operation.parameters.get_or_insert_default();
    parameters.splice(0..0, named.map(parameter));
    if guarded {
        let nothing_more: [&str; 0] = [];
        operation.security = Some(vec![SecurityRequirement::new(TOKEN, nothing_more)]);
    }
    let problem = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemDocument::name())))
        .build();
    let refused = ResponseBuilder::new()
        .description("Nothing was taken in; the problem says why, and how to mend it.")
        .content("application/problem+json", problem)
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), RefOr::T(refused));
}

fn parameter(name: &str) -> Parameter {
    let known = PARAMETERS.iter().find(|(known, _)| *known == name);
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(known.map(|(_, description)| *description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::path::Path;

    use serde_json::Value;

    use super::*;

    /// Set to write the committed document anew instead of comparing with it.
    const BLESS: &str = "DOVETAIL_BLESS";

    #[test]
    fn the_committed_document_is_the_generated_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/openapi.json");
        let generated = text(&document());
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == generated,
            "schemas/openapi.json is out of date: write it anew with {BLESS}=1 cargo test -p \
             dovetail-api, and review the difference"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let mut references = Vec::new();
        collect_references(&document, &mut references);
        assert!(references.len() > 50, "{references:?}");
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    fn collect_references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values()
                    .for_each(|value| collect_references(value, found));
            }
            Value::Array(list) => list
                .iter()
                .for_each(|value| collect_references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let mut ids = std::collections::BTreeSet::new();
        for item in document().paths.paths.values_mut() {
            for operation in operations(item) {
                let id = operation.operation_id.clone().unwrap();
                assert!(ids.insert(id.clone()), "{id} is there twice");
            }
        }
        assert!(ids.len() > 30, "{ids:?}");
    }

    #[test]
    fn every_parameter_in_a_path_is_described() {
        for path in document().paths.paths.keys() {
            for name in path.split(['{', '}']).skip(1).step_by(2) {
                assert!(
                    PARAMETERS.iter().any(|(known, _)| *known == name),
                    "{name} in {path}"
                );
            }
        }
    }
}
