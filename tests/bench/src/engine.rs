//! The program under test, with one partner whose PSA this process plays.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use harness::Api;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::child::{Process, program};
use crate::psa::Psa;

/// How long anything may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Its API.
    pub(crate) api: Api,
    /// The integration.
    pub(crate) integration: String,
    /// Where it listens.
    pub(crate) port: u16,
    /// The process.
    pub(crate) process: Process,
    folder: TempDir,
}

impl Engine {
    /// Starts it and sets one partner up. `calls` is how many calls a second it may make.
    pub(crate) async fn start(psa: &Psa, calls: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let connectors = folder.path().join("connectors/benchdesk");
        fs::create_dir_all(&connectors).expect("a folder of our own");
        let text = include_str!("../connectors/benchdesk/connector.yaml");
        let text = text.replace("requests: 1000000000", &format!("requests: {calls}"));
        fs::write(connectors.join("connector.yaml"), text).expect("a folder of our own");
        let vendor = json!({ "vendor": { "benchdesk": { "address": psa.url } } });
        fs::write(folder.path().join("config.yaml"), vendor.to_string())
            .expect("a folder of our own");
        let (port, process) = serve(folder.path());
        listening(port).await;
        let mut command = program();
        let token = command
            .arg("token")
            .arg("--data")
            .arg(folder.path().join("data"));
        let token = token
            .output()
            .await
            .expect("the program should start")
            .stdout;
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        let api = Api::new(&format!("http://127.0.0.1:{port}"), &token);
        let mut engine = Self {
            api,
            integration: String::new(),
            port,
            process,
            folder,
        };
        engine.set_up().await;
        engine
    }

    async fn set_up(&mut self) {
        let api = self.api.clone();
        api.put("/api/v1/partners/bench", json!({ "name": "Bench" }))
            .await;
        let customers = json!({ "customers": [{ "id": "one", "name": "One" }] });
        api.put("/api/v1/partners/bench/customers", customers).await;
        let new = json!({ "connector": "benchdesk", "credentials": { "token": "bench" } });
        let made = api.post("/api/v1/partners/bench/integrations", new).await;
        made["id"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut self.integration);
        self.until("the companies are read", async || {
            let runs = self.runs().await;
            let read =
                |run: &Value| run["pipeline"] == "read_directory" && run["ended_at"] != Value::Null;
            runs["runs"]
                .as_array()
                .is_some_and(|runs| runs.iter().any(read))
        })
        .await;
        let mapping = json!({ "mappings": [{ "customer": "one", "company": 1 }] });
        api.put(&self.here("mappings/companies"), mapping).await;
        let values = json!({ "initial_status": 1, "closing_status": 2 });
        let settings = json!({ "on": true, "values": values });
        api.put(&self.here("settings/tickets"), settings).await;
    }

    /// A path of the integration.
    pub(crate) fn here(&self, rest: &str) -> String {
        format!(
            "/api/v1/partners/bench/integrations/{}/{rest}",
            self.integration
        )
    }

    async fn runs(&self) -> Value {
        self.api.get(&self.here("runs")).await
    }

    /// Waits until something holds, looking every twenty milliseconds: to look costs the program time, too.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where its data lies. The folder is gone when this is dropped.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it and gives its folder, to start it again there.
    pub(crate) async fn kill(self) -> TempDir {
        self.process.kill().await;
        self.folder
    }
}

/// Starts the program in a folder that was set up; gives its port.
pub(crate) fn serve(folder: &Path) -> (u16, Process) {
    let port = free_port();
    let mut command = program();
    command
        .arg("serve")
        .arg("--data")
        .arg(folder.join("data"))
        .args(["--listen", &format!("127.0.0.1:{port}")]);
    for (option, name) in [("--config", "config.yaml"), ("--connectors", "connectors")] {
        let path = folder.join(name);
        if path.exists() {
            command.arg(option).arg(path);
        }
    }
    (port, Process::start(&mut command))
}

/// Waits until something listens on a port.
pub(crate) async fn listening(port: u16) {
    let began = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_err()
    {
        assert!(began.elapsed() < PATIENCE, "nothing listens on port {port}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|bound| bound.local_addr());
    bound.expect("a free port").port()
}
