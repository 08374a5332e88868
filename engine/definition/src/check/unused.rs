//! What is in a connector and used by nothing: not wrong, and most likely not meant.

use std::collections::BTreeSet;

use super::connector::Surroundings;
use super::secret::mentions;
use crate::codes;
use crate::page::Spot;

/// Reports what nothing uses. Only a file without an error tells: a misspelled name uses nothing.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) {
    if spot.errors() > 0 {
        return;
    }
    operations(around, &spot.key("operations"));
    fields(around, spot);
    choices(around, &spot.key("choices"));
}

fn operations(around: &Surroundings<'_>, spot: &Spot<'_>) {
    for (name, _) in &around.file.operations.0 {
        if !is_needed(around, name) {
            let message = format!("nothing uses `{name}`, and the family does not know it");
            spot.key(name)
                .key_warning(codes::UNUSED_OPERATION, message, None);
        }
    }
}

fn fields(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let text = spot.file_text();
    for (root, form) in [
        ("vendor", &around.file.vendor),
        ("credentials", &around.file.credentials),
    ] {
        let whole = text.contains(&format!("\"$.{root}\""));
        let used = |name: &str| whole || mentions(&text, &format!("{root}.{name}"));
        for (name, _) in form.0.iter().filter(|(name, _)| !used(name)) {
            let message = format!("people are asked for `{name}`, and nothing uses it");
            spot.key(root)
                .key(name)
                .key_warning(codes::UNUSED_FIELD, message, None);
        }
    }
}

fn choices(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let sections = around.file.settings.0.iter();
    let settings = sections.flat_map(|(_, section)| &section.fields.0);
    let chosen: BTreeSet<&str> = settings
        .filter_map(|(_, setting)| setting.choices.as_ref().map(|name| name.0.as_str()))
        .collect();
    for (name, _) in &around.file.choices.0 {
        if !chosen.contains(name.as_str()) {
            let message = format!("no setting is chosen from `{name}`");
            spot.key(name)
                .key_warning(codes::UNUSED_CHOICES, message, None);
        }
    }
}

fn is_needed(around: &Surroundings<'_>, name: &str) -> bool {
    let file = around.file;
    let known = around.family.operations.contains_key(name);
    known
        || file.rights.iter().any(|right| right.operation.0 == name)
        || file.preflight.iter().any(|check| check.operation.0 == name)
        || file
            .choices
            .0
            .iter()
            .any(|(_, list)| list.operation.0 == name)
        || file
            .operations
            .0
            .iter()
            .flat_map(|(_, text)| text.calls())
            .any(|first| first == name)
}
