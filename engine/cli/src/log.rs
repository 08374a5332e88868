//! The log: one line per event, on standard error.

use std::io::{self, IsTerminal as _};

use definition::LogFormat;
use tracing_subscriber::EnvFilter;

use crate::error::Error;

/// Begins to log. `level` is one level, or levels by part, as in `info,exchange=debug`.
pub(crate) fn begin(level: &str, format: LogFormat) -> Result<(), Error> {
    let filter = EnvFilter::try_new(level).map_err(|error| Error::BadSetting {
        setting: "log.level".to_owned(),
        wrong: format!("`{level}` cannot be read: {error}"),
        remedy: "write error, warn, info, debug or trace; or by part, as in info,exchange=debug"
            .to_owned(),
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // A second log in one process, as tests would have it, is the first one.
    drop(match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    });
    Ok(())
}
