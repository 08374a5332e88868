//! Tables for spreadsheets: RFC 4180, with nothing in them that a spreadsheet would run.

/// A table as text, with its rows so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet(String);

impl Sheet {
    /// A table with these columns and no rows.
    #[must_use]
    pub fn new(columns: &[&str]) -> Self {
        let mut sheet = Self(String::new());
        sheet.row(columns.iter().map(|column| (*column).to_owned()));
        sheet
    }

    /// Adds a row.
    pub fn row(&mut self, fields: impl IntoIterator<Item = String>) {
        let fields: Vec<String> = fields.into_iter().map(|field| quoted(&field)).collect();
        self.0.push_str(&fields.join(","));
        self.0.push_str("\r\n");
    }

    /// All of it, as a file holds it.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
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
