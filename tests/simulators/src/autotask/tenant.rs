//! The tenant's database: records, picklists, rights, and what the tenant's people configured.
//!
//! Nothing here validates; it stores what the write side has found right. It is one plain value
//! behind one lock, so a call sees all of another call's work or none of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::entities::{self, DEFINITION, Entity, LIST_ITEM, Verb};

/// One row. Absent values are null.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) values: BTreeMap<&'static str, Value>,
    /// Values of user-defined fields, by the id of the definition (names can be changed).
    pub(crate) user_defined: BTreeMap<i64, String>,
}

impl Record {
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        if field == "id" {
            return Some(self.id);
        }
        self.values.get(field)?.as_i64()
    }

    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.values.get(field)?.as_str()
    }

    /// Whether the record counts as active: a boolean for most, an integer for contacts.
    pub(crate) fn is_active(&self) -> bool {
        match self.values.get("isActive") {
            Some(Value::Bool(active)) => *active,
            Some(Value::Number(active)) => active.as_i64() != Some(0),
            _ => true,
        }
    }

    pub(crate) fn set(&mut self, field: &'static str, value: impl Into<Value>) {
        match value.into() {
            Value::Null => drop(self.values.remove(field)),
            value => drop(self.values.insert(field, value)),
        }
    }
}

/// One value of a picklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: i64,
    pub(crate) label: String,
    pub(crate) parent: Option<i64>,
    pub(crate) default: bool,
    pub(crate) active: bool,
    pub(crate) system: bool,
}

/// How far a user's right on an entity reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Everything.
    All,
    /// Some rows; this simulator lets such a user see only what the user created.
    Restricted,
    /// Nothing.
    None,
}

impl Right {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Restricted => "Restricted",
            Self::None => "None",
        }
    }
}

/// Everything a tenant has.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    rows: BTreeMap<&'static str, BTreeMap<i64, Record>>,
    next_ids: BTreeMap<&'static str, i64>,
    choices: BTreeMap<(&'static str, &'static str), Vec<Choice>>,
    rights: BTreeMap<(&'static str, &'static str), Right>,
    /// Statuses that count as closed; the system's own 5 and those the tenant added.
    pub(crate) complete_statuses: BTreeSet<i64>,
    /// Fields that a ticket category makes required on create.
    pub(crate) category_requires: BTreeMap<i64, Vec<String>>,
    /// The day of the latest ticket number and the count on it.
    pub(crate) ticket_numbers: Option<(Date, u32)>,
    /// The resource that is the API user.
    pub(crate) api_user: i64,
}

