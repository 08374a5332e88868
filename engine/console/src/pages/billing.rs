//! Billing: its switch, what the connector wants to know, and which agreement bills each company.
//!
//! One form, as people are told to fill it: toggle, settings, agreements, save. Agreements that do
//! not qualify are listed with the reason, because "it does not appear" is what people ask about.
//! Two more pages say what products are billed as (`products`), and how usage is counted and what
//! goes without asking (`policy`).

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::billing::AgreementChoice;
use model::request::id_text;
use runtime::{
    AgreementLine, BILLING_SECTION, Fault, Runtime, SectionChange, SectionForm, SectionView,
};
use serde_json::{Map, Value};

use crate::directory::Directory;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Field, Offered, Wrong, setting, typed_value};
use crate::list::List;
use crate::shell::{Shell, There, Way, page, refused};

mod line;
mod part;
pub(crate) mod policy;
pub(crate) mod products;

use line::{Line, chosen_field, of_product};

/// The part of the paths of these pages.
pub(crate) const PATH: &str = "billing";

#[derive(Template)]
#[template(path = "billing.html")]
struct BillingPage {
    shell: Shell,
    root: String,
    ways: Vec<Way>,
    /// What the connector's people call a company and an agreement, and several of them.
    company: String,
    agreement: String,
    /// What the section is called.
    title: String,
    on: bool,
    fields: Vec<Field>,
    list: List,
    lines: Vec<Line>,
    /// Whether the agreements were ever read.
    is_read: bool,
    /// How many companies have only one agreement that fits, and none chosen.
    likely: usize,
    /// What is wrong with no field in particular.
    wrong: Vec<Wrong>,
    any_wrong: bool,
}

/// What was typed, and what is wrong with it; nothing of both when a page is only looked at.
#[derive(Default)]
struct Typed {
    fields: Option<Fields>,
    faults: Vec<Fault>,
    /// By the names of fields.
    wrong: Vec<(String, Wrong)>,
}

/// The ways to the pages of billing.
pub(crate) fn ways(there: &There, current: &str) -> Vec<Way> {
    let agreements = format!("{}s", there.word("agreement"));
    let pages = [
        (agreements, PATH.to_owned()),
        ("Products".to_owned(), format!("{PATH}/products")),
        ("Counting and limits".to_owned(), format!("{PATH}/policy")),
    ];
    let way = |(label, path): (String, String)| Way {
        is_current: path == current,
        path: format!("{}/{path}", there.root()),
        label,
    };
    pages.map(way).into()
}

/// The section of the settings that billing has, if the connector can bill.
pub(crate) fn section(there: &There) -> Option<&SectionForm> {
    let mut sections = there.connector.sections.iter();
    sections.find(|section| section.name == BILLING_SECTION)
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    page(&made(&runtime, &there, Typed::default()).await?)
}

pub(crate) async fn save(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    if fields.action() == "accept" {
        let saved = runtime.accept_agreements(partner, id).await?;
        return Ok(there.leave_for(PATH, "agreements", saved));
    }
    let view = runtime.settings(partner, id, BILLING_SECTION).await?;
    let directory = Directory::read(&runtime, &there).await?;
    let mut typed = Typed::default();
    let values = typed.values(&view, &fields, &directory);
    let lines = runtime.agreement_mappings(partner, id).await?;
    let choices = typed.choices(&lines, &fields);
    if typed.wrong.is_empty() {
        let on = fields.get("on") == Some("on");
        let saved = if on == view.on && values == view.values {
            Ok(())
        } else {
            let change = SectionChange {
                on,
                values,
                rules: None,
            };
            let saved = runtime.put_settings(partner, id, BILLING_SECTION, change);
            saved.await.map(drop)
        };
        match saved {
            Ok(()) => {
                let count = choices.len();
                if count > 0 {
                    runtime.put_agreement_mappings(partner, id, choices).await?;
                }
                let said = if count > 0 { "agreements" } else { "billing" };
                return Ok(there.leave_for(PATH, said, count));
            }
            Err(runtime::Error::Invalid { faults }) => typed.faults = faults,
            Err(error) => return Err(error.into()),
        }
    }
    typed.fields = Some(fields);
    refused(&made(&runtime, &there, typed).await?)
}

impl Typed {
    /// The settings that the form gives.
    fn values(
        &mut self,
        view: &SectionView,
        fields: &Fields,
        directory: &Directory,
    ) -> Map<String, Value> {
        let mut values = Map::new();
        for form in &view.form.fields {
            let name = value_field(&form.name);
            match typed_value(form, fields, &name, directory) {
                Ok(value) => values.extend(value.map(|value| (form.name.clone(), value))),
                Err(wrong) => self.wrong.push((name, wrong)),
            }
        }
        values
    }

