//! Notices: callouts by which the product tells of requests.
//!
//! A request that is read from one is taken in by the same way as one that the product hands in
//! through the API, and is durable when the callout is answered. One that came before, by
//! whichever way, changes nothing. What brings no request is accepted and passed over: such
//! addresses get notices of every kind.

use definition::Family;
use definition::connector::Notice;
use expression::Scope;
use model::{Content, Integration};
use serde_json::Value;
use store::Batch;

use super::{CalloutError, NOTICES_MAX};
use crate::Runtime;
use crate::error::{Error, chain};

/// The schema that requests are held against.
const REQUEST: &str = "request";

/// The requests that a callout brings. Either all of them can be read, or none is taken in.
pub(super) fn requests(
    notice: &Notice,
    family: &Family,
    body: &[u8],
) -> Result<Vec<Value>, CalloutError> {
    let body: Value = serde_json::from_slice(body).map_err(|_| malformed("it is no JSON"))?;
    let scope = Scope::new().with("notice", &body);
    let items = match &notice.items {
        Some(selector) => selector.pick_all(&scope.over(&body)),
        None => return read(notice, family, &scope, &body).map(|record| vec![record]),
    };
    let items = items.map_err(|error| malformed(&error.to_string()))?;
    if items.values.len() > NOTICES_MAX {
        return Err(malformed("it brings too many requests"));
    }
    let each = items.values.into_iter();
    each.map(|item| read(notice, family, &scope, item))
        .collect()
}

fn read(
    notice: &Notice,
    family: &Family,
    scope: &Scope<'_>,
    item: &Value,
) -> Result<Value, CalloutError> {
    let record = notice.record.evaluate(&scope.over(item));
    let mut record = record.map_err(|error| malformed(&error.to_string()))?;
    if let Some(fields) = record.as_object_mut() {
        // A template without anything to print prints an empty text.
        fields.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
    }
    family
        .validate(REQUEST, &record)
        .map_err(|findings| CalloutError::Malformed { findings })?;
    Ok(record)
}

fn content(record: Value) -> Result<Content, CalloutError> {
    serde_json::from_value(record).map_err(|error| malformed(&error.to_string()))
}

fn malformed(finding: &str) -> CalloutError {
    CalloutError::Malformed {
        findings: vec![finding.to_owned()],
    }
}

impl Runtime {
    /// Takes in what a callout brought. Once this returns it is durable.
    pub(super) async fn take_noticed(
        &self,
        integration: &Integration,
        requests: Vec<Value>,
    ) -> Result<(), CalloutError> {
        let requests = requests.into_iter().map(content);
        let requests: Vec<Content> = requests.collect::<Result<_, _>>()?;
        for content in requests {
            match self.accept(&integration.partner, content).await {
                // It came before, in other words: what came first counts.
                Ok(_) | Err(Error::IdTaken { .. }) => {}
                Err(Error::Store(error)) => return Err(error.into()),
                Err(error) => return Err(malformed(&chain(&error))),
            }
        }
        self.callout_seen(Batch::new(), integration).await
    }
}
