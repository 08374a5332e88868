//! Tickets and their notes: field by field what the vendor's swagger of June 2026 lists.
//!
//! Which fields are required, read-only or unqueryable comes from live captures; lengths that
//! nobody has published are 0, which this simulator takes as "no limit".

use super::{Entity, Field, Parent, Verb};

/// A service ticket: created and changed at the collection, never deleted.
pub(crate) static TICKET: Entity = Entity {
    name: "Ticket",
    path: "Tickets",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: None,
    flat_writes: true,
    user_defined_fields: true,
    webhooks: true,
    fields: &[
        Field::long("id").read_only(),
        Field::integer("apiVendorID").picklist(),
        Field::integer("assignedResourceID")
            .refers("Resource")
            .in_webhooks(),
        Field::integer("assignedResourceRoleID").refers("Role"),
        Field::integer("billingCodeID").refers("BillingCode"),
        Field::integer("changeApprovalBoard").picklist(),
        Field::integer("changeApprovalStatus").picklist(),
        Field::integer("changeApprovalType").picklist(),
        Field::text("changeInfoField1", 0),
        Field::text("changeInfoField2", 0),
        Field::text("changeInfoField3", 0),
        Field::text("changeInfoField4", 0),
        Field::text("changeInfoField5", 0),
        Field::integer("companyID")
            .refers("Company")
            .required()
            .in_webhooks(),
        Field::integer("companyLocationID").refers("CompanyLocation"),
        Field::integer("completedByResourceID")
            .refers("Resource")
            .read_only(),
        Field::date_time("completedDate").read_only().in_webhooks(),
        Field::integer("configurationItemID").refers("ConfigurationItem"),
        Field::integer("contactID").refers("Contact").in_webhooks(),
        Field::integer("contractID").refers("Contract"),
        Field::long("contractServiceBundleID").refers("ContractServiceBundle"),
        Field::long("contractServiceID").refers("ContractService"),
        Field::date_time("createDate").read_only(),
        Field::integer("createdByContactID")
            .refers("Contact")
            .read_only(),
        Field::integer("creatorResourceID")
            .refers("Resource")
            .read_only(),
        Field::integer("creatorType")
            .picklist()
            .read_only()
            .not_queryable(),
        Field::integer("currentServiceThermometerRating")
            .picklist()
            .read_only(),
        Field::text("description", 8000).in_webhooks(),
        Field::date_time("dueDateTime").in_webhooks(),
        Field::decimal("estimatedHours"),
        Field::text("externalID", 50).in_webhooks(),
        Field::integer("firstResponseAssignedResourceID")
            .refers("Resource")
            .read_only(),
        Field::date_time("firstResponseDateTime").read_only(),
        Field::date_time("firstResponseDueDateTime").read_only(),
        Field::integer("firstResponseInitiatingResourceID")
            .refers("Resource")
            .read_only(),
        Field::decimal("hoursToBeScheduled"),
        Field::integer("impersonatorCreatorResourceID")
            .refers("Resource")
            .read_only(),
        Field::boolean("isAssignedToComanaged").read_only(),
        Field::integer("issueType").picklist().in_webhooks(),
        Field::boolean("isVisibleToComanaged"),
        Field::date_time("lastActivityDate").read_only(),
        Field::integer("lastActivityPersonType")
            .picklist()
            .read_only()
            .not_queryable(),
        Field::integer("lastActivityResourceID")
            .refers("Resource")
            .read_only(),
        Field::date_time("lastCustomerNotificationDateTime").read_only(),
        Field::date_time("lastCustomerVisibleActivityDateTime").read_only(),
        Field::date_time("lastTrackedModificationDateTime").read_only(),
        Field::long("monitorID"),
        Field::integer("monitorTypeID").picklist(),
        Field::integer("opportunityID").refers("Opportunity"),
        Field::integer("organizationalLevelAssociationID").refers("OrganizationalLevelAssociation"),
        Field::integer("previousServiceThermometerRating")
            .picklist()
            .read_only(),
        Field::integer("priority")
            .picklist()
            .required()
            .in_webhooks(),
        Field::integer("problemTicketId").refers("Ticket"),
        Field::integer("projectID").refers("Project"),
        Field::text("purchaseOrderNumber", 50),
        Field::integer("queueID").picklist().in_webhooks(),
        Field::text("resolution", 32_000).in_webhooks(),
        Field::date_time("resolutionPlanDateTime").read_only(),
        Field::date_time("resolutionPlanDueDateTime").read_only(),
        Field::date_time("resolvedDateTime").read_only(),
        Field::date_time("resolvedDueDateTime").read_only(),
        Field::integer("rmaStatus").picklist(),
        Field::integer("rmaType").picklist(),
        Field::text("rmmAlertID", 50),
        Field::boolean("serviceLevelAgreementHasBeenMet").read_only(),
        Field::integer("serviceLevelAgreementID").picklist(),
        Field::decimal("serviceLevelAgreementPausedNextEventHours").read_only(),
        Field::integer("serviceThermometerTemperature")
            .picklist()
            .read_only(),
        Field::integer("source").picklist().in_webhooks(),
        Field::integer("status").picklist().required().in_webhooks(),
        Field::integer("subIssueType")
            .picklist_under("issueType")
            .in_webhooks(),
        Field::integer("ticketCategory").picklist().in_webhooks(),
        Field::text("ticketNumber", 50).read_only(),
        Field::integer("ticketType").picklist().in_webhooks(),
        Field::text("title", 255).required().in_webhooks(),
    ],
};

/// A note on a ticket: read flat, written under its ticket.
pub(crate) static TICKET_NOTE: Entity = Entity {
    name: "TicketNote",
    path: "TicketNotes",
    verbs: &[Verb::Query, Verb::Create, Verb::Update],
    parent: Some(Parent {
        path: "Tickets",
        segment: "Notes",
        field: "ticketID",
    }),
    flat_writes: false,
    user_defined_fields: false,
    webhooks: false,
    fields: &[
        Field::long("id").read_only(),
        Field::date_time("createDateTime").read_only(),
        Field::integer("createdByContactID")
            .refers("Contact")
            .read_only(),
        Field::integer("creatorResourceID")
            .refers("Resource")
            .read_only(),
        Field::text("description", 32_000).required(),
        Field::integer("impersonatorCreatorResourceID")
            .refers("Resource")
            .read_only(),
        Field::integer("impersonatorUpdaterResourceID")
            .refers("Resource")
            .read_only(),
        Field::date_time("lastActivityDate").read_only(),
        Field::integer("noteType").picklist().required(),
        Field::integer("publish").picklist().required(),
        Field::integer("ticketID")
            .refers("Ticket")
            .required()
            .create_only(),
        Field::text("title", 250),
    ],
};
