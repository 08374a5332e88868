//! The data of a tenant: records by entity, and how a record shows.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::entities::{Entity, STATUS, TICKET_TYPE, Which};
use super::field::{Field, Kind, Place};
use super::quirks::Quirks;
use super::rights::Rights;

/// Most actions of one ticket; their numbers share one table.
const ACTIONS_PER_TICKET_MAX: i64 = 1_000_000;

/// One record: values by field name, absent where nobody set one.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    /// Its place in the table.
    pub(crate) id: i64,
    values: BTreeMap<&'static str, Value>,
}

impl Record {
    /// An empty record in that place.
    pub(crate) fn new(id: i64) -> Self {
        Self {
            id,
            values: BTreeMap::new(),
        }
    }

    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.values.get(field)
    }

    /// A whole number; ids that show as doubles are whole, too.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "ids are far below 2^53, where doubles are exact"
    )]
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        let value = self.values.get(field)?;
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|id| id as i64))
    }

    pub(crate) fn double(&self, field: &str) -> f64 {
        let value = self.values.get(field).and_then(Value::as_f64);
        value.unwrap_or_default()
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        let value = self.values.get(field).and_then(Value::as_str);
        value.unwrap_or_default()
    }

    pub(crate) fn flag(&self, field: &str) -> bool {
        self.values.get(field) == Some(&Value::Bool(true))
    }

    pub(crate) fn has(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    pub(crate) fn set(&mut self, field: &'static str, value: impl Into<Value>) {
        self.values.insert(field, value.into());
    }

    /// Sets the id of another record in a field that shows it as a double.
    #[expect(clippy::cast_precision_loss, reason = "ids are far below 2^53")]
    pub(crate) fn set_double_id(&mut self, field: &'static str, id: i64) {
        self.set(field, id as f64);
    }

    pub(crate) fn clear(&mut self, field: &str) {
        self.values.remove(field);
    }
}

/// What is asked of how a record shows.
pub(crate) struct Show<'a> {
    pub(crate) quirks: &'a Quirks,
    /// The parameters that are `true` in a request for rows; none for a record by itself.
    pub(crate) row: Option<&'a dyn Fn(&str) -> bool>,
}

impl<'a> Show<'a> {
    /// A record by itself.
    pub(crate) fn detail(quirks: &'a Quirks) -> Self {
        Self { quirks, row: None }
    }

    fn shows(&self, field: &Field) -> bool {
        match (field.place, self.row) {
            (Place::Row, _) | (Place::RowIf(_) | Place::Detail, None) => true,
            (Place::RowIf(parameter), Some(asked)) => asked(parameter),
            (Place::Detail, Some(_)) | (Place::Control | Place::Inner, _) => false,
        }
    }
}

/// Everything a tenant has.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    tables: BTreeMap<Which, BTreeMap<i64, Record>>,
    next_ids: BTreeMap<Which, i64>,
    /// Fields that a ticket type makes mandatory for agents.
    pub(crate) mandatory: BTreeMap<i64, Vec<&'static str>>,
    /// Statuses that a ticket type allows; one that is not here allows all of them.
    pub(crate) statuses_of: BTreeMap<i64, Vec<i64>>,
    /// Lines of invoices that cannot be written at present, and what is said about it.
    pub(crate) locked_lines: BTreeMap<i64, String>,
    /// The agent that the API application logs in as, and what it may do.
    pub(crate) api_agent: i64,
    pub(crate) rights: Rights,
}

