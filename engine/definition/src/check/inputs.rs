//! What an operation is given. One of the family's is given what its contract says; one of the
//! connector's own is called on the way to others or by checks, and given what all of these have in
//! common.

use std::collections::BTreeMap;

use super::connector::Surroundings;
use super::preflight;

/// The names of what `name` is given, each with the name of its schema.
pub(crate) fn of<'a>(around: &Surroundings<'a>, name: &str) -> BTreeMap<&'a str, &'a str> {
    given(around, name, &mut Vec::new())
}

fn given<'a>(
    around: &Surroundings<'a>,
    name: &str,
    way: &mut Vec<String>,
) -> BTreeMap<&'a str, &'a str> {
    if let Some(contract) = around.contract(name) {
        let inputs = contract.input.iter();
        return inputs.map(|(name, schema)| (&**name, &**schema)).collect();
    }
    // A circle is reported where it is looked for; here it only has to end.
    if way.iter().any(|known| known == name) || called_with_nothing(around, name) {
        return BTreeMap::new();
    }
    way.push(name.to_owned());
    let callers = around.file.operations.0.iter();
    let callers = callers.filter(|(_, text)| text.calls().any(|called| called == name));
    let checks = around.file.preflight.iter();
    let checks = checks.filter(|check| check.operation.0 == name);
    let checks = checks.map(|check| preflight::given(check).iter().map(|name| (*name, *name)));
    let common = callers
        .map(|(caller, _)| given(around, caller, way))
        .chain(checks.map(Iterator::collect))
        .reduce(|mut common, other| {
            common.retain(|name, schema| other.get(name) == Some(schema));
            common
        });
    way.pop();
    common.unwrap_or_default()
}

/// Whether a form or a connection test calls it, which have nothing to give.
fn called_with_nothing(around: &Surroundings<'_>, name: &str) -> bool {
    let file = around.file;
    let listed = file.choices.0.iter().map(|(_, list)| &list.operation.0);
    let asked = file.rights.iter().map(|right| &right.operation.0);
    listed.chain(asked).any(|called| called == name)
}
