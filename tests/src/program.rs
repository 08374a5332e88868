//! The built program: found, started, killed, ended, and its output kept.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// How long the program may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(1);

/// Ports that no outgoing connection is given by itself, so that a program which is started again
/// finds its port free.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How to serve.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The data folder.
    pub data: PathBuf,
    /// The port on the loopback.
    pub port: u16,
    /// The configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// What else stands on the command line.
    pub arguments: Vec<String>,
}

/// A program that serves. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    /// Its address, without a final slash.
    pub url: String,
    child: Child,
    output: Output,
}

/// How a program ended that was left to run.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Everything a program has written so far, and word of every new line.
#[derive(Clone, Debug)]
struct Output(Arc<Mutex<String>>, watch::Sender<()>);

impl Output {
    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let output = self.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut text = output.0.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
                drop(text);
                output.1.send_replace(());
            }
        });
    }
}

impl Serve {
    /// To serve from `data` on a port that is free.
    pub fn from_folder(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            port: free_port(),
            config: None,
            arguments: Vec::new(),
        }
    }

    fn command(&self) -> Command {
        let mut command = program();
        let listen = format!("127.0.0.1:{}", self.port);
        command
            .arg("serve")
            .arg("--data")
            .arg(&self.data)
            .args(["--listen", &listen]);
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command.args(&self.arguments);
        command
    }

    /// Starts the program and waits until it says that it listens.
    pub async fn start(&self) -> Program {
        let mut command = self.command();
        let spawned = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.expect("the program should start");
        let (lines, mut news) = watch::channel(());
        let output = Output(Arc::default(), lines);
        output.keep(child.stdout.take().expect("its output is piped"));
        output.keep(child.stderr.take().expect("its output is piped"));
        let url = format!("http://127.0.0.1:{}", self.port);
        let listens = async {
            while !output.text().contains(&url) {
                tokio::select! {
                    _ = news.changed() => {}
                    ended = child.wait() => panic!("it ended with {ended:?}:\n{}", output.text()),
                }
            }
        };
        let waited = timeout(PATIENCE, listens).await;
        let said = output.text();
        assert!(
            waited.is_ok(),
            "it does not say that it listens at {url}:\n{said}"
        );
        Program { url, child, output }
    }

    /// Runs the program where it is expected to end by itself, because it cannot serve.
    pub async fn fail(&self) -> Ended {
        ended_of(self.command()).await
    }
}

impl Program {
    /// Kills it as a power cut would: it is given no time for anything.
    pub async fn kill(mut self) {
        self.child
            .kill()
            .await
            .expect("the program should be there to be killed");
    }

    /// Asks it to end, as an operator or the system would, and gives the exit code.
    pub async fn end(mut self) -> Option<i32> {
        let id = self
            .child
            .id()
            .expect("the program should be there to be ended");
        let asked = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await;
        assert!(
            asked.is_ok_and(|status| status.success()),
            "kill is a command of every Unix"
        );
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended
            .expect("the program should end when asked")
            .expect("it was ours")
            .code()
    }

    /// What it has written so far, to either stream.
    pub fn output(&self) -> String {
        self.output.text()
    }
}

/// Runs the program with these arguments until it ends by itself.
pub async fn run(arguments: &[&str]) -> Ended {
    ended_of(command(arguments)).await
}

/// The program with these arguments, for those who run it in a way of their own.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = program();
    command.args(arguments);
    command
}

/// What a file that would grow beyond its limit does to the program that writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The write fails.
    Fails,
    /// It is killed in the middle.
    Kills,
}

/// Runs the program with these arguments, where no file may grow beyond `blocks` of 512 bytes.
pub async fn run_within(blocks: usize, beyond: Beyond, arguments: &[&str]) -> Ended {
    let ours = command(arguments);
    let (program, arguments) = (ours.as_std().get_program(), ours.as_std().get_args());
    let first = match beyond {
        Beyond::Fails => "trap '' XFSZ; ",
        Beyond::Kills => "",
    };
    let script = format!("{first}ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = bare(OsStr::new("sh"));
    shell.arg("-c").arg(script).arg(program).args(arguments);
    ended_of(shell).await
}

/// How the command ends, which is left to run.
pub async fn ended_of(mut command: Command) -> Ended {
    let output = timeout(PATIENCE, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{command:?} should end by itself"));
    let output = output.expect("the program should start");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let span = PORTS.end - PORTS.start;
    let start = rand::random_range(0..span);
    let mut ports = (0..span).map(|step| PORTS.start + (start + step) % span);
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports
        .find(free)
        .expect("some port of twelve thousand should be free")
}

/// The program as cargo built it, next to the tests.
fn program() -> Command {
    let test = std::env::current_exe().expect("a test should know where it is");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/*/deps");
    let path = folder.join(format!("dovetail{}", std::env::consts::EXE_SUFFIX));
    check(&path);
    bare(path.as_os_str())
}

/// A command that nothing of the caller's settings reaches.
fn bare(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    let ours =
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DOVETAIL_"));
    for (name, _) in ours {
        command.env_remove(name);
    }
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// A test of a stale program proves nothing.
fn check(path: &Path) {
    let mend = "run `cargo build -p dovetail-cli`, or tests/run, which does";
    let Ok(built) = fs::metadata(path).and_then(|it| it.modified()) else {
        panic!("there is no program at {}: {mend}", path.display());
    };
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine");
    if let Some(newer) = newer_source(&engine, built) {
        panic!("the program is older than {}: {mend}", newer.display());
    }
}

/// A source of the product, its tests left out, that was changed after `built`.
fn newer_source(folder: &Path, built: SystemTime) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).expect("the engine's sources should be there");
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && !["tests", "benches", "examples"].contains(&&*name.to_string_lossy()) {
            if let Some(newer) = newer_source(&path, built) {
                return Some(newer);
            }
        } else if path.extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
            let changed = entry.metadata().and_then(|it| it.modified());
            if changed.is_ok_and(|changed| changed > built) {
                return Some(path);
            }
        }
    }
    None
}
