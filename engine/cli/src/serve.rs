//! `dovetail serve`: the engine until it is told to stop.

use std::env;

use definition::{Library, Loaded, Style, render};
use runtime::Config;

use crate::args::ServeArgs;
use crate::builtin;
use crate::config::Settings;
use crate::engine::{Engine, Plan, PublicAddress};
use crate::error::Error;
use crate::exit::Exit;
use crate::log;
use crate::output;
use crate::sealing;
use crate::signals::Signals;

pub(crate) async fn run(args: ServeArgs) -> Result<Exit, Error> {
    // A variable that is not Unicode is none of ours.
    let variables = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let settings = Settings::gather(args, variables)?;
    log::begin(&settings.log_level, settings.log_format)?;
    let mut signals = Signals::listen()?;
    let library = library(&settings)?;
    let data = settings.data.display().to_string();
    let mut engine = Engine::start(plan(settings), library).await?;
    output::print(&format!(
        "dovetail listens on {url}; sign in with a link from: dovetail token --data {data} --link \
         {url}",
        url = engine.url()
    ))?;
    let signal = tokio::select! {
        signal = signals.next() => signal,
        () = engine.ended() => {
            tracing::error!("a part of the engine has ended by itself; start it again");
            return Ok(Exit::Bug);
        }
    };
    tracing::info!("told to stop by {signal}: nothing new is accepted, work under way ends");
    tokio::select! {
        () = engine.stop() => {
            tracing::info!("stopped");
            Ok(Exit::Ok)
        }
        signal = signals.next() => {
            tracing::warn!("told to stop again by {signal}: work under way is broken off");
            Ok(Exit::Interrupted)
        }
    }
}

/// Loads the connectors. What is wrong with one is told, and stops no other.
fn library(settings: &Settings) -> Result<Library, Error> {
    let loaded = builtin::load(&settings.connectors)?;
    let doubts = settings.vendor.check(&loaded)?;
    for doubt in settings.doubts.iter().chain(&doubts) {
        tracing::warn!("{doubt}");
    }
    let Loaded { library, problems } = loaded;
    if !problems.is_empty() {
        output::tell(&render(&problems, Style::Plain));
        tracing::warn!(
            "files with errors are passed over; connectors in use: {}",
            library
                .connectors
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    Ok(library)
}

fn plan(settings: Settings) -> Plan {
    let defaults = Config::default();
    let workers = settings.workers.unwrap_or(defaults.workers);
    let per_partner = settings
        .workers_per_partner
        .unwrap_or(defaults.workers_per_partner);
    Plan {
        runtime: Config {
            vendor: settings.vendor.values(),
            trusted_origins: settings.trust,
            workers,
            workers_per_partner: per_partner.min(workers),
            retention: settings.keep,
            ..defaults
        },
        seal_key: settings
            .seal_key
            .unwrap_or_else(|| sealing::default_path(&settings.data)),
        data: settings.data,
        provider: settings.provider,
        listen: settings.listen,
        public: settings
            .public_url
            .map_or(PublicAddress::Unknown, PublicAddress::Given),
        grace: settings.grace,
    }
}
