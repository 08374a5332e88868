//! `dovetail issues` and `replay`: what a person has to mend, and trying again what waits for it.

use serde_json::{Value, json};

use super::server::Server;
use super::table::{Column, field, list, table};
use crate::args::{IssuesArgs, ReplayArgs};
use crate::error::Error;
use crate::exit::Exit;

const ISSUES: [Column; 5] = [
    ("ISSUE", |issue| field(issue, "id")),
    ("SINCE", |issue| field(issue, "opened_at")),
    ("WAITING", |issue| field(issue, "behind")),
    ("WHAT", |issue| field(issue, "title")),
    ("REMEDY", |issue| field(issue, "remedy")),
];

const REPLAYED: [Column; 2] = [
    ("ISSUE", |issue| field(issue, "id")),
    ("GOES AGAIN", |issue| field(issue, "retried")),
];

/// Lists the open issues of the partner, or of one integration. Ends with "failed" if there are
/// any, so that a script can tell.
pub(crate) async fn list_open(args: IssuesArgs) -> Result<Exit, Error> {
    let server = Server::new(&args.of.server)?;
    let mut open = list(&server.get("issues").await?, "issues");
    if let Some(id) = &args.of.integration {
        open.retain(|issue| field(issue, "integration") == *id);
    }
    let has_any = !open.is_empty();
    server.print(&json!({ "issues": open }), |told| {
        match list(told, "issues").as_slice() {
            [] => "no open issues".to_owned(),
            open => table(&ISSUES, open),
        }
    })?;
    Ok(if has_any { Exit::Failed } else { Exit::Ok })
}

/// Has the work behind issues tried again: behind those that are named, or behind all.
pub(crate) async fn replay(args: ReplayArgs) -> Result<Exit, Error> {
    let server = Server::new(&args.server)?;
    let issues = if args.issues.is_empty() {
        let open = list(&server.get("issues").await?, "issues");
        open.iter().map(|issue| field(issue, "id")).collect()
    } else {
        args.issues
    };
    let mut replayed = Vec::new();
    for id in issues {
        let path = format!("issues/{}/retry", encoded(&id));
        let receipt = server.post(&path, Value::Null).await?;
        let retried = receipt.get("retried").cloned().unwrap_or_default();
        replayed.push(json!({ "id": id, "retried": retried }));
    }
    server.print(&json!({ "issues": replayed }), |told| {
        match list(told, "issues").as_slice() {
            [] => "nothing waits behind an issue".to_owned(),
            replayed => table(&REPLAYED, replayed),
        }
    })?;
    Ok(Exit::Ok)
}

/// An id as a part of a path.
fn encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte);
    let one = |byte: u8| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    id.bytes().map(one).collect()
}
