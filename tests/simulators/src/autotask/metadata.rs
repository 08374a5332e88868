//! Entity information: what an entity can do, its fields, its user-defined fields.
//!
//! Everything is derived from the entity table and the tenant's picklists and definitions; a
//! picklist value is a string here although the record's field is a number, as in the real API.

use serde_json::{Value, json};

use super::config::ListValue;
use super::entities::{Access, DEFINITION, Entity, Field, Kind, Verb};
use super::tenant::{Choice, Record, Tenant};

/// `GET /{Entity}/entityInformation`.
pub(crate) fn entity(tenant: &Tenant, entity: &Entity) -> Value {
    let access = |verb| tenant.right(entity, verb).text();
    json!({ "info": {
        "name": entity.name,
        "canCreate": entity.can(Verb::Create),
        "canDelete": entity.can(Verb::Delete),
        "canQuery": entity.can(Verb::Query),
        "canUpdate": entity.can(Verb::Update),
        "userAccessForCreate": access(Verb::Create),
        "userAccessForDelete": access(Verb::Delete),
        "userAccessForQuery": access(Verb::Query),
        "userAccessForUpdate": access(Verb::Update),
        "hasUserDefinedFields": entity.user_defined_fields,
        "supportsWebhookCallouts": entity.webhooks,
    } })
}

/// `GET /{Entity}/entityInformation/fields`.
pub(crate) fn fields(tenant: &Tenant, entity: &Entity) -> Value {
    let fields: Vec<Value> = entity
        .fields
        .iter()
        .map(|field| described(tenant, entity, field))
        .collect();
    json!({ "fields": fields })
}

fn described(tenant: &Tenant, entity: &Entity, field: &Field) -> Value {
    let values = field
        .picklist
        .map(|_| shown_choices(tenant.choices(entity.name, field.name)));
    json!({
        "name": field.name,
        "dataType": data_type(field.kind),
        "length": field.length,
        "isRequired": field.required,
        "isReadOnly": field.access != Access::Writable,
        "isQueryable": field.queryable,
        "isReference": field.refers.is_some(),
        "referenceEntityType": field.refers.unwrap_or_default(),
        "isPickList": field.picklist.is_some(),
        "picklistValues": values,
        "picklistParentValueField": field.picklist.unwrap_or_default(),
        "isSupportedWebhookField": field.in_webhooks,
    })
}

fn data_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Integer => "integer",
        Kind::Long => "long",
        Kind::Decimal => "decimal",
        Kind::Boolean => "boolean",
        Kind::DateTime => "datetime",
    }
}

fn shown_choices(choices: &[Choice]) -> Vec<Value> {
    let shown = choices.iter().zip(1..).map(|(choice, order): (_, u32)| {
        json!({
            "value": choice.value.to_string(),
            "label": choice.label,
            "isDefaultValue": choice.default,
            "sortOrder": order,
            "parentValue": choice.parent.map_or_else(String::new, |parent| parent.to_string()),
            "isActive": choice.active,
            "isSystem": choice.system,
        })
    });
    shown.collect()
}

/// `GET /{Entity}/entityInformation/userDefinedFields`.
pub(crate) fn user_defined_fields(tenant: &Tenant, entity: &Entity, list: ListValue) -> Value {
    let fields: Vec<Value> = tenant
        .definitions(entity)
        .into_iter()
        .map(|definition| described_definition(tenant, definition, list))
        .collect();
    json!({ "fields": fields })
}

fn described_definition(tenant: &Tenant, definition: &Record, list: ListValue) -> Value {
    let is_list = is_list(tenant, definition);
    let values = is_list.then(|| shown_items(tenant, definition.id, list));
    json!({
        "name": definition.text("name"),
        "label": definition.text("name"),
        "type": if is_numeric(tenant, definition) { "double" } else { "string" },
        "length": if is_list { 0 } else { 255 },
        "description": definition.text("description").unwrap_or_default(),
        "isRequired": definition.values.get("isRequired").is_some_and(|it| it == true),
        "isReadOnly": false,
        "isQueryable": true,
        "isReference": false,
        "referenceEntityType": "",
        "isPickList": is_list,
        "picklistValues": values,
        "picklistParentValueField": "",
        "defaultValue": definition.text("defaultValue"),
        "isSupportedWebhookField": true,
    })
}

fn shown_items(tenant: &Tenant, definition: i64, list: ListValue) -> Vec<Value> {
    let shown = tenant
        .list_items(definition)
        .zip(1..)
        .map(|(item, order): (_, u32)| {
            json!({
                "value": item.text(list.field()),
                "label": item.text("valueForDisplay"),
                "isDefaultValue": false,
                "sortOrder": order,
                "parentValue": "",
                "isActive": true,
                "isSystem": false,
            })
        });
    shown.collect()
}

impl ListValue {
    /// The field of a list item that holds the value.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Display => "valueForDisplay",
            Self::Export => "valueForExport",
        }
    }
}

/// Whether a definition is of a list.
pub(crate) fn is_list(tenant: &Tenant, definition: &Record) -> bool {
    is_of_type(tenant, definition, "List")
}

/// Whether a definition is of a number.
pub(crate) fn is_numeric(tenant: &Tenant, definition: &Record) -> bool {
    is_of_type(tenant, definition, "Numeric")
}

/// Whether a definition is of a date.
pub(crate) fn is_date(tenant: &Tenant, definition: &Record) -> bool {
    is_of_type(tenant, definition, "Date")
}

fn is_of_type(tenant: &Tenant, definition: &Record, label: &str) -> bool {
    let wanted = tenant.choice(DEFINITION.name, "dataType", label);
    wanted.is_some() && definition.number("dataType") == wanted
}
