//! Definitions of user-defined fields and the items of their lists.
//!
//! Neither can be deleted, only made inactive. A definition has no label: that appears only in
//! the entity information of the entity that carries the field.

use super::{Entity, Field, Parent, Verb};

/// The definition of one user-defined field.
pub(crate) static DEFINITION: Entity = Entity {
    name: "UserDefinedFieldDefinition",
    path: "UserDefinedFieldDefinitions",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::date_time("createDate").read_only(),
        Field::long("crmToProjectUdfId").create_only(),
        Field::integer("dataType")
            .picklist()
            .required()
            .create_only(),
        Field::text("defaultValue", 1024),
        Field::text("description", 128),
        Field::integer("displayFormat").picklist(),
        Field::boolean("isActive"),
        Field::boolean("isEncrypted").create_only(),
        Field::boolean("isFieldMapping"),
        Field::boolean("isPrivate"),
        Field::boolean("isProtected"),
        Field::boolean("isRequired"),
        Field::boolean("isVisibleToClientPortal"),
        Field::text("mergeVariableName", 100),
        Field::text("name", 45).required(),
        Field::integer("numberOfDecimalPlaces"),
        Field::integer("sortOrder"),
        Field::integer("udfType")
            .picklist()
            .required()
            .create_only(),
    ],
};

/// One value that a list field allows: written under its definition.
pub(crate) static LIST_ITEM: Entity = Entity {
    name: "UserDefinedFieldListItem",
    path: "UserDefinedFieldListItems",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: Some(Parent {
        path: "UserDefinedFields",
        segment: "ListItems",
        field: "udfFieldId",
    }),
    flat_writes: false,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::date_time("createDate").read_only(),
        Field::boolean("isActive"),
        Field::long("udfFieldId")
            .refers("UserDefinedFieldDefinition")
            .required()
            .create_only(),
        Field::text("valueForDisplay", 128).required(),
        Field::text("valueForExport", 128).required(),
    ],
};
