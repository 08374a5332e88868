//! `dovetail demo`: the whole product against simulated systems, shown leg by leg.
//!
//! What is done is done through the HTTP API, as the product and a partner would; what is verified
//! is looked at from the outside, in the simulated PSA and product. The report is what the command
//! is asked for, so it goes to standard output; it is understood without colour.

mod client;
mod folder;
mod lapse;
mod leg;
mod setup;
mod stage;
mod tickets;
mod troubles;
mod wait;

use std::time::Instant;

use definition::LogFormat;

use crate::args::DemoArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::log;
use crate::output::print;
use crate::signals::Signals;
use leg::Leg;
use stage::{Stage, partner_path};

pub(crate) async fn run(args: DemoArgs) -> Result<Exit, Error> {
    log::begin(&args.log_level, LogFormat::Text)?;
    let mut signals = Signals::listen()?;
    let mut exit = Exit::Ok;
    for psa in args.psas() {
        exit = visit(&args, &psa, &mut signals).await?;
        if exit != Exit::Ok {
            break;
        }
    }
    Ok(exit)
}

/// Walks the tour with one PSA.
async fn visit(args: &DemoArgs, psa: &str, signals: &mut Signals) -> Result<Exit, Error> {
    let mut stage = Stage::set_up(args, psa).await?;
    print(&format!("{}\n", stage.addresses().join("\n")))?;
    // A person who has seen enough may leave at any time; all is cleared away all the same.
    let walked = tokio::select! {
        walked = tour(&mut stage) => Some(walked?),
        _ = signals.next() => None,
    };
    if walked.is_some() && !args.once {
        print(&invitation(&stage))?;
        signals.next().await;
    }
    stage.tear_down().await;
    Ok(match walked {
        Some(exit) => exit,
        None => Exit::Interrupted,
    })
}

/// Walks all legs, up to the first that does not hold: those after it rest on it.
async fn tour(stage: &mut Stage) -> Result<Exit, Error> {
    let started = Instant::now();
    let mut held = 0;
    for (leg, number) in Leg::ALL.into_iter().zip(1..) {
        let began = Instant::now();
        let walked = leg.walk(stage).await;
        let seconds = began.elapsed().as_secs_f64();
        let (mark, proof) = match walked {
            Ok(proof) => ("✓", proof),
            Err(lapse) => ("✗ FAILED:", vec![lapse.to_string()]),
        };
        print(&format!(
            "{number:>2} {mark} {} ({seconds:.1} s)",
            leg.title()
        ))?;
        for line in proof {
            print(&format!("     {line}"))?;
        }
        if mark != "✓" {
            break;
        }
        held = number;
    }
    let (all, seconds) = (Leg::ALL.len(), started.elapsed().as_secs_f64());
    if held == all {
        print(&format!("\nall {all} legs held, in {seconds:.1} s"))?;
        return Ok(Exit::Ok);
    }
    let walked = held + 1;
    print(&format!(
        "\nleg {walked} did not hold; {held} of {all} did, {} were not walked",
        all - walked
    ))?;
    Ok(Exit::Failed)
}

/// What a person can try next.
fn invitation(stage: &Stage) -> String {
    let (url, token) = (stage.engine_url(), stage.token.expose());
    let requests = format!("{url}{}", partner_path("/requests"));
    let customer = stage.product.customers().into_iter().next();
    let request = serde_json::json!({
        "id": "mine-1",
        "customer_id": customer.map(|customer| customer.id),
        "report_type": "url_block",
        "hostname": "files.example",
    });
    let lines = [
        "All of it stays up until Ctrl-C. Try:".to_owned(),
        String::new(),
        format!("  export TOKEN={token}"),
        format!("  curl -H \"authorization: Bearer $TOKEN\" {requests}"),
        format!("  curl -H \"authorization: Bearer $TOKEN\" --json '{request}' \\\n    {requests}"),
        format!("  curl -H \"authorization: Bearer $TOKEN\" {requests}/mine-1"),
        format!("  curl {}/__simulator/tickets", stage.psa_url()),
        format!("  curl {url}/api/openapi.json"),
    ];
    format!("\n{}", lines.join("\n"))
}
