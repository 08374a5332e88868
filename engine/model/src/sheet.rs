//! Tables for spreadsheets: RFC 4180, with nothing in them that a spreadsheet would run.

/// What begins a formula in one spreadsheet or another.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

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
    let is_formula = field.starts_with(FORMULA) && !is_number;
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

/// The lines of a table, each with the number of the line of text where it begins, from 1. Fields
/// are parted by commas, or by semicolons or tabs where the first line has none: spreadsheets write
/// what their country writes. The apostrophe that keeps a text from being a formula is taken off.
/// Blank lines are passed over; a quote that is never closed ends with the text.
pub fn read(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let separators = [',', ';', '\t'];
    let separator = separators.into_iter().find(|one| first.contains(*one));
    let separator = separator.unwrap_or(',');
    let (mut lines, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut number, mut begins) = (false, 1, 1);
    let mut letters = text.chars().chain(['\n']).peekable();
    while let Some(letter) = letters.next() {
        number += usize::from(letter == '\n');
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if is_quoted || field.is_empty() => is_quoted = !is_quoted,
            '\r' if !is_quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !is_quoted || letters.peek().is_none() => {
                fields.push(plain(&std::mem::take(&mut field)));
                let read = std::mem::take(&mut fields);
                if read.iter().any(|field| !field.is_empty()) {
                    lines.push((begins, read));
                }
                begins = number;
            }
            _ if letter == separator && !is_quoted => {
                fields.push(plain(&std::mem::take(&mut field)));
            }
            _ => field.push(letter),
        }
    }
    lines
}

fn plain(field: &str) -> String {
    let field = field.trim();
    let rest = field.strip_prefix('\'');
    let rest = rest.filter(|rest| rest.starts_with(FORMULA));
    rest.unwrap_or(field).to_owned()
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

    #[test]
    fn what_is_written_is_read_again() {
        let fields = ["a,b", "say \"hi\"", "=1+1", "", "two\nlines", "it's", "é"];
        let mut sheet = Sheet::new(&fields);
        sheet.row(["x"; 7].map(str::to_owned));
        let read = read(&sheet.into_text());
        let expected = |fields: [&str; 7]| fields.map(str::to_owned).to_vec();
        assert_eq!(read, [(1, expected(fields)), (3, expected(["x"; 7]))]);
    }

    #[test]
    fn what_spreadsheets_write_is_read() {
        let read = |text| {
            read(text)
                .into_iter()
                .map(|(_, fields)| fields)
                .collect::<Vec<_>>()
        };
        for text in ["a,b\n1,2", "\u{feff}a;b\r\n\r\n1;2\r\n", "a\tb\n1\t2\n\n"] {
            assert_eq!(read(text), [["a", "b"], ["1", "2"]], "{text:?}");
        }
        assert_eq!(
            read("a,b\n1,\"never closed"),
            [["a", "b"], ["1", "never closed"]]
        );
        assert_eq!(read("").len(), 0);
    }
}
