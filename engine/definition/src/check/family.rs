//! Checks a family: its contracts and their schemas.

use std::collections::BTreeMap;

use expression::Scripts;

use super::form;
use super::scope::{OPERATION_ROOTS, RECORD_ROOTS};
use crate::codes;
use crate::family::{Contract, EffectRule, Family, Gives};
use crate::near;
use crate::page::Spot;
use crate::raw::family::{ContractText, EffectText, FamilyFile};
use crate::raw::value::Named;
use crate::records::Records;

/// Checks `file`.
pub(crate) fn check(
    file: &FamilyFile,
    records: &Records,
    scripts: &Scripts,
    spot: &Spot<'_>,
) -> Family {
    let schemas = records.of_family(&file.family.0);
    let form = form::Bench {
        choices: &Named::default(),
        schemas: &schemas,
        scripts,
    };
    let settings = form.settings(&file.settings, &spot.key("settings"));
    let family = Family {
        name: file.family.0.clone(),
        title: file.title.clone(),
        version: file.version.clone(),
        connected_by: file.connected_by,
        causes: file.causes.0.iter().cloned().collect(),
        operations: BTreeMap::new(),
        settings,
        pipelines: BTreeMap::new(),
        schemas,
    };
    let bench = Bench {
        file,
        records,
        family: &family,
    };
    let spot = spot.key("operations");
    let contracts = file.operations.0.iter();
    let operations = contracts
        .map(|(name, text)| (name.clone(), bench.contract(name, text, &spot.key(name))))
        .collect();
    Family {
        operations,
        ..family
    }
}

/// What contracts are checked against.
#[derive(Clone, Copy, Debug)]
struct Bench<'a> {
    file: &'a FamilyFile,
    records: &'a Records,
    family: &'a Family,
}

impl Bench<'_> {
    fn contract(&self, name: &str, text: &ContractText, spot: &Spot<'_>) -> Contract {
        for (input, schema) in &text.input.0 {
            let at = spot.key("input").key(input);
            if OPERATION_ROOTS.contains(&input.as_str()) || RECORD_ROOTS.contains(&input.as_str()) {
                let message = format!("`{input}` always means something else in an operation");
                let hint = "choose another name".to_owned();
                at.key_error(codes::RESERVED_NAME, message, Some(hint));
            }
            self.known_schema(&schema.0, &at);
        }
        if text.without.is_some() && !text.optional {
            let message = format!("`{name}` cannot be lacking, so nothing is lost without it");
            let hint = "add `optional: true`, or remove `without`".to_owned();
            spot.key("without")
                .key_error(codes::WITHOUT_REQUIRED, message, Some(hint));
        }
        if text.without.is_none() && text.optional {
            let message = format!("`{name}` is optional, and nothing says what is lost without it");
            let hint = "add `without`: people read it where a connector lacks the operation";
            spot.key("optional")
                .key_error(codes::MISSING_WITHOUT, message, Some(hint.to_owned()));
        }
        let input = text.input.0.iter();
        let effect = text.effect.as_ref();
        Contract {
            name: name.to_owned(),
            about: text.about.clone(),
            input: input
                .map(|(name, schema)| (name.clone(), schema.0.clone()))
                .collect(),
            gives: self.gives(text, spot),
            optional: text.optional,
            without: text.without.clone(),
            effect: effect.and_then(|rule| self.effect(rule, text, &spot.key("effect"))),
        }
    }

    fn known_schema(&self, name: &str, spot: &Spot<'_>) {
        if self.family.schemas.contains_key(name) {
            return;
        }
        let (message, hint) = if self.records.is_broken(name) {
            let hint = "mend them first".to_owned();
            (
                format!("the schema `{name}` has problems of its own"),
                Some(hint),
            )
        } else {
            let names = self.family.schemas.keys().map(String::as_str);
            (
                format!("there is no schema `{name}`"),
                near::hint(name, names),
            )
        };
        spot.error(codes::UNKNOWN_SCHEMA, message, hint);
    }

    fn gives(&self, text: &ContractText, spot: &Spot<'_>) -> Gives {
        let all = [
            ("one", &text.one),
            ("maybe", &text.maybe),
            ("many", &text.many),
        ];
        let given = all
            .iter()
            .filter_map(|(key, schema)| Some((*key, schema.as_ref()?)));
        let given: Vec<_> = given.collect();
        for (key, schema) in &given {
            self.known_schema(&schema.0, &spot.key(key));
        }
        match given.as_slice() {
            [] => Gives::Nothing,
            [("one", schema)] => Gives::One(schema.0.clone()),
            [("maybe", schema)] => Gives::Maybe(schema.0.clone()),
            [(_, schema)] => Gives::Many(schema.0.clone()),
            [(_, first), ..] => {
                let message = "an operation gives one record, maybe one, or many".to_owned();
                let hint = "keep one of `one`, `maybe` and `many`".to_owned();
                spot.key_error(codes::EXACTLY_ONE, message, Some(hint));
                Gives::One(first.0.clone())
            }
        }
    }

    fn effect(
        &self,
        rule: &EffectText,
        text: &ContractText,
        spot: &Spot<'_>,
    ) -> Option<EffectRule> {
        let (find, at) = match (&rule.find, &rule.read) {
            (Some(find), _) => (find, spot.key("find")),
            (None, Some(read)) => (read, spot.key("read")),
            (None, None) => return rule.repeat.map(|_| EffectRule::RepeatSafe),
        };
        let operations = &self.file.operations.0;
        let Some((_, finder)) = operations.iter().find(|(name, _)| *name == find.0) else {
            let names = operations.iter().map(|(name, _)| name.as_str());
            let message = format!("`{}` is not an operation of this family", find.0);
            at.error(
                codes::UNKNOWN_OPERATION,
                message,
                near::hint(&find.0, names),
            );
            // It is an effect for all that, and those who use it are right to treat it so.
            return Some(EffectRule::RepeatSafe);
        };
        if finder.effect.is_some() || (finder.maybe.is_none() && finder.one.is_none()) {
            let message = format!("`{}` does not find one thing without changing any", find.0);
            let hint = "give it `maybe: ...` and no `effect`".to_owned();
            at.error(codes::FIND_EFFECT, message, Some(hint));
        }
        let given = |name: &str, schema: &str| {
            text.input
                .0
                .iter()
                .any(|(known, has)| known == name && has.0 == schema)
        };
        for (name, _) in finder
            .input
            .0
            .iter()
            .filter(|(name, schema)| !given(name, &schema.0))
        {
            let message = format!(
                "`{}` needs `{name}`, which this operation is not given",
                find.0
            );
            let hint = "what finds an effect has to live on the effect's own input".to_owned();
            at.error(codes::FIND_MISMATCH, message, Some(hint));
        }
        Some(match &rule.find {
            Some(_) => EffectRule::Find(find.0.clone()),
            None => EffectRule::Reread(find.0.clone()),
        })
    }
}
