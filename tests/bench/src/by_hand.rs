//! What the program is compared to: the same, written by hand with the same libraries and nothing
//! else. Each is a process of its own.

use std::io::Write as _;
use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use crate::psa::{COMPANIES, PAGE};

/// A part that this program plays in another process.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// A listener that only answers.
    Answer,
    /// A loop that reads all companies and forgets them.
    Read,
    /// The same, which keeps each page on disk before it asks for the next.
    Keep,
}

/// The role that the arguments ask for, and the rest of them.
pub(crate) fn role(arguments: &[String]) -> Option<(Role, &[String])> {
    let (first, rest) = arguments.split_first()?;
    let role = match first.as_str() {
        "by-hand-answer" => Role::Answer,
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
        Role::Answer => answer(argument(0).parse().expect("a port")).await,
        Role::Read => read(argument(0), None).await,
        Role::Keep => read(argument(0), Some(argument(1))).await,
    }
}

async fn answer(port: u16) {
    let router = Router::new().route("/callouts/{token}", post(async |_: Bytes| "ok"));
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
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let mut file = keep.map(|path| std::fs::File::create(path).expect("a folder of our own"));
    let (mut seen, mut number) = (0, 1);
    while seen < COMPANIES {
        let url = format!("{psa}/companies?page={number}&size={PAGE}");
        let request = client.get(url).bearer_auth("bench");
        let body = request
            .send()
            .await
            .expect("an answer")
            .bytes()
            .await
            .expect("a body");
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
