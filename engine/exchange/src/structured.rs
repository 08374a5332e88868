//! Answers that are not JSON, read into values so that the same selectors work on them: JSON
//! lines, CSV and XML.
//!
//! Each reader refuses what it cannot read completely and says where; none guesses at types, so
//! a CSV cell or an XML text is always text.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// How deep XML elements may be nested.
pub const XML_DEPTH_MAX: usize = 64;

/// One document per line, blank lines ignored, as an array.
pub fn json_lines(text: &str) -> Result<Value, String> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|_| format!("line {} is not JSON", index + 1))
        })
        .collect::<Result<Vec<Value>, String>>()
        .map(Value::Array)
}

/// A header line and records, as an array of objects of text. Markup is refused: it would parse
/// as one odd column.
pub fn csv(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('<') {
        return Err("expected CSV, got a page of markup".to_owned());
    }
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader
        .headers()
        .map_err(|error| format!("CSV header: {error}"))?
        .clone();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| format!("CSV: {error}"))?;
        let cells = names.iter().zip(record.iter());
        let object: Map<String, Value> = cells
            .map(|(name, cell)| (name.to_owned(), Value::from(cell)))
            .collect();
        records.push(Value::Object(object));
    }
    Ok(Value::Array(records))
}

/// An XML document as `{root: ...}`. An element with neither attributes nor children is its text;
/// any other is an object of `@attribute`, `child` (an array when it repeats) and `#text`.
/// Namespace prefixes are dropped. Custom entities are refused, so none can expand.
pub fn xml(text: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event();
        let place = reader.buffer_position();
        let event = event.map_err(|error| format!("XML at byte {place}: {error}"))?;
        if matches!(event, Event::Eof) {
            break;
        }
        take(event, &mut open).map_err(|wrong| format!("XML at byte {place}: {wrong}"))?;
    }
    match (open.pop(), open.is_empty()) {
        (Some(document), true) if document.fields.len() == 1 => Ok(Value::Object(document.fields)),
        (Some(_), true) => Err("expected XML with one root element".to_owned()),
        _ => Err("expected XML, got a truncated body".to_owned()),
    }
}

/// An element that is being read.
#[derive(Default)]
struct Element {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

impl Element {
    fn start(start: &BytesStart<'_>) -> Result<Self, String> {
        let name = start.local_name().as_ref().to_owned();
        let mut fields = Map::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let key = attribute.key.local_name().as_ref().to_owned();
            let value =
                quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
            fields.insert(format!("@{key}"), Value::from(value.as_ref()));
        }
        Ok(Self {
            name,
            fields,
            text: String::new(),
        })
    }

    fn value(mut self) -> Value {
        let text = self.text.trim();
        if self.fields.is_empty() {
            return Value::from(text);
        }
        if !text.is_empty() {
            self.fields.insert("#text".to_owned(), Value::from(text));
        }
        Value::Object(self.fields)
    }

    fn add(&mut self, name: String, value: Value) {
        match self.fields.get_mut(&name) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => drop(self.fields.insert(name, value)),
        }
    }
}

fn take(event: Event<'_>, open: &mut Vec<Element>) -> Result<(), String> {
    match event {
        Event::Start(start) => {
            if open.len() > XML_DEPTH_MAX {
                return Err(format!("more than {XML_DEPTH_MAX} elements deep"));
            }
            open.push(Element::start(&start)?);
        }
        Event::Empty(start) => {
            let element = Element::start(&start)?;
            close(element, open);
        }
        Event::End(_) => {
            if let Some(element) = open.pop() {
                close(element, open);
            }
        }
        Event::Text(text) => append(open, &text),
        Event::CData(data) => append(open, &data),
        Event::GeneralRef(reference) => {
            let escaped = format!("&{};", &*reference);
            let text = quick_xml::escape::unescape(&escaped).map_err(|error| error.to_string())?;
            append(open, &text);
        }
        Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) | Event::Eof => {}
    }
    Ok(())
}

fn close(element: Element, open: &mut [Element]) {
    if let Some(parent) = open.last_mut() {
        let name = element.name.clone();
        parent.add(name, element.value());
    }
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_read_whole_or_refused_with_their_number() {
        assert_eq!(
            json_lines("{\"a\":1}\n\n[2]\r\n").unwrap(),
            json!([{"a": 1}, [2]])
        );
        assert_eq!(json_lines("{}\n{\"a\":").unwrap_err(), "line 2 is not JSON");
    }

    #[test]
    fn csv_gives_records_by_name_and_refuses_ragged_ones() {
        let text = "id,name\n1,\"Contoso, Ltd\"\n2,\n";
        let wanted = json!([{"id": "1", "name": "Contoso, Ltd"}, {"id": "2", "name": ""}]);
        assert_eq!(csv(text).unwrap(), wanted);
        assert!(csv("id,name\n1\n").is_err());
        assert!(csv("<html>").is_err());
    }

    #[test]
    fn xml_becomes_a_value() {
        let text = r#"<?xml version="1.0"?><s:Result xmlns:s="urn:x" code="0">
            <Item id="1">A &amp; B</Item><Item id="2"/><Note><![CDATA[<raw>]]></Note>
        </s:Result>"#;
        let wanted = json!({"Result": {
            "@s": "urn:x", "@code": "0",
            "Item": [{"@id": "1", "#text": "A & B"}, {"@id": "2"}],
            "Note": "<raw>",
        }});
        assert_eq!(xml(text).unwrap(), wanted);
    }

    #[test]
    fn xml_that_is_cut_mixed_or_hostile_is_refused() {
        for wrong in ["<a><b></b>", "<a></b>", "text", "<a/><b/>", "<a>&boom;</a>"] {
            assert!(xml(wrong).is_err(), "{wrong}");
        }
        let deep = "<a>".repeat(XML_DEPTH_MAX + 2);
        assert!(xml(&deep).unwrap_err().contains("deep"));
    }
}