    /// The choices that the form changes. Lines that it does not show stay as they are.
    fn choices(&mut self, lines: &[AgreementLine], fields: &Fields) -> Vec<AgreementChoice> {
        let mut changed = Vec::new();
        for line in lines {
            let company = id_text(&line.company);
            let taken = fields.get("take") == Some(company.as_str());
            for product in std::iter::once(None).chain(of_product(line, fields)) {
                let name = chosen_field(&company, product.as_ref());
                let Some(typed) = fields.get(&name) else {
                    continue;
                };
                let offered = line
                    .suggestion
                    .as_ref()
                    .filter(|_| taken && product.is_none());
                let typed = offered.map_or_else(|| typed.to_owned(), id_text);
                let saved = line.chosen.iter().find(|one| one.product == product);
                let saved = saved.map(|one| id_text(&one.agreement)).unwrap_or_default();
                if typed == saved {
                    continue;
                }
                match agreement(line, &typed) {
                    Ok(agreement) => changed.push(AgreementChoice {
                        company: line.company.clone(),
                        product,
                        agreement,
                    }),
                    Err(wrong) => self.wrong.push((name, wrong)),
                }
            }
        }
        changed
    }
}

/// The agreement that was chosen for a company; null for none.
fn agreement(line: &AgreementLine, typed: &str) -> Result<Value, Wrong> {
    if typed.is_empty() {
        return Ok(Value::Null);
    }
    let mut options = line.options.iter();
    let found = options.find(|option| id_text(&option.agreement.id) == typed);
    let wrong = match found.map(|option| (&option.agreement, &option.unfit)) {
        Some((agreement, None)) => return Ok(agreement.id.clone()),
        Some((agreement, Some(why))) => format!("{} {why}.", agreement.name),
        None => format!("{} has no such agreement.", line.company_name),
    };
    Err(Wrong {
        message: wrong,
        hint: Some("Choose one of those that qualify.".to_owned()),
    })
}

fn value_field(setting: &str) -> String {
    format!("values.{setting}")
}

async fn made(runtime: &Runtime, there: &There, typed: Typed) -> Result<BillingPage, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let mut view = runtime.settings(partner, id, BILLING_SECTION).await?;
    let directory = Directory::read(runtime, there).await?;
    if let Some(fields) = &typed.fields {
        view.on = fields.get("on") == Some("on");
        view.values = Typed::default().values(&view, fields, &directory);
    }
    let offered = Offered::read(runtime, there, &view.form.fields, directory).await;
    let wrong_with = |name: &str| {
        let found = typed.wrong.iter().find(|(known, _)| known == name);
        found.map(|(_, wrong)| wrong.clone())
    };
    let mut fields = Vec::new();
    for form in &view.form.fields {
        let name = value_field(&form.name);
        let fault = wrong_with(&name);
        let fault = fault.or_else(|| Wrong::at(&typed.faults, &format!("/values/{}", form.name)));
        let field = setting(form, name, view.values.get(&form.name), None, &offered);
        fields.push(Field {
            fault: fault.or(field.fault),
            ..field
        });
    }
    let mut all = runtime.agreement_mappings(partner, id).await?;
    all.sort_by_cached_key(|line| line.company_name.to_lowercase());
    // While billing is off nothing reads them; a plan comes of the first reading.
    let is_read = all.iter().any(|line| !line.options.is_empty())
        || runtime.plan(partner, id).await?.plan.is_some();
    let products = runtime.product_mappings(partner, id).await?;
    let products: Vec<_> = products.into_iter().map(|line| line.product).collect();
    let likely = all.iter().filter(|line| line.suggestion.is_some()).count();
    let path = format!("{}/{PATH}", there.root());
    let what = there.word("companies").to_lowercase();
    let (list, shown) = List::of(there.here.query(), path, &what, all);
    let lines = shown
        .iter()
        .map(|line| Line::new(line, &products, typed.fields.as_ref(), &wrong_with));
    let placed = |fault: &&Fault| !fault.pointer.starts_with("/values/");
    Ok(BillingPage {
        shell: there.shell(view.form.title.clone()),
        root: there.root(),
        ways: ways(there, PATH),
        company: there.word("company").to_owned(),
        agreement: there.word("agreement").to_owned(),
        title: view.form.title,
        on: view.on,
        fields,
        lines: lines.collect(),
        list,
        is_read,
        likely,
        wrong: typed
            .faults
            .iter()
            .filter(placed)
            .map(Wrong::from)
            .collect(),
        any_wrong: !typed.faults.is_empty() || !typed.wrong.is_empty(),
    })
}
