//! Dates and people that the system writes into a record by itself.

use serde_json::Value;

use super::{Draft, Mode, Occasion};
use crate::moment;

/// Dates and people that the system fills in by itself.
pub(super) fn stamp(draft: &mut Draft, at: Occasion<'_>) {
    let now = moment::text_of(at.now);
    let names = |name: &str| draft.entity.field(name).map(|field| field.name);
    let mut stamps: Vec<(Option<&'static str>, Value)> = Vec::new();
    if draft.mode == Mode::Create {
        for name in ["createDate", "createDateTime"] {
            stamps.push((names(name), Value::from(now.clone())));
        }
        for name in ["creatorResourceID", "createdByResourceID"] {
            stamps.push((names(name), Value::from(at.actor.resource)));
        }
        if let Some(impersonator) = at.actor.impersonator {
            stamps.push((
                names("impersonatorCreatorResourceID"),
                Value::from(impersonator),
            ));
        }
    } else if let Some(impersonator) = at.actor.impersonator {
        stamps.push((
            names("impersonatorUpdaterResourceID"),
            Value::from(impersonator),
        ));
    }
    for name in TOUCHED {
        stamps.push((names(name), Value::from(now.clone())));
    }
    for name in ["lastActivityResourceID", "updateResourceID"] {
        stamps.push((names(name), Value::from(at.actor.resource)));
    }
    for (name, value) in stamps {
        if let Some(name) = name {
            draft.record.set(name, value);
        }
    }
}

/// Fields that carry the time of the latest write, under each entity's own name for it.
const TOUCHED: [&str; 5] = [
    "lastActivityDate",
    "lastTrackedModificationDateTime",
    "lastTrackedModifiedDateTime",
    "lastModifiedDate",
    "lastModifiedDateTime",
];
