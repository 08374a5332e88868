//! One program between its simulated systems.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::json;
use simulators::autotask::{Cloud, Config, Credentials};
use tempfile::TempDir;

use crate::api::Api;
use crate::partner::Partner;
use crate::program::{Program, Serve, run};

/// One program, its data folder, and the PSA's cloud beside it.
#[derive(Debug)]
pub struct Stage {
    /// A client that may do everything.
    pub api: Api,
    /// The cloud.
    pub outside: Cloud,
    /// How the program was started, and is started again.
    pub serve: Serve,
    program: Option<Program>,
    folder: TempDir,
}

impl Stage {
    /// Starts everything, with no partner yet.
    pub async fn start() -> Self {
        Self::start_with(|_| Vec::new()).await
    }

    /// The same, where the connector waits two seconds for an answer instead of a minute, and half
    /// a second for a lost one to settle: for tests of answers that never come.
    pub async fn impatient() -> Self {
        Self::start_with(|folder| {
            let connectors = folder.join("connectors");
            copy_connector("autotask", &connectors.join("autotask"), |text| {
                text.replace("timeout: 60s", "timeout: 2s")
                    .replace("settle: 5s", "settle: 500ms")
            });
            vec!["--connectors".to_owned(), connectors.display().to_string()]
        })
        .await
    }

    /// The same, with what `prepare` puts on the command line. It is given a folder for files.
    pub async fn start_with(prepare: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let outside = Cloud::serve(any_port).await;
        let outside = outside.expect("the simulated cloud should start");
        let vendor = json!({
            "integration_code": Credentials::default().integration_code,
            "api_root": outside.api_root(),
        });
        // JSON is YAML, too.
        let config = folder.path().join("dovetail.yaml");
        write(
            &config,
            &json!({ "vendor": { "autotask": vendor } }).to_string(),
        );
        let serve = Serve {
            config: Some(config),
            arguments: prepare(folder.path()),
            ..Serve::from_folder(&folder.path().join("data"))
        };
        let program = serve.start().await;
        let token = token(&serve.data, &[]).await;
        Self {
            api: Api::new(&program.url, &token),
            outside,
            serve,
            program: Some(program),
            folder,
        }
    }

    /// A folder that is gone after the test, for anything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A token of this program, made with these arguments.
    pub async fn token(&self, arguments: &[&str]) -> String {
        token(&self.serve.data, arguments).await
    }

    /// A partner with a tenant of its own, everything set up, as it is after the first hour.
    pub async fn partner(&self, id: &str) -> Partner {
        self.partner_with(id, Config::default()).await
    }

    /// The same with a particular tenant.
    pub async fn partner_with(&self, id: &str, config: Config) -> Partner {
        Partner::set_up(self.api.clone(), id, self.outside.add(id, config)).await
    }

    /// What the program has written so far.
    pub fn output(&self) -> String {
        self.program
            .as_ref()
            .map(Program::output)
            .unwrap_or_default()
    }

    /// Kills the program.
    pub async fn kill(&mut self) {
        if let Some(program) = self.program.take() {
            program.kill().await;
        }
    }

    /// Asks the program to end and gives its exit code.
    pub async fn end(&mut self) -> Option<i32> {
        self.program
            .take()
            .expect("the program should run")
            .end()
            .await
    }

    /// Starts the program again on the same data and port.
    pub async fn restart(&mut self) {
        assert!(self.program.is_none(), "the program still runs");
        self.program = Some(self.serve.start().await);
    }
}

/// Writes a copy of the shipped connector `name` to `folder`, its YAML as `change` makes it.
pub fn copy_connector(name: &str, folder: &Path, change: impl FnOnce(String) -> String) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
    let shipped = shipped.join(name);
    let script = format!("{name}.rhai");
    let read =
        |file: &str| fs::read_to_string(shipped.join(file)).expect("a file of the connector");
    fs::create_dir_all(folder).expect("the folder should be writable");
    write(&folder.join(&script), &read(&script));
    write(
        &folder.join("connector.yaml"),
        &change(read("connector.yaml")),
    );
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the folder should be writable");
}

async fn token(data: &Path, arguments: &[&str]) -> String {
    let data = data.to_string_lossy();
    let ended = run(&[&["token", "--data", &data], arguments].concat()).await;
    assert_eq!(ended.code, Some(0), "no token: {}", ended.stderr);
    ended.stdout.trim().to_owned()
}
