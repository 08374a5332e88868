//! The MSP's own people: resources, the roles they work in, and which resource has which role.

use super::{Entity, Field, Verb};

/// A technician or an API user.
pub(crate) static RESOURCE: Entity = Entity {
    name: "Resource",
    path: "Resources",
    verbs: &[Verb::Query],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::text("accountingReferenceID", 0).read_only(),
        Field::text("dateFormat", 0).read_only(),
        Field::long("defaultServiceDeskRoleID").read_only(),
        Field::text("email", 254).read_only(),
        Field::text("email2", 0).read_only(),
        Field::text("email3", 0).read_only(),
        Field::text("emailTypeCode", 0).read_only(),
        Field::text("emailTypeCode2", 0).read_only(),
        Field::text("emailTypeCode3", 0).read_only(),
        Field::text("firstName", 50).read_only(),
        Field::text("gender", 0).read_only(),
        Field::integer("greeting").read_only(),
        Field::date_time("hireDate").read_only(),
        Field::text("homePhone", 0).read_only(),
        Field::text("initials", 0).read_only(),
        Field::decimal("internalCost").read_only(),
        Field::boolean("isActive").read_only(),
        Field::text("lastName", 50).read_only(),
        Field::integer("licenseType").picklist().read_only(),
        Field::integer("locationID").picklist().read_only(),
        Field::text("middleName", 0).read_only(),
        Field::text("mobilePhone", 0).read_only(),
        Field::text("numberFormat", 0).read_only(),
        Field::text("officeExtension", 0).read_only(),
        Field::text("officePhone", 0).read_only(),
        Field::text("payrollIdentifier", 0).read_only(),
        Field::integer("payrollType").picklist().read_only(),
        Field::text("resourceType", 0).read_only(),
        Field::integer("suffix").read_only(),
        Field::decimal("surveyResourceRating").read_only(),
        Field::text("timeFormat", 0).read_only(),
        Field::text("title", 0).read_only(),
        Field::text("travelAvailabilityPct", 0).read_only(),
        Field::text("userName", 32).read_only(),
        Field::integer("userType").picklist().read_only(),
    ],
};

/// A role such as "Engineer"; a ticket names it together with its resource.
pub(crate) static ROLE: Entity = Entity {
    name: "Role",
    path: "Roles",
    verbs: &[Verb::Query],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::text("name", 200).read_only(),
        Field::text("description", 200).read_only(),
        Field::boolean("isActive").read_only(),
        Field::decimal("hourlyRate").read_only(),
        Field::decimal("hourlyFactor").read_only(),
        Field::boolean("isSystemRole").read_only(),
        Field::integer("roleType").picklist().read_only(),
    ],
};

/// A pair of resource and role that may be assigned to a ticket.
pub(crate) static RESOURCE_ROLE: Entity = Entity {
    name: "ResourceRole",
    path: "ResourceRoles",
    verbs: &[Verb::Query],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::long("departmentID").picklist().read_only(),
        Field::boolean("isActive").read_only(),
        Field::long("queueID").picklist().read_only(),
        Field::long("resourceID").refers("Resource").read_only(),
        Field::long("roleID").refers("Role").read_only(),
    ],
};
