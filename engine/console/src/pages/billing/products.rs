//! What each product is billed as: an item that the PSA has, one that is made when it is first
//! billed, or nothing; and otherwise for single customers.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::billing::{Decimal, ItemTarget, ProductMapping};
use model::request::id_text;
use model::{Customer, CustomerId, ProductId};
use runtime::{ProductLine, Runtime};
use serde_json::Value;

use super::{PATH, ways};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::Wrong;
use crate::limits::PRODUCTS_PER_PAGE;
use crate::list::{Filter, List, Listed};
use crate::shell::{Shell, There, Way, page, refused};

/// What a box sends for an item that is to be made, and for what is not billed. Items are sent by
/// their ids behind [`ITEM`].
const CREATE: &str = "create";
const NOT_BILLED: &str = "none";
const ITEM: &str = "item ";

#[derive(Template)]
#[template(path = "products.html")]
struct ProductsPage {
    shell: Shell,
    ways: Vec<Way>,
    title: String,
    list: List,
    products: Vec<ProductView>,
    /// Names to write, for customers that are billed otherwise.
    customers: Vec<String>,
    has_items: bool,
    any_wrong: bool,
}

impl Listed for ProductLine {
    const FILTERS: &'static [Filter<Self>] = &[
        Filter {
            name: "all",
            label: "All",
            takes: |_| true,
        },
        Filter {
            name: "open",
            label: "To decide",
            takes: |line| line.mapping.is_none(),
        },
        Filter {
            name: "billed",
            label: "Billed",
            takes: |line| is_billed(line) == Some(true),
        },
        Filter {
            name: "not_billed",
            label: "Not billed",
            takes: |line| is_billed(line) == Some(false),
        },
    ];
    const PER_PAGE: usize = PRODUCTS_PER_PAGE;

    fn words(&self) -> Vec<&str> {
        vec![self.product.as_str()]
    }
}

fn is_billed(line: &ProductLine) -> Option<bool> {
    let mapping = line.mapping.as_ref()?;
    Some(mapping.target != ItemTarget::NotBilled)
}

/// One product.
struct ProductView {
    id: String,
    customers: usize,
    target: TargetView,
    others: Vec<OtherView>,
    has_others: bool,
}

/// What it is billed as for one customer.
struct OtherView {
    name: String,
    customer: String,
    wrong: Option<Wrong>,
    target: TargetView,
}

/// A box in which it is chosen what a product is billed as.
struct TargetView {
    name: String,
    /// What is sent and what is read, and whether it is the one.
    options: Vec<(String, String, bool)>,
    typed: Typed,
    wrong: Option<Wrong>,
}

/// What is in the fields of a box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Typed {
    choice: String,
    item_name: String,
    price: String,
}

/// What the page is made from.
struct Known {
    lines: Vec<ProductLine>,
    items: BTreeMap<String, Value>,
    customers: Vec<Customer>,
}

impl Known {
    async fn read(runtime: &Runtime, there: &There) -> Result<Self, Failure> {
        let (partner, id) = (there.here.id(), there.id());
        Ok(Self {
            lines: runtime.product_mappings(partner, id).await?,
            items: runtime.items(partner, id).await?,
            customers: runtime.customers(partner).await?,
        })
    }

    fn name_of(&self, id: &CustomerId) -> String {
        let found = self.customers.iter().find(|one| one.id == *id);
        found.map_or_else(|| id.to_string(), |one| one.name.clone())
    }

    /// The customer that is called `text`, or has it as its id.
    fn customer(&self, text: &str) -> Result<CustomerId, Wrong> {
        let wanted = text.to_lowercase();
        let named = |one: &&Customer| one.name.to_lowercase() == wanted;
        let by_id = self.customers.iter().find(|one| one.id.as_str() == text);
        let mut by_name = self.customers.iter().filter(named);
        match (by_id, by_name.next(), by_name.next()) {
            (Some(one), ..) | (None, Some(one), None) => Ok(one.id.clone()),
            (None, Some(_), Some(_)) => Err(Wrong {
                message: "Several customers have this name.".to_owned(),
                hint: Some("Write the customer's id instead.".to_owned()),
            }),
            (None, None, _) => Err(Wrong {
                message: "There is no customer of this name or id.".to_owned(),
                hint: None,
            }),
        }
    }
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    there: There,
) -> Result<Response, Failure> {
    let known = Known::read(&runtime, &there).await?;
    page(&made(&there, &known, None, &BTreeMap::new()))
}

