//! From the parser's events to the tree.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

use super::slip::slip;
use super::{DEPTH_MAX, Entry, Kind, NODES_MAX, Node, Span, Style, Text, scalar};
use crate::codes;

/// Something wrong with the text as YAML.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) code: &'static str,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// Parses one document. The second part lists all that is wrong with it; the tree is there unless
/// the text could not be read to its end.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<Flaw>) {
    // Editors on Windows put a byte order mark in front, which means nothing in UTF-8.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        parser: Parser::new_from_str(text),
        text,
        anchors: HashMap::new(),
        anchor_names: HashMap::new(),
        nodes: 0,
        flaws: Vec::new(),
    };
    match builder.document() {
        Ok(node) => (Some(node), builder.flaws),
        Err(flaw) => {
            builder.flaws.push(flaw);
            (None, builder.flaws)
        }
    }
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    text: &'t str,
    /// Finished values by anchor, each with the number of values in it.
    anchors: HashMap<usize, (Node, usize)>,
    /// The names of anchors, each with the line it stands in.
    anchor_names: HashMap<String, usize>,
    nodes: usize,
    flaws: Vec<Flaw>,
}

impl Builder<'_> {
    fn document(&mut self) -> Result<Node, Flaw> {
        let mut document = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => break,
                (Event::StreamStart | Event::DocumentEnd | Event::Nothing, _) => {}
                (Event::DocumentStart(_), span) if document.is_some() => {
                    return Err(flaw(
                        codes::SEVERAL_DOCUMENTS,
                        span,
                        "the file holds a second document after `---`",
                        "put each definition into a file of its own",
                    ));
                }
                (Event::DocumentStart(_), _) => {
                    let (event, span) = self.next()?;
                    document = Some(self.node(event, span, 0)?);
                }
                (_, span) => return Err(flaw(codes::SYNTAX, span, "the document ends here", "")),
            }
        }
        let start = Span {
            line: 1,
            column: 1,
            length: 1,
        };
        document.ok_or_else(|| flaw(codes::EMPTY_FILE, start, "the file is empty", ""))
    }

    fn next(&mut self) -> Result<(Event<'static>, Span), Flaw> {
        match self.parser.next_event() {
            None => {
                let start = Span {
                    line: 1,
                    column: 1,
                    length: 1,
                };
                Ok((Event::StreamEnd, start))
            }
            Some(Ok((event, span))) => Ok((owned(event), place(span.start, span.end))),
            Some(Err(error)) => Err(self.stopped(*error.marker(), error.info())),
        }
    }

    /// Says why the parser could not go on, at the line to mend where that is known.
    fn stopped(&self, marker: Marker, info: &str) -> Flaw {
        let span = place(marker, marker);
        let (span, message, hint) = match slip(self.text, span.line, span.column, info) {
            Some(slip) => (slip.span, slip.message, slip.hint),
            None => (span, info, self.advice(span.line, info).to_owned()),
        };
        Flaw {
            code: codes::SYNTAX,
            span,
            message: format!("this is not YAML: {message}"),
            hint: Some(hint),
        }
    }

    /// What most likely led to an error in this line, of which the parser says `info`.
    fn advice(&self, number: usize, info: &str) -> &'static str {
        let nth = |number: usize| {
            number
                .checked_sub(1)
                .and_then(|at| self.text.lines().nth(at))
        };
        let line = nth(number).unwrap_or_default();
        let mut values = line.split(": ").skip(1);
        let starts = |value: &str| value.starts_with('$') && value.contains('[');
        if indent(line).contains('\t') {
            "a line is indented by spaces, and here is a tab"
        } else if values.clone().any(|value| value.starts_with("{{")) {
            "put a template in quotes: `\"{{ ... }}\"`"
        } else if values.clone().any(starts) {
            "between braces, a path with brackets is put in quotes: `\"$.items[*]\"`"
        } else if values.any(|value| value.starts_with('\'')) && info.contains("trailing") {
            "between single quotes, a quote is written twice: `'Don''t'`"
        } else if info.contains("mapping values are not allowed") {
            "put a text with a colon in quotes"
        } else if info.contains("unexpected character") {
            "put a text that begins with such a character in quotes"
        } else if info.contains("block collection") || info.contains("block mapping") {
            "what belongs together begins in one column; each item of a list begins with `- `"
        } else if info.contains("simple key") {
            "a colon and a space follow a key; look at the line before, too"
        } else {
            // The parser stops where it cannot go on, which is often a line too late.
            "look at the line before, too: a bracket, a quote or a colon may be missing"
        }
    }

    fn node(&mut self, event: Event<'_>, span: Span, depth: usize) -> Result<Node, Flaw> {
        if depth > DEPTH_MAX {
            let message = format!("values nest more than {DEPTH_MAX} deep");
            return Err(flaw(codes::TOO_LARGE, span, &message, ""));
        }
        let before = self.nodes;
        self.count(span, 1)?;
        if has_anchor(&event) {
            self.refuse_second_anchor(span);
        }
        let (anchor, kind) = match event {
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                if style == ScalarStyle::Plain {
                    self.refuse_typographic(&text, span);
                }
                (anchor, scalar_kind(&text, style))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                (anchor, Kind::List(self.items(depth)?))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                (anchor, Kind::Map(self.entries(depth)?))
            }
            _ => return Err(flaw(codes::SYNTAX, span, "a value is missing here", "")),
        };
        let node = Node { kind, span };
        if anchor != 0 {
            self.anchors
                .insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn count(&mut self, span: Span, more: usize) -> Result<(), Flaw> {
        self.nodes += more;
        if self.nodes > NODES_MAX {
            let message = format!("the file holds more than {NODES_MAX} values");
            let hint = "aliases count as often as they are used";
            return Err(flaw(codes::TOO_LARGE, span, &message, hint));
        }
        Ok(())
    }

    /// The value an alias stands for. It keeps the place of the original, where it is mended.
    fn alias(&mut self, anchor: usize, span: Span) -> Result<Node, Flaw> {
        match self.anchors.get(&anchor).cloned() {
            Some((node, size)) => {
                self.count(span, size)?;
                Ok(node)
            }
            None => Err(flaw(
                codes::SYNTAX,
                span,
                "an alias cannot stand inside the value it names",
                "",
            )),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Node>, Flaw> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Entry>, Flaw> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, key_span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.key(event, key_span)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            match entries.iter().find(|entry| entry.key == key) {
                Some(first) => self.flaws.push(Flaw {
                    code: codes::DUPLICATE_KEY,
                    span: key_span,
                    message: format!("`{key}` stands twice in this map"),
                    hint: Some(format!("the first one is in line {}", first.key_span.line)),
                }),
                None => entries.push(Entry {
                    key,
                    key_span,
                    value,
                }),
            }
        }
    }

    fn key(&mut self, event: Event<'_>, span: Span) -> Result<String, Flaw> {
        match event {
            Event::Scalar(text, ..) if text == "<<" => Err(flaw(
                codes::SYNTAX,
                span,
                "`<<` does not merge maps here",
                "use an anchor and an alias for the whole value",
            )),
            Event::Scalar(text, style, _, tag) => {
                self.refuse_tag(tag.is_some(), span);
                if style == ScalarStyle::Plain {
                    self.refuse_typographic(&text, span);
                }
                Ok(text.into_owned())
            }
            _ => Err(flaw(
                codes::SYNTAX,
                span,
                "a key must be a text",
                "if a template is meant, put it in quotes: `\"{{ ... }}\"`",
            )),
        }
    }

    /// Reports a name that was given to another value before: an alias after this means another one
    /// than an alias before it, and no reader sees which.
    fn refuse_second_anchor(&mut self, span: Span) {
        let Some((name, place)) = self.anchor_before(span) else {
            return;
        };
        let Some(first) = self.anchor_names.insert(name.clone(), place.line) else {
            return;
        };
        let message = format!("`&{name}` names another value in line {first} already");
        let hint = "choose another name; aliases such as `*name` then say which is meant";
        self.flaws
            .push(flaw(codes::DUPLICATE_ANCHOR, place, &message, hint));
    }

    /// The anchor that belongs to the value here: it stands before the value, in its line or in one
    /// of those before it. The parser tells only that there is one.
    fn anchor_before(&self, span: Span) -> Option<(String, Span)> {
        let lines: Vec<&str> = self.text.lines().take(span.line).collect();
        lines.iter().enumerate().rev().find_map(|(index, line)| {
            let here = index + 1 == span.line;
            let end = if here { span.column } else { usize::MAX };
            let part: String = line.chars().take(end).collect();
            let (before, name) = part.rsplit_once('&')?;
            let rest = if here {
                line.get(before.len() + 1..)?
            } else {
                name
            };
            let is_part = |one: &char| one.is_alphanumeric() || "_-".contains(*one);
            let name: String = rest.chars().take_while(is_part).collect();
            let place = Span {
                line: index + 1,
                column: before.chars().count() + 1,
                length: name.chars().count() + 1,
            };
            (!name.is_empty()).then_some((name, place))
        })
    }

    /// Reports a text that begins with a typographic quote: it is a part of the text, and what
    /// looks quoted is not.
    fn refuse_typographic(&mut self, text: &str, span: Span) {
        if let Some(quote) = text.chars().next().filter(|one| "“”‘’„".contains(*one)) {
            let message = format!("`{quote}` quotes nothing here: it is a part of the text");
            let hint = "write straight quotes, `\"` or `'`";
            self.flaws
                .push(flaw(codes::TYPOGRAPHIC_QUOTE, span, &message, hint));
        }
    }

    fn refuse_tag(&mut self, tagged: bool, span: Span) {
        if tagged {
            let hint = "remove it; quotes make a text, and nothing else needs a tag";
            self.flaws.push(flaw(
                codes::TAG,
                span,
                "tags such as `!!str` are not used here",
                hint,
            ));
        }
    }
}

