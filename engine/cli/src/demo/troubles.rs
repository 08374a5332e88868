//! The legs of trouble: faults of the PSA, wrong input, and the count at the end.

use exchange::{Body, Method};
use serde_json::json;
use simulators::faults::Fault;

use super::client::{Reply, at, text};
use super::lapse::{Lapse, hold};
use super::stage::{Side, Stage};
use super::tickets::no_issues;

/// What the PSA does to the creations of tickets, one each.
const FAULTS: [(Fault, &str); 3] = [
    (
        Fault::DropAnswer,
        "an answer lost after the ticket was made",
    ),
    (
        Fault::TooManyRequests { retry_after: None },
        "429, too many requests",
    ),
    (Fault::PlainError, "500, an error page in place of JSON"),
];

/// Lets each PSA fail while tickets are made.
pub(super) async fn survive_faults(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let faults = FAULTS.map(|(_, what)| what).join("; ");
    let mut proof = vec![format!("met: {faults}")];
    for place in 0..stage.sides.len() {
        proof.extend(survive(stage, place).await?);
    }
    no_issues(stage).await?;
    Ok(proof)
}

async fn survive(stage: &mut Stage, place: usize) -> Result<Option<String>, Lapse> {
    let Some(side) = stage.sides.get(place) else {
        return Ok(None);
    };
    let before = side.psa.creation_calls().len();
    for (fault, _) in FAULTS {
        side.psa.fail_creations(fault, 1);
    }
    let mut ids = Vec::new();
    for _ in FAULTS {
        let request = stage.next_request_for(place)?;
        ids.push(stage.send(&request).await?);
    }
    for id in &ids {
        stage.reaches(id, "ticketed").await?;
        stage.one_ticket(id)?;
    }
    let side = stage.sides.get(place);
    side.map(|side| not_doubled(side, before, ids.len()))
        .transpose()
}

/// Holds the creations since the first `before` against the requests, and the PSA's limits.
fn not_doubled(side: &Side, before: usize, requests: usize) -> Result<String, Lapse> {
    let calls = side.psa.creation_calls();
    let calls = calls.get(before..).unwrap_or_default();
    let (made, refused): (Vec<u16>, Vec<u16>) = calls
        .iter()
        .partition(|status| (200..300).contains(*status));
    hold(made.len() == requests, || {
        format!("{} tickets were made: {calls:?}", made.len())
    })?;
    hold(refused.contains(&429) && refused.contains(&500), || {
        format!("the faults met no creation: {calls:?}")
    })?;
    let violations = side.psa.violations();
    hold(violations.is_empty(), || {
        format!("the PSA was misused: {violations:?}")
    })?;
    Ok(format!(
        "{}: {requests} requests, {} calls, {} tickets; no limit of the PSA broken",
        side.name(),
        calls.len(),
        made.len()
    ))
}

/// Does what an intruder or a clumsy person would.
pub(super) async fn refuse_wrong(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    let forged = json!({ "id": "1" });
    let path = "/callouts/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let reply = stage
        .client
        .call(Method::Post, path, Body::Json(forged))
        .await?;
    proof.push(format!(
        "a callout to a wrong address: {}",
        problem(&reply, 404)?
    ));
    let stranger = stage.client.with_token("dvt_wrong.token");
    let reply = stranger
        .call(Method::Get, &stage.path("/issues"), Body::Empty)
        .await?;
    proof.push(format!("a wrong token: {}", problem(&reply, 401)?));
    let mistaken = json!({ "id": "x", "customer": "c" });
    let path = stage.path("/requests");
    let reply = stage
        .client
        .call(Method::Post, &path, Body::Json(mistaken))
        .await?;
    proof.push(format!(
        "a request with a mistake: {}",
        problem(&reply, 422)?
    ));
    for side in &stage.sides {
        proof.push(wrong_secret(stage, side).await?);
    }
    proof.push("the integrations that work go on working".to_owned());
    Ok(proof)
}

async fn wrong_secret(stage: &Stage, side: &Side) -> Result<String, Lapse> {
    let connection = json!({
        "connector": side.psa.connector(),
        "credentials": side.psa.wrong_credentials(&side.url),
    });
    let path = stage.path("/integrations/test");
    let report = stage.client.post(&path, connection).await?;
    hold(report.get("ok") == Some(&json!(false)), || {
        report.to_string()
    })?;
    let integration = stage.client.get(&stage.side_path(side, "")?).await?;
    hold(at(&integration, "/health/good")? == &json!(true), || {
        integration.to_string()
    })?;
    let (message, remedy) = (text(&report, "/message")?, text(&report, "/remedy")?);
    Ok(format!("a wrong secret: {message}. Remedy: {remedy}"))
}

/// What a refusal says, if it is the one that was to come.
fn problem(reply: &Reply, status: u16) -> Result<String, Lapse> {
    let body = &reply.body;
    hold(reply.status == status, || {
        format!("{} instead of {status}: {body}", reply.status)
    })?;
    Ok(format!(
        "{status}, {}",
        text(body, "/detail").or_else(|_| text(body, "/title"))?
    ))
}

/// Holds the ledger against what was sent and what is in the PSA.
pub(super) async fn add_up(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let ledger = stage.client.get(&stage.path("/ledger")).await?;
    hold(at(&ledger, "/adds_up")? == &json!(true), || {
        ledger.to_string()
    })?;
    hold(
        at(&ledger, "/accepted")? == &json!(stage.sent.len()),
        || ledger.to_string(),
    )?;
    hold(
        at(&ledger, "/states")? == at(&ledger, "/recounted")?,
        || ledger.to_string(),
    )?;
    for id in &stage.sent {
        stage.one_ticket(id)?;
    }
    let tickets = stage.sides.iter().map(|side| side.psa.tickets().len());
    let (tickets, sent) = (tickets.sum::<usize>(), stage.sent.len());
    hold(tickets == sent, || {
        format!("{sent} requests were sent, and there are {tickets} tickets")
    })?;
    let states = at(&ledger, "/states")?.as_object().into_iter().flatten();
    let states = states.filter(|(_, count)| **count != 0);
    let states: Vec<String> = states
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    Ok(vec![
        format!("{sent} requests accepted: {}", states.join(", ")),
        format!("{tickets} tickets, one for each request and none besides"),
    ])
}
