//! What a server is set to: defaults, then the configuration file, the environment, the flags.
//!
//! Each says what it says with its own name kept beside it, so that a wrong value is reported
//! where it was given: as a key of the file, as a variable, as a flag. A list of folders is taken
//! whole from the last that names one; vendor values are taken one by one, so that the file can
//! hold all but the secrets.

mod keep;
mod layer;
mod sign_in;
mod vendor;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use access::ProviderSettings;
use definition::{Configuration, LogFormat, Style, render};
use model::span;
use runtime::Retention;

use crate::args::ServeArgs;
use crate::error::Error;
use layer::{Layer, Said};

pub(crate) use vendor::Vendor;

/// Where a server listens unless it is told otherwise: for this machine only.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// How much is logged unless told otherwise.
const LEVEL_DEFAULT: &str = "info";

/// How long work under way may take to end, unless told otherwise.
pub(crate) const GRACE_DEFAULT: Duration = Duration::from_secs(20);

/// The most pieces of work at once that make sense on one machine.
const WORKERS_MAX: usize = 10_000;

/// What a server is set to.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Address and port.
    pub(crate) listen: String,
    /// The folder that holds the state.
    pub(crate) data: PathBuf,
    /// The file with the key that secrets are sealed with, if it is not in that folder.
    pub(crate) seal_key: Option<PathBuf>,
    /// The address that PSAs reach the server under, without a final slash.
    pub(crate) public_url: Option<String>,
    /// What people sign in with beside links, if there is anything.
    pub(crate) provider: Option<ProviderSettings>,
    /// Folders of connectors beside or over those that are built in.
    pub(crate) connectors: Vec<PathBuf>,
    /// Origins that may be called besides the hosts that connectors name.
    pub(crate) trust: Vec<String>,
    /// What makers of connectors gave for all partners.
    pub(crate) vendor: Vendor,
    /// How many pieces of work are done at once.
    pub(crate) workers: Option<usize>,
    /// How many of them may be one partner's.
    pub(crate) workers_per_partner: Option<usize>,
    /// How long work under way may take to end when the server is told to stop.
    pub(crate) grace: Duration,
    /// How long things are kept.
    pub(crate) keep: Retention,
    /// How much is logged.
    pub(crate) log_level: String,
    /// How a line of the log looks.
    pub(crate) log_format: LogFormat,
    /// What looks like a mistake and stops nothing, for the log.
    pub(crate) doubts: Vec<String>,
}

impl Settings {
    /// Gathers what `args`, the environment and the configuration file say.
    pub(crate) fn gather(
        args: ServeArgs,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let (environment, doubts) = Layer::of_environment(environment);
        let file = match &args.config {
            Some(path) => Layer::of_file(&path.display().to_string(), read(path)?),
            None => Layer::default(),
        };
        let said = Layer::of_flags(args).over(environment).over(file);
        Self::settle(said, doubts)
    }

    fn settle(said: Layer, doubts: Vec<String>) -> Result<Self, Error> {
        let text = |key| said.get(key).map(|said| said.value.clone());
        let Some(data) = text("data") else {
            return Err(Error::BadSetting {
                setting: "data".to_owned(),
                wrong: "no folder is given to hold the state".to_owned(),
                remedy: "give one with --data DIR, DOVETAIL_DATA or `data:` in the configuration \
                         file"
                    .to_owned(),
            });
        };
        let public_url = said.get("public_url").map(public_url).transpose()?;
        let sign_in = said.sign_in.clone();
        Ok(Self {
            provider: sign_in
                .map(|text| sign_in::provider(text, public_url.as_deref()))
                .transpose()?,
            listen: text("listen").unwrap_or_else(|| LISTEN_DEFAULT.to_owned()),
            data: data.into(),
            seal_key: text("seal_key").map(PathBuf::from),
            public_url,
            workers: said.get("workers").map(count).transpose()?,
            workers_per_partner: said.get("workers_per_partner").map(count).transpose()?,
            grace: said.get("grace").map_or(Ok(GRACE_DEFAULT), duration)?,
            keep: keep::retention(&said)?,
            log_level: text("log.level").unwrap_or_else(|| LEVEL_DEFAULT.to_owned()),
            log_format: said.get("log.format").map_or(Ok(LogFormat::Text), format)?,
            connectors: said.connectors.unwrap_or_default(),
            trust: said
                .trust
                .iter()
                .flatten()
                .map(origin)
                .collect::<Result<_, _>>()?,
            vendor: said.vendor,
            doubts,
        })
    }
}

fn read(path: &Path) -> Result<Configuration, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::ReadConfig {
        path: path.to_owned(),
        source,
    })?;
    Configuration::read(&path.display().to_string(), &text).map_err(|problems| Error::BadConfig {
        path: path.to_owned(),
        report: render(&problems, Style::Plain),
    })
}

fn public_url(said: &Said) -> Result<String, Error> {
    let url = said.value.trim_end_matches('/');
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    if host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '#', ' '])) {
        return Ok(url.to_owned());
    }
    Err(said.wrong(
        "is not an address of a server",
        "write it with its scheme, such as https://dovetail.example",
    ))
}

fn origin(said: &Said) -> Result<String, Error> {
    match exchange::Hosts::default().trust(&said.value) {
        Ok(_) => Ok(said.value.clone()),
        Err(_) => Err(said.wrong(
            "is not an origin",
            "write scheme, host and port and nothing else, such as http://127.0.0.1:9001",
        )),
    }
}

fn count(said: &Said) -> Result<usize, Error> {
    let count = said.value.parse().ok();
    count
        .filter(|count| (1..=WORKERS_MAX).contains(count))
        .ok_or_else(|| said.wrong("is not a number from 1 to 10000", "write one, such as 64"))
}

fn duration(said: &Said) -> Result<Duration, Error> {
    span::parse(&said.value).ok_or_else(|| {
        let remedy = "write a whole number and one of ms, s, m, h, d, as in 20s";
        said.wrong("is not a span of time", remedy)
    })
}

fn format(said: &Said) -> Result<LogFormat, Error> {
    match said.value.as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(said.wrong("is not a format of the log", "write text or json")),
    }
}

#[cfg(test)]
mod tests;
