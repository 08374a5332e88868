//! The legs of everyday work: requests, tickets, and how either closes the other.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::TicketView;

use super::client::{at, list, text};
use super::lapse::{Lapse, hold};
use super::stage::{Stage, partner_path};
use super::wait::wait_for;

/// How many requests the leg of opening sends.
const OPENED: usize = 8;

/// How long the product may take to get an event.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

/// Sends requests and looks at each ticket in the PSA.
pub(super) async fn open(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut ids = Vec::new();
    for _ in 0..OPENED {
        let request = stage.next_request()?;
        ids.push((stage.send(&request).await?, request.customer_id.clone()));
        // A caller that got no answer sends again; that is the same request.
        stage.send_again(&request).await?;
    }
    let mut proof = Vec::new();
    for (id, customer) in &ids {
        let request = stage.reaches(id, "ticketed").await?;
        let ticket = stage.one_ticket(id)?;
        is_right(stage, &ticket, &request, customer)?;
        if proof.is_empty() {
            let TicketView {
                number,
                company,
                queue,
                status,
                ..
            } = &ticket;
            proof.push(format!(
                "e.g. {number} for {company}, {queue}, {status}: {}",
                ticket.title
            ));
        }
    }
    proof.push(format!(
        "{OPENED} requests, each sent twice; {OPENED} tickets, each found by its reference, with \
         the right company, queue, status and flag"
    ));
    Ok(proof)
}

