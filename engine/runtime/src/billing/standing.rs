//! What the PSA has, read as cheaply as its pages allow: the lines of all agreements that matter,
//! and their quantities on the days that matter. Where a PSA knows one quantity for all days, the
//! lines tell it.

use std::collections::{BTreeMap, BTreeSet};

use billing::{Demand, Row, Standing, Window, landing, quantity_on, window_for};
use definition::operation::PageKind;
use definition::pipeline::Reconcile;
use model::IssueKind;
use model::billing::{Change, Day, Decimal, Decision};
use model::request::id_text;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::facts::{Known, Place, place};
use crate::context::Context;
use crate::halt::Halt;
use crate::issues::Trouble;
use crate::step::pull::{incomplete, read_all};

/// How many items are asked for at once. The strictest API known takes 500 values in a filter.
const ITEMS_PER_READ: usize = 500;

/// How many times a change is moved behind a billed period. Two years ahead, something is wrong.
const MOVES_MAX: usize = 24;

/// A line as it is read.
#[derive(Deserialize)]
struct Line {
    id: Value,
    agreement_id: Value,
    item_id: Value,
    #[serde(default)]
    price: Option<Decimal>,
    #[serde(default)]
    quantity: Option<Decimal>,
    #[serde(default)]
    fixed: Option<String>,
}

/// A quantity as it is read.
#[derive(Deserialize)]
struct Had {
    line_id: Value,
    quantity: Decimal,
    #[serde(default)]
    starts: Option<Day>,
    #[serde(default)]
    ends: Option<Day>,
    #[serde(default)]
    billed: bool,
}

/// A line of an agreement that matters.
struct Found {
    id: Value,
    price: Option<Decimal>,
    fixed: Option<String>,
}

/// What the PSA has.
#[derive(Default)]
pub(super) struct Standings {
    /// Lines by agreement and item.
    lines: BTreeMap<Place, Vec<Found>>,
    /// Quantities by line.
    rows: BTreeMap<String, Vec<Row>>,
    /// How many pages that fills.
    pages: u64,
}

impl Standings {
    /// What the PSA has where the demands are. Lines are read by their items and not by their
    /// agreements: there are few items, so one row of pages holds all of it, however many
    /// agreements there are.
    pub(super) async fn read(
        context: &mut Context<'_>,
        operations: &Reconcile,
        known: &Known,
        demands: &[(String, Demand)],
    ) -> Result<Self, Halt> {
        let mut standings = Self::default();
        let wanted = Wanted::of(known, demands);
        let items = batches(
            demands
                .iter()
                .filter_map(|(_, demand)| known.items.id(&demand.target)),
        );
        if items.is_empty() {
            return Ok(standings);
        }
        let keys = wanted.iter().map(|one| &one.key).collect();
        standings
            .read_lines(context, &operations.lines, (&items, &keys))
            .await?;
        if has_quantities(context, operations) {
            standings
                .read_days(context, operations, (&items, &wanted))
                .await?;
        }
        Ok(standings)
    }

    /// What the PSA has of what was changed, on the days from which that counts.
    pub(super) async fn after(
        context: &mut Context<'_>,
        operations: &Reconcile,
        changes: &[Change],
    ) -> Result<Self, Halt> {
        let mut standings = Self::default();
        let items = batches(changes.iter().filter_map(|one| one.line.item.clone()));
        let places: Vec<Place> = changes.iter().map(|one| place(&one.line)).collect();
        let keys = places.iter().collect();
        standings
            .read_lines(context, &operations.lines, (&items, &keys))
            .await?;
        let days = changes.iter().map(|one| one.line.effective);
        if let (true, Some(from), Some(until)) = (
            has_quantities(context, operations),
            days.clone().min(),
            days.max(),
        ) {
            let days = json!({ "from": from, "until": until });
            standings
                .read_rows(context, &operations.quantities, (&items, &days))
                .await?;
        }
        Ok(standings)
    }

    /// How many pages that fills.
    pub(super) const fn pages(&self) -> u64 {
        self.pages
    }

    /// What the PSA has of what was changed, on the day from which that counts; `None` when it has
    /// more than one such line.
    pub(super) fn seen(&self, change: &Change) -> Option<Decimal> {
        let key = place(&change.line);
        match self.lines.get(&key).map(Vec::as_slice) {
            None | Some([]) => Some(Decimal::ZERO),
            Some([_]) => Some(quantity_on(&self.rows(&key), change.line.effective)),
            Some(_) => None,
        }
    }

