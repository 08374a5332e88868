//! The commands that operate a running server, and the skeleton of a connector.

use std::path::Path;

use harness::{Ended, Stage, run};
use serde_json::{Value, json};

use crate::product::World;

/// What is said of the partner and its integration on each command line.
async fn about(world: &World) -> Vec<String> {
    let token = world.stage.token(&[]).await;
    let pairs = [
        ("--server", world.partner.api.base()),
        ("--token", &token),
        ("--partner", &world.partner.id),
    ];
    let pairs = pairs.into_iter().flat_map(|(flag, value)| [flag, value]);
    pairs.map(str::to_owned).collect()
}

async fn dovetail(about: &[String], arguments: &[&str]) -> Ended {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    run(&[arguments, &about].concat()).await
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {} {}", ended.stdout, ended.stderr))
}

#[tokio::test]
async fn a_plan_is_shown_applied_and_taken_back_from_the_shell() {
    let world = World::start().await;
    world.ask("read_customers").await;
    world.ask("read_usage").await;
    let item = crate::product::bill(&world, "ask").await;
    let about = about(&world).await;
    let shown = dovetail(&about, &["plan"]).await;
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.starts_with("LINE"), "{}", shown.stdout);
    assert!(shown.stdout.contains("proposed"), "{}", shown.stdout);

    let applied = dovetail(&about, &["apply", "--format", "json"]).await;
    assert_eq!(
        applied.code,
        Some(0),
        "{} {}",
        applied.stdout,
        applied.stderr
    );
    // Another pass may have come since, and found it as it should be. That it was applied, once, is
    // shown by the changes.
    let state = json_of(&applied)["lines"][0]["state"].clone();
    assert!(state == "applied" || state == "unchanged", "{state}");
    assert_eq!(world.units(item), Some(12));

    let made = dovetail(&about, &["plan", "--changes", "--format", "json"]).await;
    let made = json_of(&made)["changes"].clone();
    let states: Vec<&Value> = made
        .as_array()
        .expect("changes")
        .iter()
        .map(|one| &one["state"])
        .collect();
    assert_eq!(states, ["verified"], "one change, read back: {made}");
    let change = made[0]["id"].as_str().expect("a change");
    let undone = dovetail(&about, &["undo", change]).await;
    assert_eq!(undone.code, Some(0), "{} {}", undone.stdout, undone.stderr);
    assert!(undone.stdout.contains("taken back by"), "{}", undone.stdout);
    let again = dovetail(&about, &["undo", change]).await;
    assert_eq!(again.code, Some(7), "it is refused: {}", again.stdout);
    assert!(again.stderr.contains("/changes/0"), "{}", again.stderr);
}

#[tokio::test]
async fn runs_are_waited_for_and_issues_are_told_by_the_exit_code() {
    let world = World::start().await;
    let about = about(&world).await;
    let unclear = dovetail(&about, &["sync"]).await;
    assert_eq!(unclear.code, Some(3), "there are two: {}", unclear.stderr);
    assert!(unclear.stderr.contains(&world.asked), "{}", unclear.stderr);
    let sync = ["sync", "read_usage", "--integration", &world.asked];
    let read = dovetail(&about, &sync).await;
    assert_eq!(read.code, Some(0), "{} {}", read.stdout, read.stderr);
    assert!(read.stdout.contains("succeeded"), "{}", read.stdout);
    let none = dovetail(&about, &["issues"]).await;
    assert_eq!((none.code, none.stdout.trim()), (Some(0), "no open issues"));

    world.partner.send("r-1", "stray").await;
    world.partner.wait_issue("unmapped_customer").await;
    let open = dovetail(&about, &["issues", "--format", "json"]).await;
    assert_eq!(open.code, Some(1), "{}", open.stdout);
    let issue = json_of(&open)["issues"][0].clone();
    assert_eq!(issue["behind"], json!(1), "{issue:#}");
    let again = dovetail(&about, &["replay", "--format", "json"]).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(json_of(&again)["issues"][0]["retried"], json!(1));
}

#[tokio::test]
async fn a_wrong_token_and_a_server_that_is_not_there_end_differently() {
    let stage = Stage::start().await;
    let at = |token: &str, server: &str| {
        ["--server", server, "--token", token, "--partner", "nobody"].map(str::to_owned)
    };
    let refused = dovetail(&at("nonsense", stage.api.base()), &["issues"]).await;
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    assert!(!refused.stderr.contains("nonsense"), "{}", refused.stderr);
    let absent = dovetail(&at("nonsense", "http://127.0.0.1:1"), &["issues"]).await;
    assert_eq!(absent.code, Some(6), "{}", absent.stderr);
    assert!(absent.stderr.contains("--server"), "{}", absent.stderr);
}

#[tokio::test]
async fn a_new_connector_passes_check_and_test_and_is_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().to_string_lossy().into_owned();
    let new = ["new", "example_desk", "--folder", &place];
    assert_eq!(run(&new).await.code, Some(0));
    let made = folder.path().join("example_desk");
    let made = made.to_string_lossy();
    let checked = run(&["check", &made]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.stdout);
    assert!(checked.stdout.contains("no problems"), "{}", checked.stdout);
    let tested = run(&["test", &made]).await;
    assert_eq!(tested.code, Some(0), "{}", tested.stdout);
    untried_is_named(&made).await;
    let again = run(&new).await;
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    assert!(
        again.stderr.contains("is there already"),
        "{}",
        again.stderr
    );
    let odd = run(&["new", "Odd-Name", "--folder", &place]).await;
    assert_eq!(odd.code, Some(3), "{}", odd.stderr);
}

/// Takes an example and a value away from the connector in `made`, which tries everything.
async fn untried_is_named(made: &str) {
    let examples = Path::new(made).join("examples");
    std::fs::remove_file(examples.join("close_ticket.yaml")).expect("an example");
    let changed = examples.join("list_changed_tickets.yaml");
    let text = std::fs::read_to_string(&changed).expect("an example");
    let without = text.replace("resolution: Done", "resolution: null");
    assert_ne!(text, without);
    std::fs::write(&changed, without).expect("the example changed");
    let tested = run(&["test", made]).await;
    assert_eq!(tested.code, Some(1), "{}", tested.stdout);
    for named in [
        "operations.close_ticket\n",
        ".record.resolution\n",
        "connector.yaml:",
    ] {
        assert!(tested.stdout.contains(named), "{}", tested.stdout);
    }
    let enough = run(&["test", made, "--coverage", "70"]).await;
    assert_eq!(enough.code, Some(0), "{}", enough.stdout);
    let told = run(&["test", made, "--format", "json"]).await;
    assert_eq!(told.code, Some(1), "{}", told.stdout);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let operations = told.pointer("/connectors/0/coverage/0").expect("a tally");
    assert_eq!(
        operations["of"].as_u64(),
        operations["tried"].as_u64().map(|it| it + 1)
    );
    assert_eq!(operations["untried"][0]["name"], "operations.close_ticket");
    assert!(operations["untried"][0]["line"].is_u64(), "{operations}");
}
