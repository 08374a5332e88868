//! Checks one operation: what it sends, and how its answer is read.

use expression::{Expression, Shape};
use serde_json::Value;

use super::connector::Surroundings;
use super::scope::{self, record_shape};
use super::value::Values;
use super::{KEEP, address, body, contract, duration, header, http, job, pages, rule, shared};
use crate::codes;
use crate::family::Contract;
use crate::near;
use crate::operation::{Answers, Operation, WHOLE};
use crate::page::Spot;
use crate::raw::operation::{AnswersText, OperationText, PagesText};

/// Checks an operation, against its contract if it is one of the family's.
pub(crate) fn check(
    name: &str,
    text: &OperationText,
    contract: Option<&Contract>,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Operation {
    let mut outer = around.scope.common();
    for (input, schema) in shared::inputs(around, name, text) {
        let schema = around.family.schemas.get(schema);
        outer = outer.with(
            input,
            schema
                .map(|schema| schema.shape.clone())
                .unwrap_or_default(),
        );
    }
    if let Some(asked) = job::asked(around, name) {
        outer = outer.with(job::ROOT, asked);
    }
    let operation = compile(name, text, outer, around, spot);
    shared::looks_at_pages_alone(text, &operation, around, spot);
    match contract {
        // What it lacks is what it would have of the other one.
        _ if shared::is_lost(text) => {}
        Some(contract) => contract::check(text, contract, &operation, around, spot),
        None => contract::findable(text, operation.method, spot),
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
    if !text.before.0.is_empty() {
        // An operation may need the very setup that would wait for it.
        let message = format!("`setup.{name}` calls an operation first, which setup cannot");
        let hint = "make that a setup of its own, and use its record as `setup.NAME`".to_owned();
        spot.key("before")
            .key_error(codes::BEFORE_IN_SETUP, message, Some(hint));
    }
    if text.job.is_some() {
        let message = format!("`setup.{name}` waits for a job, which setup cannot");
        let hint = "find it out in one call, or by an operation of its own".to_owned();
        spot.key("job")
            .key_error(codes::BEFORE_IN_SETUP, message, Some(hint));
    }
    compile(name, text, around.scope.during_setup(), around, spot)
}

fn compile(
    name: &str,
    text: &OperationText,
    outer: Shape,
    around: &Surroundings<'_>,
    spot: &Spot<'_>,
) -> Operation {
    let errors_before = spot.errors();
    let (method, url) = address::of(text, spot);
    let mut outer = before(text, outer, around, spot);
    if let Some(job) = &text.job {
        outer = outer.with(job::ROOT, job::fetched(around, job, &spot.key("job")));
    }
    let sent = match &text.pages {
        Some(pages) => outer.clone().with("page", scope::page(pages)),
        None => outer.clone(),
    };
    let told = scope::told(&outer);
    let sending = Values::named(&sent, around.scripts);
    let instead = Values::named(&outer, around.scripts);
    let otherwise = text.otherwise.as_ref();
    let otherwise = otherwise.map(|value| instead.computed(value, &spot.key("otherwise")));
    let outer = outer.with("answer", scope::answer());
    let reading = Values::document(&Shape::Any, &outer, around.scripts);
    let outer_of_part = match &text.parts {
        Some(_) => outer.clone().with(WHOLE, Shape::Any),
        None => outer.clone(),
    };
    let record = Values::document(&Shape::Any, &outer_of_part, around.scripts);
    let at = spot.key(&method.as_str().to_lowercase());
    if let Some(url) = url {
        address::check(url, around, &at);
    }
    header::check(&text.headers, &spot.key("headers"));
    for (parameter, value) in &text.query.0 {
        around
            .secrets
            .refuse_in(&value.0, &spot.key("query").key(parameter));
    }
    pages::size_fits(text, spot);
    let items = text.items.as_ref();
    if text.parts.is_some() && items.is_none() {
        let message = "`parts` are parts of `items`, which are not given".to_owned();
        let hint = "say with `items` where the records are".to_owned();
        spot.key("parts")
            .key_error(codes::MISSING_ITEMS, message, Some(hint));
    }
    let operation = Operation {
        name: name.to_owned(),
        method,
        url: url.map_or_else(
            || Expression::constant(Value::Null),
            |url| sending.template(url, &at),
        ),
        anonymous: text.anonymous,
        entity: text.entity.clone(),
        query: sending.pairs(&text.query, &spot.key("query")),
        headers: sending.pairs(&text.headers, &spot.key("headers")),
        body: body::check(text, method, &sending, spot),
        answers: answers(text.answers),
        before: text
            .before
            .0
            .iter()
            .map(|(root, name)| (root.clone(), name.0.clone()))
            .collect(),
        needs: text.needs.0.iter().cloned().collect(),
        job: text
            .job
            .as_ref()
            .map(|job| job::check(job, around, &spot.key("job"))),
        keep: text
            .keep
            .as_ref()
            .map(|keep| duration(keep, KEEP, &spot.key("keep"))),
        pages: text
            .pages
            .as_ref()
            .and_then(|pages| pages::check(pages, &reading, &spot.key("pages"))),
        pages_of: text.pages_of.as_ref().map(|name| name.0.clone()),
        items: items.and_then(|path| reading.selector(path, &spot.key("items"))),
        parts: text
            .parts
            .as_ref()
            .and_then(|path| reading.selector(path, &spot.key("parts"))),
        counts: text
            .counts
            .as_ref()
            .map(|value| record.varying(&value.0, &spot.key("where"))),
        record: text
            .record
            .as_ref()
            .map(|value| record.computed(value, &spot.key("record"))),
        otherwise,
        errors: rule::check(&text.errors, &told, around, &spot.key("errors")),
        timeout: http::wait(text.timeout.as_ref(), around.timeout, &spot.key("timeout")),
        settle: http::wait(text.settle.as_ref(), around.settle, &spot.key("settle")),
        effect: false,
    };
    // An expression with a fault uses nothing, so that this would only echo it.
    if spot.errors() == errors_before && !spot.is_spoiled() {
        unused(text, &operation, around, spot);
    }
    operation
}

/// Adds the names that operations called before give.
fn before(text: &OperationText, outer: Shape, around: &Surroundings<'_>, spot: &Spot<'_>) -> Shape {
    let is_known = |name: &str| text.before.0.iter().any(|(root, _)| root == name);
    for (name, _) in text.needs.0.iter().filter(|(name, _)| !is_known(name)) {
        let message = format!("`{name}` is not called first, so nothing could be waited for");
        let names = text.before.0.iter().map(|(root, _)| root.as_str());
        let at = spot.key("needs").key(name);
        at.key_error(codes::UNKNOWN_OPERATION, message, near::hint(name, names));
    }
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

/// Reports what is made and not used: the records of operations called first, and the page, without
/// which the first one is read for ever.
fn unused(text: &OperationText, operation: &Operation, around: &Surroundings<'_>, spot: &Spot<'_>) {
    let (sent, read) = (operation.sent_roots(), operation.read_roots());
    for (root, _) in &text.before.0 {
        if !sent.contains(root.as_str()) && !read.contains(root.as_str()) {
            let message = format!("`{root}` is called first and never used");
            spot.key("before")
                .key(root)
                .key_warning(codes::UNUSED_BEFORE, message, None);
        }
    }
    if let Some(text) = &text.job
        && !sent.contains(job::ROOT)
        && !read.contains(job::ROOT)
        && !job::asks_for_it(around, &text.ask.0)
    {
        let message =
            "what the job is known by is never used, so any other one would do".to_owned();
        let hint = "ask by what `start` gave, such as `{{ job.start.id }}`".to_owned();
        spot.key("job")
            .key_warning(codes::UNUSED_JOB, message, Some(hint));
    }
    let asked_by = text.pages.as_ref().and_then(PagesText::asked_by);
    if let Some(field) = asked_by.filter(|field| !operation.sends("page", field)) {
        let message = "nothing asks for the next page, so that the first is read again".to_owned();
        let hint = format!("send what `page` gives, such as `$.page.{field}`");
        spot.key("pages")
            .key_error(codes::UNUSED_PAGE, message, Some(hint));
    }
}

const fn answers(text: Option<AnswersText>) -> Answers {
    match text {
        None => Answers::JsonOrEmpty,
        Some(AnswersText::Json) => Answers::Json,
        Some(AnswersText::JsonLines) => Answers::JsonLines,
        Some(AnswersText::Csv) => Answers::Csv,
        Some(AnswersText::Xml) => Answers::Xml,
        Some(AnswersText::Anything) => Answers::Anything,
    }
}
