//! The first legs: what a partner does once, before any ticket.

use serde_json::{Map, Value, json};

use super::client::{at, list, text};
use super::lapse::{Lapse, hold};
use super::stage::{Side, Stage};
use super::wait::wait_for;

/// Suggestions with this score or more are taken without a look at each.
const SCORE_ACCEPTED: u64 = 80;

/// Tells the engine of a partner and its customers, as the product does; gives how many these are.
pub(super) async fn introduce(stage: &Stage) -> Result<Value, Lapse> {
    let webhook = json!({ "url": stage.webhook_url(), "secret": stage.product.secret() });
    let partner = json!({ "name": stage.name, "webhook": webhook });
    stage.client.put(&stage.path(""), partner).await?;
    let customers = json!({ "customers": stage.product.customers() });
    let path = stage.path("/customers");
    let receipt = stage.client.put(&path, customers).await?;
    at(&receipt, "/received").cloned()
}

/// Tells the engine of partner and customers; for each PSA, tests the connection and creates the
/// integration.
pub(super) async fn connect(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let received = introduce(stage).await?;
    let mut proof = vec![format!("the product told of {received} customers")];
    for place in 0..stage.sides.len() {
        proof.extend(connect_side(stage, place).await?);
    }
    Ok(proof)
}

async fn connect_side(stage: &mut Stage, place: usize) -> Result<Vec<String>, Lapse> {
    let (tests, creates) = (
        stage.path("/integrations/test"),
        stage.path("/integrations"),
    );
    let Some(side) = stage.sides.get_mut(place) else {
        return Ok(Vec::new());
    };
    let connection = json!({
        "connector": side.psa.connector(),
        "credentials": side.psa.credentials(&side.url),
    });
    let report = stage.client.post(&tests, connection.clone()).await?;
    hold(report.get("ok") == Some(&json!(true)), || {
        report.to_string()
    })?;
    let rights = list(&report, "/rights")?;
    let is_missing = |right: &&Value| right.get("granted") != Some(&json!(true));
    hold(!rights.iter().any(|right| is_missing(&right)), || {
        report.to_string()
    })?;
    let integration = stage.client.post(&creates, connection).await?;
    let id = text(&integration, "/id")?;
    side.integration = Some(id.to_owned());
    let rights: Result<Vec<&str>, Lapse> =
        rights.iter().map(|right| text(right, "/right")).collect();
    let (message, rights) = (text(&report, "/message")?, rights?.join(", "));
    Ok(vec![
        format!("test: {message}; granted: {rights}"),
        format!("integration {id} with {}", side.name()),
    ])
}

/// Waits for the companies and accepts what is suggested. Where there are several PSAs, each gets
/// its share of the customers.
pub(super) async fn map_companies(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    for place in 0..stage.sides.len() {
        let (companies, said) = map_side(stage, place).await?;
        if let Some(side) = stage.sides.get_mut(place) {
            side.companies = companies;
        }
        proof.extend(said);
    }
    let mut customers = stage.product.customers();
    let sides = &stage.sides;
    customers.retain(|one| {
        !sides
            .iter()
            .any(|side| side.companies.contains_key(&one.id))
    });
    let names: Vec<&str> = customers.iter().map(|one| one.name.as_str()).collect();
    hold(names.len() == 1, || {
        format!("one customer has no company in any PSA, and {names:?} are unmapped")
    })?;
    proof.push(format!(
        "{} is left unmapped: no company is alike enough",
        names.join(", ")
    ));
    stage.unmapped = customers;
    Ok(proof)
}

type Companies = std::collections::BTreeMap<String, String>;

async fn map_side(stage: &Stage, place: usize) -> Result<(Companies, Vec<String>), Lapse> {
    let Some(side) = stage.sides.get(place) else {
        return Ok(Default::default());
    };
    let there = read_companies(stage, side).await?;
    let mut proof = vec![format!(
        "{there} companies read from {}, and proven to be all there are",
        side.name()
    )];
    let path = stage.side_path(side, "/mappings/companies")?;
    let before = stage.client.get(&path).await?;
    if stage.sides.len() == 1 {
        let accepted = json!({ "min_score": SCORE_ACCEPTED });
        let path = format!("{path}/accept");
        stage.client.post(&path, accepted).await?;
    }
    let unsure = stage.client.get(&path).await?;
    confirm(stage, &path, place, list(&unsure, "/mappings")?).await?;
    let after = stage.client.get(&path).await?;
    let mut companies = Companies::new();
    let lines = list(&before, "/mappings")?.iter();
    for (line, mapped) in lines.zip(list(&after, "/mappings")?) {
        let Ok(company) = text(mapped, "/company/name") else {
            continue;
        };
        companies.insert(text(mapped, "/customer/id")?.to_owned(), company.to_owned());
        let customer = text(line, "/customer/name")?;
        let score = at(line, "/suggestion/score")?;
        let reason = text(line, "/suggestion/reason")?;
        proof.push(format!("{customer} is {company} (score {score}: {reason})"));
    }
    Ok((companies, proof))
}

