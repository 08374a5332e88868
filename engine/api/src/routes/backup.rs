//! A backup of everything, for operators.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, header};
use futures::{StreamExt as _, stream};
use runtime::{Error, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::auth::Operator;
use crate::problem::Problem;

/// How many pieces wait for the caller to take them.
const PIECES: usize = 4;

/// Everything that the server keeps, as it is at this moment; what was acknowledged is in it.
///
/// Lines of JSON, secrets sealed as they lie in the store. The last line has the digest of all
/// others: a body without it was broken off and is no backup. `dovetail backup` writes it to a file
/// and proves it whole; `dovetail restore` brings it back.
#[utoipa::path(get, path = "/api/v1/backup", tag = "operation",
    responses((status = 200, description = "All of it.", body = str,
            content_type = "application/x-ndjson"),
        (status = 503, description = "Another one is under way.")))]
pub(crate) async fn read_backup(
    _: Operator,
    State(runtime): State<Runtime>,
) -> Result<([(HeaderName, &'static str); 1], Body), Problem> {
    let (to, mut pieces) = mpsc::channel(PIECES);
    let export = tokio::spawn(async move { runtime.back_up(to).await.map(drop) });
    // Until the first piece is there, it can still be refused.
    let Some(first) = pieces.recv().await else {
        ended(export).await?;
        return Err(Problem::from(Error::UnderWay { what: "backup" }));
    };
    let rest = stream::unfold(Some((pieces, export)), next);
    let body = stream::once(async { Ok(first) }).chain(rest);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(body)))
}

type Export = JoinHandle<Result<(), Error>>;

/// The next piece, and where to go on. An export that fails breaks the body off, so that the
/// caller knows.
async fn next(
    from: Option<(mpsc::Receiver<Vec<u8>>, Export)>,
) -> Option<(
    Result<Vec<u8>, Error>,
    Option<(mpsc::Receiver<Vec<u8>>, Export)>,
)> {
    let (mut pieces, export) = from?;
    if let Some(piece) = pieces.recv().await {
        return Some((Ok(piece), Some((pieces, export))));
    }
    let error = ended(export).await.err()?;
    tracing::warn!(%error, "a backup was broken off");
    Some((Err(error), None))
}

async fn ended(export: Export) -> Result<(), Error> {
    // It does not panic, and nobody aborts it.
    export.await.unwrap_or(Ok(()))
}