    /// Reads quantities on all days that matter.
    async fn read_days(
        &mut self,
        context: &mut Context<'_>,
        operations: &Reconcile,
        (items, wanted): (&[Vec<Value>], &[Wanted]),
    ) -> Result<(), Halt> {
        let from = wanted.iter().map(|one| one.days.day).min();
        let until = wanted.iter().map(|one| one.days.until).max();
        if let (Some(mut from), Some(mut until)) = (from, until) {
            // Where a period that was billed moves the day beyond what was read, it is read on.
            for _ in 0..MOVES_MAX {
                let days = json!({ "from": from, "until": until });
                self.read_rows(context, &operations.quantities, (items, &days))
                    .await?;
                let beyond = wanted
                    .iter()
                    .map(|one| self.day(one))
                    .filter(|day| *day > until);
                let (Some(first), Some(last)) = (beyond.clone().min(), beyond.max()) else {
                    return Ok(());
                };
                (from, until) = (first, last);
            }
            return Err(unending(context));
        }
        Ok(())
    }

    async fn read_lines(
        &mut self,
        context: &mut Context<'_>,
        operation: &str,
        (items, keys): (&[Vec<Value>], &BTreeSet<&Place>),
    ) -> Result<(), Halt> {
        let mut take = |line: Line| {
            let key = (id_text(&line.agreement_id), id_text(&line.item_id));
            if !keys.contains(&key) {
                return;
            }
            if let Some(quantity) = line.quantity {
                let always = Row {
                    starts: None,
                    ends: None,
                    quantity,
                    billed: false,
                };
                self.rows.insert(id_text(&line.id), vec![always]);
            }
            let known = self.lines.entry(key).or_default();
            // One that moves to another page while they are read is still one line.
            if known.iter().all(|other| other.id != line.id) {
                known.push(Found {
                    id: line.id,
                    price: line.price,
                    fixed: line.fixed,
                });
            }
        };
        let (mut inputs, mut pages) = (Map::new(), 0);
        // Those that come with something else come all at once, whichever items are asked for.
        let known = context.remote.connector.operations.get(operation);
        let is_whole = known.is_some_and(|known| known.pages_of.is_some());
        let items = if is_whole { items.get(..1) } else { None }.unwrap_or(items);
        for batch in items {
            inputs.insert("items".to_owned(), json!(batch));
            pages += read_typed(context, operation, &inputs, &mut take).await?;
        }
        self.pages += pages;
        Ok(())
    }

    async fn read_rows(
        &mut self,
        context: &mut Context<'_>,
        operation: &str,
        (items, days): (&[Vec<Value>], &Value),
    ) -> Result<(), Halt> {
        let lines = self.lines.values().flatten().map(|line| id_text(&line.id));
        let lines: BTreeSet<String> = lines.collect();
        let mut take = |had: Had| {
            let line = id_text(&had.line_id);
            if !lines.contains(&line) {
                return;
            }
            let rows = self.rows.entry(line).or_default();
            let row = Row {
                starts: had.starts,
                ends: had.ends,
                quantity: had.quantity,
                billed: had.billed,
            };
            if !rows.contains(&row) {
                rows.push(row);
            }
        };
        let (mut inputs, mut pages) = (Map::new(), 0);
        inputs.insert("days".to_owned(), days.clone());
        for batch in items {
            inputs.insert("items".to_owned(), json!(batch));
            pages += read_typed(context, operation, &inputs, &mut take).await?;
        }
        self.pages += pages;
        Ok(())
    }

    fn day(&self, wanted: &Wanted) -> Day {
        landing(wanted.days, &self.rows(&wanted.key)).day
    }

    fn rows(&self, key: &Place) -> Vec<Row> {
        let lines = self.lines.get(key).into_iter().flatten();
        let rows = lines.filter_map(|line| self.rows.get(&id_text(&line.id)));
        rows.flatten().cloned().collect()
    }

