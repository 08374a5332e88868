//! The `dovetail` command: wiring, rendering, exit codes.
//!
//! Each command has its file; `args` describes them to people, `exit` says how they end. Standard
//! output is for what a command was asked to give; everything else goes to standard error. The
//! engine itself is put together in `engine`, the same for `serve` and `demo`.

mod args;
mod backup;
mod builtin;
mod check;
mod client;
mod config;
mod demo;
mod engine;
mod error;
mod exit;
mod key_file;
mod log;
mod new;
mod operate;
mod output;
mod restore;
mod schema;
mod sealing;
mod serve;
mod signals;
mod simulate;
mod test;
mod token;

use std::panic;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::error::Error;
use crate::exit::Exit;

fn main() -> ExitCode {
    let args = Args::parse();
    // The panic has said on standard error where it happened.
    let ended = panic::catch_unwind(|| run(args.command));
    ended.unwrap_or(Exit::Bug).into()
}

fn run(command: Command) -> Exit {
    let ended = match command {
        Command::Serve(args) => waited(serve::run(args)),
        Command::Token(args) => token::run(&args),
        Command::RotateKey(args) => waited(sealing::rotate(args)),
        Command::Backup(args) => waited(backup::run(args)),
        Command::Restore(args) => waited(restore::run(args)),
        Command::Check(args) => check::run(&args),
        Command::Test(args) => waited(test::run(args)),
        Command::Schema(args) => schema::run(&args),
        Command::Simulate(args) => waited(simulate::run(args)),
        Command::Demo(args) => waited(demo::run(args)),
        Command::New(args) => new::run(&args),
        Command::Sync(args) => waited(operate::sync(args)),
        Command::Plan(args) => waited(operate::show_plan(args)),
        Command::Apply(args) => waited(operate::apply(args)),
        Command::Undo(args) => waited(operate::undo(args)),
        Command::Issues(args) => waited(operate::list_issues(args)),
        Command::Replay(args) => waited(operate::replay(args)),
    };
    ended.unwrap_or_else(|error| {
        output::complain(&error);
        error.exit()
    })
}

/// Runs a command that waits for the network.
fn waited(command: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::Threads { source })?
        .block_on(command)
}
