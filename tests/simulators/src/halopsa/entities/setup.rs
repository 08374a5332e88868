//! What a tenant is set up with: agents, teams, statuses, ticket types, priorities, outcomes.
//!
//! All of these lists are bare arrays.

use super::super::field::{double, flag, int, json, text};
use super::{Area, Entity, Envelope, Which};
use crate::halopsa::field::Field;

const fn setup(
    which: Which,
    name: &'static str,
    path: &'static str,
    fields: &'static [Field],
) -> Entity {
    Entity {
        which,
        name,
        path,
        envelope: Envelope::Bare,
        page_max: None,
        area: Area::Setup,
        own_id: false,
        label: "name",
        fields,
    }
}

const fn of_area(mut entity: Entity, area: Area) -> Entity {
    entity.area = area;
    entity
}

pub(crate) static AGENT: Entity = of_area(
    setup(
        Which::Agent,
        "Agent",
        "Agent",
        &[
            int("id"),
            text("name"),
            text("team"),
            flag("isdisabled"),
            text("email"),
            text("initials"),
            text("firstname"),
            text("surname"),
            text("jobtitle"),
            int("onlinestatus"),
            flag("isapiagent"),
            flag("is_agent"),
            json("teams"),
            text("use").read_only(),
        ],
    ),
    Area::Agents,
);

pub(crate) static TEAM: Entity = of_area(
    setup(
        Which::Team,
        "Team",
        "Team",
        &[
            int("id"),
            text("guid").read_only(),
            text("name"),
            int("sequence"),
            flag("forrequests"),
            flag("foropps"),
            flag("forprojects"),
            int("ticket_count").read_only(),
            int("department_id"),
            text("department_name"),
            flag("inactive"),
            text("use").read_only(),
        ],
    ),
    Area::Agents,
);

/// There is no mark of being closed: 1 New, 2 In Progress and 9 Closed are built in.
pub(crate) static STATUS: Entity = setup(
    Which::Status,
    "Status",
    "Status",
    &[
        int("id"),
        text("guid").read_only(),
        text("name"),
        text("shortname"),
        int("type"),
        int("sequence"),
        text("colour"),
        text("slaaction"),
        int("ticket_count").read_only(),
        flag("showonquickchange"),
    ],
);

pub(crate) static TICKET_TYPE: Entity = setup(
    Which::TicketType,
    "Ticket Type",
    "TicketType",
    &[
        int("id"),
        text("guid").read_only(),
        text("name"),
        text("use"),
        int("sequence"),
        int("group_id"),
        text("group_name"),
        int("default_sla"),
        int("default_priority"),
        text("default_team"),
        int("default_agent"),
        flag("cancreate"),
        flag("agentscanselect"),
        flag("enduserscanselect"),
        int("itilrequesttype"),
        flag("hasmandatorytechfields").read_only(),
        flag("hasmandatoryuserfields").read_only(),
        text("workflow_name"),
        flag("visible"),
        json("fields").detail().read_only(),
        int("initial_status").detail(),
        int("reopenedstatus").detail(),
        int("closedrequestswithupdates").detail(),
        flag("portalcanreopen").detail(),
    ],
);

/// The id is a UUID; tickets carry `priorityid`, which means something only under its SLA.
pub(crate) static PRIORITY: Entity = {
    let mut entity = setup(
        Which::Priority,
        "Priority",
        "Priority",
        &[
            text("id").read_only(),
            int("slaid"),
            int("priorityid"),
            text("name"),
            double("fixtime"),
            text("fixunits"),
            double("responsetime"),
            text("responseunits"),
            text("colour"),
            flag("ishidden"),
        ],
    );
    entity.own_id = true;
    entity
};

pub(crate) static OUTCOME: Entity = {
    let mut entity = setup(
        Which::Outcome,
        "Outcome",
        "Outcome",
        &[
            int("id"),
            text("guid").read_only(),
            text("outcome"),
            text("buttonname"),
            text("labellong"),
            text("colour"),
            int("sequence"),
            flag("hidden"),
            int("systemid"),
            int("newstatus"),
            flag("hidefromuser"),
        ],
    );
    entity.label = "outcome";
    entity
};

/// Custom fields; their names carry the prefix `CF`.
pub(crate) static FIELD_INFO: Entity = setup(
    Which::FieldInfo,
    "Field",
    "FieldInfo",
    &[
        int("id"),
        text("guid").read_only(),
        text("name"),
        text("label"),
        int("type"),
        int("custom"),
        int("usage"),
        int("inputtype"),
        int("characterlimit"),
        flag("searchable"),
        int("tab_id"),
        flag("mandatory"),
    ],
);
