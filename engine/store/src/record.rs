//! Records by type: a table, a format number, and JSON in between.
//!
//! The value of a record is its format number, a space and its JSON, so that a reader knows the
//! format before it interprets anything. A newer format is refused; an older one is upgraded as it
//! is read, and stored in the new one when it is next written.

use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Key, Pages, Store, Stored, Version};

/// A type that is stored in a table of its own.
pub trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The table's name, the second component of every key.
    const TABLE: &'static str;

    /// Raised when a change of the type makes what is stored unreadable to it, or what it writes
    /// unreadable to the version before.
    const FORMAT: u16;

    /// Turns the JSON of the older `format` into that of [`Record::FORMAT`].
    fn upgrade(format: u16, _value: Value) -> Result<Value, Error> {
        Err(Error::OlderFormat {
            table: Self::TABLE,
            found: format,
            known: Self::FORMAT,
        })
    }

    /// The key of the record with these parts; also the prefix of those whose first parts they are.
    fn key(partner: &str, parts: &[&str]) -> Key {
        Key::new(partner, Self::TABLE, parts)
    }
}

/// A typed value and the version to expect when it is written back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// For [`crate::Expect::Version`].
    pub version: Version,
    /// The record.
    pub value: T,
}

/// Typed reading, for every store. Typed writing is [`crate::Batch::put_record`].
#[async_trait]
pub trait Records: Store {
    /// The record with these parts.
    async fn get_record<T: Record>(
        &self,
        partner: &str,
        parts: &[&str],
    ) -> Result<Option<Versioned<T>>, Error> {
        let stored = self.get(&T::key(partner, parts)).await?;
        stored.map(|stored| decode(&stored)).transpose()
    }

    /// The records whose first parts are `parts`, in the order of their keys, at most `limit` of
    /// those strictly after `after`. One that cannot be read fails the whole scan.
    async fn scan_records<T: Record>(
        &self,
        partner: &str,
        parts: &[&str],
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Versioned<T>)>, Error> {
        let page = self.scan(&T::key(partner, parts), after, limit).await?;
        page.into_iter()
            .map(|stored| Ok((stored.key.clone(), decode(&stored)?)))
            .collect()
    }

    /// All records whose first parts are `parts`, `size` at once.
    fn pages<T: Record>(&self, partner: &str, parts: &[&str], size: usize) -> Pages<'_, Self, T> {
        Pages::new(self, T::key(partner, parts), size)
    }

    /// Like [`Records::scan_records`], but only records whose keys are `wanted` are read; and the
    /// key to go on after, where there are more.
    async fn scan_wanted<T: Record>(
        &self,
        prefix: (&str, &[&str]),
        after: Option<&Key>,
        limit: usize,
        wanted: impl for<'k> Fn(&'k Key) -> bool + Send,
    ) -> Result<Wanted<T>, Error> {
        let page = self.scan(&T::key(prefix.0, prefix.1), after, limit).await?;
        let last = page.last().filter(|_| page.len() == limit);
        let after = last.map(|stored| stored.key.clone());
        let mut records = Vec::new();
        for stored in page {
            if wanted(&stored.key) {
                let record = decode(&stored)?;
                records.push((stored.key, record));
            }
        }
        Ok(Wanted { records, after })
    }
}

/// What [`Records::scan_wanted`] gives.
#[derive(Debug)]
pub struct Wanted<T> {
    /// The records that were wanted, in the order of their keys.
    pub records: Vec<(Key, Versioned<T>)>,
    /// Where to go on; nothing at the end.
    pub after: Option<Key>,
}

impl<S: Store + ?Sized> Records for S {}

/// The stored value of `record`.
pub(crate) fn encode<T: Record>(record: &T) -> Result<Vec<u8>, Error> {
    let mut value = format!("{} ", T::FORMAT).into_bytes();
    match serde_json::to_writer(&mut value, record) {
        Ok(()) => Ok(value),
        Err(source) => Err(Error::Encode {
            table: T::TABLE,
            source: Arc::new(source),
        }),
    }
}

/// The record, as its type reads it.
pub(crate) fn decode<T: Record>(stored: &Stored) -> Result<Versioned<T>, Error> {
    let (found, json) = split(&stored.value).ok_or_else(|| Error::Damaged {
        what: format!("record {}", stored.key),
    })?;
    let unreadable = |source| Error::Decode {
        key: stored.key.clone(),
        table: T::TABLE,
        source: Arc::new(source),
    };
    let value = match found.cmp(&T::FORMAT) {
        Ordering::Equal => serde_json::from_slice(json).map_err(unreadable)?,
        Ordering::Greater => {
            return Err(Error::NewerFormat {
                table: T::TABLE,
                found,
                known: T::FORMAT,
            });
        }
        Ordering::Less => {
            let old = serde_json::from_slice(json).map_err(unreadable)?;
            serde_json::from_value(T::upgrade(found, old)?).map_err(unreadable)?
        }
    };
    Ok(Versioned {
        version: stored.version,
        value,
    })
}

fn split(value: &[u8]) -> Option<(u16, &[u8])> {
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (format, json) = value.split_at_checked(space)?;
    Some((
        std::str::from_utf8(format).ok()?.parse().ok()?,
        json.get(1..)?,
    ))
}