pub(crate) async fn save(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let known = Known::read(&runtime, &there).await?;
    let (mut changed, mut wrong) = (Vec::new(), BTreeMap::new());
    for line in &known.lines {
        match mapping(&known, line, &fields, &mut wrong) {
            Some(mapping) if line.mapping.as_ref() != Some(&mapping) => changed.push(mapping),
            _ => {}
        }
    }
    if !wrong.is_empty() {
        return refused(&made(&there, &known, Some(&fields), &wrong));
    }
    let (partner, id) = (there.here.id(), there.id());
    let count = changed.len();
    if count > 0 {
        runtime.put_product_mappings(partner, id, changed).await?;
    }
    Ok(there.leave_for(&format!("{PATH}/products"), "products", count))
}

/// What the form says of a product; none while nobody has said it. Mistakes go to `wrong`, by the
/// names of the fields.
fn mapping(
    known: &Known,
    line: &ProductLine,
    fields: &Fields,
    wrong: &mut BTreeMap<String, Wrong>,
) -> Option<ProductMapping> {
    let name = target_field(&line.product);
    fields.get(&name)?;
    let mut target_of = |name: &str| {
        let target = target(known, &Typed::read(fields, name));
        target.unwrap_or_else(|found| {
            wrong.insert(name.to_owned(), found);
            None
        })
    };
    let target = target_of(&name);
    let mut others = Vec::new();
    for name in other_fields(&line.product, fields) {
        let customer = fields.text(&name);
        let target = target_of(&format!("{name}.target"));
        others.push((name, customer, target));
    }
    let mut overrides = BTreeMap::new();
    for (name, customer, target) in others {
        let found = match (customer, target) {
            (Some(customer), Some(target)) => match known.customer(customer) {
                Ok(customer) if overrides.contains_key(&customer) => {
                    "This customer is named twice."
                }
                Ok(customer) => {
                    overrides.insert(customer, target);
                    continue;
                }
                Err(found) => {
                    wrong.insert(name, found);
                    continue;
                }
            },
            (None, Some(_)) => "Which customer is it for?",
            (Some(_) | None, None) => continue,
        };
        let message = found.to_owned();
        wrong.insert(
            name,
            Wrong {
                message,
                hint: None,
            },
        );
    }
    let is_unsaid = target.is_none() && !wrong.contains_key(&target_field(&line.product));
    if is_unsaid && (line.mapping.is_some() || !overrides.is_empty()) {
        let message = "Say what it is billed as; it can be “Not billed”.".to_owned();
        wrong.insert(
            name,
            Wrong {
                message,
                hint: None,
            },
        );
    }
    Some(ProductMapping {
        product: line.product.clone(),
        target: target?,
        overrides,
    })
}

/// What a box says; nothing if nothing is chosen.
fn target(known: &Known, typed: &Typed) -> Result<Option<ItemTarget>, Wrong> {
    let wrong = |message: &str| Wrong {
        message: message.to_owned(),
        hint: None,
    };
    match typed.choice.as_str() {
        "" => Ok(None),
        NOT_BILLED => Ok(Some(ItemTarget::NotBilled)),
        CREATE if typed.item_name.is_empty() => Err(wrong("What is made needs a name.")),
        CREATE => {
            let price = Decimal::parse(&typed.price).filter(|price| !price.is_negative());
            let price = price.ok_or_else(|| wrong("A price is a number such as 4.50."))?;
            let name = typed.item_name.clone();
            Ok(Some(ItemTarget::Create { name, price }))
        }
        choice => {
            let item = choice.strip_prefix(ITEM).and_then(|id| known.items.get(id));
            let id = item.and_then(|item| item.get("id")).cloned();
            let id = id.ok_or_else(|| wrong("This is no more there. Choose another."))?;
            Ok(Some(ItemTarget::Item(id)))
        }
    }
}

fn target_field(product: &ProductId) -> String {
    format!("target.{product}")
}

fn other_field(product: &ProductId, number: usize) -> String {
    format!("other.{product}.{number}")
}