/// Waits until the companies of a PSA are read, and holds them against what it has.
async fn read_companies(stage: &Stage, side: &Side) -> Result<usize, Lapse> {
    let path = stage.side_path(side, "/runs")?;
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
    let (records, there) = (at(verdict, "/records")?, side.psa.companies().len());
    hold(records == &json!(there), || {
        format!("{records} companies were read, and the PSA has {there}")
    })?;
    Ok(there)
}

/// Maps what is suggested and not mapped yet as a person would who has looked at each: not every
/// PSA lists the web addresses by which a company is known for sure. With several PSAs, every
/// so-manieth customer is this one's.
async fn confirm(stage: &Stage, path: &str, place: usize, lines: &[Value]) -> Result<(), Lapse> {
    let share = stage.sides.len();
    let ours = lines.iter().skip(place).step_by(share);
    let open = ours.filter(|line| {
        let is_mapped = line.get("company").is_some_and(Value::is_object);
        !is_mapped && line.pointer("/suggestion/company").is_some()
    });
    let changes = open.map(|line| {
        let company = at(line, "/suggestion/company/id")?;
        Ok(json!({ "customer": text(line, "/customer/id")?, "company": company }))
    });
    let changes = changes.collect::<Result<Vec<Value>, Lapse>>()?;
    if !changes.is_empty() {
        let body = json!({ "mappings": changes });
        stage.client.put(path, body).await?;
    }
    Ok(())
}

/// For each PSA, chooses the ticket settings by their labels, and sets the callout.
pub(super) async fn make_mark(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    for side in &stage.sides {
        proof.extend(prepare(stage, side).await?);
    }
    Ok(proof)
}

async fn prepare(stage: &Stage, side: &Side) -> Result<Vec<String>, Lapse> {
    let path = stage.side_path(side, "/settings/tickets")?;
    let wanted = side.psa.ticket_settings();
    let (values, chosen) = chosen(stage, side, &path, &wanted.choose).await?;
    stage
        .client
        .put(&path, json!({ "on": true, "values": values }))
        .await?;
    let psa = &side.psa;
    wait_for("making the ticket flag", || async {
        Ok(if psa.has_mark() {
            Ok(())
        } else {
            Err("no flag".to_owned())
        })
    })
    .await?;
    let callout = set_callout(stage, side).await?;
    let name = side.name();
    Ok(vec![
        chosen.join(", "),
        format!("{name} has the ticket flag, and our callout address{callout}"),
    ])
}

/// Has the PSA tell us of closed tickets: over its API if it can be told there, else as the partner
/// does it by hand. Says which.
async fn set_callout(stage: &Stage, side: &Side) -> Result<&'static str, Lapse> {
    stage.sync(side, "prepare_callout").await?;
    let integration = stage.client.get(&stage.side_path(side, "")?).await?;
    let url = text(&integration, "/callout/url")?;
    if side.psa.callouts_to(url) > 0 {
        return Ok(", set over its API");
    }
    side.psa.set_callout(url);
    Ok(", set by hand in a workflow rule")
}

/// The values of a section of the settings, chosen by their labels; and what was chosen, in words.
pub(super) async fn chosen(
    stage: &Stage,
    side: &Side,
    path: &str,
    wanted: &[(&str, &str)],
) -> Result<(Map<String, Value>, Vec<String>), Lapse> {
    let form = stage.client.get(path).await?;
    let (mut values, mut chosen) = (Map::new(), Vec::new());
    for (setting, label) in wanted {
        let is_it = |field: &&Value| field.get("name") == Some(&json!(setting));
        let field = list(&form, "/form/fields")?.iter().find(is_it);
        let field = field.ok_or_else(|| Lapse::new(format!("there is no setting {setting}")))?;
        let choices = text(field, "/choices")?;
        let value = choice(stage, side, choices, label).await?;
        chosen.push(format!("{}: {label}", text(field, "/label")?));
        values.insert((*setting).to_owned(), value);
    }
    Ok((values, chosen))
}

/// The value of the choice with that label.
async fn choice(stage: &Stage, side: &Side, choices: &str, label: &str) -> Result<Value, Lapse> {
    let path = stage.side_path(side, &format!("/choices/{choices}"))?;
    let offered = stage.client.get(&path).await?;
    let is_it = |choice: &&Value| {
        choice.get("label") == Some(&json!(label)) && choice.get("active") == Some(&json!(true))
    };
    let found = list(&offered, "/choices")?.iter().find(is_it);
    let found = found.ok_or_else(|| Lapse::new(format!("{choices} do not offer {label}")))?;
    Ok(at(found, "/value")?.clone())
}
