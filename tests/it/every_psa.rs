//! What the family promises about tickets, with each PSA: one body, all PSAs.

use std::fs;
use std::path::Path;

use harness::Msp;
use reqwest::Method;
use serde_json::{Value, json};
use simulators::faults::Fault;
use simulators::psa_names;

/// The place of the only PSA.
const HERE: usize = 0;

async fn is_well(msp: &Msp) {
    let ledger = msp.api.get(&msp.path("/ledger")).await;
    assert_eq!(ledger["adds_up"], true, "{ledger}");
    msp.no_issues().await;
    assert_eq!(msp.misuse(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_becomes_one_ticket_and_either_end_closes_the_other() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.sides[HERE].psa.fail_creations(Fault::DropAnswer, 1);
        for id in ["r-1", "r-2", "r-3"] {
            msp.send(id, "alpha").await;
        }
        for id in ["r-1", "r-2", "r-3"] {
            msp.is(id, "ticketed").await;
            let (_, ticket) = msp.ticket(id);
            assert_eq!(ticket.title, "New user request: URL Block", "{name}");
            assert!(ticket.marked && !ticket.closed, "{name}: {ticket:?}");
        }
        let psa = &msp.sides[HERE].psa;
        psa.close_ticket("r-1").expect("a ticket");
        msp.is("r-1", "closed").await;
        psa.lose_next_callout();
        psa.close_ticket("r-2").expect("a ticket");
        msp.run(HERE, "poll_tickets").await;
        assert_eq!(msp.is("r-2", "closed").await["closed_by"], "psa", "{name}");
        msp.close("r-3", "Allowed by policy").await;
        msp.is("r-3", "closed").await;
        let (_, ticket) = msp.ticket("r-3");
        assert_eq!(
            ticket.status,
            psa.ticket_settings().closing_status,
            "{name}"
        );
        is_well(&msp).await;
    }
}

#[tokio::test]
async fn a_forged_or_doubled_callout_changes_nothing() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.send("r-1", "alpha").await;
        msp.is("r-1", "ticketed").await;
        let id = msp.ticket("r-1").1.id;
        let url = msp.callout_url(HERE).await;
        let path = url.trim_start_matches(msp.api.base()).to_owned();
        for _ in 0..3 {
            let forged = json!({ "id": id, "ticket": { "id": id, "status_id": 9 } });
            let answer = msp.api.call(Method::POST, &path, Some(&forged)).await;
            assert!(answer.status < 300, "{name}: {}", answer.text);
        }
        msp.run(HERE, "poll_tickets").await;
        assert_eq!(msp.request("r-1").await["state"], "ticketed", "{name}");
        msp.sides[HERE].psa.close_ticket("r-1").expect("a ticket");
        msp.is("r-1", "closed").await;
        is_well(&msp).await;
    }
}

#[tokio::test]
async fn repeats_share_a_ticket_and_what_comes_back_opens_it_again() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.set(
            HERE,
            json!({ "append_repeats_within": "2h", "reopen_within": "7d" }),
        )
        .await;
        let ticket_of = async |id: &str| msp.is(id, "ticketed").await["ticket"]["id"].clone();
        for id in ["r-1", "r-2"] {
            msp.send(id, "alpha").await;
        }
        let first = ticket_of("r-1").await;
        assert_eq!(ticket_of("r-2").await, first, "{name}");
        let reference = msp.sides[HERE].psa.tickets();
        let reference = reference.iter().find(|it| json!(it.id) == text(&first));
        let reference = reference.expect("the ticket").reference.clone();
        msp.sides[HERE]
            .psa
            .close_ticket(&reference)
            .expect("a ticket");
        for id in ["r-1", "r-2"] {
            msp.is(id, "closed").await;
        }
        msp.send("r-3", "alpha").await;
        assert_eq!(ticket_of("r-3").await, first, "{name}");
        assert!(!msp.ticket(&reference).1.closed, "{name}");
        is_well(&msp).await;
    }
}

/// An id as text, whatever the PSA gives.
fn text(id: &Value) -> Value {
    json!(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

#[tokio::test]
async fn a_test_ticket_is_made_verified_and_closed() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        let path = msp.side_path(HERE, "/test-ticket");
        let asked = msp.api.post(&path, json!({ "customer": "beta" })).await;
        let run = asked["run"].as_str().expect("a run").to_owned();
        let run = msp
            .until("the test ends", async || {
                let run = msp.here(HERE, &format!("/runs/{run}")).await;
                (run["status"] != "running").then_some(run)
            })
            .await;
        assert_eq!(run["status"], "succeeded", "{name}: {run:#}");
        let tickets = msp.sides[HERE].psa.tickets().into_iter();
        let made = tickets.filter(|it| it.title.starts_with("Test ticket"));
        let made: Vec<_> = made.map(|it| (it.company, it.closed)).collect();
        assert_eq!(made, [("beta".to_owned(), true)], "{name}");
        is_well(&msp).await;
    }
}

