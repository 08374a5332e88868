//! A key with a slip in it, at each level of each kind of file: found by `check`, with its place and
//! the key that was meant, and never started with.

use std::fs;
use std::path::Path;

use harness::run;
use serde_json::Value;

use super::desk::connector;

/// What is written right, and with a slip.
struct Slip(&'static str, &'static str);

impl Slip {
    /// The one word that differs.
    fn words(&self) -> (&str, &str) {
        let split = |text: &'static str| text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut pairs = split(self.0).zip(split(self.1));
        pairs.find(|(right, wrong)| right != wrong).expect("a slip")
    }
}

const PAGES: &str = "query: { page: $.page.number, size: $.page.size }
    pages: { by_number: { start: 1, size: 50 }, total: $.total }";

const HTTP: &str = r#"  auth: { basic: { user: "{{ credentials.user }}", password: "{{ credentials.secret }}" } }
  limits: [{ requests: 60, per: 1m }]
  allowance: { remaining: X-Left, reset: X-Reset, reset_in: from_now }
  errors:
    - when: { status: 422, body: $.error, matches: "(?<text>.+)" }
      is: invalid
      remedy: "It said: {{ text }}""#;

const IN_CONNECTOR: [Slip; 24] = [
    Slip("operations:\n", "opertions:\n"),
    Slip("rights:\n", "right:\n"),
    Slip("address: { label: Address,", "address: { lable: Address,"),
    Slip("secret: true }\nhttp:", "secert: true }\nhttp:"),
    Slip("  base_url:", "  base_ulr:"),
    Slip("  hosts:", "  host:"),
    Slip("retry: { attempts:", "retry: { attemps:"),
    Slip("auth: { basic:", "auth: { basci:"),
    Slip("basic: { user:", "basic: { usr:"),
    Slip("requests: 60", "request: 60"),
    Slip("allowance: { remaining:", "allowance: { remainig:"),
    Slip("when: { status:", "when: { statuss:"),
    Slip(
        "      is: invalid\n      remedy:",
        "      is: invalid\n      remdy:",
    ),
    Slip(
        "statuses: { operation: list_statuses, value:",
        "statuses: { operation: list_statuses, vale:",
    ),
    Slip("    title: Tickets", "    titel: Tickets"),
    Slip("    fields:\n", "    feilds:\n"),
    Slip(
        "choices: statuses, required: true }\n      closing",
        "choices: statuses, requierd: true }\n      closing",
    ),
    Slip("list_companies:\n    get:", "list_companies:\n    gte:"),
    Slip("    items: $.rows[*]", "    item: $.rows[*]"),
    Slip("    pages: {", "    paegs: {"),
    Slip("pages: { by_number:", "pages: { by_nummber:"),
    Slip("start: 1, size: 50", "start: 1, szie: 50"),
    Slip("record: { id: $.id, name:", "record: { id: $.id, nmae:"),
    Slip("hint: { id: { keys:", "hint: { id: { kyes:"),
];

const IN_FAMILY: [Slip; 9] = [
    Slip("operations:\n", "operatoins:\n"),
    Slip("causes:\n", "cuases:\n"),
    Slip(
        "    title: Ticket Integration",
        "    titel: Ticket Integration",
    ),
    Slip(
        "        label: Ticket Title",
        "        labell: Ticket Title",
    ),
    Slip(
        "            sample: URL Block",
        "            smaple: URL Block",
    ),
    Slip("    many: company\n", "    mnay: company\n"),
    Slip("    about: Every active", "    abuot: Every active"),
    Slip(
        "    input: { since: moment }",
        "    inptu: { since: moment }",
    ),
    Slip(
        "    effect: { find: find_ticket_by_reference }",
        "    effect: { fnd: find_ticket_by_reference }",
    ),
];

const IN_PIPELINE: [Slip; 8] = [
    Slip("steps:\n  - pull", "stpes:\n  - pull"),
    Slip("every: 5m", "evrey: 5m"),
    Slip("lane: poll", "lnae: poll"),
    Slip("  - pull:\n", "  - pul:\n"),
    Slip(
        "      operation: list_changed",
        "      opration: list_changed",
    ),
    Slip("since: { newest:", "since: { newst:"),
    Slip("- match: { entity:", "- match: { entiti:"),
    Slip("- emit: { event:", "- emit: { evnet:"),
];

const CONFIGURATION: &str = "listen: 127.0.0.1:0
public_url: https://dovetail.example
connectors: []
workers: 4
grace: 5s
log: { level: info, format: text }
vendor: { autotask: { integration_code: x } }
";

