//! Contracts and the services billed on them.
//!
//! A contract service has no quantity: that lives in its units, one row per billing period, and
//! changes only through adjustments, which are relative and can never be read back.

use super::{Entity, Field, Parent, Verb};

/// An agreement with a company; only recurring-service contracts carry services.
pub(crate) static CONTRACT: Entity = Entity {
    name: "Contract",
    path: "Contracts",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: None,
    flat_writes: true,
    user_defined_fields: true,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::integer("billingPreference").picklist(),
        Field::integer("billToCompanyContactID").refers("Contact"),
        Field::integer("billToCompanyID").refers("Company"),
        Field::integer("companyID")
            .refers("Company")
            .required()
            .create_only(),
        Field::integer("contactID").refers("Contact"),
        Field::text("contactName", 250).read_only(),
        Field::integer("contractCategory").picklist(),
        Field::integer("contractExclusionSetID").refers("ContractExclusionSet"),
        Field::text("contractName", 100).required(),
        Field::text("contractNumber", 50),
        Field::integer("contractPeriodType")
            .picklist()
            .create_only(),
        Field::integer("contractType")
            .picklist()
            .required()
            .create_only(),
        Field::text("description", 2000),
        Field::date_time("endDate").required(),
        Field::decimal("estimatedCost"),
        Field::decimal("estimatedHours"),
        Field::decimal("estimatedRevenue"),
        Field::long("exclusionContractID").refers("Contract"),
        Field::decimal("internalCurrencyOverageBillingRate").read_only(),
        Field::decimal("internalCurrencySetupFee").read_only(),
        Field::boolean("isCompliant").read_only(),
        Field::boolean("isDefaultContract"),
        Field::date_time("lastModifiedDateTime").read_only(),
        Field::integer("opportunityID").refers("Opportunity"),
        Field::integer("organizationalLevelAssociationID").refers("OrganizationalLevelAssociation"),
        Field::decimal("overageBillingRate"),
        Field::text("purchaseOrderNumber", 50),
        Field::long("renewedContractID").refers("Contract"),
        Field::integer("serviceLevelAgreementID").picklist(),
        Field::decimal("setupFee"),
        Field::long("setupFeeBillingCodeID").refers("BillingCode"),
        Field::date_time("startDate").required(),
        Field::integer("status").picklist().required(),
        Field::integer("timeReportingRequiresStartAndStopTimes").required(),
    ],
};

/// One service line of a contract: no quantity, no delete.
pub(crate) static CONTRACT_SERVICE: Entity = Entity {
    name: "ContractService",
    path: "ContractServices",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: Some(Parent {
        path: "Contracts",
        segment: "Services",
        field: "contractID",
    }),
    flat_writes: false,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::integer("contractID")
            .refers("Contract")
            .required()
            .create_only(),
        Field::decimal("internalCurrencyAdjustedPrice").read_only(),
        Field::decimal("internalCurrencyUnitPrice").read_only(),
        Field::text("internalDescription", 100),
        Field::text("invoiceDescription", 1000),
        Field::long("quoteItemID").refers("QuoteItem").create_only(),
        Field::integer("serviceID")
            .refers("Service")
            .required()
            .create_only(),
        Field::decimal("unitCost").create_only(),
        Field::decimal("unitPrice").create_only(),
    ],
};

/// How many units of a line a billing period has.
pub(crate) static CONTRACT_SERVICE_UNIT: Entity = Entity {
    name: "ContractServiceUnit",
    path: "ContractServiceUnits",
    verbs: &[Verb::Query],
    parent: Some(Parent {
        path: "Contracts",
        segment: "ServiceUnits",
        field: "contractID",
    }),
    flat_writes: false,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::date_time("approveAndPostDate").read_only(),
        Field::integer("contractID").refers("Contract").read_only(),
        Field::integer("contractServiceID")
            .refers("ContractService")
            .read_only(),
        Field::decimal("cost").read_only(),
        Field::date_time("endDate").read_only(),
        Field::decimal("internalCurrencyPrice").read_only(),
        Field::integer("organizationalLevelAssociationID")
            .refers("OrganizationalLevelAssociation")
            .read_only(),
        Field::decimal("price").read_only(),
        Field::integer("serviceID").refers("Service").read_only(),
        Field::date_time("startDate").read_only(),
        Field::integer("units").read_only(),
        Field::integer("vendorCompanyID")
            .refers("Company")
            .read_only(),
    ],
};

/// A relative change of units: it can be created and nothing else.
pub(crate) static CONTRACT_SERVICE_ADJUSTMENT: Entity = Entity {
    name: "ContractServiceAdjustment",
    path: "ContractServiceAdjustments",
    verbs: &[Verb::Create],
    parent: Some(Parent {
        path: "Contracts",
        segment: "ServiceAdjustments",
        field: "contractID",
    }),
    flat_writes: true,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::decimal("adjustedUnitCost"),
        Field::decimal("adjustedUnitPrice"),
        Field::boolean("allowRepeatService"),
        Field::integer("contractID").refers("Contract"),
        Field::integer("contractServiceID").refers("ContractService"),
        Field::date_time("effectiveDate").required(),
        Field::integer("quoteItemID").refers("QuoteItem"),
        Field::integer("serviceID").refers("Service"),
        Field::integer("unitChange"),
    ],
};