    /// What the PSA has of what is demanded.
    pub(super) fn of(&self, known: &Known, id: &str, demand: &Demand) -> Standing {
        let item = known.items.id(&demand.target);
        let key = (
            demand.agreement.clone(),
            item.as_ref().map(id_text).unwrap_or_default(),
        );
        let found = self.lines.get(&key).map(Vec::as_slice).unwrap_or_default();
        Standing {
            lines: found.iter().map(|line| line.id.clone()).collect(),
            item,
            item_name: known.items.name(&demand.target),
            price: match found.first() {
                Some(line) => line.price,
                None => known.items.price(&demand.target),
            },
            fixed: found.first().and_then(|line| line.fixed.clone()),
            rows: self.rows(&key),
            in_doubt: known.is_in_doubt(id, &key),
        }
    }
}

/// What is to be read for one demand.
struct Wanted {
    /// The agreement and the item; empty while the item is to be made.
    key: Place,
    /// The days on which a change may land.
    days: Window,
}

impl Wanted {
    fn of(known: &Known, demands: &[(String, Demand)]) -> Vec<Self> {
        let one = |(id, demand): &(String, Demand)| {
            let agreement = known.agreements.get(&demand.agreement)?;
            let decision: Option<&Decision> = known.decisions.get(id).map(|row| &row.value);
            let item = known
                .items
                .id(&demand.target)
                .as_ref()
                .map(id_text)
                .unwrap_or_default();
            Some(Self {
                key: (demand.agreement.clone(), item),
                days: window_for(demand.from, agreement, decision, demand.day(known.today)),
            })
        };
        demands.iter().filter_map(one).collect()
    }
}

/// Whether the PSA has quantities by days, beside its lines.
fn has_quantities(context: &Context<'_>, operations: &Reconcile) -> bool {
    let known = &context.remote.connector.operations;
    known.contains_key(&operations.quantities)
}

/// How many pages the run has read so far.
fn pages(context: &Context<'_>) -> u64 {
    context.counts.get("pages").copied().unwrap_or_default()
}

/// The ids of items, each once, as many together as may be asked for.
fn batches(items: impl Iterator<Item = Value>) -> Vec<Vec<Value>> {
    let items: BTreeMap<String, Value> = items.map(|id| (id_text(&id), id)).collect();
    let items: Vec<Value> = items.into_values().collect();
    items
        .chunks(ITEMS_PER_READ)
        .map(<[Value]>::to_vec)
        .collect()
}

/// Reads a list to its end, each record as `T`. Gives how many pages it fills.
async fn read_typed<T: DeserializeOwned>(
    context: &mut Context<'_>,
    operation: &str,
    inputs: &Map<String, Value>,
    take: &mut impl FnMut(T),
) -> Result<u64, Halt> {
    let (mut wrong, before) = (None, pages(context));
    let verdict = read_all(
        context,
        operation,
        inputs,
        |record| match serde_json::from_value::<T>(record) {
            Ok(record) => take(record),
            Err(error) => wrong = Some(error.to_string()),
        },
    )
    .await?;
    if pages(context) > before {
        // What was paged, which is not the same as the records where those are parts of it.
        count_least(context, operation, verdict.records);
    }
    match wrong {
        None => Ok(verdict.pages),
        Some(wrong) => Err(incomplete(context, operation, &wrong)),
    }
}

/// Counts the calls that no way of reading so many records could do without.
pub(super) fn count_least(context: &mut Context<'_>, operation: &str, records: u64) {
    let known = context.remote.connector.operations.get(operation);
    let size = match known
        .and_then(|one| one.pages.as_ref())
        .map(|pages| &pages.kind)
    {
        Some(
            PageKind::ByLastId { size, .. }
            | PageKind::ByNumber { size, .. }
            | PageKind::ByOffset { size },
        ) => u64::from(*size),
        _ => u64::MAX,
    };
    context.count("calls_least", records.div_ceil(size.max(1)).max(1));
}

fn unending(context: &Context<'_>) -> Halt {
    let title = &context.remote.connector.title;
    Halt::Behind {
        trouble: Box::new(Trouble {
            kind: IssueKind::Incomplete,
            cause: None,
            integration: Some(context.remote.integration.id.clone()),
            subject: "billed periods".to_owned(),
            title: format!("{title} says that the next {MOVES_MAX} periods are billed already"),
            detail: None,
            remedy: "Look at the periods of the agreements in the PSA, then run it again.".into(),
        }),
        guard: None,
    }
}
