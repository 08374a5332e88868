//! `dovetail demo`: the whole product against simulated systems, shown leg by leg.
//!
//! What is done is done through the HTTP API, as the product and a partner would; what is verified
//! is looked at from the outside, in the simulated PSA and product. The report is what the command
//! is asked for, so it goes to standard output; it is understood without colour.

mod billing;
mod client;
mod folder;
mod lapse;
mod leg;
mod setup;
mod site;
mod stage;
mod tickets;
mod tour;
mod troubles;
mod wait;

use definition::LogFormat;

use crate::args::DemoArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::log;
use crate::output::print;
use crate::signals::Signals;
use site::Site;
use stage::Stage;

pub(crate) async fn run(args: DemoArgs) -> Result<Exit, Error> {
    log::begin(&args.log_level, LogFormat::Text)?;
    let mut signals = Signals::listen()?;
    let (site, mut stages) = Site::set_up(&args).await?;
    print(&site.addresses(&stages).join("\n"))?;
    // A person who has seen enough may leave at any time; all is cleared away all the same.
    let walked = tokio::select! {
        walked = tour::walk_all(&mut stages) => Some(walked?),
        _ = signals.next() => None,
    };
    if walked.is_some() && !args.once {
        print(&invitation(&site, &stages))?;
        signals.next().await;
    }
    site.tear_down(stages).await;
    Ok(walked.unwrap_or(Exit::Interrupted))
}

/// What a person can try next.
fn invitation(site: &Site, stages: &[Stage]) -> String {
    let (url, token) = (site.url(), site.token.expose());
    let mut lines =
        vec![
        "All of it stays up until Ctrl-C. Open the console with this link; it works once, within a"
            .to_owned(),
        "quarter of an hour:".to_owned(),
        String::new(),
        format!("  {}", site.sign_in_url()),
        String::new(),
        format!("Another: dovetail token --data {} --link {url}", site.data()),
        "Or by the API:".to_owned(),
        String::new(),
        format!("  export TOKEN={token}"),
        format!("  curl {url}/api/openapi.json"),
    ];
    lines.extend(stages.first().map(|stage| first_steps(&url, stage)));
    for side in stages.iter().flat_map(|stage| &stage.sides) {
        lines.push(format!("  curl {}/__simulator/tickets", side.url));
    }
    format!("\n{}", lines.join("\n"))
}

/// Calls about the requests of one partner.
fn first_steps(url: &str, stage: &Stage) -> String {
    let requests = format!("{url}{}", stage.path("/requests"));
    let customer = stage.product.customers().into_iter().next();
    let request = serde_json::json!({
        "id": "mine-1",
        "customer_id": customer.map(|customer| customer.id),
        "report_type": "url_block",
        "hostname": "files.example",
    });
    let bearer = "curl -H \"authorization: Bearer $TOKEN\"";
    let lines = [
        format!("  {bearer} {requests}"),
        format!("  {bearer} --json '{request}' \\\n    {requests}"),
        format!("  {bearer} {requests}/mine-1"),
    ];
    lines.join("\n")
}
