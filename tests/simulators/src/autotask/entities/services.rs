//! The catalogue of what can be billed: services and the billing codes they are booked under.

use super::{Entity, Field, Verb};

/// A service of the catalogue; `periodType` can be given on create only.
pub(crate) static SERVICE: Entity = Entity {
    name: "Service",
    path: "Services",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::integer("billingCodeID")
            .refers("BillingCode")
            .required(),
        Field::date_time("createDate").read_only(),
        Field::integer("creatorResourceID")
            .refers("Resource")
            .read_only(),
        Field::text("description", 400),
        Field::text("invoiceDescription", 1000),
        Field::boolean("isActive"),
        Field::date_time("lastModifiedDate").read_only(),
        Field::decimal("markupRate").read_only(),
        Field::text("name", 150).required(),
        Field::integer("periodType")
            .picklist()
            .required()
            .create_only(),
        Field::long("serviceLevelAgreementID").picklist(),
        Field::decimal("unitCost"),
        Field::decimal("unitPrice").required(),
        Field::integer("updateResourceID")
            .refers("Resource")
            .read_only(),
        Field::integer("vendorCompanyID").refers("Company"),
        Field::text("manufacturerServiceProvider", 0),
        Field::text("manufacturerServiceProviderProductNumber", 0),
        Field::text("catalogNumberPartNumber", 0),
        Field::text("sku", 100),
        Field::text("internalID", 100),
        Field::text("externalID", 100),
        Field::text("url", 0),
    ],
};

/// A billing code: made by people in the user interface, never over the API.
pub(crate) static BILLING_CODE: Entity = Entity {
    name: "BillingCode",
    path: "BillingCodes",
    verbs: &[Verb::Query],
    parent: None,
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::integer("afterHoursWorkType").picklist().read_only(),
        Field::integer("billingCodeType").picklist().read_only(),
        Field::integer("department").picklist().read_only(),
        Field::text("description", 500).read_only(),
        Field::text("externalNumber", 50).read_only(),
        Field::integer("generalLedgerAccount")
            .picklist()
            .read_only(),
        Field::boolean("isActive").read_only(),
        Field::boolean("isExcludedFromNewContracts").read_only(),
        Field::decimal("markupRate").read_only(),
        Field::text("name", 200).read_only(),
        Field::integer("taxCategoryID").picklist().read_only(),
        Field::decimal("unitCost").read_only(),
        Field::decimal("unitPrice").read_only(),
        Field::integer("useType").picklist().read_only(),
    ],
};
