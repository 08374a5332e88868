//! The helpers that templates may call: what they are, for the check and for the documentation,
//! and what they do.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use handlebars::{
    Context, Handlebars, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson,
};
use model::{Timestamp, span};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// One helper.
#[derive(Clone, Copy, Debug)]
pub struct Helper {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub usage: &'static str,
    /// What it gives.
    pub doc: &'static str,
    /// Whether it is written as a block, `{{#name …}}…{{/name}}`.
    pub block: bool,
    /// How many arguments it takes.
    pub arguments: usize,
    work: Option<Work>,
}

/// Arguments to result. A missing value arrives as null. The text of an error goes to the user: it
/// must not quote an argument.
type Work = fn(&[&Value]) -> Result<Value, &'static str>;

/// Every helper. Those that come with the library (blocks and comparisons) have no work here.
pub const HELPERS: [Helper; 28] = [
    block(
        "if",
        "{{#if x}}…{{else}}…{{/if}}",
        "the first part when `x` is set, else the second",
    ),
    block(
        "unless",
        "{{#unless x}}…{{/unless}}",
        "the part when `x` is not set",
    ),
    block(
        "each",
        "{{#each xs as |x|}}…{{/each}}",
        "the part once for each of `xs`",
    ),
    block(
        "with",
        "{{#with x}}…{{/with}}",
        "the part, with its names looked up in `x`",
    ),
    library("eq", "{{#if (eq a b)}}", "whether `a` equals `b`", 2),
    library("ne", "{{#if (ne a b)}}", "whether `a` differs from `b`", 2),
    library(
        "gt",
        "{{#if (gt a b)}}",
        "whether `a` is greater than `b`",
        2,
    ),
    library(
        "gte",
        "{{#if (gte a b)}}",
        "whether `a` is `b` or greater",
        2,
    ),
    library("lt", "{{#if (lt a b)}}", "whether `a` is less than `b`", 2),
    library("lte", "{{#if (lte a b)}}", "whether `a` is `b` or less", 2),
    library("and", "{{#if (and a b)}}", "whether both are set", 2),
    library("or", "{{#if (or a b)}}", "whether one of them is set", 2),
    library("not", "{{#if (not a)}}", "whether `a` is not set", 1),
    library(
        "len",
        "{{ len xs }}",
        "how many elements a list has, or bytes a text",
        1,
    ),
    own(
        "urlencode",
        "{{ urlencode x }}",
        "`x` as one part of a URL (RFC 3986)",
        1,
        urlencode,
    ),
    own(
        "xml",
        "{{ xml x }}",
        "`x` as text or attribute of XML",
        1,
        xml,
    ),
    own(
        "host",
        "{{ host url }}",
        "host and port of a URL, in lower case",
        1,
        host,
    ),
    own(
        "base64",
        "{{ base64 x }}",
        "`x` in Base64, padded",
        1,
        base64,
    ),
    own(
        "json",
        "{{ json x }}",
        "`x` as JSON: the way to print a list or an object",
        1,
        |x| Ok(json(x)),
    ),
    own(
        "after",
        "{{ after time \"24h\" }}",
        "the moment so much later (`ms s m h d`)",
        2,
        after,
    ),
    own(
        "before",
        "{{ before time \"1h\" }}",
        "the moment so much earlier",
        2,
        before,
    ),
    own(
        "date",
        "{{ date time \"%Y-%m-%d\" }}",
        "the moment, in UTC, in this form",
        2,
        date,
    ),
    own(
        "moment",
        "{{ moment x \"%d/%m/%Y %H:%M\" }}",
        "the moment that `x` says in this form, as RFC 3339; without a zone in UTC",
        2,
        read_moment,
    ),
    own(
        "replace",
        "{{ replace x \"'\" \"''\" }}",
        "`x` with each of one text as another, such as a quote in a filter as two",
        3,
        replace,
    ),
    own(
        "default",
        "{{ default x \"none\" }}",
        "`x`, or the other when `x` is empty",
        2,
        |x| Ok(default(x)),
    ),
    own("lower", "{{ lower x }}", "`x` in lower case", 1, lower),
    own("upper", "{{ upper x }}", "`x` in upper case", 1, upper),
    own(
        "truncate",
        "{{ truncate x 50 }}",
        "at most so many characters of `x`",
        2,
        truncate,
    ),
];

