//! Export and import: a whole store as lines of JSON, for backups and for moving to another store.
//!
//! The first line names the format and the moment, the last one counts what lies between and has
//! its digest, so that a file which was cut short or changed is told from a whole one. Values are
//! written as text when they are text (records are), otherwise in base64; sealed ones stay sealed.
//! Versions, counters and the order of the queue are kept; leases are not.
//!
//! An export shows one moment: everything whose commit had returned before it began, and nothing
//! of what was committed later, while commits go on (`state/past.rs`).

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::Error;
use crate::envelope::{self, COUNTER, JOB, RECORD};
use crate::job::{self, Header};
use crate::limits::EXPORT_PATIENCE;
use crate::medium::Medium;
use crate::state::State;

/// The format of the lines.
pub(crate) const FORMAT: u64 = 1;

/// What an export holds, in the order of its first bytes.
const KINDS: [u8; 3] = [COUNTER, JOB, RECORD];

/// How much an export or import carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Counters that are not zero.
    pub counters: u64,
    /// Jobs in the queue.
    pub jobs: u64,
}

/// A line of an export.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Line {
    Store {
        format: u64,
        at: Timestamp,
        sequence: u64,
    },
    Record {
        key: Vec<String>,
        version: u64,
        value: Bytes,
    },
    Counter {
        key: Vec<String>,
        count: i64,
    },
    Job {
        sequence: u64,
        header: Header,
        payload: Bytes,
    },
    End {
        totals: Totals,
        /// Of everything before this line, in hexadecimal digits.
        sha256: String,
    },
}

/// Bytes as JSON can say them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bytes {
    Text(String),
    Base64(String),
}

impl Bytes {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    pub(crate) fn read(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|error| error.to_string()),
        }
    }
}

/// A store that exports: where its state is, and how it does what may block.
#[async_trait]
pub(crate) trait Aside: Send + Sync {
    /// What the state lies on.
    type Medium: Medium;

    /// The state.
    fn state(&self) -> &State<Self::Medium>;

    /// Does `read` where blocking is allowed.
    async fn aside<T: Send + 'static>(
        &self,
        read: impl for<'r> FnOnce(&'r State<Self::Medium>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error>;
}

/// Lets the past go, however the export ends.
struct Held<'s, M: Medium>(&'s State<M>);

impl<M: Medium> Drop for Held<'_, M> {
    fn drop(&mut self) {
        self.0.end_past();
    }
}

/// Gives everything that `store` holds at this moment, which is called `at`, to the taker of `to`.
pub(crate) async fn export<S: Aside>(
    store: &S,
    at: Timestamp,
    to: mpsc::Sender<Vec<u8>>,
) -> Result<Totals, Error> {
    let sequence = store.aside(State::begin_past).await?;
    let _held = Held(store.state());
    let mut written = Written::default();
    written.line(&Line::Store {
        format: FORMAT,
        at,
        sequence,
    })?;
    for kind in KINDS {
        let mut after = None;
        loop {
            let read = move |state: &State<_>| state.past_page(&[kind], after.as_deref());
            let page = store.aside(read).await?;
            for (raw, bytes) in page.entries {
                let line = written.entry(&raw, &bytes)?;
                written.line(&line)?;
            }
            give(&to, written.take()).await?;
            after = page.after;
            if after.is_none() {
                break;
            }
        }
    }
    let totals = written.totals;
    give(&to, written.end()?).await?;
    Ok(totals)
}

/// A taker that has gone, or takes nothing, must not hold the past for ever.
async fn give(to: &mpsc::Sender<Vec<u8>>, piece: Vec<u8>) -> Result<(), Error> {
    match tokio::time::timeout(EXPORT_PATIENCE, to.send(piece)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Error::ExportAbandoned),
    }
}

/// What was written: the next piece, and the digest and count of all.
#[derive(Default)]
struct Written {
    piece: Vec<u8>,
    digest: Sha256,
    totals: Totals,
}

impl Written {
    fn line(&mut self, line: &Line) -> Result<(), Error> {
        let encoded = serde_json::to_writer(&mut self.piece, line);
        self.piece.push(b'\n');
        encoded.map_err(|error| Error::Damaged {
            what: format!("an entry that JSON cannot express ({error})"),
        })
    }

    fn take(&mut self) -> Vec<u8> {
        self.digest.update(&self.piece);
        std::mem::take(&mut self.piece)
    }

    /// The last piece, which nothing counts.
    fn end(mut self) -> Result<Vec<u8>, Error> {
        let (totals, sha256) = (self.totals, digits(&self.digest.clone().finalize()));
        self.line(&Line::End { totals, sha256 })?;
        Ok(self.piece)
    }

    /// The line that stands for a raw entry.
    fn entry(&mut self, raw: &[u8], bytes: &[u8]) -> Result<Line, Error> {
        let kind = raw.first().copied();
        if kind == Some(JOB) {
            let sequence = envelope::job_sequence(raw)?;
            let (header, payload) = job::decode(sequence, bytes)?;
            self.totals.jobs += 1;
            let payload = Bytes::of(payload);
            return Ok(Line::Job {
                sequence,
                header,
                payload,
            });
        }
        let key = envelope::key_of(raw)?;
        if kind == Some(COUNTER) {
            self.totals.counters += 1;
            let count = envelope::count(&key, bytes)?;
            let key = key.components();
            return Ok(Line::Counter { key, count });
        }
        let stored = envelope::stored(key, bytes)?;
        self.totals.records += 1;
        Ok(Line::Record {
            key: stored.key.components(),
            version: stored.version.0,
            value: Bytes::of(&stored.value),
        })
    }
}

/// A digest as it is written.
pub(crate) fn digits(digest: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    let pairs = digest
        .iter()
        .map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    pairs.flatten().collect()
}
