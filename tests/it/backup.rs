//! A backup that is taken while the server runs, and the state that is brought back from it long
//! after: nothing is doubled, nothing is lost, and what cannot be brought back is refused first.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use harness::{Beyond, Ended, Msp, Serve, Stage, command, ended_of, run, run_within};
use serde_json::{Value, json};
use simulators::psa_names;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bad_input::says;
use crate::billing::{billing, lines, policy, run as run_billing, until_billed, used, written};

/// The place of the only PSA.
const HERE: usize = 0;

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Backs the running server up.
async fn back_up(stage: &Stage, name: &str) -> PathBuf {
    let file = stage.folder().join(name);
    let token = stage.token(&[]).await;
    let server = ["--server", stage.api.base(), "--token", &token];
    let ended = run(&[&["backup", &text(&file)][..], &server].concat()).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    says(
        &ended.stdout,
        &["is whole", "seal.key", "not in it", "restore"],
    );
    file
}

/// A folder to restore to, with the keys of the server.
fn place(stage: &Stage, name: &str) -> PathBuf {
    let data = stage.folder().join(name);
    fs::create_dir_all(&data).expect("a folder");
    for key in ["seal.key", "token.key"] {
        fs::copy(stage.serve.data.join(key), data.join(key)).expect("a key");
    }
    data
}

/// Where the state was restored to, with the keys of the server that it was taken from.
async fn restore(stage: &Stage, file: &Path, name: &str) -> (PathBuf, Ended) {
    let data = place(stage, name);
    let ended = run(&["restore", &text(file), "--data", &text(&data)]).await;
    (data, ended)
}

/// Kills the server, whose data is never seen again, and starts one on what the backup held.
async fn lose_and_restore(stage: &mut Stage, file: &Path) -> Ended {
    stage.kill().await;
    let (data, ended) = restore(stage, file, "restored").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    stage.serve.data = data;
    stage.restart().await;
    says(&stage.output(), &["restored at", "until"]);
    ended
}

#[tokio::test]
async fn what_was_done_after_the_backup_is_found_and_not_done_again() {
    for psa in psa_names() {
        let mut msp = Msp::with(psa).await;
        for id in ["r-1", "r-2", "r-3"] {
            msp.send(id, "alpha").await;
            msp.is(id, "ticketed").await;
        }
        msp.send("parked", "stray").await;
        msp.is("parked", "parked").await;
        let file = back_up(&msp.stage, "state.backup").await;

        // What nobody will know of: a new request, one that goes on, and a close from each side.
        msp.send("r-4", "beta").await;
        msp.is("r-4", "ticketed").await;
        msp.map(HERE, "stray").await;
        msp.is("parked", "ticketed").await;
        msp.close("r-1", "allowed").await;
        msp.is("r-1", "closed").await;
        close_there(&msp, "r-2");
        msp.is("r-2", "closed").await;
        close_there(&msp, "r-4");
        msp.is("r-4", "closed").await;
        let ended = lose_and_restore(&mut msp.stage, &file).await;
        says(
            &ended.stdout,
            &[
                "looked for",
                "send again",
                "old server",
                "Revoke",
                "sign-ins",
            ],
        );

        assert_eq!(msp.request("r-1").await["state"], "ticketed", "as it was");
        msp.run(HERE, "poll_tickets").await;
        for id in ["r-1", "r-2"] {
            msp.is(id, "closed").await;
        }
        // The product sends again what it sent after the backup.
        msp.send("r-4", "beta").await;
        msp.is("r-4", "closed").await;
        msp.map(HERE, "stray").await;
        msp.is("parked", "ticketed").await;
        // And what is new is as it ever was.
        msp.send("r-5", "gamma").await;
        msp.is("r-5", "ticketed").await;
        for id in ["r-1", "r-2", "r-3", "r-4", "r-5", "parked"] {
            assert_eq!(id_of(&msp, id).await, msp.ticket(id).1.id, "{id}");
        }
        assert_eq!(msp.request("r-3").await["state"], "ticketed");
        let ledger = msp.api.get(&msp.path("/ledger")).await;
        assert_eq!(
            (&ledger["accepted"], &ledger["adds_up"]),
            (&json!(6), &json!(true))
        );
        msp.no_issues().await;
        assert_eq!(msp.misuse(), [""; 0]);
    }
}

fn close_there(msp: &Msp, id: &str) {
    let closed = msp.sides[HERE].psa.close_ticket(id);
    closed.expect("a ticket");
}

/// The id of the ticket that the request has.
async fn id_of(msp: &Msp, id: &str) -> String {
    let ticket = msp.request(id).await["ticket"]["id"].clone();
    let text = ticket.as_str().map(str::to_owned);
    text.unwrap_or_else(|| ticket.to_string())
}

