//! The legs of everyday work: requests, tickets, and how either closes the other.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::TicketView;

use super::client::{at, list, text};
use super::lapse::{Lapse, hold};
use super::stage::{Side, Stage};
use super::wait::wait_for;

/// How many requests the leg of opening sends.
const OPENED: usize = 8;

/// How long the product may take to get an event.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

/// Sends requests, of the customers of each PSA in turn, and looks at each ticket there.
pub(super) async fn open(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut sent = Vec::new();
    for number in 0..OPENED {
        let place = number % stage.sides.len();
        let request = stage.next_request_for(place)?;
        sent.push((
            place,
            stage.send(&request).await?,
            request.customer_id.clone(),
        ));
        // A caller that got no answer sends again; that is the same request.
        stage.send_again(&request).await?;
    }
    let mut proof = Vec::new();
    for (place, id, customer) in sent {
        let request = stage.reaches(&id, "ticketed").await?;
        let (there, ticket) = stage.one_ticket(&id)?;
        let Some(side) = stage.sides.get_mut(there).filter(|_| there == place) else {
            return Err(Lapse::new(format!("request {id} went to another PSA")));
        };
        is_right(side, &ticket, &request, &customer)?;
        if side.opened.is_empty() {
            proof.push(example(&ticket));
        }
        side.opened.push(id);
    }
    let places: Vec<String> = stage.sides.iter().map(tally).collect();
    proof.push(format!(
        "{OPENED} requests, each sent twice; {}, each found by its reference, with the right \
         company, queue, status and flag",
        places.join(" and ")
    ));
    Ok(proof)
}

fn example(ticket: &TicketView) -> String {
    let TicketView {
        number,
        company,
        queue,
        status,
        title,
        ..
    } = ticket;
    format!("e.g. {number} for {company}, {queue}, {status}: {title}")
}

fn tally(side: &Side) -> String {
    format!("{} tickets in {}", side.opened.len(), side.name())
}

/// Holds a ticket against what it has to be.
fn is_right(
    side: &Side,
    ticket: &TicketView,
    request: &Value,
    customer: &str,
) -> Result<(), Lapse> {
    let wanted = side.psa.ticket_settings();
    let known = match at(request, "/ticket/id")? {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    let is_right = ticket.id == known
        && Some(&ticket.company) == side.companies.get(customer)
        && ticket.queue == wanted.queue
        && ticket.status == wanted.initial_status
        && ticket.marked
        && !ticket.closed;
    hold(is_right, || {
        format!("the ticket of {request} is wrong: {ticket:?}")
    })
}

/// In each PSA, closes one ticket with a callout, and one whose callout gets lost.
pub(super) async fn close_in_psa(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    for side in &stage.sides {
        proof.push(close_in(stage, side).await?);
    }
    let rejected = stage.product.rejected();
    hold(rejected.is_empty(), || {
        format!("webhooks were signed wrongly: {rejected:?}")
    })?;
    proof.push(
        "the product was told of each by a webhook, once, and its signature is right".to_owned(),
    );
    Ok(proof)
}

async fn close_in(stage: &Stage, side: &Side) -> Result<String, Lapse> {
    let (told, lost) = (side.request(0)?, side.request(1)?);
    let psa = &side.psa;
    let integration = stage.client.get(&stage.side_path(side, "")?).await?;
    let due = psa.callouts_to(text(&integration, "/callout/url")?);
    psa.close_ticket(&told)?;
    was_closed(stage, &told).await?;
    // The callout's sender may hear of its success after the engine has acted on it.
    let accepted = wait_for("the callout", || async {
        let accepted = psa.callouts_accepted();
        Ok(if due > 0 && accepted == due {
            Ok(accepted)
        } else {
            Err(format!("{accepted} of {due} callouts"))
        })
    })
    .await?;
    psa.lose_next_callout();
    psa.close_ticket(&lost)?;
    stage.sync(side, "poll_tickets").await?;
    was_closed(stage, &lost).await?;
    let more = psa.callouts_accepted() - accepted;
    hold(more == 0, || {
        format!("{more} callouts came, and all should have been lost")
    })?;
    let name = side.name();
    Ok(format!(
        "{name}: request {told} by callout; request {lost}: its callout got lost, the poll found it"
    ))
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

/// Closes a request of each PSA as the product does.
pub(super) async fn close_in_product(stage: &mut Stage) -> Result<Vec<String>, Lapse> {
    let mut proof = Vec::new();
    for side in &stage.sides {
        let id = side.request(2)?;
        let path = stage.path(&format!("/requests/{id}/close"));
        let resolution = json!({ "resolution": "Allowed by policy" });
        stage.client.post(&path, resolution).await?;
        let request = stage.reaches(&id, "closed").await?;
        hold(text(&request, "/closed_by")? == "product", || {
            request.to_string()
        })?;
        let (_, ticket) = stage.one_ticket(&id)?;
        let wanted = side.psa.ticket_settings().closing_status;
        hold(ticket.closed && ticket.status == wanted, || {
            format!("{ticket:?} is not closed")
        })?;
        let (name, number) = (side.name(), ticket.number);
        proof.push(format!(
            "{name}: request {id}, ticket {number} has the status {wanted}"
        ));
    }
    Ok(proof)
}

/// Sends a request of a customer that is not mapped anywhere, then maps it in the last PSA.
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
    let issues = stage.client.get(&stage.path("/issues")).await?;
    let is_it = |issue: &&Value| issue.get("kind") == Some(&json!("unmapped_customer"));
    let issue = list(&issues, "/issues")?.iter().find(is_it);
    let issue = issue.ok_or_else(|| Lapse::new(format!("there is no issue: {issues}")))?;
    hold(issue.get("behind") == Some(&json!(1)), || issue.to_string())?;
    let (title, remedy) = (text(issue, "/title")?, text(issue, "/remedy")?);
    let mut proof = vec![format!("issue: {title}. {remedy}")];
    let Some(side) = stage.sides.last() else {
        return Ok(proof);
    };
    map(stage, side, &customer).await?;
    stage.reaches(&id, "ticketed").await?;
    let (_, ticket) = stage.one_ticket(&id)?;
    hold(ticket.company == customer.name, || {
        format!("{ticket:?} is not {}'s", customer.name)
    })?;
    no_issues(stage).await?;
    proof.push(format!(
        "mapped to a company that was added in {}: ticket {}, issue gone",
        side.name(),
        ticket.number
    ));
    Ok(proof)
}

/// Maps a customer to a company that is added in the PSA for it.
async fn map(
    stage: &Stage,
    side: &Side,
    customer: &simulators::product::Customer,
) -> Result<(), Lapse> {
    side.psa.add_company(&customer.name);
    stage.sync(side, "read_directory").await?;
    let mappings = stage.side_path(side, "/mappings/companies")?;
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
    let path = stage.path("/issues");
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
