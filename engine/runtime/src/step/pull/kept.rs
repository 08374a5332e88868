//! What is kept of a list: the records that a complete read has seen, and no others.
//!
//! A record is written when it is new or has changed. That the others were seen is noted page by
//! page, in the commit of the page, so that a read which goes on after a crash knows all of them.

use std::collections::HashSet;

use serde_json::Value;
use store::{Expect, Key, Record, Records, Versioned, key};

use super::Read;
use crate::context::Context;
use crate::halt::Halt;
use crate::tables::{AgreementRow, CompanyRow, ItemRow, Kept, PAGE, SeenRow};

/// How many notes of what was seen are removed with the end of a read, so that they fit into its
/// commit; what is left goes with the end of the next.
const NOTES_DROPPED_MAX: usize = 5_000;

/// A table of records as they were given.
pub(super) trait KeptRow: Record {
    /// A row with this.
    fn of(kept: Kept) -> Self;

    /// What is in the row.
    fn kept(&self) -> &Kept;
}

macro_rules! kept_rows {
    ($($row:ident),*) => {
        $(impl KeptRow for $row {
            fn of(kept: Kept) -> Self {
                Self(kept)
            }

            fn kept(&self) -> &Kept {
                &self.0
            }
        })*
    };
}

kept_rows!(CompanyRow, AgreementRow, ItemRow);

/// Keeps a record; gives its key when it is there already as it is.
pub(super) async fn keep<T: KeptRow>(
    context: &mut Context<'_>,
    read: &Read,
    record: &Value,
) -> Result<Option<String>, Halt> {
    let Some(id) = record.get("id") else {
        return Err(Halt::Undefined("a record without an id".to_owned()));
    };
    context.count("kept", 1);
    let id = model::request::id_text(id);
    let parts = [read.parts[0].as_str(), &id];
    let (store, partner) = (&context.remote.core.store, context.partner.as_str());
    let known = store.get_record::<T>(partner, &parts).await?;
    if known.is_some_and(|known| known.value.kept().record == *record) {
        return Ok(Some(id));
    }
    let row = T::of(Kept {
        record: record.clone(),
        seen: read.open.began,
    });
    context.batch.put_record(partner, &parts, &row, Expect::Any);
    Ok(None)
}

/// Notes the records of a page that were there already as they are, which costs less than to
/// write each of them again.
pub(super) fn note(context: &mut Context<'_>, read: &Read, same: Vec<String>) {
    if same.is_empty() {
        return;
    }
    let [integration, _, operation] = read.parts.each_ref().map(String::as_str);
    let began = key::oldest_first(read.open.began);
    let page = key::number(read.open.pages);
    let parts = [integration, operation, &began, &page];
    let (partner, row) = (context.partner.as_str(), SeenRow(same));
    context.batch.put_record(partner, &parts, &row, Expect::Any);
}

/// Removes records that a complete read did not see any more.
pub(super) async fn drop_unseen<T: KeptRow>(
    context: &mut Context<'_>,
    read: &Read,
) -> Result<(), Halt> {
    let [integration, _, operation] = read.parts.each_ref().map(String::as_str);
    let began = key::oldest_first(read.open.began);
    let seen = rows::<SeenRow>(context, &[integration, operation, &began]).await?;
    let seen: HashSet<String> = seen.into_iter().flat_map(|(_, row)| row.value.0).collect();
    let store = context.remote.core.store.clone();
    let is_unseen = |key: &Key| !key.parts().last().is_some_and(|id| seen.contains(id));
    let partner = context.partner.to_string();
    let prefix = (partner.as_str(), [integration]);
    let mut after: Option<Key> = None;
    loop {
        let page = store.scan_wanted::<T>((prefix.0, &prefix.1), after.as_ref(), PAGE, is_unseen);
        let page = page.await?;
        for (key, row) in page.records {
            if row.value.kept().seen < read.open.began {
                context.batch.delete(key, Expect::Version(row.version));
                context.count("removed", 1);
            }
        }
        if page.after.is_none() {
            break;
        }
        after = page.after;
        context.commit().await?;
    }
    // Only with the end of the read: until then, going on with it needs to know them.
    let notes = rows::<SeenRow>(context, &[integration, operation]).await?;
    for (key, _) in notes.into_iter().take(NOTES_DROPPED_MAX) {
        context.batch.delete(key, Expect::Any);
    }
    Ok(())
}

/// All rows of a table whose first parts are these.
async fn rows<T: Record>(
    context: &Context<'_>,
    parts: &[&str],
) -> Result<Vec<(Key, Versioned<T>)>, Halt> {
    let store = &context.remote.core.store;
    let mut all = Vec::new();
    let mut pages = store.pages::<T>(context.partner.as_str(), parts, PAGE);
    while let Some(page) = pages.next().await? {
        all.extend(page);
    }
    Ok(all)
}
