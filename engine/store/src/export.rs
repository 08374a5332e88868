//! Export and import: a whole store as lines of JSON, for backups and for moving to another store.
//!
//! The first line names the format, the last one counts what lies between, so that a file which was
//! cut short is noticed. Values are written as text when they are text (records are), otherwise in
//! base64. Versions, counters and the order of the queue are kept; leases are not.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::envelope::{self, COUNTER, JOB, RECORD, SEQUENCE};
use crate::job::{self, Header};
use crate::limits::MAX_LINE_BYTES;
use crate::medium::{Medium, Writes};
use crate::state::Snapshot;
use crate::{Error, Key};

/// The format of the lines.
const FORMAT: u64 = 1;

/// An import writes this many entries at once.
const STRIDE: usize = 500;

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

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Store {
        format: u64,
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
    End(Totals),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bytes {
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

    fn read(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).map_err(|error| error.to_string()),
        }
    }
}

/// Writes everything that `snapshot` shows.
pub(crate) fn export<M: Medium>(
    snapshot: &Snapshot<'_, M>,
    to: &mut dyn Write,
) -> Result<Totals, Error> {
    let mut to = std::io::BufWriter::new(to);
    let mut totals = Totals::default();
    let sequence = snapshot.get(SEQUENCE)?;
    let sequence = sequence.map_or(Ok(0), |bytes| {
        envelope::unseal(&bytes, || "the store's sequence".to_owned()).map(|(number, _)| number)
    })?;
    print(
        &mut to,
        &Line::Store {
            format: FORMAT,
            sequence,
        },
    )?;
    snapshot.walk(&[RECORD], |raw, bytes| {
        let stored = envelope::stored(envelope::key_of(raw)?, bytes)?;
        totals.records += 1;
        let (key, value) = (stored.key.components(), Bytes::of(&stored.value));
        print(
            &mut to,
            &Line::Record {
                key,
                version: stored.version.0,
                value,
            },
        )
    })?;
    snapshot.walk(&[COUNTER], |raw, bytes| {
        let key = envelope::key_of(raw)?;
        totals.counters += 1;
        let count = envelope::count(&key, bytes)?;
        print(
            &mut to,
            &Line::Counter {
                key: key.components(),
                count,
            },
        )
    })?;
    snapshot.walk(&[JOB], |raw, bytes| {
        let sequence = envelope::job_sequence(raw)?;
        let (header, payload) = job::decode(sequence, bytes)?;
        totals.jobs += 1;
        print(
            &mut to,
            &Line::Job {
                sequence,
                header,
                payload: Bytes::of(payload),
            },
        )
    })?;
    print(&mut to, &Line::End(totals))?;
    to.flush().map_err(|source| Error::Export {
        source: Arc::new(source),
    })?;
    Ok(totals)
}

fn print(to: &mut dyn Write, line: &Line) -> Result<(), Error> {
    serde_json::to_writer(&mut *to, line)
        .map_err(std::io::Error::from)
        .and_then(|()| to.write_all(b"\n"))
        .map_err(|source| Error::Export {
            source: Arc::new(source),
        })
}

/// Writes onto an empty `medium` what [`export`] wrote.
pub(crate) fn import<M: Medium>(medium: &M, from: &mut dyn BufRead) -> Result<Totals, Error> {
    let mut writes = Writes::new();
    let mut totals = Totals::default();
    let mut number = 0;
    loop {
        number += 1;
        let bad = |why: String| Error::Import { line: number, why };
        let line = next_line(from).map_err(bad)?;
        if (number == 1) != matches!(line, Line::Store { .. }) {
            return Err(bad(
                "an export begins with one line that names its format".to_owned()
            ));
        }
        if let Line::End(promised) = line {
            if promised != totals {
                return Err(bad(format!(
                    "it promises {promised:?}, but {totals:?} came"
                )));
            }
            medium.write(&writes)?;
            return Ok(totals);
        }
        let (raw, bytes) = entry(line, &mut totals).map_err(bad)?;
        writes.insert(raw, Some(bytes));
        if writes.len() >= STRIDE {
            medium.write(&writes)?;
            writes.clear();
        }
    }
}

fn next_line(from: &mut dyn BufRead) -> Result<Line, String> {
    let mut text = Vec::new();
    let read = from
        .take(MAX_LINE_BYTES as u64)
        .read_until(b'\n', &mut text);
    read.map_err(|error| error.to_string())?;
    if text.is_empty() {
        return Err("the file ends before its last line; it was cut short".to_owned());
    }
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// The raw entry that a line stands for.
fn entry(line: Line, totals: &mut Totals) -> Result<(Vec<u8>, Vec<u8>), String> {
    match line {
        Line::Store { format, .. } if format != FORMAT => Err(format!(
            "the export has format {format}, this version knows {FORMAT}; use the version that \
             wrote it"
        )),
        Line::Store { sequence, .. } => Ok((SEQUENCE.to_vec(), envelope::seal(sequence, &[]))),
        Line::Record {
            key,
            version,
            value,
        } => {
            totals.records += 1;
            Ok((
                envelope::raw(RECORD, &key_of(&key)?),
                envelope::seal(version, &value.read()?),
            ))
        }
        Line::Counter { key, count } => {
            totals.counters += 1;
            let count = envelope::seal(count.cast_unsigned(), &[]);
            Ok((envelope::raw(COUNTER, &key_of(&key)?), count))
        }
        Line::Job {
            sequence,
            header,
            payload,
        } => {
            totals.jobs += 1;
            let bytes =
                job::encode(&header, &payload.read()?).map_err(|error| error.to_string())?;
            Ok((envelope::raw_job(sequence), bytes))
        }
        Line::End(_) => Err("the last line comes too early".to_owned()),
    }
}

fn key_of(components: &[String]) -> Result<Key, String> {
    let parts: Vec<&str> = components.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [partner, table, parts @ ..] => Ok(Key::new(partner, table, parts)),
        _ => Err("a key needs a partner and a table".to_owned()),
    }
}
