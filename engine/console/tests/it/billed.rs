//! An integration that bills: customers mapped to companies with agreements, a product billed as an
//! item that the PSA has, and usage that is not what the PSA has.

use std::time::Duration;

use model::billing::{
    AgreementChoice, BillingPolicy, Day, Decimal, Guards, ItemTarget, Mode, ProductMapping, Usage,
    UsageStatus,
};
use model::{CustomerId, IntegrationId, PartnerId, ProductId, Timestamp};
use runtime::{AgreementLine, SectionChange};
use serde_json::Map;

use crate::world::{PARTNER, PATIENCE, World};

/// The product that is used.
pub(crate) const PRODUCT: &str = "web-security";

/// Somebody's billing, up to the plan.
pub(crate) struct Billed<'w> {
    pub(crate) world: &'w World,
    pub(crate) partner: PartnerId,
    pub(crate) id: IntegrationId,
    /// Where the integration's pages are.
    pub(crate) root: String,
    /// A customer whose company has an agreement that can bill it.
    pub(crate) customer: CustomerId,
}

impl<'w> Billed<'w> {
    /// An integration whose directory and agreements were read, with every company mapped.
    pub(crate) async fn new(world: &'w World) -> Self {
        let companies = world.psa.companies();
        let names: Vec<&str> = companies.iter().map(String::as_str).collect();
        world.customers(&names).await;
        let root = world.administrator().await.connect().await;
        let mut billed = Self {
            world,
            partner: PartnerId::new(PARTNER).unwrap(),
            id: IntegrationId::new(root.rsplit('/').next().unwrap()).unwrap(),
            root,
            customer: CustomerId::new("c-1").unwrap(),
        };
        let (runtime, partner, id) = (&world.runtime, &billed.partner, &billed.id);
        until(async || {
            let read = runtime.companies(partner, id, None, usize::MAX).await;
            (read.unwrap().len() >= companies.len()).then_some(())
        })
        .await;
        runtime.accept_suggestions(partner, id, 90).await.unwrap();
        let on = SectionChange {
            on: true,
            values: billed.settings().await,
            rules: None,
        };
        runtime
            .put_settings(partner, id, "billing", on)
            .await
            .unwrap();
        let line = until(async || billed.lines().await.into_iter().find(fits)).await;
        let number = companies
            .iter()
            .position(|name| *name == line.company_name)
            .unwrap();
        billed.customer = CustomerId::new(format!("c-{}", number + 1)).unwrap();
        billed
    }

    /// What the section of the settings needs.
    async fn settings(&self) -> Map<String, serde_json::Value> {
        let runtime = &self.world.runtime;
        let view = runtime.settings(&self.partner, &self.id, "billing").await;
        let mut values = Map::new();
        for field in view.unwrap().form.fields {
            let Some(list) = field.choices else { continue };
            let list = runtime.choices(&self.partner, &self.id, &list).await;
            let first = list.unwrap().choices.into_iter().find(|one| one.active);
            values.insert(field.name, first.unwrap().value);
        }
        values
    }

    /// The companies with their agreements.
    pub(crate) async fn lines(&self) -> Vec<AgreementLine> {
        let runtime = &self.world.runtime;
        let lines = runtime.agreement_mappings(&self.partner, &self.id);
        lines.await.unwrap()
    }

    /// The customer's agreement is chosen, the product is billed as the first item that the PSA
    /// has, `quantity` is used, and a plan is made of it in this mode.
    pub(crate) async fn plan(&self, mode: Mode, quantity: &str) -> String {
        let runtime = &self.world.runtime;
        let (partner, id) = (&self.partner, &self.id);
        let line = self.lines().await.into_iter().find(fits).unwrap();
        let fit = line.options.iter().find(|one| one.unfit.is_none());
        let choice = AgreementChoice {
            company: line.company,
            product: None,
            agreement: fit.unwrap().agreement.id.clone(),
        };
        runtime
            .put_agreement_mappings(partner, id, vec![choice])
            .await
            .unwrap();
        let item = until(async || {
            let items = runtime.items(partner, id).await.unwrap().into_values();
            let mut active = items.filter(|item| item["active"] != false);
            active.next().map(|item| item["id"].clone())
        })
        .await;
        let mapping = ProductMapping {
            product: ProductId::new(PRODUCT).unwrap(),
            target: ItemTarget::Item(item),
            overrides: [].into(),
        };
        runtime
            .put_product_mappings(partner, id, vec![mapping])
            .await
            .unwrap();
        let policy = BillingPolicy {
            mode,
            guards: Guards {
                share_max: None,
                change_max: None,
                hold_zero: false,
                hold_new: false,
            },
            ..BillingPolicy::default()
        };
        runtime
            .put_billing_policy(partner, id, policy)
            .await
            .unwrap();
        self.used(quantity).await;
        let wanted = Decimal::parse(quantity).unwrap().up();
        until(async || {
            let lines = runtime.plan(partner, id).await.unwrap().lines;
            let line = lines.into_iter().find(|line| line.desired == wanted);
            line.map(|line| line.id)
        })
        .await
    }

    /// The customer has used so much.
    pub(crate) async fn used(&self, quantity: &str) {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap());
        let start = Day::of(now).period_start(Day::parse("2020-01-01").unwrap());
        let usage = Usage {
            customer_id: self.customer.clone(),
            product_id: ProductId::new(PRODUCT).unwrap(),
            subscription_id: None,
            term_start: start,
            term_end: start.months_later(1),
            status: UsageStatus::Active,
            quantity: Decimal::parse(quantity).unwrap(),
            free_quantity: Decimal::ZERO,
            details: Vec::new(),
        };
        let runtime = &self.world.runtime;
        runtime.put_usage(&self.partner, vec![usage]).await.unwrap();
    }
}

fn fits(line: &AgreementLine) -> bool {
    line.options.iter().any(|option| option.unfit.is_none())
}

/// What `condition` gives, as soon as it gives something.
pub(crate) async fn until<T>(condition: impl AsyncFn() -> Option<T>) -> T {
    let look = async {
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap()
}
