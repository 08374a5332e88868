//! Reads the path and the query of a call; what cannot be used is a problem that names it.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::problem::{Code, Problem};

/// The parameters in the path, in their order.
pub(crate) struct At<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for At<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(unusable_path(rejection)),
        }
    }
}

fn unusable_path(rejection: PathRejection) -> Problem {
    let detail = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            ErrorKind::DeserializeError { key, message, .. } => {
                format!("The path's `{key}` cannot be used: {message}.")
            }
            ErrorKind::Message(message) => format!("The path cannot be used: {message}."),
            kind => format!("The path cannot be used: {kind}."),
        },
        other => format!("The path cannot be used: {}.", other.body_text()),
    };
    Problem::new(Code::ParameterInvalid, detail)
        .remedy("Use the id as it was given, percent-encoded where it stands in the path.")
}

/// The query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S, T> FromRequestParts<S> for Asked<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let said = rejection.body_text();
                let said = said
                    .split_once(": ")
                    .map_or(said.as_str(), |(_, what)| what);
                let detail = format!("The query cannot be used: {said}.");
                Err(Problem::new(Code::ParameterInvalid, detail)
                    .remedy("The parameters of each address are listed in /api/openapi.json."))
            }
        }
    }
}

/// How many entries to give when `limit` was asked for.
pub(crate) fn page(limit: Option<usize>) -> Result<usize, Problem> {
    match limit {
        None => Ok(PAGE_DEFAULT),
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(limit) => {
            let detail = format!("The query's `limit` is {limit}; it goes from 1 to {PAGE_MAX}.");
            Err(Problem::new(Code::ParameterInvalid, detail)
                .remedy("Ask for fewer, then for those after the last one."))
        }
    }
}
