//! The two places for credentials: those in use, and the next or the former ones beside them.
//! Neither is ever shown; only since when they are there, and by whom.

use std::collections::BTreeMap;

use axum::response::Response;
use model::{Entered, Health, Secret};
use runtime::{ConnectionReport, Error, Fault, Runtime, SpareView};

use super::{Refusal, settings_page};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Field, credential, sentence};
use crate::moment::Moment;
use crate::shell::{There, refused};

/// What the page shows of credentials.
pub(super) struct Credentials {
    pub(super) fields: Vec<Field>,
    /// Why what was asked for was not done.
    pub(super) rejected: Option<Rejected>,
    pub(super) in_use: Known,
    pub(super) spare: Option<Spare>,
}

/// Credentials that did not work.
pub(super) struct Rejected {
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

/// What is known of credentials.
pub(super) struct Known {
    pub(super) is_good: bool,
    pub(super) since: Option<Moment>,
    pub(super) by: String,
}

/// Those beside the ones in use.
pub(super) struct Spare {
    pub(super) known: Known,
    /// Until when they were in use, and when they are forgotten; nothing of the next ones.
    pub(super) former: Option<(Moment, Moment)>,
}

impl Credentials {
    pub(super) fn of(
        there: &There,
        typed: &Fields,
        faults: &[Fault],
        rejected: Option<Rejected>,
    ) -> Self {
        let known = &there.integration.credentials;
        let fields = there.connector.credentials.iter();
        Self {
            fields: fields
                .map(|field| credential(field, typed, faults))
                .collect(),
            rejected,
            in_use: Known::of(known.entered.as_ref(), &there.integration.health),
            spare: known.spare.as_ref().map(Spare::from),
        }
    }
}

impl Known {
    fn of(entered: Option<&Entered>, health: &Health) -> Self {
        Self {
            is_good: matches!(health, Health::Good),
            since: entered.map(|entered| entered.at.into()),
            by: entered
                .map(|entered| entered.by.clone())
                .unwrap_or_default(),
        }
    }
}

impl From<&SpareView> for Spare {
    fn from(spare: &SpareView) -> Self {
        let former = spare.former;
        Self {
            known: Known::of(spare.entered.as_ref(), &spare.health),
            former: former.map(|former| (former.until.into(), former.kept_until.into())),
        }
    }
}

/// Does what was asked for with credentials.
pub(super) async fn send(
    runtime: &Runtime,
    there: &There,
    fields: &Fields,
) -> Result<Response, Failure> {
    let (partner, id, by) = (there.here.id(), there.id(), there.here.visitor.by());
    let (tried, said) = match fields.action() {
        "spare_remove" => {
            runtime.remove_spare(partner, id).await?;
            return Ok(there.leave_for("connection", "spare_removed", 0));
        }
        "spare_test" => (runtime.test_spare(partner, id).await, "spare_works"),
        "spare_use" => (runtime.use_spare(partner, id).await, "credentials"),
        "spare" => {
            let kept = runtime.put_spare(partner, id, typed(fields), &by);
            (kept.await, "spare")
        }
        _ => {
            let replaced = runtime.put_credentials(partner, id, typed(fields), &by);
            (replaced.await, "credentials")
        }
    };
    match outcome(tried)? {
        None => Ok(there.leave_for("connection", said, 0)),
        Some(refusal) => {
            // Whether the spare ones work may be known otherwise since they were tried.
            let integration = runtime.integration(partner, id).await?;
            let there = There {
                integration,
                ..there.clone()
            };
            refused(&settings_page(&there, fields, refusal))
        }
    }
}

fn typed(fields: &Fields) -> BTreeMap<String, Secret> {
    let typed = fields.below("credentials.").into_iter();
    typed
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect()
}

/// What is to be shown unless it went well.
fn outcome(tried: Result<ConnectionReport, Error>) -> Result<Option<Refusal>, Failure> {
    match tried {
        Ok(report) if report.ok => Ok(None),
        Ok(report) => Ok(Some(Refusal {
            rejected: Some(Rejected {
                message: sentence(&report.message),
                remedy: report.remedy,
            }),
            ..Refusal::default()
        })),
        Err(Error::Invalid { faults }) => Ok(Some(Refusal {
            faults,
            ..Refusal::default()
        })),
        Err(error) => Err(error.into()),
    }
}
