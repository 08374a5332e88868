//! The first legs: what a partner does once, before any ticket.

use serde_json::{Map, Value, json};

use super::client::{at, list, text};
use super::lapse::{Lapse, hold};
use super::stage::{Stage, partner_path};
use super::wait::wait_for;

/// Suggestions with this score or more are taken without a look at each.
const SCORE_ACCEPTED: u64 = 80;

/// Tells the engine of partner and customers, tests the connection, creates the integration.
pub(super) async fn connect(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let webhook = json!({ "url": stage.webhook_url(), "secret": stage.product.secret() });
    let partner = json!({ "name": "Northwind Managed Services", "webhook": webhook });
    stage.client.put(&partner_path(""), partner).await?;
    let customers = json!({ "customers": stage.product.customers() });
    let receipt = stage
        .client
        .put(&partner_path("/customers"), customers)
        .await?;
    let connection = json!({
        "connector": stage.psa.connector(),
        "credentials": stage.psa.credentials(stage.psa_url()),
    });
    let path = partner_path("/integrations/test");
    let report = stage.client.post(&path, connection.clone()).await?;
    hold(report.get("ok") == Some(&json!(true)), || {
        report.to_string()
    })?;
    let rights = list(&report, "/rights")?;
    let is_missing = |right: &&Value| right.get("granted") != Some(&json!(true));
    hold(!rights.iter().any(|right| is_missing(&right)), || {
        report.to_string()
    })?;
    let path = partner_path("/integrations");
    let integration = stage.client.post(&path, connection).await?;
    stage.integration = Some(text(&integration, "/id")?.to_owned());
    let rights: Result<Vec<&str>, Lapse> =
        rights.iter().map(|right| text(right, "/right")).collect();
    Ok(vec![
        format!(
            "the product told of {} customers",
            at(&receipt, "/received")?
        ),
        format!(
            "test: {}; granted: {}",
            text(&report, "/message")?,
            rights?.join(", ")
        ),
        format!("integration {}", text(&integration, "/id")?),
    ])
}

/// Waits for the companies and accepts what is suggested.
pub(super) async fn map_companies(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let path = stage.path("/runs")?;
    let (path, client) = (&path, &stage.client);
    let run = wait_for("reading the companies", || async move {
        let runs = client.get(path).await?;
        let is_read = |run: &&Value| {
            let done = run.get("status") == Some(&json!("succeeded"));
            done && run.get("pipeline") == Some(&json!("read_directory"))
        };
        let found = list(&runs, "/runs")?.iter().find(is_read).cloned();
        Ok(found.ok_or_else(|| runs.to_string()))
    })
    .await?;
    let verdict = at(&run, "/verdicts/0")?;
    hold(verdict.get("complete") == Some(&json!(true)), || {
        run.to_string()
    })?;
    let (records, there) = (at(verdict, "/records")?, stage.psa.companies().len());
    hold(records == &json!(there), || {
        format!("{records} companies were read, and the PSA has {there}")
    })?;
    let mut proof = vec![format!(
        "{there} companies read, and proven to be all there are"
    )];
    proof.extend(accept(stage).await?);
    Ok(proof)
}

/// Accepts the good suggestions, and keeps who is mapped to what.
/// Maps what is only alike as a person would who has looked at each: not every PSA lists the web
/// addresses by which a company is known for sure. Gives how many there were.
async fn confirm(stage: &Stage, path: &str, lines: &[Value]) -> Result<usize, Lapse> {
    let doubtful = lines.iter().filter(|line| {
        let score = line.pointer("/suggestion/score").and_then(Value::as_u64);
        score.is_some_and(|score| score < SCORE_ACCEPTED)
    });
    let changes = doubtful.map(|line| {
        let company = at(line, "/suggestion/company/id")?;
        Ok(json!({ "customer": text(line, "/customer/id")?, "company": company }))
    });
    let changes = changes.collect::<Result<Vec<Value>, Lapse>>()?;
    let count = changes.len();
    if count > 0 {
        let body = json!({ "mappings": changes });
        stage.client.put(path, body).await?;
    }
    Ok(count)
}

