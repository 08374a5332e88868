//! Tables for people: columns as wide as what is in them.

use serde_json::Value;

/// The widest column; what is longer is cut.
const WIDTH_MAX: usize = 48;

/// One column: its title, and what it shows of a row.
pub(super) type Column = (&'static str, fn(&Value) -> String);

/// The rows in these columns, under their titles.
pub(super) fn table(columns: &[Column], rows: &[Value]) -> String {
    let titles = columns
        .iter()
        .map(|(title, _)| (*title).to_owned())
        .collect();
    let cells = |row: &Value| columns.iter().map(|(_, show)| cut(&show(row))).collect();
    let lines: Vec<Vec<String>> = std::iter::once(titles)
        .chain(rows.iter().map(cells))
        .collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let print = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(print).collect::<Vec<_>>().join("\n")
}

/// A field as people read it; blank where there is none.
pub(super) fn field(row: &Value, name: &str) -> String {
    match row.pointer(&format!("/{name}")) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The list under a key of an answer.
pub(super) fn list(answer: &Value, name: &str) -> Vec<Value> {
    let list = answer.get(name).and_then(Value::as_array);
    list.cloned().unwrap_or_default()
}

fn cut(text: &str) -> String {
    let text = text.replace(['\n', '\r', '\t'], " ");
    if text.chars().count() <= WIDTH_MAX {
        return text;
    }
    let kept: String = text.chars().take(WIDTH_MAX - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let columns: [Column; 2] = [
            ("name", |row| field(row, "name")),
            ("n", |row| field(row, "n")),
        ];
        let rows = [json!({ "name": "Ärzte", "n": 12 }), json!({ "n": null })];
        assert_eq!(table(&columns, &rows), "name   n\nÄrzte  12\n");
    }

    #[test]
    fn what_is_too_long_is_cut_and_stays_on_its_line() {
        let text = cut(&"a\nb".repeat(40));
        assert_eq!(text.chars().count(), WIDTH_MAX);
        assert!(text.ends_with('…') && !text.contains('\n'));
    }
}
