//! Where a tenant follows a guess that can be switched.
//!
//! Each quirk is a question that public material about the API leaves open, or answers in two
//! ways. The default is the best guess; a connector should pass with the other answer too.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::webhooks::Payload;

/// What to do with something that the API's public material says nothing certain about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It is let pass.
    Accept,
    /// 400 with a text.
    Refuse,
}

/// The six shapes in which errors of this API have been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// A serialised .NET exception.
    Exception,
    /// `{"Message": ...}`.
    Message,
    /// `{"resultCode": ..., "errorMessage": ...}`.
    ResultCode,
    /// `{"error": ..., "error_description": ...}`.
    Error,
    /// A validation problem of the web framework.
    Problem,
    /// Plain text.
    Text,
}

/// What `POST /RecurringInvoice/updatelines` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdatedLines {
    /// The last line, as other writes do.
    LastLine,
    /// The invoice with all of its lines.
    Invoice,
    /// Nothing.
    Empty,
}

/// Answers to questions the public material leaves open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an open question of its own"
)]
pub struct Quirks {
    /// Whether `authinfo` is there.
    pub auth_info: bool,
    /// The address of the authorization server, without a final slash, where it is on another
    /// host; by default it is on the tenant's own.
    pub auth_url: Option<String>,
    /// Status of a write that created something.
    pub created_status: u16,
    /// Status of a write that changed something.
    pub updated_status: u16,
    /// A body that is one object instead of an array.
    pub bare_object: Treatment,
    /// Status for an update of an id that is not there.
    pub unknown_id_status: u16,
    /// Shape of refusals by a rule of the product.
    pub error_shape: ErrorShape,
    /// Status of a wrong client id or secret; 400 or 401.
    pub invalid_client_status: u16,
    /// Text that comes with it.
    pub invalid_client_text: Option<String>,
    /// Whether a token request without the tenant's name fails as on a custom domain.
    pub tenant_required: bool,
    /// Whether tokens come with a `refresh_token` that nobody needs.
    pub refresh_token: bool,
    /// Body of a 401 on the API; empty when there is none.
    pub unauthorized_text: Option<String>,
    /// Status for one record of a module that the agent has no right to; its list is 403.
    pub module_detail_status: u16,
    /// `Retry-After` in seconds on the tenant's own 429s.
    pub retry_after: Option<u32>,
    /// What follows a moment: nothing, or `Z`.
    pub zone_suffix: String,
    /// What stands for "no date".
    pub no_date: String,
    /// Whether `hasbeenclosed` stays true after a ticket was reopened.
    pub remembers_closing: bool,
    /// Whether a ticket can be opened for an inactive client.
    pub inactive_client: Treatment,
    /// Text of the 400 for a ticket whose site has no general user.
    pub no_general_user_text: String,
    /// Name of general users.
    pub general_user: String,
    /// Most rows of one page where the endpoint is not known to have a limit of its own; some are
    /// said to give 50 whatever is asked for.
    pub page_rows_max: Option<usize>,
    /// How many rows more `record_count` promises than there are.
    pub overcount: usize,
    /// Whether `RecurringInvoice` without paging is a bare array.
    pub bare_recurring_invoices: bool,
    /// Whether lines that a full write of an invoice leaves out stay; else they are removed.
    pub keeps_omitted_lines: bool,
    /// What an update of lines answers.
    pub updated_lines: UpdatedLines,
    /// The code of a monthly period.
    pub monthly_period: i64,
    /// What writes warn of, in `_warning`, although they were carried out.
    pub warning: Option<String>,
    /// The body of webhooks.
    pub payload: Payload,
    /// For how long what happens is gathered, in milliseconds, to be told in one body that is an
    /// array.
    pub batch_ms: Option<u64>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            auth_info: true,
            auth_url: None,
            created_status: 201,
            updated_status: 200,
            bare_object: Treatment::Refuse,
            unknown_id_status: 400,
            error_shape: ErrorShape::Exception,
            invalid_client_status: 400,
            invalid_client_text: None,
            tenant_required: false,
            refresh_token: false,
            unauthorized_text: None,
            module_detail_status: 401,
            retry_after: None,
            zone_suffix: String::new(),
            no_date: "1900-01-01T00:00:00".to_owned(),
            remembers_closing: false,
            inactive_client: Treatment::Refuse,
            no_general_user_text: "No General User could be found for this Site.".to_owned(),
            general_user: "General User".to_owned(),
            page_rows_max: None,
            overcount: 0,
            bare_recurring_invoices: false,
            keeps_omitted_lines: false,
            updated_lines: UpdatedLines::LastLine,
            monthly_period: 2,
            warning: None,
            payload: Payload::Ticket,
            batch_ms: None,
        }
    }
}

impl Quirks {
    /// A moment as it shows; none is a date, too.
    pub(crate) fn moment(&self, kept: Option<&str>) -> Value {
        let text = kept.unwrap_or(&self.no_date);
        Value::from(format!("{text}{}", self.zone_suffix))
    }
}