#[tokio::test]
async fn whatever_a_request_says_its_title_is_one_the_psa_takes() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        msp.set(HERE, json!({ "title": "{{hostname}}" })).await;
        let long = format!("\u{202e}a\r\nb\u{0} {}", "👩\u{200d}👧".repeat(200));
        for (id, hostname) in [
            ("r-1", long.as_str()),
            ("r-2", " \u{202e}\n"),
            ("r-3", "{{user}}"),
        ] {
            let body = json!({
                "id": id, "customer_id": "alpha", "report_type": "url_block", "hostname": hostname,
            });
            msp.send_as(body).await;
            msp.is(id, "ticketed").await;
        }
        let title = |id| msp.ticket(id).1.title;
        let cut = title("r-1");
        assert!(cut.starts_with("a b 👩\u{200d}👧"), "{name}: {cut:?}");
        assert!(cut.ends_with("👧…"), "{name}: {cut:?}");
        assert_eq!(title("r-2"), "New user request: URL Block", "{name}");
        assert_eq!(title("r-3"), "{{user}}", "{name}");
        is_well(&msp).await;
    }
}

#[tokio::test]
async fn wrong_input_says_what_and_where_and_changes_nothing() {
    for name in psa_names() {
        let msp = Msp::with(name).await;
        let side = &msp.sides[HERE];
        let wrong = json!({
            "connector": side.psa.connector(),
            "credentials": side.psa.wrong_credentials(&side.url),
        });
        let path = msp.path("/integrations");
        let answer = msp.api.call(Method::POST, &path, Some(&wrong)).await;
        assert_eq!(answer.status / 100, 4, "{name}: {}", answer.text);
        assert!(!answer.json["remedy"].is_null(), "{name}: {}", answer.text);
        let mut values = msp.values(HERE).await;
        values["initial_status"] = json!(987_654);
        values["title"] = json!("{{reporttype}}");
        let bad = json!({ "on": true, "values": values });
        let path = msp.side_path(HERE, "/settings/tickets");
        let answer = msp.api.call(Method::PUT, &path, Some(&bad)).await;
        assert_eq!(answer.status, 422, "{name}: {}", answer.text);
        for told in ["/initial_status", "/title", "report_type"] {
            assert!(
                answer.text.contains(told),
                "{name}, {told}: {}",
                answer.text
            );
        }
        // The wrong secret was the test's own, and is no fault of the integration that works.
        msp.send("r-1", "alpha").await;
        msp.is("r-1", "ticketed").await;
        msp.no_issues().await;
    }
}

#[tokio::test]
async fn the_scripts_that_partners_begin_with_are_taken_and_show_a_ticket() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/examples");
    let files = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    let files: Vec<_> = files.collect();
    assert!(files.len() >= 3, "{files:?}");
    for name in psa_names() {
        let msp = Msp::with(name).await;
        let usual = preview(&msp, json!({})).await;
        let low = msp.choice(HERE, "priorities", "Low").await;
        let urgent = format!("fn urgent() {{ {low} }}");
        for file in &files {
            let source = fs::read_to_string(file).expect("a script");
            let source = source.replace("fn urgent() { 1 }", &urgent);
            let shown = preview(&msp, json!({ "script": source })).await;
            let (draft, settings) = (&shown["draft"], &shown["settings"]);
            assert!(
                *draft != usual["draft"] || *settings != usual["settings"],
                "{name}: {file:?} says nothing: {shown:#}"
            );
            let path = msp.side_path(HERE, "/settings/tickets/script");
            msp.api.put(&path, json!({ "source": source })).await;
            let id = file
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("a name");
            msp.send(id, "alpha").await;
            msp.is(id, "ticketed").await;
        }
        is_well(&msp).await;
    }
}

/// What becomes of a sample request with what is not saved yet.
async fn preview(msp: &Msp, what: Value) -> Value {
    let path = msp.side_path(HERE, "/settings/tickets/preview");
    msp.api.post(&path, what).await
}
