//! Processes under test: started, watched for their memory, killed.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A process. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a command that says nothing.
    pub(crate) fn start(command: &mut Command) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
        let started = quiet.stderr(Stdio::null()).kill_on_drop(true).spawn();
        Self(started.expect("the process should start"))
    }

    /// The most memory it has had so far, in bytes; `None` where the system does not tell.
    pub(crate) fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1_024)
    }

    /// The processor time it has had so far, on all cores; `None` where the system does not tell.
    /// What else the machine does stretches the time on the clock; this hardly.
    pub(crate) fn worked(&self) -> Option<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id()?)).ok()?;
        let nanoseconds = |task: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        let sum = tasks.flatten().filter_map(nanoseconds).sum();
        Some(Duration::from_nanos(sum))
    }

    /// Waits until it ends by itself, successfully; gives the last that was seen of its memory and
    /// its processor time.
    pub(crate) async fn end(mut self) -> (Option<u64>, Option<Duration>) {
        let (mut peak, mut worked) = (None, None);
        loop {
            peak = self.peak().or(peak);
            worked = self.worked().max(worked);
            if let Some(status) = self.0.try_wait().expect("it was ours") {
                assert!(status.success(), "it ended with {status}");
                return (peak, worked);
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Kills it.
    pub(crate) async fn kill(mut self) {
        self.0
            .kill()
            .await
            .expect("it should be there to be killed");
    }
}

/// The program that is measured, which lies beside this one.
pub(crate) fn program() -> Command {
    let path = beside("dovetail");
    assert!(
        path.exists(),
        "there is no program at {}: run `cargo build --release -p dovetail-cli`",
        path.display()
    );
    Command::new(path)
}

/// Another process of this program, in a role.
pub(crate) fn role(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command.arg(name).args(arguments);
    command
}

fn beside(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a program knows its path");
    own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
