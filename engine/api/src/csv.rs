//! Tables for spreadsheets: RFC 4180, with nothing in them that a spreadsheet would run.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A table under the name that it is saved as.
pub(crate) struct Csv {
    name: &'static str,
    text: String,
}

impl Csv {
    /// A table with these columns and no rows.
    pub(crate) fn new(name: &'static str, columns: &[&str]) -> Self {
        let mut csv = Self {
            name,
            text: String::new(),
        };
        csv.row(columns.iter().map(|column| (*column).to_owned()));
        csv
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, fields: impl IntoIterator<Item = String>) {
        let fields: Vec<String> = fields.into_iter().map(|field| quoted(&field)).collect();
        self.text.push_str(&fields.join(","));
        self.text.push_str("\r\n");
    }
}

/// A field as it stands in the table. A text that a spreadsheet would take for a formula is kept
/// one by an apostrophe; a number is left alone.
fn quoted(field: &str) -> String {
    let is_number = field.parse::<f64>().is_ok();
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let field = if is_formula {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if field.contains(['"', ',', '\n', '\r', '\'']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{}\"", self.name),
            ),
        ];
        (headers, self.text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_are_texts() {
        for (field, shown) in [
            ("plain", "plain"),
            ("-3.5", "-3.5"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@cmd", "\"'@cmd\""),
            ("-2+3", "\"'-2+3\""),
        ] {
            assert_eq!(quoted(field), shown);
        }
    }
}
