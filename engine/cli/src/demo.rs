//! `dovetail demo`: the whole product against simulated systems, shown leg by leg.
//!
//! What is done is done through the HTTP API, as the product and a partner would; what is verified
//! is looked at from the outside, in the simulated PSA and product. The report is what the command
//! is asked for, so it goes to standard output; it is understood without colour.

mod billing;
mod client;
mod folder;
mod invitation;
mod lapse;
mod leg;
mod setup;
mod show;
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
        walked = walk(&args, &mut stages) => Some(walked?),
        _ = signals.next() => None,
    };
    if walked.is_some() && !args.once {
        print(&invitation::lines(&site, &stages).join("\n"))?;
        signals.next().await;
    }
    site.tear_down(stages).await;
    Ok(walked.unwrap_or(Exit::Interrupted))
}

/// Walks the tours, and lays out what somebody who stays can look at.
async fn walk(args: &DemoArgs, stages: &mut [Stage]) -> Result<Exit, Error> {
    let walked = tour::walk_all(stages).await?;
    if !args.once
        && let Err(lapse) = show::lay_out(stages).await
    {
        print(&format!("\nnot all that was to be shown is there: {lapse}"))?;
    }
    Ok(walked)
}
