//! The demo, which is what most people see first, and the shipped files, as people check them.

use harness::{Stage, run};
use reqwest::Method;
use serde_json::Value;

/// What the demo shows, in its order, each by words of its line.
const LEGS: [&str; 11] = [
    "integration created",
    "mapped to customers",
    "ticket flag",
    "become tickets",
    "closed in the PSA",
    "closed in the product",
    "unmapped customer",
    "Usage is billed",
    "double no ticket",
    "refused",
    "ledger",
];

#[tokio::test]
async fn the_demo_shows_every_leg_and_all_hold() {
    let ended = run(&["demo", "--once"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let marked: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.contains(['✓', '✗']))
        .collect();
    // One partner for each PSA, and one that has them all.
    let tours = simulators::psa_names().len() + 1;
    assert_eq!(marked.len(), tours * LEGS.len(), "{}", ended.stdout);
    for (line, leg) in marked.into_iter().zip(LEGS.into_iter().cycle()) {
        assert!(line.contains('✓') && line.contains(leg), "{leg}: {line}");
    }
}

#[tokio::test]
async fn the_shipped_files_have_no_problem() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../connectors");
    let ended = run(&["check", root]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let ended = run(&["check", "--format", "json", root]).await;
    assert_eq!(ended.stdout.trim(), "[]", "{}", ended.stderr);
}

#[tokio::test]
async fn every_command_explains_itself() {
    let help = run(&["--help"]).await;
    assert_eq!(help.code, Some(0));
    for command in ["serve", "token", "check", "simulate", "demo"] {
        assert!(help.stdout.contains(command), "{}", help.stdout);
        let ended = run(&[command, "--help"]).await;
        assert_eq!(ended.code, Some(0), "{command}");
        assert!(
            ended.stdout.lines().count() > 5,
            "{command}: {}",
            ended.stdout
        );
    }
}

#[tokio::test]
async fn an_operator_sees_health_figures_and_the_description_of_the_api() {
    let stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    for path in ["/healthz", "/readyz"] {
        let answer = stage
            .api
            .with_token("none")
            .call(Method::GET, path, None)
            .await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let metrics = stage.api.call(Method::GET, "/metrics", None).await;
    assert_eq!(metrics.status, 200, "{}", metrics.text);
    assert!(
        metrics.text.contains("dovetail_commits_total"),
        "{}",
        metrics.text
    );
    let openapi = stage.api.get("/api/openapi.json").await;
    let paths = openapi["paths"].as_object().expect("paths");
    assert!(
        paths.contains_key("/api/v1/partners/{partner}/requests"),
        "{:?}",
        paths.keys()
    );
    let committed = include_str!("../../schemas/openapi.json");
    let committed: Value = serde_json::from_str(committed).expect("JSON");
    assert_eq!(
        openapi["paths"], committed["paths"],
        "the committed description is another one"
    );
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let stage = Stage::start_with(|_| vec!["--log-level".to_owned(), "trace".to_owned()]).await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    let ticket = partner.ticket("r-1").id;
    partner
        .autotask
        .close_ticket_as_technician(ticket)
        .expect("a ticket");
    partner.wait_state("r-1", "closed").await;
    let mut shown = stage.output();
    for path in ["", "runs", "settings/tickets", "mappings/companies"] {
        shown.push_str(&partner.get_here(path).await.to_string());
    }
    let paths = [
        partner.path("issues"),
        "/api/v1/partners/north".to_owned(),
        "/metrics".to_owned(),
    ];
    for path in paths {
        shown.push_str(&stage.api.call(Method::GET, &path, None).await.text);
    }
    let credentials = partner.autotask.credentials();
    let token = stage.token(&[]).await;
    let callout = partner.callout_url().await;
    let callout = callout.rsplit('/').next().expect("a token").to_owned();
    for secret in [&credentials.secret, &credentials.integration_code, &token] {
        assert!(!shown.contains(secret.as_str()), "a secret is shown");
    }
    assert!(
        !stage.output().contains(&callout),
        "the callout's token is in the log"
    );
}
