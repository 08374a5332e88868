//! What was sent to a PSA for a request and what it answered, as people may see it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How many exchanges are kept of a request: the newest. A request takes three to six; one that is
/// refused again and again shows its latest tries.
pub const EXCHANGES_MAX: usize = 30;

/// How many characters are kept of what was sent, and as many of what was answered: enough for the
/// fields of a ticket, and for any error.
pub const EXCERPT_CHARS_MAX: usize = 1_500;

/// One exchange. Secrets and what names the user are masked in all of it before it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// When its answer came, or was given up.
    pub at: Timestamp,
    /// The connector's operation.
    pub operation: String,
    /// The HTTP method.
    pub method: String,
    /// The address, before credentials were added.
    pub url: String,
    /// The beginning of what was sent; `None` where nothing was.
    pub sent: Option<String>,
    /// How often it was sent: more than once where that was safe, and none where a limit or a
    /// pause held it back.
    pub attempts: u32,
    /// The HTTP status of the answer; `None` where none came.
    pub status: Option<u16>,
    /// The beginning of what was answered; of a failure, what it means.
    pub answered: Option<String>,
    /// Whether the answer was what the operation needs.
    pub succeeded: bool,
}
