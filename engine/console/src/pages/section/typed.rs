//! What was typed into the form of a section, as the runtime takes it.

use std::collections::{BTreeMap, BTreeSet};

use model::Rule;
use runtime::SectionView;
use serde_json::{Map, Value};

use crate::directory::Directory;
use crate::fields::Fields;
use crate::form::{Wrong, typed_value};

/// A form as it was sent.
pub(super) struct Typed {
    pub(super) on: bool,
    pub(super) values: Map<String, Value>,
    pub(super) rules: BTreeMap<String, Rule>,
    /// What names no company, by the names of fields.
    pub(super) wrong: Vec<(String, Wrong)>,
}

/// The name of the field for a value.
pub(super) fn value_field(setting: &str) -> String {
    format!("values.{setting}")
}

/// The name of the field for a rule's value.
pub(super) fn rule_field(report_type: &str, setting: &str) -> String {
    format!("rules.{report_type}.{setting}")
}

/// The report types that a form has rules for: those that are known, and those that have one.
pub(super) fn report_types(view: &SectionView) -> Vec<String> {
    let known: BTreeSet<&String> = view.report_types.iter().collect();
    let others = view.rules.keys().filter(|one| !known.contains(one));
    view.report_types.iter().chain(others).cloned().collect()
}

impl Typed {
    /// What the form says. A company that nobody knows stays out of the values, and is reported.
    pub(super) fn read(view: &SectionView, fields: &Fields, directory: &Directory) -> Self {
        let mut wrong = Vec::new();
        let mut value = |form, name: String| match typed_value(form, fields, &name, directory) {
            Ok(value) => value,
            Err(found) => {
                wrong.push((name, found));
                None
            }
        };
        let mut values = Map::new();
        for form in &view.form.fields {
            let typed = value(form, value_field(&form.name));
            values.extend(typed.map(|typed| (form.name.clone(), typed)));
        }
        let mut rules = BTreeMap::new();
        for report_type in report_types(view) {
            let ignore = fields.get(&format!("ignore.{report_type}")) == Some("on");
            let mut rule = Rule {
                ignore,
                values: Map::new(),
            };
            for form in view.form.fields.iter().filter(|form| form.by_report_type) {
                let typed = value(form, rule_field(&report_type, &form.name));
                let typed = typed.filter(|_| !ignore);
                rule.values
                    .extend(typed.map(|typed| (form.name.clone(), typed)));
            }
            if rule != Rule::default() {
                rules.insert(report_type, rule);
            }
        }
        Self {
            on: fields.get("on") == Some("on"),
            values,
            rules,
            wrong,
        }
    }
}