const fn has_anchor(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(_, _, anchor, _)
        | Event::SequenceStart(anchor, _)
        | Event::MappingStart(anchor, _) => *anchor != 0,
        _ => false,
    }
}

const fn is_blank(one: char) -> bool {
    matches!(one, ' ' | '\t')
}

/// The white space that a line begins with.
fn indent(line: &str) -> &str {
    let text = line.trim_start_matches(is_blank);
    line.strip_suffix(text).unwrap_or_default()
}

fn flaw(code: &'static str, span: Span, message: &str, hint: &str) -> Flaw {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    Flaw {
        code,
        span,
        message: message.to_owned(),
        hint,
    }
}

fn scalar_kind(text: &str, style: ScalarStyle) -> Kind {
    let style = match style {
        ScalarStyle::Plain => return scalar::plain(text),
        ScalarStyle::SingleQuoted => Style::Quoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    };
    Kind::Text(Text {
        value: text.to_owned(),
        style,
    })
}

/// The parser lends its events; the tree outlives it.
fn owned(event: Event<'_>) -> Event<'static> {
    let owned_tag = |tag: Option<std::borrow::Cow<'_, saphyr_parser::Tag>>| {
        tag.map(|tag| std::borrow::Cow::Owned(tag.into_owned()))
    };
    match event {
        Event::Scalar(text, style, anchor, tag) => {
            Event::Scalar(text.into_owned().into(), style, anchor, owned_tag(tag))
        }
        Event::SequenceStart(anchor, tag) => Event::SequenceStart(anchor, owned_tag(tag)),
        Event::MappingStart(anchor, tag) => Event::MappingStart(anchor, owned_tag(tag)),
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingEnd => Event::MappingEnd,
        Event::StreamStart => Event::StreamStart,
        Event::StreamEnd => Event::StreamEnd,
        Event::DocumentStart(explicit) => Event::DocumentStart(explicit),
        Event::DocumentEnd => Event::DocumentEnd,
        Event::Nothing => Event::Nothing,
    }
}

/// The parser counts columns from 0; a span that runs over several lines is cut to its start.
fn place(start: Marker, end: Marker) -> Span {
    let length = if start.line() == end.line() {
        end.col().saturating_sub(start.col())
    } else {
        1
    };
    Span {
        line: start.line(),
        column: start.col() + 1,
        length: length.max(1),
    }
}
