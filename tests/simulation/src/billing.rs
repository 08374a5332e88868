//! A world that bills: the usage of customers is put in, and what the PSA then has is looked at
//! from outside.

use std::collections::BTreeMap;

use model::billing::{
    BillingPolicy, Change, Day, Decimal, Guards, ItemTarget, Mode, PlanLine, ProductMapping, Usage,
    UsageStatus,
};
use model::{CustomerId, IntegrationId, ProductId, Run};
use runtime::{Decided, MappingChange, Runtime, Verdict};
use serde_json::{Map, Value, json};

use crate::World;

/// The product whose usage is billed.
pub const PRODUCT: &str = "web-security";

/// A world with billing switched on and all agreements chosen.
pub struct Bill {
    /// The world.
    pub world: World,
    /// The integration.
    pub id: IntegrationId,
    /// The mapped customers, each with the contract that bills it, in the order of their ids.
    pub customers: Vec<(CustomerId, i64)>,
}

impl Bill {
    /// With the sample companies.
    pub async fn new(seed: u64) -> Self {
        Self::in_world(World::new(seed), 0).await
    }

    /// With so many generated companies besides, each a customer.
    pub async fn with_companies(seed: u64, companies: u32) -> Self {
        Self::in_world(World::with_companies(seed, companies), companies).await
    }

    async fn in_world(world: World, generated: u32) -> Self {
        let id = world.set_up().await;
        if generated > 0 {
            map_generated(&world, &id).await;
        }
        let engine = world.engine();
        let codes = engine
            .choices(&world.partner, &id, "billing_codes")
            .await
            .expect("codes");
        let code = codes.choices.first().expect("a code").value.clone();
        let mut settings = Map::new();
        settings.insert("default_billing_code".to_owned(), code);
        let change = runtime::SectionChange {
            on: true,
            values: settings,
            rules: None,
        };
        let saved = engine
            .put_settings(&world.partner, &id, "billing", change)
            .await;
        saved.expect("settings");
        let mut bill = Self {
            world,
            id,
            customers: Vec::new(),
        };
        bill.until_async("agreements and items are read", || async {
            let engine = bill.engine();
            let lines = engine
                .agreement_mappings(&bill.world.partner, &bill.id)
                .await;
            let items = engine
                .items(&bill.world.partner, &bill.id)
                .await
                .expect("items");
            let lines = lines.expect("agreements");
            !items.is_empty() && lines.iter().all(|line| !line.options.is_empty())
        })
        .await;
        let accepted = bill
            .engine()
            .accept_agreements(&bill.world.partner, &bill.id)
            .await;
        assert!(accepted.expect("choices") > 5);
        bill.customers = bill.mapped().await;
        let service = bill.new_service();
        bill.bills_as(ItemTarget::Item(json!(service))).await;
        bill
    }

    /// The customers that are the only ones of their company.
    async fn mapped(&self) -> Vec<(CustomerId, i64)> {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let lines = engine
            .company_mappings(partner, &self.id)
            .await
            .expect("mappings");
        let agreements = engine
            .agreement_mappings(partner, &self.id)
            .await
            .expect("agreements");
        let contracts: BTreeMap<String, i64> = agreements
            .into_iter()
            .filter_map(|line| {
                let chosen = line.chosen.first()?.agreement.as_i64()?;
                Some((line.company.to_string(), chosen))
            })
            .collect();
        let one = |line: runtime::MappingLine| {
            let contract = contracts.get(&line.company?.id.to_string())?;
            Some((line.customer.id, *contract))
        };
        lines.into_iter().filter_map(one).collect()
    }

    /// The engine that is alive.
    pub fn engine(&self) -> Runtime {
        self.world.engine()
    }

    /// Guards that let everything through.
    pub const fn no_guards() -> Guards {
        Guards {
            share_max: None,
            change_max: None,
            hold_zero: false,
            hold_new: false,
        }
    }

    /// A service that nobody is billed for yet.
    fn new_service(&self) -> i64 {
        let psa = &self.world.autotask();
        let codes = psa.records("BillingCodes");
        let named = |code: &&Value| code.get("name") == Some(&json!("Managed Security"));
        let code = codes
            .iter()
            .find(named)
            .and_then(|code| code.get("id"))
            .expect("a code");
        let period = psa
            .picklist_value("Services", "periodType", "Monthly")
            .expect("a period");
        let service = json!({ "name": "Filtering", "unitPrice": 3, "periodType": period,
            "billingCodeID": code, "isActive": true });
        psa.create("Services", service).expect("a service")
    }

