//! What callers did that a good client never does.

use serde::Serialize;

/// What a good client never does. Most of it the real API lets pass, silently wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// A call although the rolling five minutes were used up.
    RateLimit,
    /// A token asked for with credentials that were rejected before.
    RejectedCredentialsAgain,
    /// A token that was asked for with something else than a form.
    TokenNotForm,
    /// A call with a token that a call was refused with some time before.
    RefusedTokenAgain,
    /// A page asked for without `pageinate=true`, so that the first one comes again and again.
    PageWithoutPageinate,
    /// A page of more rows than the endpoint gives.
    OversizedPage,
    /// A write whose body is one object instead of an array.
    BareObject,
    /// A whole number sent as a decimal, such as `95.0`.
    DecimalForInteger,
    /// Actions asked for without a ticket.
    ActionsWithoutTicket,
    /// A verb the path does not support.
    WrongVerb,
    /// A full write of a recurring invoice that left some of its lines out.
    LinesDropped,
    /// A quantity written to a line that the system calculates.
    CalculatedLineWritten,
    /// Recurring invoices turned into real ones.
    InvoicesProcessed,
}
