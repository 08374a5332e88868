//! Pre-flight checks: what would stop tickets, looked for in the other system before it does.

use std::time::Duration;

use expression::{Expression, Selector};

/// One check of a connector.
///
/// Its expressions see what is looked at as `$` and `item`, and around it what operations know
/// without the credentials, with `company` where the check is made for each.
#[derive(Clone, Debug)]
pub struct Check {
    /// The operation that tells.
    pub operation: String,
    /// What it is made for.
    pub subject: Subject,
    /// Where in the result the parts are that are looked at; without it, the result is.
    pub items: Option<Selector>,
    /// What tells whether something is wrong.
    pub condition: Expression,
    /// Whether it is wrong where the condition holds (`is`), or where it does not (`not`).
    pub holds: bool,
    /// What is wrong, by a name of the family's.
    pub cause: String,
    /// What that is about; without it, the company, or the integration.
    pub about: Option<Expression>,
    /// One sentence that names it.
    pub title: Expression,
    /// How a person mends it.
    pub remedy: Expression,
    /// How often work that waits for it is worth trying again.
    pub recheck: Option<Duration>,
}

/// What a check is made for.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The integration: its operation is called once.
    Integration,
    /// Each mapped company: its operation is called with each.
    Company,
    /// Each mapped company: its operation is called once, and this tells whose a record is.
    CompanyOf(Expression),
}
