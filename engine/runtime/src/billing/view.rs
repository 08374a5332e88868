//! What people see of billing: the plan, and for any number in it the chain that led to it.

use model::billing::{Change, CountRule, Decision, Measured, Plan, PlanLine};
use model::sheet::Sheet;
use model::{IntegrationId, PartnerId, ProductId};
use store::Records;

use super::ANY;
use crate::Runtime;
use crate::error::Error;
use crate::tables::{ChangeRow, DecisionRow, PlanLineRow, PlanRow, UsageRow};

/// A plan and its lines, what needs a person first, what is unchanged last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanView {
    /// What was found out when it was made; nothing before the first.
    pub plan: Option<Plan>,
    /// The lines.
    pub lines: Vec<PlanLine>,
}

/// Everything behind one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The line: what the PSA has, what the usage comes to, where and from when.
    pub line: PlanLine,
    /// The rule of each product.
    pub rules: Vec<(ProductId, CountRule)>,
    /// The usage as it is known now, with its users.
    pub usages: Vec<Measured>,
    /// What a person decided.
    pub decision: Option<Decision>,
    /// What was sent, what was answered and what was read back, newest first.
    pub changes: Vec<Change>,
}

impl Explanation {
    /// The users behind the number, a row for each.
    #[must_use]
    pub fn users(&self) -> Sheet {
        let mut sheet = Sheet::new(&[
            "customer",
            "product",
            "term_start",
            "term_end",
            "user",
            "quantity",
            "first_use",
        ]);
        for usage in self.usages.iter().map(|measured| &measured.usage) {
            for detail in &usage.details {
                let first_use = detail.first_use.map(|day| day.to_string());
                sheet.row([
                    usage.customer_id.to_string(),
                    usage.product_id.to_string(),
                    usage.term_start.to_string(),
                    usage.term_end.to_string(),
                    detail.user.clone(),
                    detail.quantity.to_string(),
                    first_use.unwrap_or_default(),
                ]);
            }
        }
        sheet
    }
}

impl Runtime {
    /// The plan as it was made last, with what was decided and applied since.
    pub async fn plan(&self, partner: &PartnerId, id: &IntegrationId) -> Result<PlanView, Error> {
        let core = &self.core;
        core.integration(partner, id).await?;
        let plan = core
            .store
            .get_record::<PlanRow>(partner.as_str(), &[id.as_str()])
            .await?;
        let rows: Vec<PlanLineRow> = core.all(partner.as_str(), &[id.as_str()]).await?;
        let mut lines: Vec<PlanLine> = rows.into_iter().map(|row| row.0).collect();
        let order = |line: &PlanLine| {
            let names = [&line.company_name, &line.item_name, &line.id];
            (line.state, names.map(String::clone))
        };
        lines.sort_by_cached_key(order);
        Ok(PlanView {
            plan: plan.map(|row| row.value.0),
            lines,
        })
    }

    /// How a number came about.
    pub async fn explain(
        &self,
        partner: &PartnerId,
        id: &IntegrationId,
        line: &str,
    ) -> Result<Explanation, Error> {
        let line = self.plan_line(partner, id, line).await?;
        let (core, partner_key) = (&self.core, partner.as_str());
        let policy = self.billing_policy(partner, id).await?;
        let rule = |product: &ProductId| (product.clone(), policy.rule_for(product).clone());
        let mut usages = Vec::new();
        for part in &line.parts {
            let subscription = part.subscription.as_deref().unwrap_or(ANY);
            let parts = [part.customer.as_str(), part.product.as_str(), subscription];
            let row = core
                .store
                .get_record::<UsageRow>(partner_key, &parts)
                .await?;
            usages.extend(row.map(|row| row.value.0));
        }
        let parts = [id.as_str(), line.id.as_str()];
        let decision = core
            .store
            .get_record::<DecisionRow>(partner_key, &parts)
            .await?;
        let rows: Vec<ChangeRow> = core.all(partner_key, &parts).await?;
        let mut changes: Vec<Change> = rows.into_iter().map(|row| row.0).collect();
        changes.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(Explanation {
            rules: line.products.iter().map(rule).collect(),
            decision: decision.map(|row| row.value.0),
            line,
            usages,
            changes,
        })
    }
}
