//! One line of the plan, as it is shown.

use model::ProductId;
use model::billing::{CountsFrom, Decimal, PlanLine, PlanState};

use super::Refusal;
use crate::form::{Wrong, sentence};

/// One line.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) company: String,
    pub(super) agreement: String,
    pub(super) item: String,
    /// The products that it bills, where the item is not called like them.
    pub(super) products: String,
    /// What the PSA has.
    pub(super) psa: String,
    /// What the rules make of the usage; and what was reported, where that is another number.
    pub(super) product: String,
    pub(super) reported: Option<String>,
    /// By how much it is changed, with its sign.
    pub(super) change: String,
    pub(super) is_changed: bool,
    /// What it is to be, where a person said otherwise.
    pub(super) adjusted: Option<String>,
    pub(super) price: Option<String>,
    /// What the change is worth in a period.
    pub(super) effect: Option<String>,
    pub(super) from: String,
    /// What a person sees of the change, to be sent back with what they decide.
    pub(super) seen: String,
    pub(super) state: State,
    pub(super) reason: String,
    /// Whether a person can decide about it.
    pub(super) is_open: bool,
    /// What is in its box for another quantity.
    pub(super) quantity: String,
    pub(super) is_ticked: bool,
    pub(super) wrong: Option<Wrong>,
}

/// Where a line stands: what it says and what it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) label: &'static str,
    pub(super) class: &'static str,
}

impl From<PlanState> for State {
    fn from(state: PlanState) -> Self {
        let (label, class) = match state {
            PlanState::Blocked => ("Blocked", "bad"),
            PlanState::InDoubt => ("In doubt", "bad"),
            PlanState::Held => ("Held", "warn"),
            PlanState::Proposed => ("Proposed", "busy"),
            PlanState::Approved => ("Approved", "busy"),
            PlanState::Applied => ("Applied", "good"),
            PlanState::Dismissed => ("Dismissed", "idle"),
            PlanState::Unchanged => ("Unchanged", "idle"),
        };
        Self { label, class }
    }
}

impl From<PlanLine> for Line {
    fn from(line: PlanLine) -> Self {
        let (change, reported) = (line.change(), line.reported());
        let products: Vec<&str> = line.products.iter().map(ProductId::as_str).collect();
        let is_named = products.as_slice() == [line.item_name.as_str()];
        let price = line.unit_price();
        let effect = price.map(|price| change.times(price));
        let effect = effect.filter(|worth| !worth.is_zero());
        Self {
            products: if is_named {
                String::new()
            } else {
                products.join(", ")
            },
            psa: line.actual.to_string(),
            product: line.desired.to_string(),
            reported: (reported != line.desired).then(|| reported.to_string()),
            change: signed(change),
            is_changed: !change.is_zero(),
            adjusted: (line.target_quantity != line.desired)
                .then(|| line.target_quantity.to_string()),
            price: price.map(money),
            effect: effect.map(|worth| {
                let sign = if worth.is_negative() { "" } else { "+" };
                format!("{sign}{}", money(worth))
            }),
            from: from(&line),
            seen: line.seen(),
            state: line.state.into(),
            reason: sentence(&line.reason),
            is_open: matches!(
                line.state,
                PlanState::Proposed | PlanState::Held | PlanState::Approved | PlanState::Dismissed
            ),
            quantity: line.target_quantity.to_string(),
            is_ticked: false,
            wrong: None,
            id: line.id,
            company: line.company_name,
            agreement: line.agreement_name,
            item: line.item_name,
        }
    }
}

impl Line {
    /// With what was typed and ticked when a form was refused.
    pub(super) fn with(self, refusal: &Refusal) -> Self {
        let typed = refusal.fields.get(&format!("quantity.{}", self.id));
        let is_it = refusal.line.as_ref() == Some(&self.id);
        Self {
            quantity: typed.map_or(self.quantity, str::to_owned),
            is_ticked: refusal.fields.get(&format!("pick.{}", self.id)).is_some(),
            wrong: refusal.wrong.first().filter(|_| is_it).cloned(),
            ..self
        }
    }
}

/// When a change of the line counts.
fn from(line: &PlanLine) -> String {
    match line.counts_from {
        CountsFrom::Day => line.effective.to_string(),
        CountsFrom::NextBill => format!("Next bill, {}", line.effective),
    }
}

/// With its sign, also if it is above zero.
pub(super) fn signed(number: Decimal) -> String {
    let is_above = !number.is_negative() && !number.is_zero();
    let sign = if is_above { "+" } else { "" };
    format!("{sign}{number}")
}

/// With the two places that prices are written with, and more where there are more.
pub(super) fn money(price: Decimal) -> String {
    let text = price.to_string();
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    match places {
        0 => format!("{text}.00"),
        1 => format!("{text}0"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

    use super::*;

    #[test]
    fn changes_have_their_sign_and_prices_their_places() {
        let number = |text: &str| Decimal::parse(text).unwrap();
        assert_eq!(signed(number("2")), "+2");
        assert_eq!(signed(number("-2")), "-2");
        assert_eq!(signed(number("0")), "0");
        assert_eq!(money(number("4.5")), "4.50");
        assert_eq!(money(number("-3")), "-3.00");
        assert_eq!(money(number("0.125")), "0.125");
    }
}