const fn block(name: &'static str, usage: &'static str, doc: &'static str) -> Helper {
    Helper {
        name,
        usage,
        doc,
        block: true,
        arguments: 1,
        work: None,
    }
}

const fn library(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    arguments: usize,
) -> Helper {
    Helper {
        name,
        usage,
        doc,
        block: false,
        arguments,
        work: None,
    }
}

const fn own(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    arguments: usize,
    work: Work,
) -> Helper {
    Helper {
        name,
        usage,
        doc,
        block: false,
        arguments,
        work: Some(work),
    }
}

impl Helper {
    /// The helper called `name`.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        HELPERS.iter().find(|helper| helper.name == name)
    }

    /// What to register for it; `None` when the library has it.
    pub(crate) fn definition(&self) -> Option<Box<dyn HelperDef + Send + Sync>> {
        self.work
            .map(|work| Box::new(Definition(work)) as Box<dyn HelperDef + Send + Sync>)
    }

    /// What is wrong with argument `index` (from 0) when it is written as this constant.
    pub(crate) fn object_to(&self, index: usize, constant: &Value) -> Option<&'static str> {
        // Any moment will do: what is asked is whether the other argument is understood.
        let moment = Value::from("2026-01-01T00:00:00Z");
        match (self.name, index) {
            ("after" | "before" | "date", 1) => (self.work?)(&[&moment, constant]).err(),
            ("moment", 1) => form_fault(constant),
            ("replace", 1) if constant == "" => Some(NOTHING_TO_REPLACE),
            ("truncate", 1) => (self.work?)(&[&Value::Null, constant]).err(),
            _ => None,
        }
    }
}

struct Definition(Work);

impl HelperDef for Definition {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        call: &handlebars::Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let arguments: Vec<&Value> = call
            .params()
            .iter()
            .map(handlebars::PathAndJson::value)
            .collect();
        let result = (self.0)(&arguments)
            .map_err(|reason| RenderErrorReason::Other(format!("{}: {reason}", call.name())))?;
        Ok(ScopedJson::Derived(result))
    }
}

fn argument<'v>(arguments: &[&'v Value], index: usize) -> &'v Value {
    static NULL: Value = Value::Null;
    arguments.get(index).copied().unwrap_or(&NULL)
}

/// Argument `index` as text: scalars as they print, a missing one as nothing.
fn text(arguments: &[&Value], index: usize) -> Result<String, &'static str> {
    match argument(arguments, index) {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        scalar @ (Value::Bool(_) | Value::Number(_)) => Ok(scalar.to_string()),
        Value::Array(_) | Value::Object(_) => Err("it needs a text, not a list or an object"),
    }
}

/// The characters that stand for themselves anywhere in a URL (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Characters that XML gives a meaning are written as references; those it does not allow at all
/// are left out, because one of them makes the whole document unreadable.
fn xml(arguments: &[&Value]) -> Result<Value, &'static str> {
    let mut escaped = String::new();
    for one in text(arguments, 0)?.chars() {
        match one {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' | '\r' => escaped.push(one),
            one if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') => {}
            one => escaped.push(one),
        }
    }
    Ok(Value::from(escaped))
}

fn urlencode(arguments: &[&Value]) -> Result<Value, &'static str> {
    Ok(utf8_percent_encode(&text(arguments, 0)?, RESERVED)
        .to_string()
        .into())
}

fn base64(arguments: &[&Value]) -> Result<Value, &'static str> {
    Ok(BASE64.encode(text(arguments, 0)?).into())
}

fn json(arguments: &[&Value]) -> Value {
    argument(arguments, 0).to_string().into()
}

fn lower(arguments: &[&Value]) -> Result<Value, &'static str> {
    Ok(text(arguments, 0)?.to_lowercase().into())
}

fn upper(arguments: &[&Value]) -> Result<Value, &'static str> {
    Ok(text(arguments, 0)?.to_uppercase().into())
}

/// An address without a scheme is taken as it is; both PSAs let people type one.
fn host(arguments: &[&Value]) -> Result<Value, &'static str> {
    let url = text(arguments, 0)?;
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let authority = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    Ok(host.to_lowercase().into())
}

