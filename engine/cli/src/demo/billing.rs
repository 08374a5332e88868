//! The leg of billing: usage becomes quantities on agreements, and one of them is taken back.

use serde_json::{Value, json};

use super::client::{at, list, text};
use super::lapse::{Lapse, hold};
use super::setup::chosen;
use super::stage::{Side, Stage};

/// The product whose usage is billed, and what it is billed as.
pub(super) const PRODUCT: &str = "web-security";
const ITEM: &str = "Web Security";

/// What the customers of one PSA use, in turn. It is billed rounded up.
const USED: [(f64, f64); 3] = [(11.8, 12.0), (4.0, 4.0), (0.2, 1.0)];

/// A quantity that was planned for a company.
struct Planned {
    id: String,
    company: String,
    effective: String,
    quantity: f64,
}

/// Plans what the usage of each PSA's customers comes to, applies it, reads it back, and takes one
/// change back.
pub(super) async fn bill(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    for side in &stage.sides {
        let bought = side.psa.add_item(ITEM, 3.5)?;
        switch_on(stage, side, bought).await?;
    }
    report_usage(stage).await?;
    for side in &stage.sides {
        proof.extend(bill_in(stage, side).await?);
    }
    Ok(proof)
}

/// Chooses the billing settings, one agreement for each company, and what the product is billed as.
async fn switch_on(stage: &Stage, side: &Side, item: i64) -> Result<(), Lapse> {
    let path = stage.side_path(side, "/settings/billing")?;
    let (values, _) = chosen(stage, side, &path, &side.psa.billing_settings()).await?;
    let section = json!({ "on": true, "values": values });
    stage.client.put(&path, section).await?;
    stage.sync(side, "read_items").await?;
    stage.sync(side, "bill_usage").await?;
    let agreements = stage.side_path(side, "/mappings/agreements/accept")?;
    stage.client.post(&agreements, json!({})).await?;
    let products = stage.side_path(side, "/mappings/products")?;
    let mapping = json!({ "product": PRODUCT, "target": { "item": item } });
    let mapping = json!({ "mappings": [mapping] });
    stage.client.put(&products, mapping).await?;
    let billing = stage.side_path(side, "/billing")?;
    let mut policy = stage.client.get(&billing).await?;
    if let Some(policy) = policy.as_object_mut() {
        policy.insert("mode".to_owned(), json!("ask"));
    }
    stage.client.put(&billing, policy).await.map(drop)
}

/// Tells the engine what the first customers of each PSA use, as the product does.
async fn report_usage(stage: &Stage) -> Result<(), Lapse> {
    let used = stage
        .sides
        .iter()
        .flat_map(|side| side.companies.keys().zip(USED));
    let used = used.map(|(customer, (quantity, _))| (customer.as_str(), quantity));
    report(stage, used.collect()).await
}

/// Tells the engine what the first of the product's customers use, mapped or not.
pub(super) async fn report_usage_of_new(stage: &Stage) -> Result<(), Lapse> {
    let customers = stage.product.customers();
    let used = customers.iter().zip(USED);
    let used = used.map(|(customer, (quantity, _))| (customer.id.as_str(), quantity));
    report(stage, used.collect()).await
}

async fn report(stage: &Stage, used: Vec<(&str, f64)>) -> Result<(), Lapse> {
    let used = used.into_iter().map(|(customer, quantity)| {
        json!({ "customer_id": customer, "product_id": PRODUCT, "status": "active",
            "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": quantity })
    });
    let usage = json!({ "usage": used.collect::<Vec<Value>>() });
    stage
        .client
        .put(&stage.path("/usage"), usage)
        .await
        .map(drop)
}