async fn accept(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let path = stage.path("/mappings/companies")?;
    let before = stage.client.get(&path).await?;
    let receipt = stage
        .client
        .post(
            &format!("{path}/accept"),
            json!({ "min_score": SCORE_ACCEPTED }),
        )
        .await?;
    let confirmed = confirm(stage, &path, list(&before, "/mappings")?).await?;
    let after = stage.client.get(&path).await?;
    let mut proof = Vec::new();
    for (line, mapped) in list(&before, "/mappings")?
        .iter()
        .zip(list(&after, "/mappings")?)
    {
        let customer = text(line, "/customer/name")?;
        let id = text(mapped, "/customer/id")?;
        let Ok(company) = text(mapped, "/company/name") else {
            let customers = stage.product.customers();
            stage
                .unmapped
                .extend(customers.into_iter().find(|one| one.id == id));
            proof.push(format!(
                "{customer} is left unmapped: no company is alike enough"
            ));
            continue;
        };
        stage.companies.insert(id.to_owned(), company.to_owned());
        let (score, reason) = (
            at(line, "/suggestion/score")?,
            text(line, "/suggestion/reason")?,
        );
        proof.push(format!("{customer} is {company} (score {score}: {reason})"));
    }
    let saved = at(&receipt, "/saved")?;
    hold(saved == &json!(stage.companies.len() - confirmed), || {
        receipt.to_string()
    })?;
    hold(stage.unmapped.len() == 1, || {
        format!(
            "one customer has no company in the PSA, and {} are unmapped",
            stage.unmapped.len()
        )
    })?;
    Ok(proof)
}

/// Chooses the ticket settings by their labels, and sets the PSA's callout.
pub(super) async fn make_mark(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let path = stage.path("/settings/tickets")?;
    let form = stage.client.get(&path).await?;
    let wanted = stage.psa.ticket_settings();
    let (mut values, mut proof) = (Map::new(), Vec::new());
    for (setting, label) in &wanted.choose {
        let is_it = |field: &&Value| field.get("name") == Some(&json!(setting));
        let field = list(&form, "/form/fields")?.iter().find(is_it);
        let field = field.ok_or_else(|| Lapse::new(format!("there is no setting {setting}")))?;
        let choices = text(field, "/choices")?;
        let value = choice(stage, choices, label).await?;
        proof.push(format!("{}: {label}", text(field, "/label")?));
        values.insert((*setting).to_owned(), value);
    }
    stage
        .client
        .put(&path, json!({ "on": true, "values": values }))
        .await?;
    let psa = &stage.psa;
    wait_for("making the ticket flag", || async {
        Ok(if psa.has_mark() {
            Ok(())
        } else {
            Err("no flag".to_owned())
        })
    })
    .await?;
    let integration = stage.client.get(&stage.path("")?).await?;
    stage.psa.set_callout(text(&integration, "/callout/url")?);
    proof.push("the PSA has the ticket flag".to_owned());
    proof.push("the callout address is set in the PSA's workflow rule".to_owned());
    Ok(proof)
}

/// The value of the choice with that label.
async fn choice(stage: &Stage, choices: &str, label: &str) -> Result<Value, Lapse> {
    let offered = stage
        .client
        .get(&stage.path(&format!("/choices/{choices}"))?)
        .await?;
    let is_it = |choice: &&Value| {
        choice.get("label") == Some(&json!(label)) && choice.get("active") == Some(&json!(true))
    };
    let found = list(&offered, "/choices")?.iter().find(is_it);
    let found = found.ok_or_else(|| Lapse::new(format!("{choices} do not offer {label}")))?;
    Ok(at(found, "/value")?.clone())
}
