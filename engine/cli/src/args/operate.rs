//! The commands that operate a running server.

use std::time::Duration;

use clap::ValueEnum;

/// Which server, as whom, about which partner.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// The address of the server
    #[arg(
        long,
        value_name = "URL",
        env = "DOVETAIL_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: String,
    /// A token of that server; better given in the environment, where no list of processes shows it
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DOVETAIL_TOKEN",
        hide_env_values = true
    )]
    pub(crate) token: String,
    /// The partner
    #[arg(long, value_name = "ID", env = "DOVETAIL_PARTNER")]
    pub(crate) partner: String,
    /// How the answer is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: OutputFormat,
}

/// How an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table, for people.
    Text,
    /// As the API gives it, for programs.
    Json,
}

/// Which of the partner's integrations.
#[derive(Debug, clap::Args)]
pub(crate) struct IntegrationArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The integration; not needed where only one can be meant
    #[arg(long, value_name = "ID", env = "DOVETAIL_INTEGRATION")]
    pub(crate) integration: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    pub(crate) of: IntegrationArgs,
    /// The pipeline; without it, all that run by the clock
    #[arg(value_name = "PIPELINE")]
    pub(crate) pipeline: Option<String>,
    /// How long to wait for the end
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = span)]
    pub(crate) wait: Duration,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) of: IntegrationArgs,
    /// Only lines in this state, such as held
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<String>,
    /// The changes that were made, newest first, instead of the plan
    #[arg(long, conflicts_with = "state")]
    pub(crate) changes: bool,
    /// One report over all of the partner's integrations, differences first, instead of the plan
    #[arg(long, conflicts_with_all = ["integration", "state", "changes"])]
    pub(crate) all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) of: IntegrationArgs,
    /// Lines to approve, by their ids; without any, all that wait for a decision
    #[arg(value_name = "LINE")]
    pub(crate) lines: Vec<String>,
    /// How long to wait until they are applied and read back
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = span)]
    pub(crate) wait: Duration,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UndoArgs {
    #[command(flatten)]
    pub(crate) of: IntegrationArgs,
    /// Changes to take back, by their ids; `dovetail plan --changes` lists them
    #[arg(value_name = "CHANGE", required = true)]
    pub(crate) changes: Vec<String>,
    /// How long to wait until they are taken back
    #[arg(long, value_name = "SPAN", default_value = "10m", value_parser = span)]
    pub(crate) wait: Duration,
}

#[derive(Debug, clap::Args)]
pub(crate) struct IssuesArgs {
    #[command(flatten)]
    pub(crate) of: IntegrationArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Issues whose work is tried again, by their ids; without any, all that are open
    #[arg(value_name = "ISSUE")]
    pub(crate) issues: Vec<String>,
}

fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "a span is a whole number and one of ms, s, m, h, d, as in 10m".to_owned();
    model::span::parse(text).ok_or_else(wrong)
}