    /// Says what the product is billed as, once the engine knows the item.
    pub async fn bills_as(&self, target: ItemTarget) {
        let (engine, partner) = (self.engine(), &self.world.partner);
        if let ItemTarget::Item(id) = &target {
            engine
                .sync(partner, &self.id, Some("read_items"))
                .await
                .expect("a run");
            self.until_async("the item is read", || async {
                let items = self.engine().items(partner, &self.id).await.expect("items");
                items.contains_key(&id.to_string())
            })
            .await;
        }
        let mapping = ProductMapping {
            product: product(),
            target,
            overrides: BTreeMap::new(),
        };
        let saved = engine
            .put_product_mappings(partner, &self.id, vec![mapping])
            .await;
        saved.expect("a mapping");
    }

    /// Sets the mode and the guards.
    pub async fn mode(&self, mode: Mode, guards: Guards) {
        let policy = BillingPolicy {
            mode,
            guards,
            ..BillingPolicy::default()
        };
        let saved = self
            .engine()
            .put_billing_policy(&self.world.partner, &self.id, policy)
            .await;
        saved.expect("a policy");
    }

    /// The first customers use so much of the product, so much of it free.
    pub async fn uses(&self, quantities: &[(&str, &str)]) {
        let pairs = self.customers.iter().zip(quantities);
        let usages = pairs.map(|((customer, _), (quantity, free))| usage(customer, quantity, free));
        self.put(usages.collect()).await;
    }

    /// Every customer uses so much.
    pub async fn everybody_uses(&self, quantity: &str) {
        let usages = self
            .customers
            .iter()
            .map(|(customer, _)| usage(customer, quantity, "0"));
        self.put(usages.collect()).await;
    }

    /// The first customer uses so much of another product.
    pub async fn uses_product(&self, product: &str, quantity: &str) {
        let (customer, _) = self.customers.first().expect("a customer");
        let mut usage = usage(customer, quantity, "0");
        usage.product_id = ProductId::new(product).expect("an id");
        self.put(vec![usage]).await;
    }

    async fn put(&self, usages: Vec<Usage>) {
        self.engine()
            .put_usage(&self.world.partner, usages)
            .await
            .expect("a receipt");
    }

    /// Decides about lines.
    pub async fn decide(
        &self,
        lines: Option<Vec<String>>,
        verdict: Verdict,
    ) -> Result<Decided, runtime::Error> {
        self.engine()
            .decide(&self.world.partner, &self.id, lines, verdict)
            .await
    }

    /// The lines of the plan, once `holds` does.
    pub async fn planned(&self, what: &str, holds: impl Fn(&[PlanLine]) -> bool) -> Vec<PlanLine> {
        self.until_async(what, || async { holds(&self.lines().await) })
            .await;
        self.lines().await
    }

    async fn lines(&self) -> Vec<PlanLine> {
        self.engine()
            .plan(&self.world.partner, &self.id)
            .await
            .expect("a plan")
            .lines
    }