impl Tenant {
    pub(crate) fn rows(&self, entity: &Entity) -> impl DoubleEndedIterator<Item = &Record> {
        self.tables
            .get(&entity.which)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    pub(crate) fn row(&self, entity: &Entity, id: i64) -> Option<&Record> {
        self.tables.get(&entity.which)?.get(&id)
    }

    pub(crate) fn row_mut(&mut self, entity: &Entity, id: i64) -> Option<&mut Record> {
        self.tables.get_mut(&entity.which)?.get_mut(&id)
    }

    /// The row with that `id` in the API, for entities whose id is a value.
    pub(crate) fn row_by_own_id(&self, entity: &Entity, id: &str) -> Option<&Record> {
        let named = |row: &&Record| row.text("id").eq_ignore_ascii_case(id);
        self.rows(entity).find(named)
    }

    /// The record that people know by that name.
    pub(crate) fn named(&self, entity: &Entity, name: &str) -> Option<&Record> {
        self.rows(entity)
            .find(|row| row.text(entity.label).eq_ignore_ascii_case(name))
    }

    /// Actions of a ticket, oldest first.
    pub(crate) fn actions(&self, ticket: i64) -> impl DoubleEndedIterator<Item = &Record> {
        let keys = action_key(ticket, 0)..action_key(ticket + 1, 0);
        self.tables
            .get(&Which::Action)
            .into_iter()
            .flat_map(move |rows| rows.range(keys.clone()).map(|(_, row)| row))
    }

    /// Stores a record under its id, replacing one that is there.
    pub(crate) fn put(&mut self, entity: &Entity, record: Record) {
        let rows = self.tables.entry(entity.which).or_default();
        rows.insert(record.id, record);
    }

    pub(crate) fn remove(&mut self, entity: &Entity, id: i64) -> Option<Record> {
        self.tables.get_mut(&entity.which)?.remove(&id)
    }

    /// A new id, which no record ever had. Those of recurring invoices go down from -2.
    pub(crate) fn new_id(&mut self, entity: &Entity) -> i64 {
        let (first, step) = if entity.which == Which::Invoice {
            (-2, -1)
        } else {
            (1, 1)
        };
        let next = self.next_ids.entry(entity.which).or_insert(first);
        let id = *next;
        *next = id.saturating_add(step);
        id
    }

    pub(crate) fn start_ids_at(&mut self, entity: &Entity, first: i64) {
        self.next_ids.insert(entity.which, first);
    }

    /// Whether tickets of a type may have a status.
    pub(crate) fn allows_status(&self, ticket_type: i64, status: i64) -> bool {
        let allowed = self.statuses_of.get(&ticket_type);
        self.row(&STATUS, status).is_some()
            && allowed.is_none_or(|allowed| allowed.contains(&status))
    }

    /// The ticket type that a ticket gets when none, or none that is understood, is sent.
    pub(crate) fn default_ticket_type(&self) -> i64 {
        let first = self.rows(&TICKET_TYPE).next();
        first.map(|row| row.id).unwrap_or_default()
    }

    /// A record as the API shows it.
    pub(crate) fn shown(
        &self,
        entity: &Entity,
        record: &Record,
        show: &Show<'_>,
    ) -> Map<String, Value> {
        let fields = entity.fields.iter().filter(|field| show.shows(field));
        let pair = |field: &Field| {
            let value = self.shown_value(entity, record, field, show.quirks)?;
            Some((field.name.to_owned(), value))
        };
        fields.filter_map(pair).collect()
    }

    /// A value as it shows; text and numbers that nobody set are absent.
    fn shown_value(
        &self,
        entity: &Entity,
        record: &Record,
        field: &Field,
        quirks: &Quirks,
    ) -> Option<Value> {
        if field.name == "id" && !entity.own_id {
            return Some(Value::from(record.id));
        }
        let value = record.value(field.name);
        match field.kind {
            Kind::Moment => {
                let text = value.and_then(Value::as_str);
                Some(quirks.moment(text))
            }
            Kind::Bool => Some(value.cloned().unwrap_or(Value::Bool(false))),
            Kind::NameOf(reference, of) => {
                let referred = self.row(of, record.number(reference)?)?;
                Some(Value::from(referred.text(of.label)))
            }
            Kind::Int | Kind::Double | Kind::Text | Kind::Json => value.cloned(),
        }
    }
}

/// Where the action of that number of that ticket is kept.
pub(crate) fn action_key(ticket: i64, number: i64) -> i64 {
    ticket
        .saturating_mul(ACTIONS_PER_TICKET_MAX)
        .saturating_add(number)
}