#[tokio::test]
async fn a_close_of_a_parked_request_waits_until_its_ticket_was_looked_for() {
    let mut msp = Msp::with(psa_names()[0]).await;
    msp.send("r-1", "stray").await;
    msp.is("r-1", "parked").await;
    let file = back_up(&msp.stage, "state.backup").await;
    msp.map(HERE, "stray").await;
    msp.is("r-1", "ticketed").await;
    lose_and_restore(&mut msp.stage, &file).await;
    msp.close("r-1", "allowed").await;
    msp.map(HERE, "stray").await;
    msp.is("r-1", "closed").await;
    assert!(msp.ticket("r-1").1.closed, "the ticket was forgotten");

    // One that has no ticket anywhere is closed without anybody's help.
    msp.unmap(HERE, "stray").await;
    msp.send("r-2", "stray").await;
    msp.is("r-2", "parked").await;
    msp.close("r-2", "allowed").await;
    msp.is("r-2", "closed").await;
    assert_eq!(msp.tickets("r-2"), []);
    msp.no_issues().await;
}

#[tokio::test]
async fn what_was_billed_after_the_backup_is_not_billed_twice_nor_taken_back_unasked() {
    for psa in psa_names() {
        let (mut msp, _) = billing(psa).await;
        used(&msp, &[("alpha", "5")]).await;
        until_billed(&msp, 1).await;
        let file = back_up(&msp.stage, "state.backup").await;
        used(&msp, &[("alpha", "9")]).await;
        until_billed(&msp, 1).await;
        let before = written(&msp);
        let ended = lose_and_restore(&mut msp.stage, &file).await;
        says(&ended.stdout, &["billed by themselves", "approve them"]);

        // With the usage of the backup it would be billed down.
        let run = run_billing(&msp).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        is_planned(&msp, "proposed", (9, 5)).await;
        let issues = msp.api.get(&msp.path("/issues")).await;
        let issue = &issues["issues"][0];
        assert_eq!(issue["kind"], "restored", "{issues}");
        says(&issue["remedy"].to_string(), &["saving the billing policy"]);
        used(&msp, &[("alpha", "9")]).await;
        is_planned(&msp, "unchanged", (9, 9)).await;
        assert_eq!(written(&msp), before, "{psa}: something was billed unasked");

        policy(&msp, json!({})).await;
        msp.no_issues().await;
        used(&msp, &[("alpha", "12")]).await;
        until_billed(&msp, 1).await;
        assert_eq!(written(&msp), before + 1, "{psa}");
    }
}

/// Holds the only line of the plan against its state, and what the PSA and the product have.
async fn is_planned(msp: &Msp, state: &str, (there, used): (u32, u32)) {
    let lines = lines(msp).await;
    let [line] = &lines[..] else {
        panic!("{lines:?}")
    };
    let seen = ["state", "psa_quantity", "product_quantity"].map(|name| &line[name]);
    assert_eq!(seen, [&json!(state), &json!(there), &json!(used)], "{line}");
}

/// What answers in the place of a server, and what is said of it.
const NO_BACKUPS: [(&str, &str); 3] = [
    ("content-length: 9999\r\n\r\n{\"store\":", "was broken off"),
    ("content-length: 13\r\n\r\n<html></html>", "no backup"),
    ("content-length: 0\r\n\r\n", "no backup"),
];

#[tokio::test]
async fn what_comes_for_a_backup_and_is_none_is_not_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = text(&folder.path().join("state.backup"));
    for (answer, said) in NO_BACKUPS {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let url = format!("http://{address}");
        let arguments = ["backup", &file, "--server", &url, "--token", "a-token"];
        let answers = async {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            // The caller waits for an answer, so its question comes in one piece.
            let _ = stream.read(&mut [0; 4096]).await.expect("a question");
            let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{answer}");
            stream.write_all(answer.as_bytes()).await.expect("a caller");
        };
        let (ended, ()) = tokio::join!(run(&arguments), answers);
        assert_eq!(ended.code, Some(6), "{}", ended.stderr);
        says(&ended.stderr, &[said, "try again"]);
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 0, "something is left");
    }
}

