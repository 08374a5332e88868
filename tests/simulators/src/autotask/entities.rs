//! The table that everything generic is derived from: which entities exist, which fields they
//! have, and what may be done with them.
//!
//! Validation, entity information, query filtering and paths all read this table and nothing
//! else, so a field cannot be described one way and checked another. What depends on the tenant
//! (picklist values, user-defined fields) is not here but in [`super::tenant`].

mod companies;
mod contracts;
mod resources;
mod services;
mod tickets;
mod user_defined_fields;

pub(crate) use self::companies::{COMPANY, CONTACT};
pub(crate) use self::contracts::{
    CONTRACT, CONTRACT_SERVICE, CONTRACT_SERVICE_ADJUSTMENT, CONTRACT_SERVICE_UNIT,
};
pub(crate) use self::resources::{RESOURCE, RESOURCE_ROLE, ROLE};
pub(crate) use self::services::{BILLING_CODE, SERVICE};
pub(crate) use self::tickets::{TICKET, TICKET_NOTE};
pub(crate) use self::user_defined_fields::{DEFINITION, LIST_ITEM};

/// Every entity this simulator has.
pub(crate) static ALL: &[&Entity] = &[
    &TICKET,
    &TICKET_NOTE,
    &COMPANY,
    &CONTACT,
    &RESOURCE,
    &ROLE,
    &RESOURCE_ROLE,
    &CONTRACT,
    &CONTRACT_SERVICE,
    &CONTRACT_SERVICE_UNIT,
    &CONTRACT_SERVICE_ADJUSTMENT,
    &SERVICE,
    &BILLING_CODE,
    &DEFINITION,
    &LIST_ITEM,
];

/// What the API itself lets anyone do with an entity, before rights come into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Query,
    Create,
    Update,
    Delete,
}

/// One kind of record.
pub(crate) struct Entity {
    /// The singular name that `entityInformation` and references use.
    pub(crate) name: &'static str,
    /// The plural name in paths.
    pub(crate) path: &'static str,
    pub(crate) verbs: &'static [Verb],
    /// Where it is written when it is a child.
    pub(crate) parent: Option<Parent>,
    /// Whether it may (also) be written at its own flat path.
    pub(crate) flat_writes: bool,
    pub(crate) user_defined_fields: bool,
    pub(crate) webhooks: bool,
    pub(crate) fields: &'static [Field],
}

/// The parent of a child entity: `/{path}/{id}/{segment}`; `field` holds the parent's id.
pub(crate) struct Parent {
    pub(crate) path: &'static str,
    pub(crate) segment: &'static str,
    pub(crate) field: &'static str,
}

/// JSON type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Long,
    Decimal,
    Boolean,
    DateTime,
}

/// Who may set a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Writable,
    /// Taken on create and ignored afterwards; metadata calls such a field read-only.
    CreateOnly,
    ReadOnly,
}

/// One field of an entity.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Longest text in characters; 0 where no limit is known.
    pub(crate) length: u32,
    pub(crate) access: Access,
    pub(crate) required: bool,
    pub(crate) queryable: bool,
    pub(crate) in_webhooks: bool,
    /// Name of the entity it refers to.
    pub(crate) refers: Option<&'static str>,
    /// Set for a picklist; holds the field whose value its values depend on, or "".
    pub(crate) picklist: Option<&'static str>,
}

impl Field {
    const fn of(name: &'static str, kind: Kind, length: u32) -> Self {
        Self {
            name,
            kind,
            length,
            access: Access::Writable,
            required: false,
            queryable: true,
            in_webhooks: false,
            refers: None,
            picklist: None,
        }
    }

    const fn text(name: &'static str, length: u32) -> Self {
        Self::of(name, Kind::Text, length)
    }

    const fn integer(name: &'static str) -> Self {
        Self::of(name, Kind::Integer, 0)
    }

    const fn long(name: &'static str) -> Self {
        Self::of(name, Kind::Long, 0)
    }

    const fn decimal(name: &'static str) -> Self {
        Self::of(name, Kind::Decimal, 0)
    }

    const fn boolean(name: &'static str) -> Self {
        Self::of(name, Kind::Boolean, 0)
    }

    const fn date_time(name: &'static str) -> Self {
        Self::of(name, Kind::DateTime, 0)
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn read_only(mut self) -> Self {
        self.access = Access::ReadOnly;
        self
    }

    const fn create_only(mut self) -> Self {
        self.access = Access::CreateOnly;
        self
    }

    const fn not_queryable(mut self) -> Self {
        self.queryable = false;
        self
    }

    const fn in_webhooks(mut self) -> Self {
        self.in_webhooks = true;
        self
    }

    const fn refers(mut self, entity: &'static str) -> Self {
        self.refers = Some(entity);
        self
    }

    const fn picklist(self) -> Self {
        self.picklist_under("")
    }

    const fn picklist_under(mut self, parent: &'static str) -> Self {
        self.picklist = Some(parent);
        self
    }
}

impl Entity {
    /// The field of that name; names are compared without case, as the API does.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn can(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }
}

/// The entity with that plural path name.
pub(crate) fn by_path(path: &str) -> Option<&'static Entity> {
    ALL.iter()
        .copied()
        .find(|entity| entity.path.eq_ignore_ascii_case(path))
}

/// The entity with that singular name.
pub(crate) fn by_name(name: &str) -> Option<&'static Entity> {
    ALL.iter().copied().find(|entity| entity.name == name)
}

/// The child entity behind `/{parent}/{id}/{segment}`.
pub(crate) fn by_parent(parent: &str, segment: &str) -> Option<&'static Entity> {
    ALL.iter().copied().find(|entity| {
        entity.parent.as_ref().is_some_and(|place| {
            place.path.eq_ignore_ascii_case(parent) && place.segment.eq_ignore_ascii_case(segment)
        })
    })
}
