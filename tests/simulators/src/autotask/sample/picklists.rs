//! Picklists of the sample tenant.
//!
//! Ids that every tenant shares are given; all others are drawn, so that a client which relies
//! on an id instead of reading the list fails here as it would at the next customer.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::super::entities::{
    BILLING_CODE, COMPANY, CONTRACT, DEFINITION, Entity, SERVICE, TICKET, TICKET_NOTE,
};
use super::super::tenant::{Choice, Tenant};
use super::super::tickets::{STATUS_COMPLETE, STATUS_NEW};

/// A label with the id that every tenant has, or none when it is the tenant's own.
type Label = (&'static str, Option<i64>);

/// Statuses beside the system's own that close a ticket.
const CLOSING: [&str; 2] = ["Complete - No Notify", "Closed by Customer"];

/// Fills the tenant's picklists.
pub(crate) fn add(tenant: &mut Tenant, dice: &mut StdRng) {
    let statuses: [Label; 8] = [
        ("New", Some(STATUS_NEW)),
        ("In Progress", None),
        ("Waiting Customer", None),
        ("Waiting Vendor", None),
        ("Complete", Some(STATUS_COMPLETE)),
        ("Complete - No Notify", None),
        ("Closed by Customer", None),
        ("Dispatched (old)", None),
    ];
    list(tenant, dice, &TICKET, "status", &statuses);
    add_ticket_lists(tenant, dice);
    add_company_lists(tenant, dice);
    add_billing_lists(tenant, dice);
    add_definition_lists(tenant, dice);
    let old = tenant.choice(TICKET.name, "status", "Dispatched (old)");
    tenant.set_choice_active(TICKET.name, "status", old.unwrap_or_default(), false);
    tenant.complete_statuses.insert(STATUS_COMPLETE);
    for label in CLOSING {
        let status = tenant.choice(TICKET.name, "status", label);
        tenant.complete_statuses.extend(status);
    }
}

fn add_ticket_lists(tenant: &mut Tenant, dice: &mut StdRng) {
    let own = |label| (label, None);
    let queues = [
        "Service Desk",
        "Security",
        "Network Operations",
        "Level II Support",
        "Billing",
    ];
    list(tenant, dice, &TICKET, "queueID", &queues.map(own));
    list(
        tenant,
        dice,
        &TICKET,
        "priority",
        &["Critical", "High", "Medium", "Low"].map(own),
    );
    set_default(tenant, &TICKET, "priority", "Medium");
    let sources = [
        "Client Portal",
        "Phone",
        "Email",
        "Web Portal",
        "Monitoring Alert",
        "Other",
    ];
    list(tenant, dice, &TICKET, "source", &sources.map(own));
    list(
        tenant,
        dice,
        &TICKET,
        "ticketCategory",
        &["Standard", "RMM Alert", "Security"].map(own),
    );
    set_default(tenant, &TICKET, "ticketCategory", "Standard");
    let types = [
        "Service Request",
        "Incident",
        "Problem",
        "Change Request",
        "Alert",
    ];
    let types: Vec<Label> = types
        .into_iter()
        .zip(1..)
        .map(|(it, id)| (it, Some(id)))
        .collect();
    list(tenant, dice, &TICKET, "ticketType", &types);
    set_default(tenant, &TICKET, "ticketType", "Service Request");
    list(
        tenant,
        dice,
        &TICKET,
        "issueType",
        &["Security", "Network", "Workstation"].map(own),
    );
    add_sub_issues(tenant, dice);
    let people: [Label; 2] = [("Resource", Some(1)), ("Contact", Some(2))];
    list(tenant, dice, &TICKET, "creatorType", &people);
    list(tenant, dice, &TICKET, "lastActivityPersonType", &people);
    let kinds: [Label; 5] = [
        ("Task Summary", Some(1)),
        ("Task Detail", Some(2)),
        ("Task Notes", Some(3)),
        ("Workflow Rule Note - Task", Some(13)),
        ("Client Portal Note", Some(18)),
    ];
    list(tenant, dice, &TICKET_NOTE, "noteType", &kinds);
    set_system(
        tenant,
        &TICKET_NOTE,
        "noteType",
        &["Workflow Rule Note - Task"],
    );
    let publish: [Label; 3] = [
        ("All Autotask Users", Some(1)),
        ("Internal Project Team", Some(2)),
        ("Internal & Co-Managed", Some(4)),
    ];
    list(tenant, dice, &TICKET_NOTE, "publish", &publish);
    set_system(tenant, &TICKET_NOTE, "publish", &[]);
}

/// Sub-issues belong each to one issue.
fn add_sub_issues(tenant: &mut Tenant, dice: &mut StdRng) {
    let parents = [
        ("Blocked Website", "Security"),
        ("Phishing", "Security"),
        ("VPN", "Network"),
    ];
    list(
        tenant,
        dice,
        &TICKET,
        "subIssueType",
        &parents.map(|(label, _)| (label, None)),
    );
    let mut choices = tenant.choices(TICKET.name, "subIssueType").to_vec();
    for (choice, (_, parent)) in choices.iter_mut().zip(parents) {
        choice.parent = tenant.choice(TICKET.name, "issueType", parent);
    }
    tenant.set_choices(&TICKET, "subIssueType", choices);
}

fn add_company_lists(tenant: &mut Tenant, dice: &mut StdRng) {
    let kinds: [Label; 3] = [
        ("Customer", Some(1)),
        ("Prospect", Some(3)),
        ("Vendor", Some(7)),
    ];
    list(tenant, dice, &COMPANY, "companyType", &kinds);
    let classes = ["Gold", "Silver", "Bronze"].map(|label| (label, None));
    list(tenant, dice, &COMPANY, "classification", &classes);
}

fn add_billing_lists(tenant: &mut Tenant, dice: &mut StdRng) {
    let kinds: [Label; 6] = [
        ("Time & Materials", Some(1)),
        ("Fixed Price", Some(3)),
        ("Block Hours", Some(4)),
        ("Retainer", Some(6)),
        ("Recurring Service", Some(7)),
        ("Incident", Some(8)),
    ];
    list(tenant, dice, &CONTRACT, "contractType", &kinds);
    list(
        tenant,
        dice,
        &CONTRACT,
        "status",
        &[("Inactive", Some(0)), ("Active", Some(1))],
    );
    let periods: [Label; 4] = [
        ("Monthly", Some(2)),
        ("Quarterly", None),
        ("Semi-Annually", None),
        ("Yearly", None),
    ];
    list(tenant, dice, &SERVICE, "periodType", &periods);
    list(tenant, dice, &CONTRACT, "contractPeriodType", &periods);
    let uses = [
        "General Allocation Code",
        "Expense Code",
        "Internal Allocation Code",
        "Material Cost Code",
        "Recurring Contract Service Code",
        "Milestone Code",
        "Product Code",
    ];
    let uses: Vec<Label> = uses
        .into_iter()
        .zip(1..)
        .map(|(it, id)| (it, Some(id)))
        .collect();
    list(tenant, dice, &BILLING_CODE, "useType", &uses);
    let kinds: [Label; 3] = [
        ("Normal", Some(0)),
        ("System", Some(1)),
        ("Non-Billable", Some(2)),
    ];
    list(tenant, dice, &BILLING_CODE, "billingCodeType", &kinds);
}

fn add_definition_lists(tenant: &mut Tenant, dice: &mut StdRng) {
    let carriers: [Label; 7] = [
        ("Account", Some(1)),
        ("Contact", None),
        ("Opportunity", None),
        ("Project", None),
        ("Task", None),
        ("Ticket", None),
        ("Contract", None),
    ];
    list(tenant, dice, &DEFINITION, "udfType", &carriers);
    let types: [Label; 4] = [
        ("String", Some(1)),
        ("Date", None),
        ("List", None),
        ("Numeric", None),
    ];
    list(tenant, dice, &DEFINITION, "dataType", &types);
    let formats: [Label; 3] = [
        ("Undefined", None),
        ("Single Line", None),
        ("Text Box", None),
    ];
    list(tenant, dice, &DEFINITION, "displayFormat", &formats);
}

fn list(
    tenant: &mut Tenant,
    dice: &mut StdRng,
    entity: &'static Entity,
    field: &'static str,
    labels: &[Label],
) {
    let mut taken: BTreeSet<i64> = labels.iter().filter_map(|(_, id)| *id).collect();
    let choice = |(label, id): &Label| {
        let value = id.unwrap_or_else(|| drawn(dice, &mut taken));
        Choice {
            value,
            label: (*label).to_owned(),
            parent: None,
            default: false,
            active: true,
            system: id.is_some() && entity.name == TICKET.name && field == "status",
        }
    };
    let choices = labels.iter().map(choice).collect();
    tenant.set_choices(entity, field, choices);
}

/// An id of the tenant's own: small for old values, long for those made later.
fn drawn(dice: &mut StdRng, taken: &mut BTreeSet<i64>) -> i64 {
    loop {
        let old = dice.random_range(0..2) == 0;
        let value = if old {
            dice.random_range(8..60)
        } else {
            dice.random_range(29_680_000..29_690_000)
        };
        if taken.insert(value) {
            return value;
        }
    }
}

fn set_default(tenant: &mut Tenant, entity: &'static Entity, field: &'static str, label: &str) {
    change(tenant, entity, field, |choice| {
        choice.default = choice.label == label;
    });
}

fn set_system(tenant: &mut Tenant, entity: &'static Entity, field: &'static str, labels: &[&str]) {
    change(tenant, entity, field, |choice| {
        choice.system = labels.contains(&choice.label.as_str());
    });
}

fn change(
    tenant: &mut Tenant,
    entity: &'static Entity,
    field: &'static str,
    change: impl FnMut(&mut Choice),
) {
    let mut choices = tenant.choices(entity.name, field).to_vec();
    choices.iter_mut().for_each(change);
    tenant.set_choices(entity, field, choices);
}
