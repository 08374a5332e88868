//! How the parts of a connector need each other: which operation is called before which, which
//! setup needs another, which choices wait for a setting. Nothing may need itself in the end.

use std::collections::BTreeSet;

use serde_json::Value;

use super::connector::Surroundings;
use super::secret::mentions;
use super::{inputs, job};
use crate::codes;
use crate::operation::Method;
use crate::page::Spot;
use crate::raw::operation::OperationText;

/// Checks what operations call before themselves, and what choices depend on.
pub(crate) fn check(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let operations = spot.key("operations");
    for (name, text) in &around.file.operations.0 {
        let at = operations.key(name);
        for (root, first) in &text.before.0 {
            called_by(around, name, &first.0, &at.key("before").key(root));
        }
        if let Some(job) = &text.job {
            job::called(around, name, job, &at.key("job"));
        }
    }
    choices_in_circles(around, &spot.key("settings"));
}

/// Reports settings whose choices can only be listed once they are chosen.
fn choices_in_circles(around: &Surroundings<'_>, spot: &Spot<'_>) {
    let needs = |path: &str| setting_needs(around, path);
    for (section, form) in &around.file.settings.0 {
        for (name, _) in &form.fields.0 {
            let path = format!("{section}.{name}");
            if needs(&path).iter().any(|next| reaches(next, &path, &needs)) {
                let at = spot.key(section).key("fields").key(name).key("choices");
                let message = format!("the choices of `{name}` depend on what is chosen");
                at.error(codes::CHOICES_LOOP, message, None);
            }
        }
    }
}

/// The settings, as `section.name`, that the choices of one depend on.
fn setting_needs(around: &Surroundings<'_>, path: &str) -> Vec<String> {
    let sections = around.file.settings.0.iter();
    let mut settings = sections.flat_map(|(section, form)| {
        form.fields
            .0
            .iter()
            .map(move |(name, setting)| (format!("{section}.{name}"), setting))
    });
    let found = settings.find(|(known, _)| known == path);
    let list = found.and_then(|(_, setting)| setting.choices.as_ref());
    let list = list.and_then(|list| {
        around
            .file
            .choices
            .0
            .iter()
            .find(|(name, _)| *name == list.0)
    });
    let operation = list.and_then(|(_, list)| around.operation(&list.operation.0));
    let used = operation
        .map(|text| settings_used(text, around))
        .unwrap_or_default();
    used.into_iter()
        .map(|(section, name)| format!("{section}.{name}"))
        .collect()
}

/// Checks that `first` may be called on the way to `name`.
pub(crate) fn called_by(around: &Surroundings<'_>, name: &str, first: &str, spot: &Spot<'_>) {
    let Some(text) = around.operation(first) else {
        return;
    };
    let names = |operation: &str| {
        let text = around.operation(operation).into_iter();
        text.flat_map(OperationText::calls)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if reaches(first, name, &names) {
        let message = format!("`{first}` is called before `{name}`, and `{name}` before `{first}`");
        spot.error(codes::BEFORE_LOOP, message, None);
    }
    let contract = |name| around.family.operations.get(name);
    let changes = match contract(first) {
        Some(contract) => contract.effect.is_some(),
        None => {
            text.address()
                .is_some_and(|(method, _)| method != Method::Get)
                && !text.reads()
        }
    };
    if changes {
        let message = format!("`{first}` changes the other side each time it is called");
        let hint = "make it a step of a pipeline".to_owned();
        spot.error(codes::BEFORE_EFFECT, message, Some(hint));
    }
    let asked = contract(first)
        .into_iter()
        .flat_map(|contract| contract.input.keys());
    let given = inputs::of(around, name);
    for input in asked.filter(|input| !given.contains_key(input.as_str())) {
        let message = format!("`{first}` asks for `{input}`, which is not there in `{name}`");
        spot.error(codes::MISSING_INPUT, message, None);
    }
}

/// Reports what an operation is given when it is called with nothing at hand, as for a form.
pub(crate) fn called_alone(around: &Surroundings<'_>, name: &str, spot: &Spot<'_>) {
    called_with(around, name, &[], "in a form", spot);
}

/// Reports what an operation asks for where only `given` is at hand; `place` says where that is.
pub(crate) fn called_with(
    around: &Surroundings<'_>,
    name: &str,
    given: &[&str],
    place: &str,
    spot: &Spot<'_>,
) {
    let contract = around.family.operations.get(name);
    let asked = contract.into_iter().flat_map(|one| one.input.keys());
    for input in asked.filter(|input| !given.contains(&input.as_str())) {
        let message = format!("`{name}` asks for `{input}`, which is not there {place}");
        spot.error(codes::MISSING_INPUT, message, None);
    }
}

/// Whether `from`, or anything it leads to, is `to`.
fn reaches(from: &str, to: &str, leads_to: &dyn Fn(&str) -> Vec<String>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if seen.insert(next.clone()) {
            open.extend(leads_to(&next));
        }
    }
    false
}

