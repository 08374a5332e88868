//! What is known of an integration's credentials besides their values.

use serde::Serialize;
use utoipa::ToSchema;

use super::Moment;
use super::integrations::Health;

/// What is known of an integration's credentials; they themselves are never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct Credentials {
    /// Who gave those in use, if that is known.
    entered: Option<Entered>,
    /// Those beside them: the next or the former ones.
    spare: Option<SpareCredentials>,
}

/// Who gave credentials, and when.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entered {
    /// When.
    at: Moment,
    /// By whom.
    #[schema(example = "Administrator in the console")]
    by: String,
}

/// Credentials that no call is made with until somebody puts them to use.
#[derive(Serialize, ToSchema)]
pub(crate) struct SpareCredentials {
    /// Who gave them, if that is known.
    entered: Option<Entered>,
    /// Whether they were good when last used or tested.
    health: Health,
    /// When they were in use, if they were.
    former: Option<Former>,
}

/// That credentials were in use.
#[derive(Serialize, ToSchema)]
pub(crate) struct Former {
    /// Until when.
    until: Moment,
    /// When they are forgotten.
    kept_until: Moment,
}

impl From<runtime::CredentialsView> for Credentials {
    fn from(view: runtime::CredentialsView) -> Self {
        Self {
            entered: view.entered.map(Entered::from),
            spare: view.spare.map(SpareCredentials::from),
        }
    }
}

impl From<model::Entered> for Entered {
    fn from(entered: model::Entered) -> Self {
        Self {
            at: entered.at.into(),
            by: entered.by,
        }
    }
}

impl From<runtime::SpareView> for SpareCredentials {
    fn from(spare: runtime::SpareView) -> Self {
        let former = |former: model::Former| Former {
            until: former.until.into(),
            kept_until: former.kept_until.into(),
        };
        Self {
            entered: spare.entered.map(Entered::from),
            health: spare.health.into(),
            former: spare.former.map(former),
        }
    }
}
