//! Checks causes: what error rules and pre-flight checks say a failure is due to. Each name is one
//! of the family's, so that a connector cannot give the same thing another name in another place.

use model::Class;

use super::connector::Surroundings;
use super::value::Values;
use super::{RECHECK, duration};
use crate::codes;
use crate::family::Family;
use crate::near;
use crate::page::Spot;
use crate::raw::operation::ErrorText;
use crate::raw::value::Name;
use crate::rule::CauseRule;

/// The cause that an error rule names. `groups` are the names that its pattern gives.
pub(crate) fn of_rule(
    rule: &ErrorText,
    groups: &[&str],
    values: &Values<'_>,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Option<CauseRule> {
    let Some(name) = &rule.cause else {
        causeless(rule, spot);
        return None;
    };
    if !stays(rule.is.into()) {
        let message = "nobody has to mend such a failure, so it has no cause".to_owned();
        let hint = "a cause goes with `invalid`, `forbidden` and `not_found`".to_owned();
        spot.key("cause")
            .key_error(codes::WRONG_CAUSE, message, Some(hint));
    }
    known(name, around.family, &spot.key("cause"));
    let about = rule.about.as_ref();
    let about = about.map(|about| values.varying(&about.0, &spot.key("about")));
    let told_by_failure = about
        .iter()
        .flat_map(expression::Expression::roots)
        .any(|root| groups.contains(&root));
    let title = rule.title.as_ref();
    let recheck = rule.recheck.as_ref();
    Some(CauseRule {
        name: name.0.clone(),
        title: title.map(|title| values.template(title, &spot.key("title"))),
        recheck: recheck.map(|span| duration(span, RECHECK, &spot.key("recheck"))),
        success_ends_it: !told_by_failure,
        about,
    })
}

/// Reports what only means something beside a cause.
fn causeless(rule: &ErrorText, spot: &Spot<'_>) {
    let given = [
        ("about", rule.about.is_some()),
        ("title", rule.title.is_some()),
        ("recheck", rule.recheck.is_some()),
    ];
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` tells more of a cause, and there is none");
        let hint = "add `cause` with one of the family's causes".to_owned();
        spot.key(key)
            .key_error(codes::CAUSELESS, message, Some(hint));
    }
}

/// Whether a failure of this class is there until somebody mends it.
const fn stays(class: Class) -> bool {
    matches!(class, Class::Invalid | Class::Forbidden | Class::NotFound)
}

/// Reports a cause that the family does not have.
pub(crate) fn known(name: &Name, family: &Family, spot: &Spot<'_>) {
    if !family.causes.contains_key(&name.0) {
        let message = format!(
            "`{}` is not a cause of the family `{}`",
            name.0, family.name
        );
        let hint = near::hint(&name.0, family.causes.keys().map(String::as_str));
        spot.error(codes::UNKNOWN_CAUSE, message, hint);
    }
}