fn default(arguments: &[&Value]) -> Value {
    let first = argument(arguments, 0);
    let empty = first.is_null() || first == "";
    argument(arguments, usize::from(empty)).clone()
}

fn truncate(arguments: &[&Value]) -> Result<Value, &'static str> {
    let limit = argument(arguments, 1)
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.ok_or("it needs a whole number of characters")?;
    Ok(text(arguments, 0)?
        .chars()
        .take(limit)
        .collect::<String>()
        .into())
}

fn moment(arguments: &[&Value]) -> Result<Timestamp, &'static str> {
    let moment = match argument(arguments, 0) {
        Value::Number(seconds) => seconds.as_i64().map(|it| it.saturating_mul(1_000)),
        other => other
            .as_str()
            .and_then(Timestamp::parse)
            .map(Timestamp::as_millis),
    };
    let moment = moment.map(Timestamp::from_millis);
    moment.ok_or("it needs a date and time (RFC 3339, or a number of Unix seconds)")
}

/// Whole seconds and `Z`: the form that APIs take in a filter.
const FILTER_FORM: &str = "%Y-%m-%dT%H:%M:%SZ";

fn after(arguments: &[&Value]) -> Result<Value, &'static str> {
    format(moment(arguments)?.after(span(arguments)?), FILTER_FORM)
}

fn before(arguments: &[&Value]) -> Result<Value, &'static str> {
    format(moment(arguments)?.before(span(arguments)?), FILTER_FORM)
}

fn span(arguments: &[&Value]) -> Result<Duration, &'static str> {
    let span = argument(arguments, 1).as_str().and_then(span::parse);
    span.ok_or("it needs a span such as \"24h\" (units: ms s m h d)")
}

fn date(arguments: &[&Value]) -> Result<Value, &'static str> {
    let form = argument(arguments, 1)
        .as_str()
        .ok_or("it needs a form such as \"%Y-%m-%d\"")?;
    format(moment(arguments)?, form)
}

/// What a moment without a zone is read in.
const UTC: jiff::tz::TimeZone = jiff::tz::TimeZone::UTC;

/// Reads a moment as this API writes it. What is missing stays missing, so that a ticket nobody has
/// touched yet has no last activity; anything else that is none is an error.
fn read_moment(arguments: &[&Value]) -> Result<Value, &'static str> {
    let written = text(arguments, 0)?;
    if written.is_empty() {
        return Ok(Value::Null);
    }
    let form = argument(arguments, 1).as_str().ok_or(FORM_NEEDED)?;
    let read = jiff::fmt::strtime::parse(form, &written).map_err(|_| "it is not in this form")?;
    let moment = read.to_timestamp().or_else(|_| {
        let day = read.to_date()?;
        let time = read.to_time().unwrap_or(jiff::civil::Time::midnight());
        day.to_datetime(time)
            .to_zoned(UTC)
            .map(|zoned| zoned.timestamp())
    });
    let moment = moment.map_err(|_| "it is not a whole date in this form")?;
    Ok(moment.to_string().into())
}

const FORM_NEEDED: &str = "it needs a form such as \"%Y-%m-%d\"";

/// What is wrong with a form that is written out: it has to read what it prints.
fn form_fault(form: &Value) -> Option<&'static str> {
    let sample = date(&[&Value::from("2026-01-01T00:00:00Z"), form]);
    let read = sample.and_then(|sample| read_moment(&[&sample, form]));
    read.err().map(|_| FORM_NEEDED)
}

const NOTHING_TO_REPLACE: &str = "it needs a text to replace";

/// A filter language has quotes of its own, and what people write must not end them.
fn replace(arguments: &[&Value]) -> Result<Value, &'static str> {
    let (from, to) = (text(arguments, 1)?, text(arguments, 2)?);
    if from.is_empty() {
        return Err(NOTHING_TO_REPLACE);
    }
    Ok(text(arguments, 0)?.replace(&from, &to).into())
}

fn format(moment: Timestamp, form: &str) -> Result<Value, &'static str> {
    let moment = jiff::Timestamp::from_millisecond(moment.as_millis())
        .map_err(|_| "the moment is out of range")?
        .to_zoned(jiff::tz::TimeZone::UTC);
    let text = jiff::fmt::strtime::format(form, &moment);
    text.map(Value::from)
        .map_err(|_| "it needs a form such as \"%Y-%m-%d\"")
}
