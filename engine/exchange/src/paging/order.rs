//! The order of ids. APIs write the same id now as a number, now as text.

use std::cmp::Ordering;

use serde_json::Value;

/// Compares two ids; `None` when they cannot be compared.
pub(super) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => Some(one.as_str()?.cmp(other.as_str()?)),
    }
}

/// What is wrong with `ids`, given the highest one before them; they must ascend strictly, or a
/// page that begins after the last of them misses those that are lower.
pub(super) fn fault(before: Option<&Value>, ids: &[Value]) -> Option<String> {
    let all: Vec<&Value> = before.into_iter().chain(ids).collect();
    all.windows(2).find_map(|pair| {
        let [one, other] = pair else { return None };
        match compare(one, other) {
            Some(Ordering::Less) => None,
            Some(_) => Some(format!("ids are out of order: {other} came after {one}")),
            None => Some(format!("ids cannot be ordered: {one} and {other}")),
        }
    })
}

fn whole(id: &Value) -> Option<i128> {
    match id {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_ordered_as_numbers_also_when_written_as_text() {
        assert_eq!(compare(&json!("9"), &json!(10)), Some(Ordering::Less));
        assert_eq!(compare(&json!(u64::MAX), &json!("18446744073709551614")), {
            Some(Ordering::Greater)
        });
        assert_eq!(compare(&json!("b1"), &json!("a2")), Some(Ordering::Greater));
        assert_eq!(compare(&json!(1), &json!("a")), None);
        assert_eq!(compare(&json!(null), &json!(1)), None);
    }

    #[test]
    fn a_repeated_or_lower_id_is_a_fault() {
        assert_eq!(fault(Some(&json!(3)), &[json!(4), json!(7)]), None);
        assert_eq!(fault(None, &[]), None);
        assert!(fault(Some(&json!(4)), &[json!(4)]).is_some());
        assert!(fault(None, &[json!(4), json!(3)]).is_some());
        assert!(fault(None, &[json!(4), json!(null)]).is_some());
    }
}
