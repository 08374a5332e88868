//! Checks a family: its contracts and their schemas.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scope::OPERATION_ROOTS;
use crate::codes;
use crate::family::{Contract, EffectRule, Family, Gives, RecordSchema};
use crate::near;
use crate::page::Spot;
use crate::raw::family::{ContractText, EffectText, FamilyFile};

/// Checks `file`. `schemas` holds those of the family and of the product.
pub(crate) fn check(
    file: &FamilyFile,
    schemas: BTreeMap<String, Arc<RecordSchema>>,
    spot: &Spot<'_>,
) -> Family {
    let spot = spot.key("operations");
    let contracts = file.operations.0.iter().map(|(name, text)| {
        (
            name.clone(),
            contract(name, text, file, &schemas, &spot.key(name)),
        )
    });
    Family {
        name: file.family.0.clone(),
        title: file.title.clone(),
        version: file.version.clone(),
        operations: contracts.collect(),
        pipelines: BTreeMap::new(),
        schemas,
    }
}

fn contract(
    name: &str,
    text: &ContractText,
    file: &FamilyFile,
    schemas: &BTreeMap<String, Arc<RecordSchema>>,
    spot: &Spot<'_>,
) -> Contract {
    for (input, schema) in &text.input.0 {
        let at = spot.key("input").key(input);
        if OPERATION_ROOTS.contains(&input.as_str()) {
            let message = format!("`{input}` always means something else in an operation");
            at.key_error(
                codes::RESERVED_NAME,
                message,
                Some("choose another name".to_owned()),
            );
        }
        known_schema(&schema.0, schemas, &at);
    }
    if text.without.is_some() && !text.optional {
        let message = format!("`{name}` cannot be lacking, so nothing is lost without it");
        let hint = "add `optional: true`, or remove `without`".to_owned();
        spot.key("without")
            .key_error(codes::WITHOUT_REQUIRED, message, Some(hint));
    }
    Contract {
        name: name.to_owned(),
        about: text.about.clone(),
        input: text
            .input
            .0
            .iter()
            .map(|(name, schema)| (name.clone(), schema.0.clone()))
            .collect(),
        gives: gives(text, schemas, spot),
        optional: text.optional,
        without: text.without.clone(),
        effect: text
            .effect
            .as_ref()
            .and_then(|rule| effect(rule, text, file, &spot.key("effect"))),
    }
}

fn known_schema(name: &str, schemas: &BTreeMap<String, Arc<RecordSchema>>, spot: &Spot<'_>) {
    if !schemas.contains_key(name) {
        let message = format!("there is no schema `{name}`");
        let hint = near::hint(name, schemas.keys().map(String::as_str));
        spot.error(codes::UNKNOWN_SCHEMA, message, hint);
    }
}

fn gives(
    text: &ContractText,
    schemas: &BTreeMap<String, Arc<RecordSchema>>,
    spot: &Spot<'_>,
) -> Gives {
    let all = [
        ("one", &text.one),
        ("maybe", &text.maybe),
        ("many", &text.many),
    ];
    let given: Vec<_> = all
        .iter()
        .filter_map(|(key, schema)| Some((*key, schema.as_ref()?)))
        .collect();
    for (key, schema) in &given {
        known_schema(&schema.0, schemas, &spot.key(key));
    }
    match given.as_slice() {
        [] => Gives::Nothing,
        [("one", schema)] => Gives::One(schema.0.clone()),
        [("maybe", schema)] => Gives::Maybe(schema.0.clone()),
        [(_, schema)] => Gives::Many(schema.0.clone()),
        [..] => {
            let message = "an operation gives one record, maybe one, or many".to_owned();
            let hint = "keep one of `one`, `maybe` and `many`".to_owned();
            spot.key_error(codes::EXACTLY_ONE, message, Some(hint));
            Gives::Nothing
        }
    }
}

fn effect(
    rule: &EffectText,
    text: &ContractText,
    file: &FamilyFile,
    spot: &Spot<'_>,
) -> Option<EffectRule> {
    let Some(find) = &rule.find else {
        return rule.repeat.map(|_| EffectRule::RepeatSafe);
    };
    let at = spot.key("find");
    let Some((_, finder)) = file.operations.0.iter().find(|(name, _)| *name == find.0) else {
        let names = file.operations.0.iter().map(|(name, _)| name.as_str());
        let message = format!("`{}` is not an operation of this family", find.0);
        at.error(
            codes::UNKNOWN_OPERATION,
            message,
            near::hint(&find.0, names),
        );
        return None;
    };
    if finder.effect.is_some() || (finder.maybe.is_none() && finder.one.is_none()) {
        let message = format!("`{}` does not find one thing without changing any", find.0);
        at.error(
            codes::FIND_EFFECT,
            message,
            Some("give it `maybe: ...` and no `effect`".to_owned()),
        );
    }
    let unknown = finder.input.0.iter().filter(|(name, schema)| {
        !text
            .input
            .0
            .iter()
            .any(|(known, has)| known == name && has.0 == schema.0)
    });
    for (name, _) in unknown {
        let message = format!(
            "`{}` is given `{name}`, which this operation is not",
            find.0
        );
        let hint = "what finds an effect has to live on the effect's own input".to_owned();
        at.error(codes::FIND_MISMATCH, message, Some(hint));
    }
    Some(EffectRule::Find(find.0.clone()))
}
