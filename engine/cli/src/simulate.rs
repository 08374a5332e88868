//! `dovetail simulate`: one simulated system alone, for trying things out by hand.

use simulators::psa::serve_by_name;
use tokio::net;

use crate::args::SimulateArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::signals::Signals;

pub(crate) async fn run(args: SimulateArgs) -> Result<Exit, Error> {
    let mut signals = Signals::listen()?;
    let failed = |source| Error::Listen {
        address: args.listen.clone(),
        source,
    };
    let mut addresses = net::lookup_host(&args.listen).await.map_err(failed)?;
    let address = addresses
        .next()
        .ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
    let served = serve_by_name(&args.name, args.seed, address).await;
    let served = served.map_err(|source| Error::Simulate { source })?;
    let Some((running, guide)) = served else {
        // The parser lets through only names that there are.
        return Ok(Exit::Bug);
    };
    let head = format!("simulated {} at {}", args.name, running.url);
    output::print(&format!("{head}\n\n{}", guide.join("\n")))?;
    signals.next().await;
    running.stop().await;
    Ok(Exit::Ok)
}
