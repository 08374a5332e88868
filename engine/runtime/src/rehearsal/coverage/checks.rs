//! What a connector judges for people: which choice is the default, why a list is short, and what
//! its pre-flight checks hold to be wrong.

use definition::Connector;

use super::super::Played;
use super::{Count, is_shown};
use crate::witness::Shown;

pub(super) fn count(connector: &Connector, played: &[Played], count: &mut Count<'_>) {
    for (name, choices) in &connector.choices {
        if choices.default.is_some() {
            let example = format!("`choices: {name}` with one that is the default");
            let is_tried = is_shown(played, name, Shown::Default);
            count.thing(&["choices", name, "default"], "", example, is_tried);
        }
        for at in 0..choices.short.len() {
            let example = format!("`choices: {name}` for which it holds");
            let is_tried = is_shown(played, name, Shown::Short(at));
            let way = ["choices", name, "short", &at.to_string()];
            count.thing(&way, "", example, is_tried);
        }
    }
    for at in 0..connector.preflight.len() {
        let (at, check) = (at.to_string(), format!("preflight[{at}]"));
        let both = [
            (Shown::Wrong, ": found", "with what it finds"),
            (
                Shown::Fine,
                ": fine",
                "with something that it finds nothing wrong with",
            ),
        ];
        for (shown, aspect, what) in both {
            let example = format!("`pipeline: preflight` {what}");
            let is_tried = is_shown(played, &check, shown);
            count.thing(&["preflight", &at], aspect, example, is_tried);
        }
    }
}