const IN_CONFIGURATION: [Slip; 6] = [
    Slip("listen:", "lisen:"),
    Slip("public_url:", "public_uri:"),
    Slip("workers:", "worker:"),
    Slip("log: { level:", "log: { levle:"),
    Slip("level: info, format:", "level: info, fromat:"),
    Slip("vendor: {", "vendro: {"),
];

/// Whether a problem names the wrong key, its place in the text, and the right key.
fn tells(problem: &Value, wrong_text: &str, slip: &Slip) -> bool {
    let (right, wrong) = slip.words();
    let line = problem["place"]["line"]
        .as_u64()
        .and_then(|it| usize::try_from(it).ok());
    let shown = line.and_then(|line| wrong_text.lines().nth(line - 1));
    let column = problem["place"]["column"]
        .as_u64()
        .and_then(|it| usize::try_from(it).ok());
    let at = shown
        .zip(column)
        .and_then(|(shown, column)| shown.get(column - 1..));
    let hint = problem["hint"].as_str().unwrap_or_default();
    at.is_some_and(|at| at.starts_with(wrong)) && hint.contains(&format!("`{right}`"))
}

/// Makes each slip in `file` of `folder`, and gives those that are not told.
async fn untold(folder: &Path, file: &str, slips: &[Slip]) -> Vec<String> {
    let path = folder.join(file);
    let right = fs::read_to_string(&path).expect("the file");
    let place = folder.to_string_lossy();
    let checked = async || run(&["check", "--format", "json", &place]).await;
    let good = checked().await;
    assert_eq!(
        good.code,
        Some(0),
        "{file} is right as it is: {}",
        good.stdout
    );
    let mut untold = Vec::new();
    for slip in slips {
        assert!(right.contains(slip.0), "{file} has `{}`", slip.0);
        let wrong = right.replacen(slip.0, slip.1, 1);
        fs::write(&path, &wrong).expect("the file");
        let ended = checked().await;
        let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        let problems = found.as_array().cloned().unwrap_or_default();
        let told = problems.iter().any(|problem| tells(problem, &wrong, slip));
        if ended.code != Some(1) || !told {
            untold.push(format!("{}: {}", slip.1, ended.stdout));
        }
    }
    fs::write(&path, right).expect("the file");
    untold
}

/// The shipped family and its pipelines, and a connector, in a folder of their own.
fn library() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for part in [
        "connectors/psa",
        "connectors/psa/pipelines",
        "schemas/psa",
        "scripts",
    ] {
        let into = folder.path().join(part);
        fs::create_dir_all(&into).expect("a folder");
        for entry in fs::read_dir(shipped.join(part))
            .expect("a shipped folder")
            .flatten()
        {
            if entry.path().is_file() {
                fs::copy(entry.path(), into.join(entry.file_name())).expect("a copy");
            }
        }
    }
    let own = folder.path().join("connectors/slip");
    fs::create_dir_all(&own).expect("a folder");
    fs::write(own.join("connector.yaml"), connector("slip", HTTP, PAGES)).expect("a connector");
    folder
}

#[tokio::test]
async fn a_slip_in_a_key_is_found_at_each_level_of_each_file() {
    let folder = library();
    let here = folder.path();
    let mut all = untold(here, "connectors/slip/connector.yaml", &IN_CONNECTOR).await;
    all.extend(untold(here, "connectors/psa/family.yaml", &IN_FAMILY).await);
    all.extend(
        untold(
            here,
            "connectors/psa/pipelines/poll_tickets.yaml",
            &IN_PIPELINE,
        )
        .await,
    );
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test]
async fn a_slip_in_a_key_of_the_configuration_is_found_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dovetail.yaml");
    let data = folder.path().join("data");
    for slip in &IN_CONFIGURATION {
        assert!(CONFIGURATION.contains(slip.0), "{}", slip.0);
        fs::write(&path, CONFIGURATION.replacen(slip.0, slip.1, 1)).expect("the file");
        let (path, data) = (path.to_string_lossy(), data.to_string_lossy());
        let ended = run(&["serve", "--data", &data, "--config", &path]).await;
        assert_ne!(ended.code, Some(0), "{}", slip.1);
        let (right, wrong) = slip.words();
        for told in [right, wrong, "dovetail.yaml:"] {
            assert!(
                ended.stderr.contains(told),
                "`{told}` is not in: {}",
                ended.stderr
            );
        }
    }
}
