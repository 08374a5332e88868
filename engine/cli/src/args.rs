//! The command line, as people type it and as `--help` explains it.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand, ValueEnum};

use crate::exit;

mod keep;
mod operate;

pub(crate) use keep::{BackupArgs, RestoreArgs};
pub(crate) use operate::{
    ApplyArgs, IntegrationArgs, IssuesArgs, OutputFormat, PlanArgs, ReplayArgs, ServerArgs,
    SyncArgs, UndoArgs,
};

const EXAMPLES: &str = "\
Examples:
  dovetail demo                                    try all of it, without an account anywhere
  dovetail demo --once                             walk the whole tour and say what was verified
  dovetail serve --data ./data --listen 127.0.0.1:8080
  dovetail token --data ./data --link              a link that signs you in to its console
  dovetail token --data ./data --expires 90d       a token for the API of that server
  dovetail backup --data ./data state.backup       a stopped server; --server for one that runs
  dovetail restore state.backup --data ./new-data
  dovetail check my-connectors/                    what is wrong with my files
  dovetail test my-connectors/my-psa               whether it does what its examples say
  dovetail new my_psa                              a connector to begin with
  dovetail plan --partner msp-1                    what would be billed, of a running server
";

/// Joins a security vendor's product to the PSA systems of its partners: user requests become
/// tickets, closes go both ways, nothing is lost and nothing happens twice.
#[derive(Debug, Parser)]
#[command(name = "dovetail", version, after_help = after_help(), max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn after_help() -> String {
    format!("{EXAMPLES}\n{}", exit::TABLE)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the engine, with its API, until told to stop
    Serve(ServeArgs),
    /// Print a token for the API; works while the server runs
    Token(TokenArgs),
    /// Seal the secrets in the store with a new key; the server has to be stopped
    RotateKey(RotateArgs),
    /// Write everything that a server keeps to a file, while it runs or not
    Backup(BackupArgs),
    /// Make a new data folder of what `backup` wrote
    Restore(RestoreArgs),
    /// Check connector, family, pipeline and script files
    Check(CheckArgs),
    /// Play the examples of a connector, offline, and say what they leave untried
    Test(TestArgs),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(SchemaArgs),
    /// Run one simulated system alone
    Simulate(SimulateArgs),
    /// Show the whole product against simulated systems
    Demo(DemoArgs),
    /// Make a folder with a connector to begin with
    New(NewArgs),
    /// Run an integration's pipelines now, and wait until they have ended
    Sync(SyncArgs),
    /// Show what would be billed, or what was
    Plan(PlanArgs),
    /// Approve lines of the plan and bill them
    Apply(ApplyArgs),
    /// Take back changes of what is billed
    Undo(UndoArgs),
    /// List what a person has to mend
    Issues(IssuesArgs),
    /// Try again what waits behind issues
    Replay(ReplayArgs),
}

/// What is not given here is taken from the environment (`DOVETAIL_LISTEN`, ...), then from the
/// configuration file, then from the defaults.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct ServeArgs {
    /// The configuration file (YAML; `dovetail schema configuration` describes it)
    #[arg(long, value_name = "FILE", env = "DOVETAIL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that holds the state; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// The file with the key that secrets are sealed with; made if it is not there [default:
    /// seal.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) seal_key: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<String>,
    /// The address that PSAs reach this server under, such as https://dovetail.example
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// A folder of connectors beside or over those that are built in; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(crate) connectors: Vec<String>,
    /// An origin that may be called besides the hosts that connectors name, such as
    /// http://127.0.0.1:9001; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) trust: Vec<String>,
    /// How many pieces of work are done at once [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<u32>,
    /// How long work under way may take to end when told to stop, such as 20s [default: 20s]
    #[arg(long, value_name = "SPAN")]
    pub(crate) grace: Option<String>,
    /// How long requests that are closed or ignored are kept, from 30d to 3650d [default: 730d]
    #[arg(long, value_name = "SPAN")]
    pub(crate) keep_requests: Option<String>,
    /// How long what was sent and answered for them is kept, from 1d to 3650d [default: 90d]
    #[arg(long, value_name = "SPAN")]
    pub(crate) keep_exchanges: Option<String>,
    /// How many runs of each integration are kept, from 100 to 5000 [default: 500]
    #[arg(long, value_name = "N")]
    pub(crate) keep_runs: Option<u32>,
    /// How much is logged: error, warn, info, debug, trace, or by part, as in info,exchange=debug
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// How a line of the log looks
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs, one JSON object per line.
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    /// The data folder of the server; its key is made if it is not there
    #[arg(long, value_name = "DIR", env = "DOVETAIL_DATA")]
    pub(crate) data: PathBuf,
    /// Let the token reach this partner only; without it, it may do everything
    #[arg(long, value_name = "ID")]
    pub(crate) partner: Option<String>,
    /// Let it read, and change nothing; goes with --partner
    #[arg(long, requires = "partner")]
    pub(crate) read_only: bool,
    /// Print a link that signs a person in to the console instead, once and within 15 minutes;
    /// ADDRESS is where people reach the server
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, conflicts_with = "expires",
        default_missing_value = "http://127.0.0.1:8080")]
    pub(crate) link: Option<String>,
    /// For how long it is good, such as 90d; without it, as long as the key
    #[arg(long, value_name = "SPAN")]
    pub(crate) expires: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The data folder of the server
    #[arg(long, value_name = "DIR", env = "DOVETAIL_DATA")]
    pub(crate) data: PathBuf,
    /// The file with the key [default: seal.key in the data folder]
    #[arg(long, value_name = "FILE", env = "DOVETAIL_SEAL_KEY")]
    pub(crate) seal_key: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Files and folders to check; what is built in stands beside them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How problems are shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// With the line and a caret.
    Text,
    /// One JSON array.
    Json,
    /// One SARIF log, which code hosts and editors show beside the lines.
    Sarif,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// The folder of a connector, or one with several; its examples are in `examples` below it
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// How much of the operations, of the error rules, of what is read from answers and of the
    /// lines of scripts has to be tried, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 100,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) coverage: u8,
    /// How what came of it is shown
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: TestFormat,
}

/// How what came of examples is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// A line for each example, and what is left untried.
    Text,
    /// One JSON object.
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// The kind of file; without it, the kinds are listed
    pub(crate) name: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// The connector's name: small letters, digits and underscores
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The folder in which its own folder is made
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// Which system
    #[arg(value_parser = PossibleValuesParser::new(simulators::names()))]
    pub(crate) name: String,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// The same seed makes the same sample data and the same faults by chance
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// Walk the tour once and end, with exit code 1 unless all held
    #[arg(long)]
    pub(crate) once: bool,
    /// Which simulated PSA to connect to; without it a partner has each, and one has all of them
    #[arg(long, value_name = "NAME",
        value_parser = PossibleValuesParser::new(simulators::psa_names()))]
    pub(crate) psa: Option<String>,
    /// Address and port of the engine; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// Keep the state in this folder, which must not be there yet; else it is removed at the end
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// The same seed makes the same sample data
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How much of the engine's log is shown on standard error
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) log_level: String,
}

impl DemoArgs {
    /// The PSAs to connect to.
    pub(crate) fn psas(&self) -> Vec<String> {
        let all = || simulators::psa_names().into_iter().map(str::to_owned);
        let chosen = self.psa.clone().map(|psa| vec![psa]);
        chosen.unwrap_or_else(|| all().collect())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_argument_is_explained() {
        for command in Args::command().get_subcommands() {
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(
                    argument.get_help().is_some(),
                    "{} {name}",
                    command.get_name()
                );
            }
        }
    }
}