#[tokio::test]
async fn a_backup_that_is_not_whole_or_has_no_place_or_key_is_refused_and_nothing_is_made() {
    let mut stage = Stage::start().await;
    let partner = stage.partner("north").await;
    partner.send("r-1", "alpha").await;
    partner.wait_state("r-1", "ticketed").await;
    let data = text(&stage.serve.data);
    let locked = stage.folder().join("locked.backup");
    let in_use = run(&["backup", &text(&locked), "--data", &data]).await;
    assert_eq!(in_use.code, Some(4), "{}", in_use.stderr);
    says(&in_use.stderr, &["in use", "--server"]);
    let theirs = stage.token(&["--partner", "north"]).await;
    let server = ["--server", stage.api.base(), "--token", &theirs];
    let refused = run(&[&["backup", &text(&locked)][..], &server].concat()).await;
    assert_eq!(refused.code, Some(7), "{}", refused.stderr);
    stage.end().await;

    let file = stage.folder().join("state.backup");
    let taken = run(&["backup", &text(&file), "--data", &data]).await;
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Whoever operates a server has its address in the environment; the folder is meant.
    let mut again = command(&["backup", &text(&file), "--data", &data, "--replace"]);
    again.env("DOVETAIL_SERVER", stage.api.base());
    let again = ended_of(again).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let again = run(&["backup", &text(&file), "--data", &data]).await;
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    says(&again.stderr, &["there already", "--replace"]);
    let nowhere = text(&stage.folder().join("nowhere"));
    let none = run(&["backup", &text(&locked), "--data", &nowhere]).await;
    assert_eq!(none.code, Some(4), "{}", none.stderr);
    assert!(!Path::new(&nowhere).exists() && !locked.exists());
    let entries = fs::read_dir(stage.folder()).expect("a folder");
    let names = entries.map(|one| one.expect("an entry").file_name());
    let parts = names.filter(|name| name.to_string_lossy().ends_with(".part"));
    assert_eq!(parts.count(), 0, "parts are left");

    let whole = fs::read_to_string(&file).expect("a backup");
    let cut = whole.get(..whole.len() / 2).expect("half of it");
    let wrongs = [
        ("cut", cut.to_owned(), "cut short"),
        (
            "changed",
            whole.replacen("alpha", "alphb", 1),
            "was changed",
        ),
        ("other", "{}\n".to_owned(), "line 1"),
    ];
    for (name, content, why) in wrongs {
        let wrong = stage.folder().join(name);
        fs::write(&wrong, content).expect("a file");
        let (data, ended) = restore(&stage, &wrong, &format!("of-{name}")).await;
        assert_eq!(ended.code, Some(3), "{name}: {}", ended.stderr);
        says(&ended.stderr, &[why, "nothing was changed"]);
        assert!(!data.join("sled").exists(), "{name}");
    }

    let (occupied, ended) = restore(&stage, &file, "first").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (_, ended) = restore(&stage, &file, "first").await;
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    says(&ended.stderr, &["is not empty", "--data"]);
    assert!(occupied.join("sled").exists(), "what was there stays");

    let bare = text(&stage.folder().join("bare"));
    let keyless = run(&["restore", &text(&file), "--data", &bare]).await;
    assert_eq!(keyless.code, Some(4), "{}", keyless.stderr);
    says(&keyless.stderr, &["seal.key", "--seal-key"]);
    let other = stage.folder().join("other.key");
    fs::write(&other, "f".repeat(64)).expect("a key");
    let (file, other) = (text(&file), text(&other));
    let with_other = ["restore", &file, "--data", &bare, "--seal-key", &other];
    let ended = run(&with_other).await;
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    says(&ended.stderr, &["another key", "nothing was changed"]);
    assert!(!Path::new(&bare).exists());
}

/// So large that its database takes more than one write: how many customers it has.
const MANY: usize = 3_000;

/// Where a write fails, in blocks of 512 bytes of the file that is written: the first one of all,
/// within the first write of the database, and later.
const FAILS_AT: [usize; 3] = [0, 1, 700];

#[tokio::test]
async fn a_restore_that_fails_or_is_killed_half_way_does_not_stand_in_the_way_of_the_next_one() {
    let mut stage = Stage::start().await;
    stage.partner("north").await;
    let customer = |n| json!({ "id": format!("c-{n}"), "name": "A customer" });
    let customers: Vec<Value> = (0..MANY).map(customer).collect();
    let path = "/api/v1/partners/north/customers";
    stage.api.put(path, json!({ "customers": customers })).await;
    let file = text(&back_up(&stage, "state.backup").await);
    stage.end().await;
    for blocks in FAILS_AT {
        for beyond in [Beyond::Fails, Beyond::Kills] {
            let data = place(&stage, &format!("{beyond:?}-{blocks}"));
            let restore = ["restore", &file, "--data", &text(&data)];
            let broken = run_within(blocks, beyond, &restore).await;
            match beyond {
                Beyond::Fails => {
                    assert_eq!(broken.code, Some(4), "{blocks}: {}", broken.stderr);
                    says(&broken.stderr, &["cannot restore into", "File too large"]);
                    assert!(!data.join("sled").exists(), "{blocks}: it takes up space");
                }
                Beyond::Kills => assert_eq!(broken.code, None, "{blocks}"),
            }
            if data.join("sled").exists() {
                let started = Serve::from_folder(&data).fail().await;
                assert_eq!(started.code, Some(4), "{}", started.stderr);
                says(&started.stderr, &["broken off", "restore again"]);
            }
            let again = run(&restore).await;
            assert_eq!(again.code, Some(0), "{blocks}: {}", again.stderr);
            let program = Serve::from_folder(&data).start().await;
            assert_eq!(program.end().await, Some(0));
        }
    }
}
