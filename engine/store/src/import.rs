//! Import: proves that an export is whole, and makes a store of it.
//!
//! [`check_export`] changes nothing. [`import`] proves the same once more while it writes: the file
//! may have been changed in between.

use std::io::{BufRead, Read};

use model::Timestamp;
use sha2::{Digest, Sha256};

use crate::envelope::{self, COUNTER, RECORD, SEQUENCE};
use crate::export::{FORMAT, Line, Totals, digits};
use crate::job;
use crate::limits::{IMPORT_STRIDE, IMPORT_STRIDE_BYTES, MAX_LINE_BYTES};
use crate::medium::{Entry, Medium, Writes};
use crate::sealed::proof_key;
use crate::{Cipher, Error, Key};

/// An export that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The moment that it shows.
    pub at: Timestamp,
    /// How much it holds.
    pub totals: Totals,
    /// How long it is.
    pub bytes: u64,
    /// Whether its secrets are sealed, so that it is of no use without their key.
    pub is_sealed: bool,
}

/// Reads the export to its end. [`Error::Import`] says where it is not what was written; with a
/// `cipher`, [`Error::OtherKey`] that a value in it is sealed with a key which is not among its
/// keys.
pub fn check_export(
    from: &mut dyn BufRead,
    cipher: Option<&dyn Cipher>,
) -> Result<Exported, Error> {
    read(from, |(raw, bytes)| {
        let Some(cipher) = cipher.filter(|_| raw.first() == Some(&RECORD)) else {
            return Ok(());
        };
        let stored = envelope::stored(envelope::key_of(&raw)?, &bytes)?;
        let opens = |value: &[u8]| cipher.open(stored.key.as_bytes(), value).is_some();
        if cipher.is_sealed(&stored.value) && !opens(&stored.value) {
            return Err(Error::OtherKey { key: stored.key });
        }
        Ok(())
    })
}

/// Writes onto an empty `medium` what was exported.
pub(crate) fn import<M: Medium>(medium: &M, from: &mut dyn BufRead) -> Result<Exported, Error> {
    let (mut writes, mut bytes) = (Writes::new(), 0);
    let exported = read(from, |(raw, value)| {
        bytes += raw.len() + value.len();
        writes.insert(raw, Some(value));
        if writes.len() >= IMPORT_STRIDE || bytes >= IMPORT_STRIDE_BYTES {
            medium.room(bytes)?;
            medium.write(&std::mem::take(&mut writes))?;
            bytes = 0;
        }
        Ok(())
    })?;
    medium.room(bytes)?;
    medium.write(&writes)?;
    Ok(exported)
}

/// Gives every entry to `take`, and proves at the end that these were all, as they were written.
fn read(
    from: &mut dyn BufRead,
    mut take: impl FnMut(Entry) -> Result<(), Error>,
) -> Result<Exported, Error> {
    let (mut digest, mut totals) = (Sha256::new(), Totals::default());
    let (mut began, mut bytes, mut is_sealed) = (None, 0, false);
    for number in 1.. {
        let bad = |why: String| Error::Import { line: number, why };
        let text = next_line(from).map_err(bad)?;
        bytes += text.len() as u64;
        let line = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        match line {
            Line::Store { at, .. } if number == 1 => began = Some(at),
            _ if number == 1 => {
                return Err(bad("it does not begin as a backup does".to_owned()));
            }
            Line::End {
                totals: promised,
                sha256,
            } => {
                if promised != totals || sha256 != digits(&digest.finalize()) {
                    let why = "what came before is not what was written; the file was changed";
                    return Err(bad(why.to_owned()));
                }
                if !from.fill_buf().is_ok_and(<[u8]>::is_empty) {
                    return Err(bad("something follows behind the last line".to_owned()));
                }
                return Ok(Exported {
                    at: began.unwrap_or_default(),
                    totals,
                    bytes,
                    is_sealed,
                });
            }
            _ => {}
        }
        digest.update(&text);
        let entry = entry(line, &mut totals).map_err(bad)?;
        is_sealed |= entry.0 == envelope::raw(RECORD, &proof_key());
        take(entry)?;
    }
    Err(Error::Import {
        line: usize::MAX,
        why: "it never ends".to_owned(),
    })
}

fn next_line(from: &mut dyn BufRead) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let read = from
        .take(MAX_LINE_BYTES as u64)
        .read_until(b'\n', &mut text);
    read.map_err(|error| error.to_string())?;
    if text.last() != Some(&b'\n') {
        return Err("the file ends before its last line; it was cut short".to_owned());
    }
    Ok(text)
}

/// The raw entry that a line stands for.
fn entry(line: Line, totals: &mut Totals) -> Result<Entry, String> {
    match line {
        Line::Store { format, .. } if format != FORMAT => Err(format!(
            "it has format {format}, this version knows {FORMAT}; use the version that wrote it"
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
        Line::End { .. } => Err("the last line comes too early".to_owned()),
    }
}

fn key_of(components: &[String]) -> Result<Key, String> {
    let parts: Vec<&str> = components.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [partner, table, parts @ ..] => Ok(Key::new(partner, table, parts)),
        _ => Err("a key needs a partner and a table".to_owned()),
    }
}
