//! The commands that back the state up and bring it back.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to write; it is there only once it is whole
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The data folder of a server that is stopped; then no server is asked, whatever --server or
    /// DOVETAIL_SERVER says
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The address of the running server
    #[arg(
        long,
        value_name = "URL",
        env = "DOVETAIL_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server: String,
    /// An operator's token of that server; better given in the environment, where no list of
    /// processes shows it
    #[arg(
        long,
        value_name = "TOKEN",
        env = "DOVETAIL_TOKEN",
        hide_env_values = true,
        required_unless_present = "data"
    )]
    pub(crate) token: Option<String>,
    /// Write over a file of this name
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// What `dovetail backup` wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The data folder to make; one that is there may hold keys and nothing else
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The file with the key that the secrets in the backup are sealed with [default: seal.key in
    /// the data folder]
    #[arg(long, value_name = "FILE", env = "DOVETAIL_SEAL_KEY")]
    pub(crate) seal_key: Option<PathBuf>,
}
