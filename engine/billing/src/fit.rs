//! Whether an agreement can bill a company's usage, and if not, why.

use model::billing::{Agreement, Day, Period};
use model::request::id_text;
use serde_json::Value;

/// Why the agreement cannot bill `company` today; nothing if it can. The sentence goes on after
/// the agreement's name.
pub fn unfit(agreement: &Agreement, company: &Value, today: Day) -> Option<String> {
    if id_text(&agreement.company_id) != id_text(company) {
        return Some("is with another company".to_owned());
    }
    if !agreement.has_lines {
        let kind = agreement.kind.as_deref().unwrap_or("another kind");
        return Some(format!("has no lines with quantities: it is {kind}"));
    }
    if !agreement.active {
        return Some("is not active".to_owned());
    }
    if let Some(ended) = agreement.ends.filter(|ends| *ends < today) {
        return Some(format!("ended on {ended}"));
    }
    if agreement.period == Some(Period::Other) {
        return Some("is not billed monthly, as usage is".to_owned());
    }
    None
}
