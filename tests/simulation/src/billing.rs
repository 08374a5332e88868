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
use simulators::faults::{Fault, Planned};

use crate::World;

/// The product whose usage is billed.
pub const PRODUCT: &str = "web-security";

/// What it is billed as.
pub const ITEM: &str = "Filtering";

/// What it is billed as where that is made.
pub const MADE: &str = "Web Security";

/// A world with billing switched on and all agreements chosen.
pub struct Bill {
    /// The world.
    pub world: World,
    /// The integration.
    pub id: IntegrationId,
    /// The customers that are billed, each with the name of its company, in the order of their ids.
    pub customers: Vec<(CustomerId, String)>,
}

impl Bill {
    /// With the sample companies.
    pub async fn new(seed: u64) -> Self {
        Self::in_world(World::new(seed), 0).await
    }

    /// With a HaloPSA.
    pub async fn with_halopsa(seed: u64) -> Self {
        Self::in_world(World::with_halopsa(seed), 0).await
    }

    /// With either PSA.
    pub async fn with_each(seed: u64) -> [Self; 2] {
        [Self::new(seed).await, Self::with_halopsa(seed).await]
    }

    /// With the PSA that `seed` draws.
    pub async fn drawn(seed: u64) -> Self {
        Self::in_world(World::drawn(seed), 0).await
    }

    /// With so many generated companies besides, each a customer.
    pub async fn with_companies(seed: u64, companies: u32) -> Self {
        Self::in_world(World::with_companies(seed, companies), companies).await
    }

    /// With so many generated companies besides in each PSA, each a customer.
    pub async fn with_many(seed: u64, companies: u32) -> [Self; 2] {
        let halopsa = World::with_clients(seed, companies);
        [
            Self::with_companies(seed, companies).await,
            Self::in_world(halopsa, companies).await,
        ]
    }

    /// The same, where the connector takes this share of what the PSA allows everyone.
    pub async fn with_share(seed: u64, companies: u32, share: &str) -> Self {
        Self::in_world(World::with_share(seed, companies, share).await, companies).await
    }

    async fn in_world(world: World, generated: u32) -> Self {
        let id = world.set_up().await;
        if generated > 0 {
            map_generated(&world, &id).await;
        }
        switch_on(&world, &id).await;
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
        let item = bill.world.psa.add_item(ITEM, 3.0).expect("an item");
        bill.bills_as(ItemTarget::Item(json!(item))).await;
        bill
    }