    /// Waits for something that is seen from outside.
    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        self.world.until(what, || async { holds() }).await;
    }

    /// Waits for something that has to be asked for.
    pub async fn until_async<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        self.world.until(what, holds).await;
    }

    /// Plans and applies once more, and gives the record of that run.
    pub async fn run(&self) -> Run {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let runs = engine
            .sync(partner, &self.id, Some("bill_usage"))
            .await
            .expect("a run");
        let id = runs.first().expect("a run").clone();
        self.until_async("the run has ended", || async {
            let run = engine.run(partner, &self.id, &id).await.expect("a run");
            run.ended_at.is_some()
        })
        .await;
        engine.run(partner, &self.id, &id).await.expect("a run")
    }

    /// What was sent.
    pub async fn changes(&self) -> Vec<Change> {
        self.engine()
            .changes(&self.world.partner, &self.id)
            .await
            .expect("changes")
    }

    /// How many adjustments the PSA has made.
    pub fn adjustments(&self) -> usize {
        self.world
            .autotask()
            .records("ContractServiceAdjustments")
            .len()
    }

    /// The units of the product's line of a customer, today.
    pub fn units(&self, customer: usize) -> Option<i64> {
        self.units_on(customer, "2026-07-01")
    }

    /// The units of the product's line of a customer, on a day.
    pub fn units_on(&self, customer: usize, day: &str) -> Option<i64> {
        self.rows(customer).into_iter().find_map(|row| {
            let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
            let moment = format!("{day}T00:00:00");
            let holds = text("startDate") <= moment.as_str() && moment.as_str() <= text("endDate");
            row.get("units").filter(|_| holds)?.as_i64()
        })
    }

    fn rows(&self, customer: usize) -> Vec<Value> {
        let (_, contract) = self.customers.get(customer).expect("a customer");
        let services = self.world.autotask().records("Services");
        let ours: Vec<&Value> = services
            .iter()
            .filter(|one| {
                let name = one.get("name").and_then(Value::as_str);
                name.is_some_and(|name| ["Filtering", "Web Security"].contains(&name))
            })
            .filter_map(|one| one.get("id"))
            .collect();
        let mut rows = self.world.autotask().records("ContractServiceUnits");
        rows.retain(|row| {
            row.get("contractID") == Some(&json!(contract))
                && row
                    .get("serviceID")
                    .is_some_and(|service| ours.contains(&service))
        });
        rows
    }

    /// Whose line an adjustment is of, if it is of the product's.
    pub fn customer_of(&self, adjustment: &Value) -> Option<usize> {
        let of_line = |row: &Value| {
            let line = row.get("contractServiceID");
            let same = |field: &str| row.get(field) == adjustment.get(field);
            match adjustment
                .get("contractServiceID")
                .filter(|line| !line.is_null())
            {
                Some(adjusted) => line == Some(adjusted),
                None => same("contractID") && same("serviceID"),
            }
        };
        (0..self.customers.len()).find(|at| self.rows(*at).iter().any(of_line))
    }

    /// Approves and posts July of a customer's line, as the PSA's people do each month.
    pub fn post_this_month(&self, customer: usize) {
        for row in self.rows(customer) {
            let starts = row
                .get("startDate")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if starts.starts_with("2026-07") {
                let id = row.get("id").and_then(Value::as_i64).expect("an id");
                self.world
                    .autotask()
                    .post_units(id)
                    .expect("a posted period");
            }
        }
    }

    /// Changes a customer's line in the PSA, as a technician.
    pub fn adjust_as_technician(&self, customer: usize, by: i64) {
        let rows = self.rows(customer);
        let line = rows
            .first()
            .and_then(|row| row.get("contractServiceID"))
            .expect("a line");
        let adjustment = json!({ "contractServiceID": line, "unitChange": by,
            "effectiveDate": "2026-07-01" });
        let made = self
            .world
            .autotask()
            .create("ContractServiceAdjustments", adjustment);
        made.expect("an adjustment");
    }
}

/// Makes every company that is nobody's a customer of its own.
async fn map_generated(world: &World, id: &IntegrationId) {
    let engine = world.engine();
    let mut customers = engine.customers(&world.partner).await.expect("customers");
    let lines = engine
        .company_mappings(&world.partner, id)
        .await
        .expect("mappings");
    let taken: Vec<String> = lines
        .into_iter()
        .filter_map(|line| Some(line.company?.id.to_string()))
        .collect();
    let companies = engine.companies(&world.partner, id, None, usize::MAX).await;
    let mut changes = Vec::new();
    for company in companies.expect("companies") {
        if taken.contains(&company.id.to_string()) || company.id == json!(0) {
            continue;
        }
        let customer = CustomerId::new(format!("g-{}", company.id)).expect("an id");
        customers.push(model::Customer {
            id: customer.clone(),
            name: company.name,
            domains: Vec::new(),
            enabled: true,
        });
        changes.push(MappingChange {
            customer,
            company: Some(company.id),
            ignore: false,
        });
    }
    engine
        .put_customers(&world.partner, customers)
        .await
        .expect("customers");
    engine
        .put_company_mappings(&world.partner, id, changes)
        .await
        .expect("mappings");
}

fn product() -> ProductId {
    ProductId::new(PRODUCT).expect("an id")
}

fn usage(customer: &CustomerId, quantity: &str, free: &str) -> Usage {
    let day = |text: &str| Day::parse(text).expect("a day");
    Usage {
        customer_id: customer.clone(),
        product_id: product(),
        subscription_id: None,
        term_start: day("2026-07-01"),
        term_end: day("2026-07-31"),
        status: UsageStatus::Active,
        quantity: Decimal::parse(quantity).expect("a number"),
        free_quantity: Decimal::parse(free).expect("a number"),
        details: Vec::new(),
    }
}