async fn bill_in(stage: &Stage, side: &Side) -> Result<Vec<String>, Lapse> {
    let others = side.psa.other_lines(ITEM);
    stage.sync(side, "bill_usage").await?;
    let planned = plan(stage, side).await?;
    hold(side.psa.change_calls().is_empty(), || {
        "a plan was applied before anybody approved it".to_owned()
    })?;
    let approve = stage.side_path(side, "/plan/approve")?;
    stage.client.post(&approve, json!({})).await?;
    stage.sync(side, "bill_usage").await?;
    for line in &planned {
        is_billed(side, line, Some(line.quantity))?;
    }
    let changes = stage.side_path(side, "/changes")?;
    let made = stage.client.get(&changes).await?;
    let made = list(&made, "/changes")?;
    let verified = made
        .iter()
        .filter(|change| change.get("state") == Some(&json!("verified")));
    hold(verified.count() == planned.len(), || {
        format!("not every change was read back: {made:?}")
    })?;
    let undone = take_back(stage, side, made, &planned).await?;
    let calls = side.psa.change_calls();
    stage.sync(side, "bill_usage").await?;
    hold(side.psa.change_calls() == calls, || {
        "a pass with nothing to do wrote something".to_owned()
    })?;
    hold(side.psa.other_lines(ITEM) == others, || {
        "a line that bills something else was touched".to_owned()
    })?;
    Ok(told(side, &planned, undone, calls.len()))
}

/// The lines of the plan, held against what the usage comes to.
async fn plan(stage: &Stage, side: &Side) -> Result<Vec<Planned>, Lapse> {
    let path = stage.side_path(side, "/plan")?;
    let plan = stage.client.get(&path).await?;
    let mut lines = Vec::new();
    for line in list(&plan, "/lines")? {
        lines.push(Planned {
            id: text(line, "/id")?.to_owned(),
            company: text(line, "/company_name")?.to_owned(),
            effective: text(line, "/effective")?.to_owned(),
            quantity: at(line, "/quantity")?.as_f64().unwrap_or_default(),
        });
        hold(line.get("state") == Some(&json!("proposed")), || {
            line.to_string()
        })?;
    }
    let companies = side.companies.values();
    for (company, (_, wanted)) in companies.zip(USED) {
        let is_it = |line: &&Planned| &line.company == company;
        let planned = lines.iter().find(is_it).map(|line| line.quantity);
        hold(planned == Some(wanted), || {
            format!("{company} uses {wanted}, and the plan says {planned:?}: {plan}")
        })?;
    }
    Ok(lines)
}

fn is_billed(side: &Side, line: &Planned, quantity: Option<f64>) -> Result<(), Lapse> {
    let billed = side.psa.billed(&line.company, ITEM, &line.effective);
    hold(billed == quantity, || {
        let company = &line.company;
        format!("{company} is billed {billed:?} {ITEM}, not {quantity:?}")
    })
}

/// Takes back one of the changes, and gives the line that it was of.
async fn take_back<'p>(
    stage: &Stage,
    side: &Side,
    changes: &[Value],
    planned: &'p [Planned],
) -> Result<&'p Planned, Lapse> {
    let first = changes.first();
    let change = first.ok_or_else(|| Lapse::new("nothing was changed"))?;
    let (id, line) = (text(change, "/id")?, text(change, "/line/id")?);
    let line = planned.iter().find(|one| one.id == line);
    let line = line.ok_or_else(|| Lapse::new(format!("{change} is of no line")))?;
    let undo = stage.side_path(side, "/plan/undo")?;
    stage.client.post(&undo, json!({ "changes": [id] })).await?;
    stage.sync(side, "bill_usage").await?;
    is_billed(side, line, Some(0.0))?;
    Ok(line)
}

fn told(side: &Side, planned: &[Planned], undone: &Planned, calls: usize) -> Vec<String> {
    let name = side.name();
    let lines = planned
        .iter()
        .map(|line| format!("{} {} from {}", line.company, line.quantity, line.effective));
    let lines: Vec<String> = lines.collect();
    vec![
        format!("{name}: planned and approved: {}", lines.join(", ")),
        format!(
            "{name}: {calls} calls wrote it, all read back; the one for {} was taken back; every \
             other line is as it was, and a pass with nothing to do wrote nothing",
            undone.company
        ),
    ]
}
