//! What the program is compared to: the same, written by hand with the same libraries and nothing
//! else. Each is a process of its own. Two of them work on the program's store, and so tell what is
//! the price of durability and what that of the rest.

use std::collections::HashSet;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Batch, Expect, Key, NewJob, Sled, Store};

use crate::psa::{COMPANIES, PAGE};

/// A part that this program plays in another process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// A listener that only answers.
    Answer,
    /// A listener that answers once the callout is in the store.
    Accept,
    /// A listener that answers once the callout is work in the store's queue, one job per ticket.
    Enqueue,
    /// A loop that reads all companies and forgets them.
    Read,
    /// The same, which keeps each page on disk before it asks for the next.
    Keep,
    /// The same without types, since a connector's are known when it is loaded: three fields of
    /// each record are picked, compared with what the store has, and kept where they are new.
    Store,
}

/// The role that the arguments ask for, and the rest of them.
pub(crate) fn role(arguments: &[String]) -> Option<(Role, &[String])> {
    let (first, rest) = arguments.split_first()?;
    let role = match first.as_str() {
        "by-hand-answer" => Role::Answer,
        "by-hand-accept" => Role::Accept,
        "by-hand-enqueue" => Role::Enqueue,
        "by-hand-store" => Role::Store,
        "by-hand-read" => Role::Read,
        "by-hand-keep" => Role::Keep,
        _ => return None,
    };
    Some((role, rest))
}

/// Plays it: with the port to answer on, or the PSA's address and a file.
pub(crate) async fn play(role: Role, arguments: &[String]) {
    let argument = |at: usize| arguments.get(at).expect("an argument").as_str();
    match role {
        Role::Answer => answer(argument(0)).await,
        Role::Accept => accept(argument(0), Path::new(argument(1)), record).await,
        Role::Enqueue => accept(argument(0), Path::new(argument(1)), job).await,
        Role::Store => store(argument(0), Path::new(argument(1))).await,
        Role::Read => read(argument(0), None).await,
        Role::Keep => read(argument(0), Some(argument(1))).await,
    }
}

async fn answer(port: &str) {
    let router = Router::new().route("/callouts/{token}", post(async |_: Bytes| "ok"));
    serve(port, router).await;
}

async fn accept(port: &str, folder: &Path, keep: fn(&mut Batch, u64, &[u8])) {
    let store = Arc::new(Sled::open(folder).expect("a folder of our own"));
    let number = Arc::new(AtomicU64::new(0));
    let router = Router::new().route(
        "/callouts/{token}",
        post(async move |body: Bytes| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let mut batch = Batch::new();
            keep(&mut batch, number, &body);
            store.commit(batch).await.expect("room on the disk");
            "ok"
        }),
    );
    serve(port, router).await;
}

fn record(batch: &mut Batch, number: u64, body: &[u8]) {
    let key = Key::new("bench", "callout", &[&number.to_string()]);
    batch.put(key, body, Expect::Any);
}

/// What any listener must do whose callouts are worked on once each, and one after the other for
/// one ticket.
fn job(batch: &mut Batch, number: u64, body: &[u8]) {
    let callout: Value = serde_json::from_slice(body).expect("a callout");
    let ticket = callout["id"].as_str().expect("an id").to_owned();
    batch.enqueue(NewJob {
        id: number.to_string(),
        group: "bench".to_owned(),
        lane: ticket.clone(),
        priority: 0,
        due: Timestamp::from_millis(0),
        fold: Some(ticket),
        payload: body.to_vec(),
    });
}

async fn serve(port: &str, router: Router) {
    let port: u16 = port.parse().expect("a port");
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let served = axum::serve(listener.expect("a free port"), router).await;
    served.expect("a server that is killed in the end");
}

#[derive(Deserialize)]
struct Page {
    total: u64,
    companies: Vec<Company>,
}

#[derive(Deserialize, Serialize)]
struct Company {
    id: u64,
    #[serde(rename(deserialize = "companyName"))]
    name: String,
    #[serde(rename(deserialize = "isActive"))]
    active: bool,
}

async fn read(psa: &str, keep: Option<&str>) {
    let client = client();
    let mut file = keep.map(|path| std::fs::File::create(path).expect("a folder of our own"));
    let (mut seen, mut number) = (0, 1);
    while seen < COMPANIES {
        let body = page(&client, psa, number).await;
        let page: Page = serde_json::from_slice(&body).expect("a page");
        assert_eq!(page.total, COMPANIES);
        seen += page.companies.len() as u64;
        number += 1;
        if let Some(file) = &mut file {
            let mut lines = Vec::new();
            for company in &page.companies {
                serde_json::to_writer(&mut lines, company).expect("a line");
                lines.push(b'\n');
            }
            file.write_all(&lines)
                .and_then(|()| file.sync_data())
                .expect("room on the disk");
        }
    }
}

async fn store(psa: &str, folder: &Path) {
    let (client, store) = (client(), Sled::open(folder).expect("a folder of our own"));
    let (mut seen, mut number) = (HashSet::new(), 1);
    while (seen.len() as u64) < COMPANIES {
        let body = page(&client, psa, number).await;
        let page: Value = serde_json::from_slice(&body).expect("a page");
        assert_eq!(page["total"], COMPANIES);
        let mut batch = Batch::new();
        for company in page["companies"].as_array().expect("a list") {
            let (id, name) = (&company["id"], &company["companyName"]);
            let record = json!({ "id": id, "name": name, "active": company["isActive"] });
            let key = Key::new("bench", "company", &[&id.to_string()]);
            let known = store.get(&key).await.expect("a store of our own");
            let known = known.map(|known| serde_json::from_slice::<Value>(&known.value));
            if !known.is_some_and(|known| known.expect("what we kept") == record) {
                batch.put(key.clone(), record.to_string(), Expect::Any);
            }
            seen.insert(key);
        }
        number += 1;
        let place = Key::new("bench", "place", &[]);
        batch.put(place, number.to_string(), Expect::Any);
        store.commit(batch).await.expect("room on the disk");
    }
    let (all, mut after) = (Key::new("bench", "company", &[]), None);
    loop {
        let page = store.scan(&all, after.as_ref(), 500).await;
        let page = page.expect("a store of our own");
        let mut gone = Batch::new();
        for stored in page.iter().filter(|stored| !seen.contains(&stored.key)) {
            gone.delete(stored.key.clone(), Expect::Any);
        }
        store.commit(gone).await.expect("room on the disk");
        match page.last() {
            Some(last) => after = Some(last.key.clone()),
            None => return,
        }
    }
}

fn client() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

async fn page(client: &reqwest::Client, psa: &str, number: u64) -> Bytes {
    let url = format!("{psa}/companies?page={number}&size={PAGE}");
    let answer = client.get(url).bearer_auth("bench").send().await;
    answer.expect("an answer").bytes().await.expect("a body")
}
