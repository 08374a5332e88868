//! The records of a table whose keys begin alike, page by page: nobody has to hold all of them, and
//! nobody has to keep the place where the next page begins.
//!
//! It is no snapshot. A record that is written behind that place while pages are to come may be
//! among them, one that is written before it is not.

use std::marker::PhantomData;

use crate::record::{Record, decode};
use crate::{Error, Key, Store, Versioned};

/// What [`crate::Records::pages`] gives.
#[derive(Debug)]
pub struct Pages<'s, S: ?Sized, T> {
    store: &'s S,
    prefix: Key,
    after: Option<Key>,
    size: usize,
    is_over: bool,
    of: PhantomData<fn() -> T>,
}

impl<'s, S: Store + ?Sized, T: Record> Pages<'s, S, T> {
    pub(crate) const fn new(store: &'s S, prefix: Key, size: usize) -> Self {
        Self {
            store,
            prefix,
            after: None,
            size,
            is_over: false,
            of: PhantomData,
        }
    }

    /// Only those strictly after `key`, if there is one.
    #[must_use]
    pub fn after(mut self, key: Option<Key>) -> Self {
        self.after = key;
        self
    }

    /// The next page, in the order of the keys; nothing behind the last one, which may be empty.
    ///
    /// # Errors
    ///
    /// As [`Store::scan`]; and a record that cannot be read fails its page.
    pub async fn next(&mut self) -> Result<Option<Vec<(Key, Versioned<T>)>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let after = self.after.as_ref();
        let page = self.store.scan(&self.prefix, after, self.size).await?;
        self.is_over = page.len() < self.size;
        self.after = page.last().map(|stored| stored.key.clone());
        let records = page.into_iter().map(|stored| {
            let record = decode(&stored)?;
            Ok((stored.key, record))
        });
        records.collect::<Result<_, Error>>().map(Some)
    }
}
