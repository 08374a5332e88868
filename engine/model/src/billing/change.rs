//! Changes: what was sent to the PSA, what it answered and what was read back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Decimal, PlanLine};
use crate::Timestamp;

/// One change of one quantity, from before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id; later ones sort after earlier ones.
    pub id: String,
    /// The line as it was planned: quantities, day and the usage behind them.
    pub line: PlanLine,
    /// What the PSA had when it was last asked before the change was sent.
    pub before: Decimal,
    /// What it must have once the change has taken hold.
    pub after: Decimal,
    /// When it was about to be sent.
    pub intended_at: Timestamp,
    /// What the PSA answered; `None` when no answer came.
    pub answer: Option<Value>,
    /// What was read back.
    pub read_back: Option<Decimal>,
    /// Where it stands.
    pub state: ChangeState,
    /// The change that took this one back.
    pub undone_by: Option<String>,
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// It was about to be sent, and whether it took hold must be asked.
    Intended,
    /// It took hold, and reading it back shows so.
    Verified,
    /// It surely did not take hold.
    NotDone,
    /// What the PSA has is neither what it had nor what it should have. A person must look.
    Unclear,
}

impl ChangeState {
    /// The name used in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Verified => "verified",
            Self::NotDone => "not_done",
            Self::Unclear => "unclear",
        }
    }
}