impl Tenant {
    pub(crate) fn rows(&self, entity: &Entity) -> impl Iterator<Item = &Record> {
        self.rows
            .get(entity.name)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// Rows with an id above `after`, ascending.
    pub(crate) fn rows_after(&self, entity: &Entity, after: i64) -> impl Iterator<Item = &Record> {
        let range = after.saturating_add(1)..;
        self.rows
            .get(entity.name)
            .into_iter()
            .flat_map(move |rows| rows.range(range.clone()).map(|(_, record)| record))
    }

    pub(crate) fn row(&self, entity: &Entity, id: i64) -> Option<&Record> {
        self.rows.get(entity.name)?.get(&id)
    }

    pub(crate) fn row_mut(&mut self, entity: &Entity, id: i64) -> Option<&mut Record> {
        self.rows.get_mut(entity.name)?.get_mut(&id)
    }

    /// Stores a record under its id, replacing one that is there.
    pub(crate) fn put(&mut self, entity: &Entity, record: Record) {
        let next = self.next_ids.entry(entity.name).or_insert(1);
        *next = (*next).max(record.id.saturating_add(1));
        self.rows
            .entry(entity.name)
            .or_default()
            .insert(record.id, record);
    }

    pub(crate) fn remove(&mut self, entity: &Entity, id: i64) -> bool {
        self.rows
            .get_mut(entity.name)
            .is_some_and(|rows| rows.remove(&id).is_some())
    }

    /// A new id: the tenant's ids start anywhere and only ever grow.
    pub(crate) fn new_id(&mut self, entity: &Entity) -> i64 {
        let next = self.next_ids.entry(entity.name).or_insert(1);
        let id = *next;
        *next = id.saturating_add(1);
        id
    }

    pub(crate) fn start_ids_at(&mut self, entity: &Entity, first: i64) {
        self.next_ids.insert(entity.name, first);
    }

    pub(crate) fn choices(&self, entity: &str, field: &str) -> &[Choice] {
        self.choices
            .iter()
            .find(|((of, name), _)| *of == entity && *name == field)
            .map_or(&[], |(_, choices)| choices.as_slice())
    }

    pub(crate) fn set_choices(
        &mut self,
        entity: &'static Entity,
        field: &'static str,
        choices: Vec<Choice>,
    ) {
        self.choices.insert((entity.name, field), choices);
    }

    /// The value of a picklist with that label.
    pub(crate) fn choice(&self, entity: &str, field: &str, label: &str) -> Option<i64> {
        let choices = self.choices(entity, field);
        choices
            .iter()
            .find(|choice| choice.label == label)
            .map(|choice| choice.value)
    }

    /// Makes a picklist value active or not; false when there is no such value.
    pub(crate) fn set_choice_active(
        &mut self,
        entity: &str,
        field: &str,
        value: i64,
        active: bool,
    ) -> bool {
        let list = self
            .choices
            .iter_mut()
            .find(|((of, name), _)| *of == entity && name.eq_ignore_ascii_case(field));
        let choice =
            list.and_then(|(_, choices)| choices.iter_mut().find(|choice| choice.value == value));
        choice.map(|choice| choice.active = active).is_some()
    }

    pub(crate) fn right(&self, entity: &Entity, verb: Verb) -> Right {
        if !entity.can(verb) {
            return Right::None;
        }
        self.rights
            .get(&(entity.name, right_name(verb)))
            .copied()
            .unwrap_or(Right::All)
    }

    pub(crate) fn set_right(&mut self, entity: &'static Entity, verb: Verb, right: Right) {
        self.rights.insert((entity.name, right_name(verb)), right);
    }

    /// Definitions of the active user-defined fields of an entity, by id.
    pub(crate) fn definitions(&self, entity: &Entity) -> Vec<&Record> {
        let Some(label) = udf_type_label(entity) else {
            return Vec::new();
        };
        let wanted = self.choice(DEFINITION.name, "udfType", label);
        let of_entity = |definition: &&Record| definition.number("udfType") == wanted;
        self.rows(&DEFINITION)
            .filter(of_entity)
            .filter(|row| row.is_active())
            .collect()
    }

    /// The active definition of that exact name.
    pub(crate) fn definition(&self, entity: &Entity, name: &str) -> Option<&Record> {
        self.definitions(entity)
            .into_iter()
            .find(|row| row.text("name") == Some(name))
    }

    /// Active list items of a definition.
    pub(crate) fn list_items(&self, definition: i64) -> impl Iterator<Item = &Record> {
        self.rows(&LIST_ITEM)
            .filter(move |item| item.number("udfFieldId") == Some(definition))
            .filter(|item| item.is_active())
    }

    /// A record as the API shows it: every field, null where it has no value.
    pub(crate) fn shown(&self, entity: &Entity, record: &Record) -> Map<String, Value> {
        let mut shown = Map::new();
        for field in entity.fields {
            shown.insert(field.name.to_owned(), value_of(record, field.name));
        }
        if entity.user_defined_fields {
            shown.insert(
                "userDefinedFields".to_owned(),
                self.shown_udfs(entity, record),
            );
        }
        shown
    }

    /// User-defined fields of a record: every active definition, null where it has no value.
    pub(crate) fn shown_udfs(&self, entity: &Entity, record: &Record) -> Value {
        let shown = self.definitions(entity).into_iter().map(|definition| {
            let value = record.user_defined.get(&definition.id);
            json!({ "name": definition.text("name"), "value": value })
        });
        shown.collect()
    }
}

/// One value of a record, null where there is none.
pub(crate) fn value_of(record: &Record, field: &str) -> Value {
    if field == "id" {
        return Value::from(record.id);
    }
    record.values.get(field).cloned().unwrap_or(Value::Null)
}

/// How `udfType` labels the entity that carries a user-defined field: the old names.
pub(crate) fn udf_type_label(entity: &Entity) -> Option<&'static str> {
    match entity.name {
        "Company" => Some("Account"),
        "Contact" => Some("Contact"),
        "Ticket" => Some("Ticket"),
        "Contract" => Some("Contract"),
        _ => None,
    }
}

/// The entity whose user-defined fields a `udfType` label stands for, if it is simulated.
pub(crate) fn entity_of_udf_type(label: &str) -> Option<&'static Entity> {
    entities::ALL
        .iter()
        .copied()
        .find(|entity| udf_type_label(entity) == Some(label))
}

fn right_name(verb: Verb) -> &'static str {
    match verb {
        Verb::Query => "query",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Delete => "delete",
    }
}
