//! Billing: measured usage becomes the quantity on an agreement, once, and explainably.
//!
//! `usage` takes in what the product counts; `choices` keeps what people decide: rules, items,
//! agreements. `reconcile` settles what is in doubt, plans, and applies what may be applied;
//! `decide` is where people approve, dismiss, adjust, take back; `view` shows all of it, and
//! `report` one sheet over all integrations. What ought to be billed is computed by the crate
//! `billing`, without state.

use model::{Integration, IntegrationId};

mod apply;
mod choices;
mod decide;
mod doubt;
mod facts;
mod items;
mod reconcile;
mod remedy;
mod report;
mod standing;
mod usage;
mod verify;
mod view;
mod watch;

pub use choices::{AgreementLine, AgreementOption, ProductLine};
pub use decide::{Chosen, Decided, Verdict};
pub(crate) use reconcile::reconcile;
pub use report::{ReconciledLine, Reconciliation, UnbilledUsage};
pub(crate) use usage::key as usage_key;
pub use usage::{USAGES_MAX, UsageReceipt};
pub use view::{Explanation, PlanView};
pub use watch::PlanProgress;

/// The section of the settings that switches billing on.
pub const SECTION: &str = "billing";

/// The fold under which runs gather that plan anew because usage or choices have changed.
pub(crate) fn fold(integration: &IntegrationId) -> String {
    format!("usage/{integration}")
}

/// The fold of the run of `pipeline` that gathers, where it does.
pub(crate) fn gathering(integration: &Integration, pipeline: &str) -> String {
    format!("{}/{pipeline}", fold(&integration.id))
}

/// What stands in a key where it holds no name: for every product, or the only subscription. No id
/// is a tilde.
pub(crate) const ANY: &str = "~";
