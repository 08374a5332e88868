//! Counting: a rule applied to the usage of one product by one company.

use model::billing::{CountRule, Decimal, Measure, Measured, Part, RoundEach, Rounding};

/// What a rule makes of usage, with what each figure added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The quantity to bill: a whole number, never below zero.
    pub quantity: Decimal,
    /// The figures behind it. Their sum is the quantity before rounding of the sum, what is
    /// included, and the minimum.
    pub parts: Vec<Part>,
}

/// Counts the usage of one product by one company.
pub fn count(rule: &CountRule, usages: &[&Measured]) -> Counted {
    let parts: Vec<Part> = usages.iter().map(|measured| part(rule, measured)).collect();
    let sum: Decimal = parts.iter().map(|part| part.counted).sum();
    let counts = usages.iter().any(|measured| is_counted(rule, measured));
    let minimum = if counts { rule.minimum } else { Decimal::ZERO };
    let rounded = round(rule.rounding, sum);
    let quantity = (rounded - rule.included).max(Decimal::ZERO).max(minimum);
    Counted {
        // What is included or the least may itself be a fraction.
        quantity: round(rule.rounding, quantity),
        parts,
    }
}

/// Whether any status that was seen counts. With a high-water mark, one that counted earlier in
/// the term does.
fn is_counted(rule: &CountRule, measured: &Measured) -> bool {
    match rule.measure {
        Measure::Snapshot => rule.statuses.contains(&measured.usage.status),
        Measure::Peak => measured
            .peaks
            .keys()
            .any(|status| rule.statuses.contains(status)),
    }
}

fn part(rule: &CountRule, measured: &Measured) -> Part {
    let usage = &measured.usage;
    let measure = match rule.measure {
        Measure::Snapshot if rule.statuses.contains(&usage.status) => usage.billable(),
        Measure::Snapshot => Decimal::ZERO,
        Measure::Peak => {
            let counting = measured
                .peaks
                .iter()
                .filter(|(status, _)| rule.statuses.contains(status));
            counting.map(|(_, peak)| *peak).max().unwrap_or_default()
        }
    };
    Part {
        customer: usage.customer_id.clone(),
        product: usage.product_id.clone(),
        subscription: usage.subscription_id.clone(),
        term_start: usage.term_start,
        term_end: usage.term_end,
        status: usage.status,
        quantity: usage.quantity,
        free_quantity: usage.free_quantity,
        counted: match rule.round_each {
            RoundEach::Usage => round(rule.rounding, measure),
            RoundEach::Company => measure,
        },
    }
}

const fn round(rounding: Rounding, number: Decimal) -> Decimal {
    match rounding {
        Rounding::Up => number.up(),
        Rounding::Nearest => number.nearest(),
        Rounding::Down => number.down(),
    }
}
