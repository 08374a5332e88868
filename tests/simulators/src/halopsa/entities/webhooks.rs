//! Webhooks, and the notifications that say which events go to them.

use super::super::field::{double, flag, int, json, text};
use super::{Area, Entity, Envelope, Which};

pub(crate) static WEBHOOK: Entity = Entity {
    which: Which::Webhook,
    name: "Webhook",
    path: "Webhook",
    envelope: Envelope::Bare,
    page_max: None,
    area: Area::Integrations,
    own_id: true,
    label: "name",
    fields: &[
        text("id").read_only(),
        text("name"),
        int("type"),
        text("url"),
        int("method"),
        text("content_type"),
        int("authentication_type"),
        text("basic_username"),
        // The API does not show passwords again.
        text("basic_password").secret(),
        flag("active"),
        int("payload_type"),
        int("batch_method"),
        int("batch_delay_seconds"),
        int("batch_limit"),
        int("last_status").read_only(),
    ],
};

pub(crate) static NOTIFICATION: Entity = Entity {
    which: Which::Notification,
    name: "Notification",
    path: "Notification",
    envelope: Envelope::Bare,
    page_max: None,
    area: Area::Integrations,
    own_id: false,
    label: "name",
    fields: &[
        int("id"),
        text("name"),
        text("webhook_id"),
        int("type"),
        int("delivery_method"),
        int("agent_id"),
        int("eventno"),
        int("filter_type"),
        int("restriction_type"),
        int("emailtemplate_id"),
        int("slack_id"),
        int("teams_id"),
        int("mattermost_channelid"),
        text("email_list"),
        double("interval"),
        int("useworkinghours"),
        flag("popupinnotificationpane"),
        flag("sendpushnotification"),
        flag("sendpushnotificationbrowser"),
        flag("customisecolour"),
        json("conditions"),
    ],
};
