//! The legs of trouble: faults of the PSA, wrong input, and the count at the end.

use exchange::{Body, Method};
use serde_json::json;
use simulators::faults::Fault;

use super::client::{Reply, at, text};
use super::lapse::{Lapse, hold};
use super::stage::{Stage, partner_path};
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

/// Lets the PSA fail while tickets are made.
pub(super) async fn survive_faults(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let before = stage.psa.creation_calls().len();
    for (fault, _) in FAULTS {
        stage.psa.fail_creations(fault, 1);
    }
    let mut ids = Vec::new();
    for _ in FAULTS {
        let request = stage.next_request()?;
        ids.push(stage.send(&request).await?);
    }
    for id in &ids {
        stage.reaches(id, "ticketed").await?;
        stage.one_ticket(id)?;
    }
    let calls = stage.psa.creation_calls();
    let calls = calls.get(before..).unwrap_or_default();
    let (made, refused): (Vec<u16>, Vec<u16>) = calls
        .iter()
        .partition(|status| (200..300).contains(*status));
    hold(made.len() == ids.len(), || {
        format!("{} tickets were made: {calls:?}", made.len())
    })?;
    hold(refused.contains(&429) && refused.contains(&500), || {
        format!("the faults met no creation: {calls:?}")
    })?;
    no_issues(stage).await?;
    let violations = stage.psa.violations();
    hold(violations.is_empty(), || {
        format!("the PSA was misused: {violations:?}")
    })?;
    let faults = FAULTS.map(|(_, what)| what).join("; ");
    Ok(vec![
        format!("met: {faults}"),
        format!(
            "{} requests, {} calls, {} tickets; no limit of the PSA broken",
            ids.len(),
            calls.len(),
            made.len()
        ),
    ])
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
        .call(Method::Get, &partner_path("/issues"), Body::Empty)
        .await?;
    proof.push(format!("a wrong token: {}", problem(&reply, 401)?));
    let mistaken = json!({ "id": "x", "customer": "c" });
    let path = partner_path("/requests");
    let reply = stage
        .client
        .call(Method::Post, &path, Body::Json(mistaken))
        .await?;
    proof.push(format!(
        "a request with a mistake: {}",
        problem(&reply, 422)?
    ));
    let connection = json!({
        "connector": stage.psa.connector(),
        "credentials": stage.psa.wrong_credentials(stage.psa_url()),
    });
    let path = partner_path("/integrations/test");
    let report = stage.client.post(&path, connection).await?;
    hold(report.get("ok") == Some(&json!(false)), || {
        report.to_string()
    })?;
    let (message, remedy) = (text(&report, "/message")?, text(&report, "/remedy")?);
    proof.push(format!("a wrong secret: {message}. Remedy: {remedy}"));
    let integration = stage.client.get(&stage.path("")?).await?;
    hold(at(&integration, "/health/good")? == &json!(true), || {
        integration.to_string()
    })?;
    proof.push("the integration that works goes on working".to_owned());
    Ok(proof)
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
    let ledger = stage.client.get(&partner_path("/ledger")).await?;
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
    let (tickets, sent) = (stage.psa.tickets().len(), stage.sent.len());
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
        format!("{tickets} tickets in the PSA, one for each request and none besides"),
    ])
}
