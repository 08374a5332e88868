//! How usage is counted, and what is written without asking: mode, guard rails, the rule for all
//! products and those of single ones.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::ProductId;
use model::billing::{BillingPolicy, CountRule, Decimal, Guards, Mode};
use runtime::Runtime;

use super::{PATH, ways};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::shell::{Shell, There, Way, page, refused};

mod rule;

use rule::{Read, RuleView};

const MODES: [(Mode, &str, &str, &str); 3] = [
    (
        Mode::Preview,
        "preview",
        "Preview",
        "Plans are shown and nothing is written.",
    ),
    (
        Mode::Ask,
        "ask",
        "Ask me",
        "Nothing is written before somebody has approved it, line by line or all at once.",
    ),
    (
        Mode::Automatic,
        "automatic",
        "Automatic",
        "What is within the limits below is written at once; the rest waits for somebody.",
    ),
];

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    shell: Shell,
    ways: Vec<Way>,
    title: String,
    /// Each with its code, its name, what it does, and whether it is the one.
    modes: Vec<(&'static str, &'static str, &'static str, bool)>,
    share: Number,
    change: Number,
    hold_zero: bool,
    hold_new: bool,
    rules: Vec<RuleView>,
    any_wrong: bool,
}

/// A box for a number.
struct Number {
    name: String,
    value: String,
    wrong: Option<Wrong>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    let policy = runtime.billing_policy(there.here.id(), there.id()).await?;
    page(&made(&runtime, &there, &policy, &Read::default()).await?)
}

pub(crate) async fn save(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let saved = runtime.billing_policy(partner, id).await?;
    let mut read = Read::of(fields);
    let policy = policy(&mut read, &products(&runtime, &there, &saved).await?);
    if !read.wrong.is_empty() {
        return refused(&made(&runtime, &there, &policy, &read).await?);
    }
    runtime.put_billing_policy(partner, id, policy).await?;
    Ok(there.leave_for(&format!("{PATH}/policy"), "policy", 1))
}

/// What the form says. Mistakes are kept by the names of the fields.
fn policy(read: &mut Read, products: &[ProductId]) -> BillingPolicy {
    let mode = read.text("mode").to_owned();
    let mode = MODES.iter().find(|(_, code, ..)| *code == mode);
    let guards = Guards {
        share_max: read.share("share_max"),
        change_max: read.limit("change_max"),
        hold_zero: read.is_ticked("hold_zero"),
        hold_new: read.is_ticked("hold_new"),
    };
    let rule = read.rule("rule");
    let mut rules = BTreeMap::new();
    for product in products {
        let name = format!("rule.{product}");
        if read.is_ticked(&format!("{name}.own")) {
            rules.insert(product.clone(), read.rule(&name));
        }
    }
    BillingPolicy {
        mode: mode.map_or(Mode::Preview, |(mode, ..)| *mode),
        guards,
        rule,
        rules,
    }
}

/// The products that are used, mapped, or have a rule.
async fn products(
    runtime: &Runtime,
    there: &There,
    policy: &BillingPolicy,
) -> Result<Vec<ProductId>, Failure> {
    let lines = runtime
        .product_mappings(there.here.id(), there.id())
        .await?;
    let mut products: Vec<ProductId> = lines.into_iter().map(|line| line.product).collect();
    products.extend(policy.rules.keys().cloned());
    products.sort();
    products.dedup();
    Ok(products)
}

/// The page for a policy; what was typed and is wrong stands over it.
async fn made(
    runtime: &Runtime,
    there: &There,
    policy: &BillingPolicy,
    read: &Read,
) -> Result<PolicyPage, Failure> {
    let guards = &policy.guards;
    let share = guards.share_max.map(|share| share.to_string());
    let change = guards.change_max.as_ref().map(Decimal::to_string);
    let mut rules = vec![RuleView::new(read, "rule", None, &policy.rule)];
    for product in products(runtime, there, policy).await? {
        let own: Option<&CountRule> = policy.rules.get(&product);
        let name = format!("rule.{product}");
        let shown = own.unwrap_or(&policy.rule);
        let of = Some((product.to_string(), own.is_some()));
        rules.push(RuleView::new(read, &name, of, shown));
    }
    Ok(PolicyPage {
        shell: there.shell("Counting and limits"),
        ways: ways(there, &format!("{PATH}/policy")),
        title: there.integration.title.clone(),
        modes: MODES
            .iter()
            .map(|(mode, code, label, about)| (*code, *label, *about, *mode == policy.mode))
            .collect(),
        share: Number::new(read, "share_max".to_owned(), share.unwrap_or_default()),
        change: Number::new(read, "change_max".to_owned(), change.unwrap_or_default()),
        hold_zero: guards.hold_zero,
        hold_new: guards.hold_new,
        rules,
        any_wrong: !read.wrong.is_empty(),
    })
}

impl Number {
    /// With what was typed, else with what is saved.
    fn new(read: &Read, name: String, saved: String) -> Self {
        Self {
            value: read.typed(&name).map_or(saved, str::to_owned),
            wrong: read.wrong.get(&name).cloned(),
            name,
        }
    }
}