    /// The customers whose company has an agreement.
    async fn mapped(&self) -> Vec<(CustomerId, String)> {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let lines = engine.company_mappings(partner, &self.id).await;
        let agreements = engine.agreement_mappings(partner, &self.id).await;
        let agreements = agreements.expect("agreements");
        let is_billed = |company: &Value| {
            let of = |line: &&runtime::AgreementLine| line.company == *company;
            let line = agreements.iter().find(of);
            line.is_some_and(|line| !line.chosen.is_empty())
        };
        let one = |line: runtime::MappingLine| {
            let company = line.company.filter(|company| is_billed(&company.id))?;
            Some((line.customer.id, company.name))
        };
        let lines = lines.expect("mappings").into_iter();
        lines.filter_map(one).collect()
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

    /// Says what the product is billed as, once the engine knows the item.
    pub async fn bills_as(&self, target: ItemTarget) {
        let (engine, partner) = (self.engine(), &self.world.partner);
        if matches!(target, ItemTarget::Item(_)) {
            self.read_items().await;
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

    /// Says what the product is billed as, and otherwise for one customer.
    pub async fn bills_one_as(&self, target: ItemTarget, customer: usize, other: ItemTarget) {
        let (customer, _) = self.customers.get(customer).expect("a customer");
        let mapping = ProductMapping {
            product: product(),
            target,
            overrides: BTreeMap::from([(customer.clone(), other)]),
        };
        let (engine, partner) = (self.engine(), &self.world.partner);
        let saved = engine.put_product_mappings(partner, &self.id, vec![mapping]);
        saved.await.expect("a mapping");
    }

    /// Every customer uses so much of so many products, each billed as an item of its own.
    pub async fn everybody_uses_products(&self, products: usize, quantity: &str) {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let (mut mappings, mut usages) = (Vec::new(), Vec::new());
        for number in 0..products {
            let name = format!("{PRODUCT}-{number}");
            let item = self.world.psa.add_item(&name, 2.0).expect("an item");
            let id = ProductId::new(name).expect("an id");
            mappings.push(ProductMapping {
                product: id.clone(),
                target: ItemTarget::Item(json!(item)),
                overrides: BTreeMap::new(),
            });
            let of = |(customer, _): &(CustomerId, String)| Usage {
                product_id: id.clone(),
                ..usage(customer, quantity, "0")
            };
            usages.extend(self.customers.iter().map(of));
        }
        self.read_items().await;
        let saved = engine.put_product_mappings(partner, &self.id, mappings);
        saved.await.expect("mappings");
        self.put(usages).await;
    }

    /// Sets the mode and the guards.
    pub async fn mode(&self, mode: Mode, guards: Guards) {
        self.policy(|policy| {
            policy.mode = mode;
            policy.guards = guards;
        })
        .await;
    }

    /// Sets what `change` makes of the cautious rules.
    pub async fn policy(&self, change: impl FnOnce(&mut BillingPolicy)) {
        let mut policy = BillingPolicy::default();
        change(&mut policy);
        let saved = self
            .engine()
            .put_billing_policy(&self.world.partner, &self.id, policy)
            .await;
        saved.expect("a policy");
    }

    /// The id of an item that the PSA has, once the engine knows it.
    pub async fn item_id(&self, name: &str) -> Value {
        let items = self.engine().items(&self.world.partner, &self.id).await;
        let mut items = items.expect("items").into_values();
        let item = items.find(|item| item.get("name") == Some(&json!(name)));
        item.and_then(|item| item.get("id").cloned())
            .expect("an item")
    }

    /// Maps one customer to the company of another.
    pub async fn share_company(&self, of: usize, with: usize) {
        self.map(with, Some(of), None).await;
    }

    /// Says that a customer is nobody's company.
    pub async fn unmap(&self, customer: usize) {
        self.map(customer, None, None).await;
    }

    /// Whether a customer is mapped.
    pub async fn is_mapped(&self, customer: usize) -> bool {
        let (customer, _) = self.customers.get(customer).expect("a customer");
        let engine = self.engine();
        let lines = engine.company_mappings(&self.world.partner, &self.id);
        let lines = lines.await.expect("mappings");
        let mut of = lines.iter().filter(|line| line.customer.id == *customer);
        of.any(|line| line.company.is_some())
    }

    /// Sets or takes off the tick for billing of a customer who is mapped to the company of another,
    /// or of its own.
    pub async fn tick_billing(&self, customer: usize, company: usize, on: bool) {
        self.map(customer, Some(company), Some(on)).await;
    }

    /// Maps a customer to the company of another, or of its own, or to none.
    async fn map(&self, customer: usize, to: Option<usize>, billing: Option<bool>) {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let (customer, _) = self.customers.get(customer).expect("a customer");
        let name = to.map(|to| self.company(to));
        let company = engine
            .companies(partner, &self.id, None, usize::MAX)
            .await
            .expect("companies")
            .into_iter()
            .find(|company| Some(company.name.as_str()) == name);
        let change = MappingChange {
            customer: customer.clone(),
            company: company.map(|company| company.id),
            ignore: false,
            tickets: None,
            billing,
        };
        let saved = engine.put_company_mappings(partner, &self.id, vec![change]);
        saved.await.expect("mappings");
    }

    /// Reads the items of the PSA anew.
    pub async fn read_items(&self) {
        let (engine, partner) = (self.engine(), &self.world.partner);
        let run = engine.sync(partner, &self.id, Some("read_items"));
        let run = run.await.expect("a run").remove(0);
        self.until_async("the items are read", || async {
            let run = engine.run(partner, &self.id, &run).await.expect("a run");
            run.ended_at.is_some()
        })
        .await;
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

    /// The latest runs, newest first.
    pub async fn runs(&self) -> Vec<Run> {
        let engine = self.engine();
        let runs = engine.runs(&self.world.partner, &self.id, 500).await;
        runs.expect("runs")
    }

    /// What was sent.
    pub async fn changes(&self) -> Vec<Change> {
        self.engine()
            .changes(&self.world.partner, &self.id)
            .await
            .expect("changes")
    }

    /// How many calls have changed what is billed.
    pub fn adjustments(&self) -> usize {
        let calls = self.world.psa.change_calls().into_iter();
        calls.filter(|status| (200..300).contains(status)).count()
    }

    /// What a customer is billed of the product, today.
    pub fn units(&self, customer: usize) -> Option<i64> {
        self.units_on(customer, "2026-07-01")
    }

    /// What a customer is billed of the product, on a day.
    #[expect(clippy::cast_possible_truncation, reason = "quantities are small")]
    pub fn units_on(&self, customer: usize, day: &str) -> Option<i64> {
        let company = self.company(customer);
        let billed = |item| self.world.psa.billed(company, item, day);
        let quantities = [ITEM, MADE].into_iter().filter_map(billed);
        let sum = quantities.reduce(|one, other| one + other);
        sum.map(|quantity| quantity as i64)
    }

    /// The name of a customer's company.
    pub fn company(&self, customer: usize) -> &str {
        let (_, company) = self.customers.get(customer).expect("a customer");
        company
    }

    /// The next call that changes what is billed meets `fault`.
    pub fn fail_change(&self, fault: Fault) {
        let psa = &self.world.psa;
        psa.faults().add(psa.at_changes(Planned::next(fault)));
    }

    /// Every unit of an Autotask that a customer's contract has of the product.
    fn rows(&self, customer: usize) -> Vec<Value> {
        let psa = self.world.autotask();
        let id = |entity: &str, field: &str, name: &str| {
            let records = psa.records(entity);
            let named = records
                .iter()
                .find(|one| one.get(field) == Some(&json!(name)));
            named.and_then(|one| one.get("id")).cloned()
        };
        let company = id("Companies", "companyName", self.company(customer));
        let services = [ITEM, MADE].map(|name| id("Services", "name", name));
        let contracts = psa.records("Contracts");
        let mut rows = psa.records("ContractServiceUnits");
        rows.retain(|row| {
            let of = |one: &&Value| one.get("id") == row.get("contractID");
            let contract = contracts.iter().find(of);
            contract.and_then(|one| one.get("companyID")) == company.as_ref()
                && services
                    .iter()
                    .any(|service| service.as_ref() == row.get("serviceID"))
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

    /// Changes what a customer is billed in the PSA, as a technician.
    pub fn bill_by_hand(&self, customer: usize, quantity: i64) {
        let psa = &self.world.psa;
        let company = self.company(customer);
        psa.bill_by_hand(company, ITEM, "2026-07-01", quantity)
            .expect("a line");
    }
}

/// Switches billing on, with what the PSA needs for it.
async fn switch_on(world: &World, id: &IntegrationId) {
    let engine = world.engine();
    let mut values = Map::new();
    for (setting, label) in world.psa.billing_settings() {
        let list = match setting {
            "default_billing_code" => "billing_codes",
            other => other,
        };
        let offered = engine.choices(&world.partner, id, list).await;
        let offered = offered.expect("choices").choices;
        let choice = offered.into_iter().find(|choice| choice.label == label);
        values.insert(setting.to_owned(), choice.expect("a choice").value);
    }
    let change = runtime::SectionChange {
        on: true,
        values,
        rules: None,
    };
    let saved = engine
        .put_settings(&world.partner, id, "billing", change)
        .await;
    saved.expect("settings");
}

/// Makes every company that is nobody's a customer of its own.
async fn map_generated(world: &World, id: &IntegrationId) {
    let engine = world.engine();
    world
        .until("the directory is read", || async {
            let runs = engine.runs(&world.partner, id, 500).await.expect("runs");
            let read = |run: &Run| run.pipeline == "read_directory" && run.ended_at.is_some();
            runs.iter().any(read)
        })
        .await;
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
            tickets: None,
            billing: None,
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
