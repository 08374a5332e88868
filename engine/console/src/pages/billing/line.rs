//! One company on the page of billing, with its agreements.

use model::ProductId;
use model::request::id_text;
use runtime::AgreementLine;

use crate::fields::Fields;
use crate::form::Wrong;

/// One company.
pub(super) struct Line {
    pub(super) id: String,
    pub(super) name: String,
    /// For every product.
    pub(super) main: Box,
    /// For single products; empty where there is nothing to choose from.
    pub(super) others: Vec<(String, Box)>,
    /// Whether single products have an agreement of their own.
    pub(super) has_others: bool,
    /// The only agreement that fits, while none is chosen.
    pub(super) suggestion: Option<String>,
    /// Those that cannot bill, with the reason.
    pub(super) unfit: Vec<(String, String)>,
    /// Whether any can.
    pub(super) any_fits: bool,
}

/// A box in which an agreement is chosen.
pub(super) struct Box {
    pub(super) name: String,
    /// Each with its id, its name and whether it is the one.
    pub(super) options: Vec<(String, String, bool)>,
    pub(super) wrong: Option<Wrong>,
}

/// The name of the box for a company, or for one of its products.
pub(super) fn chosen_field(company: &str, product: Option<&ProductId>) -> String {
    match product {
        None => format!("agreement.{company}"),
        Some(product) => format!("agreement.{company}/{product}"),
    }
}

/// The products for which the form has a box of their own.
pub(super) fn of_product(line: &AgreementLine, fields: &Fields) -> Vec<Option<ProductId>> {
    let prefix = format!("agreement.{}/", id_text(&line.company));
    let names = fields.below(&prefix).into_keys();
    names
        .filter_map(|product| ProductId::new(product).ok())
        .map(Some)
        .collect()
}

impl Line {
    /// As it is saved, or as it was `typed` when the form was refused.
    pub(super) fn new(
        line: &AgreementLine,
        products: &[ProductId],
        typed: Option<&Fields>,
        wrong_with: &impl Fn(&str) -> Option<Wrong>,
    ) -> Self {
        let company = id_text(&line.company);
        let chosen = |product: Option<&ProductId>| {
            let name = chosen_field(&company, product);
            let saved = line
                .chosen
                .iter()
                .find(|one| one.product.as_ref() == product);
            let saved = saved.map(|one| id_text(&one.agreement));
            let typed = typed
                .and_then(|fields| fields.get(&name))
                .map(str::to_owned);
            let chosen = typed.or(saved).unwrap_or_default();
            Box {
                options: options(line, &chosen),
                wrong: wrong_with(&name),
                name,
            }
        };
        let fits = line
            .options
            .iter()
            .filter(|one| one.unfit.is_none())
            .count();
        let has_others = line.chosen.iter().any(|one| one.product.is_some());
        let others = products.iter().filter(|_| fits > 1 || has_others);
        let suggestion = line.options.iter();
        let mut suggestion =
            suggestion.filter(|one| line.suggestion.as_ref() == Some(&one.agreement.id));
        let unfit = line.options.iter();
        let unfit = unfit.filter_map(|one| Some((one.agreement.name.clone(), one.unfit.clone()?)));
        Self {
            main: chosen(None),
            others: others
                .map(|product| (product.to_string(), chosen(Some(product))))
                .collect(),
            has_others,
            suggestion: suggestion.next().map(|one| one.agreement.name.clone()),
            unfit: unfit.collect(),
            any_fits: fits > 0,
            name: line.company_name.clone(),
            id: company,
        }
    }
}

/// The agreements that fit, and the chosen one even if it fits no more: a form that is only looked
/// at must not change it.
fn options(line: &AgreementLine, chosen: &str) -> Vec<(String, String, bool)> {
    let options = line.options.iter().filter_map(|option| {
        let id = id_text(&option.agreement.id);
        let is_chosen = id == chosen;
        let name = match &option.unfit {
            None => option.agreement.name.clone(),
            Some(why) if is_chosen => format!("{} ({why})", option.agreement.name),
            Some(_) => return None,
        };
        Some((id, name, is_chosen))
    });
    let mut options: Vec<_> = options.collect();
    if !chosen.is_empty() && !options.iter().any(|(_, _, is_chosen)| *is_chosen) {
        options.push((chosen.to_owned(), format!("{chosen} (is no more)"), true));
    }
    options
}
