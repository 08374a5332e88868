//! What a person can do once the demo is up: where to sign in, what to paste, and calls to play
//! with.

use model::PartnerId;

use super::site::{Form, Site};
use super::stage::{Side, Stage};

/// A call in somebody's name.
const BEARER: &str = "curl -H \"authorization: Bearer $TOKEN\"";

/// All of it, line by line.
pub(super) fn lines(site: &Site, stages: &[Stage]) -> Vec<String> {
    let mut lines = owned(&[
        "",
        "All of it stays up until Ctrl-C. Links work once, within a quarter of an hour.",
        "",
        "The console, with work in every state, as the operator who sees all partners:",
        "",
    ]);
    lines.push(format!("  {}", site.sign_in_url(None)));
    for stage in stages.iter().filter(|stage| stage.is_new) {
        lines.extend(first_set_up(site, stage));
    }
    lines.extend(calls(site, stages));
    lines
}

/// How to set up a PSA as somebody who never saw the console, and what to paste there.
fn first_set_up(site: &Site, stage: &Stage) -> Vec<String> {
    let Ok(partner) = PartnerId::new(&stage.partner) else {
        return Vec::new();
    };
    let mut lines = vec![
        String::new(),
        format!(
            "Or connect a PSA yourself, as the administrator of {}, who has none yet:",
            stage.name
        ),
        String::new(),
        format!("  {}", site.sign_in_url(Some(&partner))),
    ];
    for side in &stage.sides {
        lines.extend(
            site.forms
                .get(side.name())
                .map(|form| pasted(form, side))
                .unwrap_or_default(),
        );
        lines.extend(as_technician(side));
    }
    lines.push(String::new());
    lines.push(
        "  Once a customer is mapped and tickets are on, as the product (the token is below):"
            .to_owned(),
    );
    lines.push(request(&site.url(), stage));
    lines
}

/// What goes into the boxes of a PSA's form, in their order.
fn pasted(form: &Form, side: &Side) -> Vec<String> {
    let mut lines = vec![String::new(), format!("  To paste for {}:", form.title)];
    let values = side.psa.credentials(&side.url);
    let boxes = form.boxes.iter();
    let filled = boxes.filter_map(|(name, label)| Some((label, values.get(name)?)));
    lines.extend(filled.map(|(label, value)| format!("    {label:<18} {value}")));
    lines
}

/// What somebody does in the PSA itself, as calls of its controls.
fn as_technician(side: &Side) -> [String; 3] {
    let tickets = tickets(side);
    let callout = format!("{}/__simulator/callout", side.url);
    [
        ("see its tickets", format!("curl {tickets}")),
        ("close one", format!("curl -X POST {tickets}/ID/close")),
        (
            "set its callout",
            format!("curl --json '{{\"url\":\"CALLOUT URL\"}}' {callout}"),
        ),
    ]
    .map(|(what, call)| format!("    {what:<18} {call}"))
}

/// Calls about the requests of one partner, and where the tickets of each are.
fn calls(site: &Site, stages: &[Stage]) -> Vec<String> {
    let (url, token) = (site.url(), site.token.expose());
    let mut lines = vec![
        String::new(),
        format!(
            "Another link: dovetail token --data {} --link {url}",
            site.data()
        ),
        "Or by the API:".to_owned(),
        String::new(),
        format!("  export TOKEN={token}"),
        format!("  curl {url}/api/openapi.json"),
    ];
    lines.extend(stages.first().map(|stage| first_steps(&url, stage)));
    let sides = stages.iter().filter(|stage| !stage.is_new);
    let sides = sides.flat_map(|stage| &stage.sides);
    lines.extend(sides.map(|side| format!("  curl {}", tickets(side))));
    lines
}

fn tickets(side: &Side) -> String {
    format!("{}/__simulator/tickets", side.url)
}

fn first_steps(url: &str, stage: &Stage) -> String {
    let requests = format!("{url}{}", stage.path("/requests"));
    let lines = [
        format!("  {BEARER} {requests}"),
        request(url, stage),
        format!("  {BEARER} {requests}/mine-1"),
    ];
    lines.join("\n")
}

/// A call that hands in a request of the first customer.
fn request(url: &str, stage: &Stage) -> String {
    let requests = format!("{url}{}", stage.path("/requests"));
    let customer = stage.product.customers().into_iter().next();
    let request = serde_json::json!({
        "id": "mine-1",
        "customer_id": customer.map(|customer| customer.id),
        "report_type": "url_block",
        "hostname": "files.example",
    });
    format!("  {BEARER} --json '{request}' \\\n    {requests}")
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