/// The boxes of a product for single customers.
fn other_fields<'a>(
    product: &'a ProductId,
    fields: &'a Fields,
) -> impl Iterator<Item = String> + 'a {
    let names = (0..).map(|number| other_field(product, number));
    names.take_while(|name| fields.get(name).is_some())
}

impl Typed {
    fn read(fields: &Fields, name: &str) -> Self {
        let text = |name: &str| fields.text(name).unwrap_or_default().to_owned();
        Self {
            choice: text(name),
            item_name: text(&format!("{name}.name")),
            price: text(&format!("{name}.price")),
        }
    }

    fn saved(target: Option<&ItemTarget>) -> Self {
        let choice = |choice: String| Self {
            choice,
            ..Self::default()
        };
        match target {
            None => Self::default(),
            Some(ItemTarget::NotBilled) => choice(NOT_BILLED.to_owned()),
            Some(ItemTarget::Item(id)) => choice(format!("{ITEM}{}", id_text(id))),
            Some(ItemTarget::Create { name, price }) => Self {
                choice: CREATE.to_owned(),
                item_name: name.clone(),
                price: price.to_string(),
            },
        }
    }
}

impl TargetView {
    fn new(known: &Known, name: String, typed: Typed, wrong: Option<Wrong>) -> Self {
        let is_active = |item: &Value| item.get("active") != Some(&Value::Bool(false));
        let items = known.items.iter().filter_map(|(id, item)| {
            let (value, name) = (format!("{ITEM}{id}"), item.get("name").map(id_text));
            let is_chosen = value == typed.choice;
            let name = name.unwrap_or_else(|| id.clone());
            (is_active(item) || is_chosen).then_some((value, name, is_chosen))
        });
        let mut options: Vec<_> = items.collect();
        options.sort_by_cached_key(|(_, name, _)| name.to_lowercase());
        Self {
            name,
            options,
            typed,
            wrong,
        }
    }

    fn is(&self, choice: &str) -> bool {
        self.typed.choice == choice
    }
}

fn made(
    there: &There,
    known: &Known,
    fields: Option<&Fields>,
    wrong: &BTreeMap<String, Wrong>,
) -> ProductsPage {
    let target = |name: String, saved: Option<&ItemTarget>| {
        let typed = fields.filter(|fields| fields.get(&name).is_some());
        let typed = typed.map_or_else(|| Typed::saved(saved), |fields| Typed::read(fields, &name));
        let wrong = wrong.get(&name).cloned();
        TargetView::new(known, name, typed, wrong)
    };
    let product = |line: &ProductLine| {
        let saved = line.mapping.as_ref();
        let saved_others = saved.into_iter().flat_map(|mapping| &mapping.overrides);
        let saved_others: Vec<_> = saved_others.collect();
        let typed = fields.map_or(0, |fields| other_fields(&line.product, fields).count());
        let other = |number: usize| {
            let name = other_field(&line.product, number);
            let saved = saved_others.get(number);
            let customer = match fields.and_then(|fields| fields.get(&name)) {
                Some(typed) => typed.to_owned(),
                None => saved.map(|(id, _)| known.name_of(id)).unwrap_or_default(),
            };
            OtherView {
                customer,
                wrong: wrong.get(&name).cloned(),
                target: target(format!("{name}.target"), saved.map(|(_, target)| *target)),
                name,
            }
        };
        // One more than there are, to write another one into.
        let others = (0..typed.max(saved_others.len() + 1)).map(other);
        ProductView {
            target: target(target_field(&line.product), saved.map(|one| &one.target)),
            others: others.collect(),
            has_others: !saved_others.is_empty()
                || wrong
                    .keys()
                    .any(|name| name.starts_with(&other_prefix(&line.product))),
            id: line.product.to_string(),
            customers: line.customers,
        }
    };
    let path = format!("{}/{PATH}/products", there.root());
    let (list, shown) = List::of(there.here.query(), path, "products", known.lines.clone());
    ProductsPage {
        shell: there.shell("Products"),
        ways: ways(there, &format!("{PATH}/products")),
        title: there.integration.title.clone(),
        products: shown.iter().map(product).collect(),
        list,
        customers: known.customers.iter().map(|one| one.name.clone()).collect(),
        has_items: !known.items.is_empty(),
        any_wrong: !wrong.is_empty(),
    }
}

fn other_prefix(product: &ProductId) -> String {
    format!("other.{product}.")
}
