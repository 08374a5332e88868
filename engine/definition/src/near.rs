//! The nearest known name to one that is not known.

/// How many names a hint lists; beyond it nobody reads on.
const NAMES_MAX: usize = 12;

/// What to say about `wrong`, given the names there are: the nearest one if it is near, else all
/// of them if they are few.
pub(crate) fn hint<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    if let Some(name) = nearest(wrong, &names) {
        return Some(format!("did you mean `{name}`?"));
    }
    match names.as_slice() {
        [] => None,
        [only] => Some(format!("there is only `{only}`")),
        [..] if names.len() > NAMES_MAX => None,
        [..] => Some(format!("known here: `{}`", names.join("`, `"))),
    }
}

/// Whether one name is a misspelling of another.
pub(crate) fn is_near(wrong: &str, name: &str) -> bool {
    nearest(wrong, &[name]).is_some()
}

/// The nearest of `names`, if it differs by no more than a slip of the finger or two.
fn nearest<'n>(wrong: &str, names: &[&'n str]) -> Option<&'n str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let wrong = plain(wrong);
    let allowed = (wrong.chars().count() / 3).max(1);
    names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &plain(name)), *name))
        .min()
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = ["list_companies", "read_ticket"];
        assert_eq!(
            hint("list_company", names).as_deref(),
            Some("did you mean `list_companies`?")
        );
        assert_eq!(
            hint("Read-Ticket", names).as_deref(),
            Some("did you mean `read_ticket`?")
        );
        assert_eq!(
            hint("invoice", names).as_deref(),
            Some("known here: `list_companies`, `read_ticket`")
        );
        assert_eq!(hint("x", []), None);
    }
}
