//! Checks one operation: what it sends, and how its answer is read.

use expression::{Compiler, Expression, Shape};
use serde_json::Value;

use super::connector::Surroundings;
use super::scope::{self, is_directive, record_shape};
use super::{computed, duration, duration_or, http, pairs, rule, selector, template};
use crate::codes;
use crate::connector::{SETTLE_DEFAULT, TIMEOUT_DEFAULT};
use crate::family::{Contract, EffectRule, Gives};
use crate::near;
use crate::operation::{Body, Method, Operation, PageKind, Pages};
use crate::page::Spot;
use crate::raw::operation::{NullsText, OperationText, PagesText};
use crate::raw::value::Template;

/// Checks an operation, against its contract if it is one of the family's.
pub(crate) fn check(
    name: &str,
    text: &OperationText,
    contract: Option<&Contract>,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Operation {
    let mut outer = around.scope.common();
    for (input, schema) in contract.into_iter().flat_map(|contract| &contract.input) {
        let schema = around.family.and_then(|family| family.schemas.get(schema));
        outer = outer.with(
            input,
            schema
                .map(|schema| schema.shape.clone())
                .unwrap_or_default(),
        );
    }
    let operation = compile(name, text, outer, around, spot);
    match contract {
        Some(contract) => against_contract(text, contract, &operation, around, spot),
        None => findable(text, operation.method, spot),
    }
    Operation {
        effect: contract.is_some_and(|contract| contract.effect.is_some()),
        ..operation
    }
}

/// Checks an operation of the setup: it sees what people gave and what other setup found.
pub(crate) fn check_setup(
    name: &str,
    text: &OperationText,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Operation {
    let operation = compile(name, text, around.scope.during_setup(), around, spot);
    let own = format!("setup.{name}");
    let addressed = text.address().is_some_and(|(_, url)| url.0.contains(&own));
    let based = operation_is_relative(text) && around.file.http.base_url.0.contains(&own);
    if addressed || based {
        let message = format!("`{own}` is needed to find out what it is");
        let hint = "give this operation an address of its own".to_owned();
        spot.key_error(codes::SETUP_LOOP, message, Some(hint));
    }
    operation
}

fn operation_is_relative(text: &OperationText) -> bool {
    text.address()
        .is_some_and(|(_, url)| url.0.starts_with('/'))
}

impl OperationText {
    /// The method and the address; `None` unless exactly one is given.
    pub(crate) fn address(&self) -> Option<(Method, &Template)> {
        let mut given = self.addresses();
        match (given.next(), given.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    fn addresses(&self) -> impl Iterator<Item = (Method, &Template)> {
        let all = [
            (Method::Get, &self.get),
            (Method::Post, &self.post),
            (Method::Put, &self.put),
            (Method::Patch, &self.patch),
            (Method::Delete, &self.delete),
        ];
        all.into_iter()
            .filter_map(|(method, url)| Some((method, url.as_ref()?)))
    }

    /// Whether it says how its answer is read, which only a read needs to.
    fn reads(&self) -> bool {
        self.items.is_some() || self.record.is_some()
    }
}

fn compile(
    name: &str,
    text: &OperationText,
    outer: Shape,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Operation {
    let (method, url) = one_address(text, spot);
    let outer = before(text, outer, around, spot);
    let sent = if text.pages.is_some() {
        outer.clone().with("page", scope::page())
    } else {
        outer.clone()
    };
    let sending = Compiler::named(&sent, around.scripts);
    let outer = outer.with("answer", scope::answer());
    let reading = Compiler::document(&Shape::Any, &outer, around.scripts);
    let at = spot.key(&method.as_str().to_lowercase());
    if let Some(url) = url {
        address(url, around, &at);
    }
    for (parameter, value) in &text.query.0 {
        around
            .secrets
            .refuse_in(&value.0, &spot.key("query").key(parameter));
    }
    let items = text.items.as_ref();
    let operation = Operation {
        name: name.to_owned(),
        method,
        url: url.map_or_else(
            || Expression::constant(Value::Null),
            |url| template(&sending, url, &at),
        ),
        anonymous: text.anonymous,
        entity: text.entity.clone(),
        query: pairs(&sending, &text.query, &spot.key("query")),
        headers: pairs(&sending, &text.headers, &spot.key("headers")),
        body: body(text, method, &sending, spot),
        before: text
            .before
            .0
            .iter()
            .map(|(root, name)| (root.clone(), name.0.clone()))
            .collect(),
        keep: text.keep.as_ref().map(duration),
        pages: text
            .pages
            .as_ref()
            .and_then(|pages| paging(pages, &reading, &spot.key("pages"))),
        items: items.and_then(|path| selector(&reading, path, &spot.key("items"))),
        record: text
            .record
            .as_ref()
            .map(|value| computed(&reading, value, &spot.key("record"))),
        errors: rule::check(&text.errors, around.scripts, &spot.key("errors")),
        timeout: duration_or(
            text.timeout.as_ref().or(around.file.http.timeout.as_ref()),
            TIMEOUT_DEFAULT,
        ),
        settle: duration_or(
            text.settle.as_ref().or(around.file.http.settle.as_ref()),
            SETTLE_DEFAULT,
        ),
        effect: false,
    };
    unused_before(text, &operation, spot);
    operation
}

fn one_address<'t>(text: &'t OperationText, spot: &Spot<'_>) -> (Method, Option<&'t Template>) {
    if let Some((method, url)) = text.address() {
        return (method, Some(url));
    }
    let message = "an operation has exactly one method and address".to_owned();
    let hint = "keep one of `get`, `post`, `put`, `patch` and `delete`".to_owned();
    spot.error(codes::EXACTLY_ONE, message, Some(hint));
    (Method::Get, text.addresses().next().map(|(_, url)| url))
}

fn address(url: &Template, around: &Surroundings<'_>, spot: &Spot<'_>) {
    around
        .secrets
        .refuse_in(&Value::String(url.0.clone()), spot);
    let starts = ["/", "https://", "{{", "$"];
    if !starts.iter().any(|start| url.0.starts_with(start)) {
        let message = format!("`{}` is not an address", url.0);
        let hint = "begin with `/` for a path below `base_url`, or with `https://`".to_owned();
        spot.error(codes::BAD_URL, message, Some(hint));
    }
    let Some(rest) = url.0.strip_prefix("https://") else {
        return;
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if !host.contains("{{") && !http::is_allowed(host, &around.file.http.hosts) {
        let message = format!("`{host}` is not one of the hosts of this connector");
        let hint = "add it to `http.hosts`".to_owned();
        spot.error(codes::FOREIGN_HOST, message, Some(hint));
    }
}

/// Adds the names that operations called before give.
fn before(text: &OperationText, outer: Shape, around: &Surroundings<'_>, spot: &Spot<'_>) -> Shape {
    text.before.0.iter().fold(outer, |outer, (root, name)| {
        let at = spot.key("before").key(root);
        if outer.walk([root.as_str()]).is_some() {
            let message = format!("`{root}` is a name that is there already");
            at.key_error(codes::SHADOWED_NAME, message, None);
        }
        let record = around.known(&name.0, &at).map(|first| {
            let one = record_shape(first);
            if first.pages.is_some() {
                Shape::array(one)
            } else {
                one
            }
        });
        outer.with(root, record.unwrap_or_default())
    })
}

fn unused_before(text: &OperationText, operation: &Operation, spot: &Spot<'_>) {
    let body: Vec<&Expression> = match &operation.body {
        Some(Body::Json { value, .. }) => vec![value],
        Some(Body::Form(pairs)) => pairs.iter().map(|(_, value)| value).collect(),
        None => Vec::new(),
    };
    let sent = operation
        .query
        .iter()
        .chain(&operation.headers)
        .map(|(_, value)| value);
    let all = sent
        .chain(body)
        .chain([&operation.url])
        .chain(&operation.record);
    let used: Vec<&str> = all.flat_map(|expression| expression.roots()).collect();
    for (root, _) in &text.before.0 {
        if !used.contains(&root.as_str()) {
            let message = format!("`{root}` is called first and never used");
            spot.key("before")
                .key(root)
                .warning(codes::UNUSED_BEFORE, message, None);
        }
    }
}

fn body(
    text: &OperationText,
    method: Method,
    compiler: &Compiler<'_>,
    spot: &Spot<'_>,
) -> Option<Body> {
    if method == Method::Get && (text.body.is_some() || !text.form.0.is_empty()) {
        let key = if text.body.is_some() { "body" } else { "form" };
        let message = "a GET sends no body".to_owned();
        let hint = "put it into `query`, or use `post`".to_owned();
        spot.key(key)
            .key_error(codes::BODY_WITH_GET, message, Some(hint));
    }
    match &text.body {
        Some(_) if !text.form.0.is_empty() => {
            let message = "an operation sends a body or a form, not both".to_owned();
            spot.key("form")
                .key_error(codes::BODY_AND_FORM, message, None);
            None
        }
        Some(value) => Some(Body::Json {
            value: computed(compiler, value, &spot.key("body")),
            keep_nulls: matches!(text.nulls, Some(NullsText::Keep)),
        }),
        None if text.form.0.is_empty() => None,
        None => Some(Body::Form(pairs(compiler, &text.form, &spot.key("form")))),
    }
}

fn paging(text: &PagesText, reading: &Compiler<'_>, spot: &Spot<'_>) -> Option<Pages> {
    let by_last_id = text.by_last_id.as_ref().map(|by| PageKind::ByLastId {
        id: template(reading, &by.id, &spot.key("by_last_id").key("id")),
        start: by.start.into(),
        size: by.size,
    });
    let by_next_url = text.by_next_url.as_ref().map(|by| PageKind::ByNextUrl {
        url: template(reading, &by.url, &spot.key("by_next_url").key("url")),
    });
    let by_cursor = text.by_cursor.as_ref().map(|by| PageKind::ByCursor {
        cursor: template(reading, &by.cursor, &spot.key("by_cursor").key("cursor")),
    });
    let by_number = text.by_number.as_ref().map(|by| PageKind::ByNumber {
        start: by.start,
        size: by.size,
    });
    let by_offset = text
        .by_offset
        .as_ref()
        .map(|by| PageKind::ByOffset { size: by.size });
    let by_link = text.by_link_header.as_ref().map(|_| PageKind::ByLinkHeader);
    let all = [
        by_last_id,
        by_next_url,
        by_cursor,
        by_number,
        by_offset,
        by_link,
    ];
    let mut given = all.into_iter().flatten();
    let (Some(kind), None) = (given.next(), given.next()) else {
        let message = "pages follow each other in exactly one way".to_owned();
        let hint = "keep one of the keys that begin with `by_`".to_owned();
        spot.error(codes::EXACTLY_ONE, message, Some(hint));
        return None;
    };
    let read = |name: &str, value| computed(reading, value, &spot.key(name));
    Some(Pages {
        kind,
        more: text.more.as_ref().map(|value| read("more", value)),
        total: text.total.as_ref().map(|value| read("total", value)),
    })
}

/// An operation that the family does not know must be a read: nothing would find its effect.
fn findable(text: &OperationText, method: Method, spot: &Spot<'_>) {
    if method != Method::Get && !text.reads() {
        let message = "this may change the other side, and nothing could tell whether it did";
        let hint = "if it only reads, say where with `items` or `record`; if not, give it a \
            contract with an `effect` in the family";
        spot.key_error(
            codes::EFFECT_UNFINDABLE,
            message.to_owned(),
            Some(hint.to_owned()),
        );
    }
}

fn against_contract(
    text: &OperationText,
    contract: &Contract,
    operation: &Operation,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    if let Some(effect) = &contract.effect {
        effect_fits(text, effect, operation, around, spot);
    }
    if text.pages.is_some() && !matches!(contract.gives, Gives::Many(_)) {
        let message = format!("`{}` gives no list, so it has no pages", contract.name);
        spot.key("pages").key_error(codes::PAGED_ONE, message, None);
    }
    record_fits(text, contract, around, spot);
}

fn effect_fits(
    text: &OperationText,
    effect: &EffectRule,
    operation: &Operation,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    if operation.method == Method::Get {
        let message = "this changes the other side, and a GET must not".to_owned();
        spot.key("get")
            .key_error(codes::EFFECT_BY_GET, message, None);
    }
    if text.keep.is_some() {
        let message = "the answer to an effect is not kept: it would hide the next one".to_owned();
        spot.key("keep")
            .key_error(codes::KEPT_EFFECT, message, None);
    }
    if let EffectRule::Find(find) = effect
        && around.operation(find).is_none()
    {
        let message = format!("nothing finds what this made: the operation `{find}` is missing");
        spot.key_error(codes::EFFECT_UNFINDABLE, message, None);
    }
}

/// Holds the keys of a record against its schema.
fn record_fits(
    text: &OperationText,
    contract: &Contract,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) {
    let Some(schema) = contract.gives.schema() else {
        return;
    };
    let Some(schema) = around.family.and_then(|family| family.schemas.get(schema)) else {
        return;
    };
    let at = spot.key("record");
    let fields = match text.record.as_ref().map(|record| &record.0) {
        Some(Value::Object(fields)) if !is_directive(fields) => fields,
        Some(_) => return,
        None => {
            let message = format!("`{}` does not say what its records become", contract.name);
            let hint = format!("add `record` with the keys of `{}`", schema.name);
            spot.key_error(codes::MISSING_RECORD, message, Some(hint));
            return;
        }
    };
    for key in schema.required().filter(|key| !fields.contains_key(*key)) {
        let message = format!("the record lacks `{key}`, which `{}` asks for", schema.name);
        at.key_error(codes::MISSING_FIELD, message, None);
    }
    let Some(allowed) = schema.allowed() else {
        return;
    };
    for key in fields.keys().filter(|key| !allowed.contains(&key.as_str())) {
        let message = format!("`{key}` is not a key of `{}`", schema.name);
        let hint = near::hint(key, allowed.iter().copied());
        at.key(key)
            .key_error(codes::UNKNOWN_RECORD_FIELD, message, hint);
    }
}

/// The settings that what an operation sends is computed from, as (section, name).
pub(crate) fn settings_used(
    text: &OperationText,
    around: &Surroundings<'_>,
) -> Vec<(String, String)> {
    let mut sent = vec![
        text.address()
            .map(|(_, url)| url.0.clone())
            .unwrap_or_default(),
    ];
    let values = text
        .query
        .0
        .iter()
        .chain(&text.headers.0)
        .chain(&text.form.0);
    sent.extend(values.map(|(_, value)| value.0.to_string()));
    sent.extend(text.body.as_ref().map(|body| body.0.to_string()));
    let mut used = Vec::new();
    for (section, form) in &around.file.settings.0 {
        for (name, _) in &form.fields.0 {
            let path = format!("settings.{section}.{name}");
            if sent.iter().any(|text| super::secret::mentions(text, &path)) {
                used.push((section.clone(), name.clone()));
            }
        }
    }
    used.sort();
    used
}
