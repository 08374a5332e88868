//! Which company is which customer.

use model::CustomerId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::partners::Customer;

/// The mapping of every customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct MappingList {
    /// One line for each customer.
    pub(crate) mappings: Vec<MappingLine>,
}

/// One customer and the company it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct MappingLine {
    /// The customer, as the product knows it.
    customer: Customer,
    /// The company it is mapped to.
    company: Option<Company>,
    /// Whether its requests get no tickets, because somebody said so.
    ignored: bool,
    /// Whether its requests become tickets once it is mapped. While this is off they wait.
    tickets: bool,
    /// Whether its usage is billed once it is mapped. While this is off, what the PSA bills stays
    /// as it is.
    billing: bool,
    /// The company it probably is, while it is not mapped.
    suggestion: Option<Suggestion>,
    /// How many requests wait for it to be mapped, or for `tickets` to be on.
    waiting: u64,
}

impl From<runtime::MappingLine> for MappingLine {
    fn from(line: runtime::MappingLine) -> Self {
        Self {
            customer: line.customer.into(),
            company: line.company.map(Company::from),
            ignored: line.ignored,
            tickets: line.ticks.tickets,
            billing: line.ticks.billing,
            suggestion: line.suggestion.map(Suggestion::from),
            waiting: line.waiting,
        }
    }
}

/// A company, as the PSA knows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Company {
    /// Its id, a number or a text, just as the PSA gave it.
    #[schema(value_type = Value, example = 174)]
    id: Value,
    /// Its name.
    #[schema(example = "Fabrikam")]
    name: String,
    /// Whether tickets can be made for it.
    active: bool,
}

impl From<runtime::CompanyRef> for Company {
    fn from(company: runtime::CompanyRef) -> Self {
        Self {
            id: company.id,
            name: company.name,
            active: company.active,
        }
    }
}

/// The company that a customer probably is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Suggestion {
    /// The company.
    company: Company,
    /// How sure it is, up to 100.
    #[schema(maximum = 100, example = 95)]
    score: u8,
    /// Why.
    #[schema(example = "same domain fabrikam.example")]
    reason: String,
    /// Whether another one is as probable; such a suggestion is never accepted in bulk.
    ambiguous: bool,
}

impl From<runtime::SuggestionView> for Suggestion {
    fn from(suggestion: runtime::SuggestionView) -> Self {
        Self {
            company: suggestion.company.into(),
            score: suggestion.score,
            reason: suggestion.reason,
            ambiguous: suggestion.ambiguous,
        }
    }
}

/// Changes of mappings; customers that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingsInput {
    /// The changes.
    pub(crate) mappings: Vec<MappingInput>,
}

/// What one customer is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MappingInput {
    /// The customer.
    #[schema(value_type = String, example = "c-7")]
    customer: CustomerId,
    /// The company's id, just as the PSA gave it; null takes the mapping away.
    #[serde(default)]
    #[schema(value_type = Option<Value>, example = 174)]
    company: Option<Value>,
    /// Whether its requests are to get no tickets; then without a company.
    #[serde(default)]
    ignore: bool,
    /// Whether its requests become tickets; as it was saved when absent, and on where nothing was.
    #[serde(default)]
    tickets: Option<bool>,
    /// Whether its usage is billed; as it was saved when absent, and on where nothing was.
    #[serde(default)]
    billing: Option<bool>,
}

impl From<MappingInput> for runtime::MappingChange {
    fn from(input: MappingInput) -> Self {
        Self {
            customer: input.customer,
            company: input.company,
            ignore: input.ignore,
            tickets: input.tickets,
            billing: input.billing,
        }
    }
}

/// Which suggestions to accept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptInput {
    /// Those with this score or more, the ambiguous ones excepted.
    #[schema(maximum = 100, example = 95)]
    pub(crate) min_score: u8,
}

/// What became of changes of mappings.
#[derive(Serialize, ToSchema)]
pub(crate) struct MappingReceipt {
    /// How many mappings were saved.
    saved: usize,
    /// How many requests that had waited for them go on.
    released: usize,
}

impl From<runtime::MappingReceipt> for MappingReceipt {
    fn from(receipt: runtime::MappingReceipt) -> Self {
        Self {
            saved: receipt.saved,
            released: receipt.released,
        }
    }
}

/// Which companies to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompaniesAsked {
    /// Only those with this in their name, in any case.
    pub(crate) search: Option<String>,
    /// At most so many, from 1 to 1000; 100 when not given.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<usize>,
}

/// Companies of the PSA, as last read.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompanyList {
    /// In the order of their names.
    pub(crate) companies: Vec<Company>,
}
