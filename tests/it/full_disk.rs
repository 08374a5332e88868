//! A disk that is full: nothing is accepted that cannot be kept, nothing that was accepted is lost,
//! and work goes on by itself once there is room. Nor is a backup or a restore that does not fit.
//!
//! Where this user or sandbox may not mount a small file system, nothing is tried.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use harness::{Partner, Serve, Stage, run};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bad_input::says;

/// Size of the disk, in megabytes: room for all that is accepted, beside what has to stay free.
const DISK_MEGABYTES: usize = 192;

/// Requests that are handed in.
const REQUESTS: usize = 300;

/// Callers that hand them in at the same time.
const CALLERS: usize = 12;

/// How often the disk is filled while requests come in.
const TIMES: usize = 3;

/// How long everything may take to settle once there is room.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);

/// A file system of its own size, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where this user or sandbox may not mount.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let size = format!("size={DISK_MEGABYTES}m");
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", &size, "none"])
            .arg(folder);
        let mounted = command.output().ok()?;
        if !mounted.status.success() {
            println!("skipped: a file system cannot be mounted here, so the disk cannot be filled");
            return None;
        }
        Some(Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Fills the disk to the last byte; that this fails is the point. Gives what fills it.
fn fill(data: &Path) -> PathBuf {
    let ballast = data.join("ballast");
    drop(fs::write(&ballast, vec![0; DISK_MEGABYTES << 20]));
    ballast
}

#[tokio::test]
async fn a_full_disk_accepts_nothing_that_it_cannot_keep() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("disk");
    let Some(_disk) = SmallDisk::mount(&data) else {
        return;
    };
    let serve = Serve::from_folder(&data);
    let program = serve.start().await;
    let token = run(&["token", "--data", &data.display().to_string()])
        .await
        .stdout;
    let api = harness::Api::new(&program.url, token.trim());
    let put = async |id: &str| {
        let body = json!({ "name": id });
        api.call(Method::PUT, &format!("/api/v1/partners/{id}"), Some(&body))
            .await
    };
    assert_eq!(put("before").await.status, 200);
    let ballast = fill(&data);
    let full = put("full").await;
    full.problem(503, "not-kept");
    assert!(
        full.headers.contains_key("retry-after"),
        "{:?}",
        full.headers
    );
    says(&program.output(), &["full"]);
    fs::remove_file(&ballast).expect("the ballast");
    assert_eq!(put("after").await.status, 200);
    program.kill().await;
    let program = serve.start().await;
    let partners = api.get("/api/v1/partners").await;
    let names: Vec<&Value> = partners["partners"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(names, [&json!("after"), &json!("before")]);
    assert_eq!(program.end().await, Some(0));
}

/// Hands in a request until it is acknowledged, and counts the refusals on the way.
async fn hand_in(partner: &Partner, id: &str, refused: &AtomicUsize) {
    loop {
        let answer = partner.try_send(id, "alpha").await.expect("an answer");
        if answer.status == 202 {
            return;
        }
        answer.problem(503, "not-kept");
        refused.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_under_load_loses_nothing_that_was_accepted() {
    let mut disk = None;
    let mut stage = Stage::start_with(|folder| {
        disk = SmallDisk::mount(&folder.join("data"));
        Vec::new()
    })
    .await;
    if disk.is_none() {
        return;
    }
    let partner = stage.partner("north").await;
    let ids: Vec<String> = (0..REQUESTS)
        .map(|number| format!("r-{number:04}"))
        .collect();
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let callers = stream::iter(&ids).for_each_concurrent(CALLERS, async |id| {
        hand_in(&partner, id, &refused).await;
        accepted.fetch_add(1, Ordering::SeqCst);
    });
    let filling = async {
        for time in 1..=TIMES {
            let enough = time * REQUESTS / (TIMES + 1);
            let are_in = async || (accepted.load(Ordering::SeqCst) >= enough).then_some(());
            partner
                .wait_for("many are in", SETTLED_WITHIN, are_in)
                .await;
            let before = refused.load(Ordering::SeqCst);
            let ballast = fill(&stage.serve.data);
            let are_out = async || (refused.load(Ordering::SeqCst) > before).then_some(());
            partner
                .wait_for("one is refused", SETTLED_WITHIN, are_out)
                .await;
            fs::remove_file(ballast).expect("the ballast");
        }
    };
    tokio::join!(callers, filling);
    let is_settled = async || {
        let ledger = partner.ledger().await;
        (ledger["states"]["ticketed"] == REQUESTS && ledger["adds_up"] == true).then_some(())
    };
    partner
        .wait_for("all have their ticket", SETTLED_WITHIN, is_settled)
        .await;
    stage.kill().await;
    stage.restart().await;
    let ledger = partner.ledger().await;
    assert_eq!(ledger["accepted"], REQUESTS, "{ledger}");
    assert_eq!(ledger["recounted"], ledger["states"], "{ledger}");
    let tickets = partner.autotask.tickets().into_iter();
    let ours: Vec<String> = tickets.filter_map(|ticket| ticket.external_id).collect();
    let distinct: BTreeSet<&String> = ours.iter().collect();
    assert_eq!(ours.len(), distinct.len(), "a ticket was doubled");
    assert!(distinct.into_iter().eq(&ids), "a ticket was lost");
    assert_eq!(stage.end().await, Some(0));
}

#[tokio::test]
async fn what_does_not_fit_is_neither_backed_up_nor_restored_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, disk) = (folder.path().join("data"), folder.path().join("disk"));
    let Some(_disk) = SmallDisk::mount(&disk) else {
        return;
    };
    let text = |path: &Path| path.display().to_string();
    assert_eq!(Serve::from_folder(&data).start().await.end().await, Some(0));
    let (there, file) = (
        disk.join("state.backup"),
        folder.path().join("state.backup"),
    );
    let ballast = fill(&disk);
    let full = run(&["backup", &text(&there), "--data", &text(&data)]).await;
    assert_eq!(full.code, Some(3), "{}", full.stderr);
    says(&full.stderr, &["cannot write", "free some space"]);
    assert_eq!(names(&disk), ["ballast"], "a part is left");
    let taken = run(&["backup", &text(&file), "--data", &text(&data)]).await;
    assert_eq!(taken.code, Some(0), "{}", taken.stderr);

    let (new, key) = (disk.join("new"), text(&data.join("seal.key")));
    let (from, to) = (text(&file), text(&new));
    let restore = ["restore", &from, "--data", &to, "--seal-key", &key];
    let full = run(&restore).await;
    assert_eq!(full.code, Some(4), "{}", full.stderr);
    says(&full.stderr, &["cannot restore into", "space"]);
    assert!(!new.join("sled").exists() && !new.join("FORMAT").exists());
    fs::remove_file(ballast).expect("the ballast");
    let again = run(&restore).await;
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect()
}
