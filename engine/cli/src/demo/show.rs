//! What somebody finds who stays after the tours: days with something to do, besides all that
//! went well. New customers wait for their company, a request waits behind an issue, and a plan has
//! lines to decide on. All of it is made by the engine, from what the product and the PSAs say.

use futures::future::try_join_all;
use serde_json::{Value, json};

use super::billing::{PRODUCT, report_usage_of_new};
use super::lapse::Lapse;
use super::setup::introduce;
use super::stage::Stage;

/// Customers who are new to the product, and what the PSA calls them where it has them: a long
/// name, one in another script, and one that no PSA has.
const NEWCOMERS: [(&str, Option<&str>); 3] = [
    (
        "Northern Lights Veterinary & Animal Rehabilitation Center Ltd",
        Some("Northern Lights Veterinary and Animal Rehabilitation Center"),
    ),
    ("مكتبة الشرق", Some("مكتبة الشرق للنشر")),
    ("Quayside Bakery", None),
];

/// What the customers of each PSA use by now: more, far more, none, and two who begin.
const USED: [f64; 5] = [14.0, 9.0, 0.0, 21.0, 6.0];

/// More requests that become tickets.
const REQUESTS: usize = 4;

/// Lays it out for every partner.
pub(super) async fn lay_out(stages: &mut [Stage]) -> Result<(), Lapse> {
    let each = stages.iter_mut().map(|stage| async move {
        if stage.is_new {
            introduce(stage).await?;
            return report_usage_of_new(stage).await;
        }
        meet_newcomers(stage).await?;
        ask(stage).await?;
        use_more(stage).await
    });
    try_join_all(each).await.map(drop)
}

/// The id of a newcomer in the product.
fn newcomer(place: usize) -> String {
    format!("newcomer-{}", place + 1)
}

/// The product tells of new customers; the first PSA has companies for some.
async fn meet_newcomers(stage: &Stage) -> Result<(), Lapse> {
    let Some(side) = stage.sides.first() else {
        return Ok(());
    };
    let known = stage.product.customers().into_iter();
    let known = known.map(|one| json!({ "id": one.id, "name": one.name, "domains": one.domains }));
    let new = NEWCOMERS.iter().enumerate();
    let new = new.map(|(place, (name, _))| json!({ "id": newcomer(place), "name": name }));
    let customers: Vec<Value> = known.chain(new).collect();
    let path = stage.path("/customers");
    stage
        .client
        .put(&path, json!({ "customers": customers }))
        .await?;
    for company in NEWCOMERS.iter().filter_map(|(_, company)| *company) {
        side.psa.add_company(company);
    }
    stage.sync(side, "read_directory").await
}

/// Users ask: most of customers that are mapped, one of a customer that is not.
async fn ask(stage: &mut Stage) -> Result<(), Lapse> {
    let mut asked = Vec::new();
    for number in 0..REQUESTS {
        let request = stage.next_request_for(number % stage.sides.len().max(1))?;
        asked.push((stage.send(&request).await?, "ticketed"));
    }
    let mut request = stage.next_request()?;
    request.customer_id = newcomer(NEWCOMERS.len() - 1);
    asked.push((stage.send(&request).await?, "parked"));
    for (id, state) in asked {
        stage.reaches(&id, state).await?;
    }
    Ok(())
}

/// Usage has changed, and nobody has decided yet about what that would be billed as.
async fn use_more(stage: &Stage) -> Result<(), Lapse> {
    let used = stage.sides.iter().flat_map(|side| {
        side.companies.keys().zip(USED).map(|(customer, quantity)| {
            json!({ "customer_id": customer, "product_id": PRODUCT, "status": "active",
                "term_start": "2026-07-01", "term_end": "2099-12-31", "quantity": quantity })
        })
    });
    let usage = json!({ "usage": used.collect::<Vec<Value>>() });
    stage.client.put(&stage.path("/usage"), usage).await?;
    for side in &stage.sides {
        stage.sync(side, "bill_usage").await?;
    }
    Ok(())
}