/// The other setup that the setup `name` needs first; a problem if it needs itself in the end.
pub(crate) fn setup_needs(around: &Surroundings<'_>, name: &str, spot: &Spot<'_>) -> Vec<String> {
    let needs = |name: &str| {
        let setup = &around.file.setup.0;
        let text = setup
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, text)| text);
        text.map(|text| setup_used(around, text, spot))
            .unwrap_or_default()
    };
    let direct = needs(name);
    if direct.iter().any(|next| reaches(next, name, &needs)) {
        let message = format!("`setup.{name}` needs its own result");
        let hint = "give it an address of its own, and `anonymous: true` if the headers or \
            the auth of the connector need it too";
        spot.key_error(codes::SETUP_LOOP, message, Some(hint.to_owned()));
    }
    direct
}

/// The names of the setup that a setup operation uses, through the connector's common parts too.
fn setup_used(around: &Surroundings<'_>, text: &OperationText, spot: &Spot<'_>) -> Vec<String> {
    let mut sent = sent_texts(text);
    let http = &around.file.http;
    if text
        .address()
        .is_some_and(|(_, url)| url.0.starts_with('/'))
    {
        sent.push(http.base_url.0.clone());
    }
    if !text.anonymous {
        sent.extend(http.headers.0.iter().map(|(_, value)| value.0.to_string()));
        // Who calls is shown before anything else, and a login is a call of its own.
        sent.extend(spot.file_text_at("/http/auth"));
        if http
            .auth
            .as_ref()
            .is_some_and(|auth| auth.session.is_some())
        {
            sent.push(http.base_url.0.clone());
        }
    }
    let names = around.file.setup.0.iter().map(|(name, _)| name);
    let used = |name: &&String| {
        let path = format!("setup.{name}");
        sent.iter().any(|text| mentions(text, &path))
    };
    names.filter(used).cloned().collect()
}

/// The settings that what an operation sends is computed from, as (section, name), sorted.
pub(crate) fn settings_used(
    text: &OperationText,
    around: &Surroundings<'_>,
) -> Vec<(String, String)> {
    let sent = sent_texts(text);
    let mut used = Vec::new();
    for (section, form) in &around.file.settings.0 {
        for (name, _) in &form.fields.0 {
            let path = format!("settings.{section}.{name}");
            if sent.iter().any(|text| mentions(text, &path)) {
                used.push((section.clone(), name.clone()));
            }
        }
    }
    used.sort();
    used
}

/// The source texts of all that an operation sends.
pub(crate) fn sent_texts(text: &OperationText) -> Vec<String> {
    let pairs = text
        .query
        .0
        .iter()
        .chain(&text.headers.0)
        .chain(&text.form.0);
    let values = pairs
        .map(|(_, value)| &value.0)
        .chain(text.body.as_ref().map(|body| &body.0))
        .chain(text.multipart.iter().map(|part| &part.content.0));
    let file_names = text
        .multipart
        .iter()
        .filter_map(|part| part.file_name.as_ref());
    let templates = text
        .text
        .iter()
        .map(|text| &text.content)
        .chain(file_names)
        .chain(text.address().map(|(_, url)| url));
    let templates = templates.map(|template| template.0.clone());
    values.map(Value::to_string).chain(templates).collect()
}
