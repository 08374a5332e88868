//! The mapping as a table for spreadsheets, out and in.
//!
//! What goes out can come in again. A table changes those customers only that it names, and of them
//! those that it says something else about; if one line of it cannot be taken, none is.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use model::sheet::{self, Sheet};
use runtime::{MappingChange, MappingLine, Runtime};
use serde_json::Value;

use crate::directory::{Directory, id_text};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::shell::{Shell, There, page, refused};

/// The columns of the table that goes out. `customer_id` and one of the company's are enough for
/// one that comes in.
const COLUMNS: [&str; 10] = [
    "customer_id",
    "customer",
    "company_id",
    "company",
    "ignored",
    "tickets",
    "billing",
    "suggestion_id",
    "suggestion",
    "score",
];

/// How many lines that cannot be taken are listed.
const LISTED_MAX: usize = 50;

#[derive(Template)]
#[template(path = "mapping_import.html")]
struct ImportPage {
    shell: Shell,
    root: String,
    text: String,
    /// Lines that cannot be taken, with why.
    wrong: Vec<(usize, Wrong)>,
}

pub(crate) async fn download(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    let lines = runtime
        .company_mappings(there.here.id(), there.id())
        .await?;
    let mut sheet = Sheet::new(&COLUMNS);
    for line in &lines {
        sheet.row(fields(line));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"mapping.csv\"",
        ),
    ];
    Ok((headers, sheet.into_text()).into_response())
}

fn fields(line: &MappingLine) -> [String; 10] {
    let company = line.company.as_ref();
    let suggestion = line.suggestion.as_ref();
    let name = |company: Option<&runtime::CompanyRef>| {
        company.map(|one| one.name.clone()).unwrap_or_default()
    };
    let suggested = suggestion.map(|one| &one.company);
    [
        line.customer.id.to_string(),
        line.customer.name.clone(),
        company.map(id_text).unwrap_or_default(),
        name(company),
        if line.ignored { "yes" } else { "" }.to_owned(),
        tick(line, line.ticks.tickets),
        tick(line, line.ticks.billing),
        suggested.map(id_text).unwrap_or_default(),
        name(suggested),
        suggestion
            .map(|one| one.score.to_string())
            .unwrap_or_default(),
    ]
}

/// A tick in the table; only a customer with a company has any.
fn tick(line: &MappingLine, on: bool) -> String {
    let text = if on { "yes" } else { "no" };
    line.company.as_ref().map_or("", |_| text).to_owned()
}

pub(crate) async fn show(there: There) -> Result<Response, Failure> {
    page(&made(&there, String::new(), Vec::new()))
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let text = fields.get("table").unwrap_or_default();
    let lines = runtime.company_mappings(partner, id).await?;
    let directory = Directory::read(&runtime, &there).await?;
    let changes = match changes(text, &lines, &directory) {
        Ok(changes) => changes,
        Err(mut wrong) => {
            wrong.truncate(LISTED_MAX);
            return refused(&made(&there, text.to_owned(), wrong));
        }
    };
    let count = changes.len();
    runtime.put_company_mappings(partner, id, changes).await?;
    Ok(there.leave_for("mapping", "imported", count))
}

fn made(there: &There, text: String, wrong: Vec<(usize, Wrong)>) -> ImportPage {
    ImportPage {
        shell: there.shell("Import a mapping"),
        root: there.root(),
        text,
        wrong,
    }
}

/// What the table changes, or every line of it that cannot be taken.
fn changes(
    text: &str,
    lines: &[MappingLine],
    directory: &Directory,
) -> Result<Vec<MappingChange>, Vec<(usize, Wrong)>> {
    let mut rows = sheet::read(text).into_iter();
    let heading = rows.next().map(|(_, heading)| heading).unwrap_or_default();
    let place = |name: &str| {
        heading
            .iter()
            .position(|one| one.eq_ignore_ascii_case(name))
    };
    let (id, name) = (place("company_id"), place("company"));
    let Some(customer) = place("customer_id").filter(|_| id.is_some() || name.is_some()) else {
        let message = "The first line must name the columns, customer_id and company_id (or \
                       company) among them.";
        return Err(vec![(1, wrong(message))]);
    };
    let known: HashMap<&str, &MappingLine> = lines
        .iter()
        .map(|line| (line.customer.id.as_str(), line))
        .collect();
    let (mut changes, mut found) = (Vec::new(), Vec::new());
    for (number, row) in rows {
        let field = |place: Option<usize>| {
            let field = place.and_then(|place| row.get(place));
            field.map(String::as_str).unwrap_or_default()
        };
        let Some(line) = known.get(field(Some(customer))) else {
            let message = format!("There is no customer {}.", field(Some(customer)));
            found.push((number, wrong(&message)));
            continue;
        };
        let ignore = yes_or_no(field(place("ignored"))).ok().flatten() == Some(true);
        let ticks = ["tickets", "billing"].map(|name| yes_or_no(field(place(name))));
        let [Ok(tickets), Ok(billing)] = ticks else {
            found.push((number, wrong("A tick is yes or no, or left empty.")));
            continue;
        };
        let texts = [field(id), field(name)];
        let named = texts.into_iter().find(|text| !text.is_empty() && !ignore);
        match named.map(|text| directory.find(text)).transpose() {
            Ok(None) if !ignore && [tickets, billing].contains(&Some(false)) => {
                found.push((number, wrong("A tick needs a company.")));
            }
            Ok(company) => {
                let ticks = [tickets, billing].map(|tick| tick.filter(|_| company.is_some()));
                changes.extend(change(line, company, ignore, ticks));
            }
            Err(one) => found.push((number, one)),
        }
    }
    if found.is_empty() {
        Ok(changes)
    } else {
        Err(found)
    }
}

/// What a line changes, if anything.
fn change(
    line: &MappingLine,
    company: Option<String>,
    ignore: bool,
    [tickets, billing]: [Option<bool>; 2],
) -> Option<MappingChange> {
    let is_same = line.ignored == ignore
        && line.company.as_ref().map(id_text) == company
        && tickets.is_none_or(|tick| tick == line.ticks.tickets)
        && billing.is_none_or(|tick| tick == line.ticks.billing);
    (!is_same).then(|| MappingChange {
        customer: line.customer.id.clone(),
        company: company.map(Value::String),
        ignore,
        tickets,
        billing,
    })
}

/// What a field says; nothing where it is empty.
fn yes_or_no(field: &str) -> Result<Option<bool>, ()> {
    match field.trim().to_lowercase().as_str() {
        "" => Ok(None),
        "yes" | "true" | "1" => Ok(Some(true)),
        "no" | "false" | "0" => Ok(Some(false)),
        _ => Err(()),
    }
}

fn wrong(message: &str) -> Wrong {
    Wrong {
        message: message.to_owned(),
        hint: None,
    }
}