/// Holds a ticket against what it has to be.
fn is_right(
    stage: &Stage,
    ticket: &TicketView,
    request: &Value,
    customer: &str,
) -> Result<(), Lapse> {
    let wanted = stage.psa.ticket_settings();
    let known = match at(request, "/ticket/id")? {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    let is_right = ticket.id == known
        && Some(&ticket.company) == stage.companies.get(customer)
        && ticket.queue == wanted.queue
        && ticket.status == wanted.initial_status
        && ticket.marked
        && !ticket.closed;
    hold(is_right, || {
        format!("the ticket of {request} is wrong: {ticket:?}")
    })
}

/// Closes one ticket with a callout, and one whose callout gets lost.
pub(super) async fn close_in_psa(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let [told, lost, ..] = stage.sent.as_slice() else {
        return Err(Lapse::new("there are no requests to close"));
    };
    let (told, lost) = (told.clone(), lost.clone());
    stage.psa.close_ticket(&told)?;
    was_closed(stage, &told).await?;
    let psa = &stage.psa;
    // The callout's sender may hear of its success after the engine has acted on it.
    let accepted = wait_for("the callout", || async {
        let accepted = psa.callouts_accepted();
        Ok(if accepted > 0 {
            Ok(accepted)
        } else {
            Err("no callout".to_owned())
        })
    })
    .await?;
    hold(accepted == 1, || {
        format!("{accepted} callouts were accepted, not one")
    })?;
    stage.psa.lose_next_callout();
    stage.psa.close_ticket(&lost)?;
    stage.sync("poll_tickets").await?;
    was_closed(stage, &lost).await?;
    let more = stage.psa.callouts_accepted() - accepted;
    hold(more == 0, || {
        format!("{more} callouts came, and all should have been lost")
    })?;
    let rejected = stage.product.rejected();
    hold(rejected.is_empty(), || {
        format!("webhooks were signed wrongly: {rejected:?}")
    })?;
    Ok(vec![
        format!(
            "request {told}: by callout; request {lost}: its callout got lost, the poll found it"
        ),
        "the product was told of each by a webhook, once, and its signature is right".to_owned(),
    ])
}

/// Waits until a close in the PSA has reached the engine and the product.
async fn was_closed(stage: &Stage, id: &str) -> Result<(), Lapse> {
    let request = stage.reaches(id, "closed").await?;
    hold(text(&request, "/closed_by")? == "psa", || {
        request.to_string()
    })?;
    let event = format!("a webhook about request {id}");
    let is_told = |product: &simulators::Product| {
        let told = product.received_of("request.closed").into_iter();
        let about = told.filter(|one| one.body.pointer("/data/request") == Some(&json!(id)));
        about.count() == 1
    };
    Ok(stage.product.wait_for(&event, is_told, TOLD_WITHIN).await?)
}

/// Closes a request as the product does.
pub(super) async fn close_in_product(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let Some(id) = stage.sent.get(2).cloned() else {
        return Err(Lapse::new("there is no request to close"));
    };
    let path = partner_path(&format!("/requests/{id}/close"));
    stage
        .client
        .post(&path, json!({ "resolution": "Allowed by policy" }))
        .await?;
    let request = stage.reaches(&id, "closed").await?;
    hold(text(&request, "/closed_by")? == "product", || {
        request.to_string()
    })?;
    let ticket = stage.one_ticket(&id)?;
    let wanted = stage.psa.ticket_settings().closing_status;
    hold(ticket.closed && ticket.status == wanted, || {
        format!("{ticket:?} is not closed")
    })?;
    Ok(vec![format!(
        "request {id}: ticket {} has the status {wanted}",
        ticket.number
    )])
}

/// Sends a request of a customer that is not mapped, then maps it.
pub(super) async fn park_unmapped(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let Some(customer) = stage.unmapped.pop() else {
        return Err(Lapse::new("every customer is mapped"));
    };
    let mut request = stage.next_request()?;
    request.customer_id.clone_from(&customer.id);
    let id = stage.send(&request).await?;
    stage.reaches(&id, "parked").await?;
    hold(stage.one_ticket(&id).is_err(), || {
        format!("request {id} has a ticket already")
    })?;
    let issues = stage.client.get(&partner_path("/issues")).await?;
    let is_it = |issue: &&Value| issue.get("kind") == Some(&json!("unmapped_customer"));
    let issue = list(&issues, "/issues")?.iter().find(is_it);
    let issue = issue.ok_or_else(|| Lapse::new(format!("there is no issue: {issues}")))?;
    hold(issue.get("behind") == Some(&json!(1)), || issue.to_string())?;
    let mut proof = vec![format!(
        "issue: {}. {}",
        text(issue, "/title")?,
        text(issue, "/remedy")?
    )];
    map(stage, &customer).await?;
    stage.reaches(&id, "ticketed").await?;
    let ticket = stage.one_ticket(&id)?;
    hold(ticket.company == customer.name, || {
        format!("{ticket:?} is not {}'s", customer.name)
    })?;
    no_issues(stage).await?;
    proof.push(format!(
        "mapped to a company that was added in the PSA: ticket {}, issue gone",
        ticket.number
    ));
    Ok(proof)
}

/// Maps a customer to a company that is added in the PSA for it.
async fn map(stage: &Stage, customer: &simulators::product::Customer) -> Result<(), Lapse> {
    stage.psa.add_company(&customer.name);
    stage.sync("read_directory").await?;
    let mappings = stage.path("/mappings/companies")?;
    let lines = stage.client.get(&mappings).await?;
    let is_it = |line: &&Value| line.pointer("/customer/id") == Some(&json!(customer.id));
    let line = list(&lines, "/mappings")?.iter().find(is_it);
    let line = line.ok_or_else(|| Lapse::new(format!("{} is gone", customer.name)))?;
    let company = at(line, "/suggestion/company/id")?;
    let change = json!({ "customer": customer.id, "company": company });
    let receipt = stage
        .client
        .put(&mappings, json!({ "mappings": [change] }))
        .await?;
    hold(receipt.get("released") == Some(&json!(1)), || {
        receipt.to_string()
    })
}

/// Waits until all issues are gone.
pub(super) async fn no_issues(stage: &Stage) -> Result<(), Lapse> {
    let path = partner_path("/issues");
    let (path, client) = (&path, &stage.client);
    wait_for("the end of all issues", || async move {
        let issues = client.get(path).await?;
        let is_over = list(&issues, "/issues")?.is_empty();
        Ok(if is_over {
            Ok(())
        } else {
            Err(issues.to_string())
        })
    })
    .await
}
