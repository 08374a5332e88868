//! The simulated PSAs as one shape: what a demo or a test of the whole does to any of them.
//!
//! Whoever works through [`Psa`] knows no PSA by name: it is told which connector to use, what to
//! paste, which labels to choose, and looks at tickets in words that every PSA has. What only one
//! PSA has stays with its own handle.

mod tenants;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use async_trait::async_trait;

pub use self::tenants::{Tenant, Tenants};
use crate::faults::Fault;
use crate::serve::Running;
use crate::{Autotask, Books, Error, HaloPsa, Product, autotask, halopsa, product};

/// The name of the product's simulator.
const PRODUCT: &str = "product";

/// A ticket in words that every PSA has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketView {
    /// Its id as text.
    pub id: String,
    /// What people call it.
    pub number: String,
    /// The reference of whoever created it.
    pub reference: String,
    /// Title.
    pub title: String,
    /// Name of the company it is for.
    pub company: String,
    /// Label of its queue, board or team.
    pub queue: String,
    /// Label of its status.
    pub status: String,
    /// Whether it carries the mark of the product's tickets.
    pub marked: bool,
    /// Whether it is closed, by whichever status.
    pub closed: bool,
}

/// What to set in the `tickets` section, by the labels that people see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketSettings {
    /// Each setting with the label to choose.
    pub choose: Vec<(&'static str, &'static str)>,
    /// The queue that a new ticket must then be in.
    pub queue: &'static str,
    /// The status that a new ticket must then have.
    pub initial_status: &'static str,
    /// The status that closing a request must then give its ticket.
    pub closing_status: &'static str,
}

/// A simulated PSA.
#[async_trait]
pub trait Psa: Books + Send + Sync {
    /// The name of the connector for it.
    fn connector(&self) -> &'static str;

    /// Serves it at `address`; port 0 takes a free one.
    async fn serve(&self, address: SocketAddr) -> Result<Running, Error>;

    /// What the operator of an engine sets for all partners, when it is served at `url`.
    fn vendor(&self, url: &str) -> BTreeMap<String, String>;

    /// What a partner pastes, when it is served at `url`.
    fn credentials(&self, url: &str) -> BTreeMap<String, String>;

    /// The same with a wrong secret.
    fn wrong_credentials(&self, url: &str) -> BTreeMap<String, String>;

    /// What to set in the `tickets` section, and what must follow from it.
    fn ticket_settings(&self) -> TicketSettings;

    /// Whether the mark of the product's tickets has been made.
    fn has_mark(&self) -> bool;

    /// Names of the companies that tickets can be opened for.
    fn companies(&self) -> Vec<String>;

    /// Adds a company that tickets can be opened for.
    fn add_company(&self, name: &str);

    /// Every ticket.
    fn tickets(&self) -> Vec<TicketView>;

    /// Closes the ticket with that reference as a technician would.
    fn close_ticket(&self, reference: &str) -> Result<(), Error>;

    /// Lets every ticket that is closed be told to `url`.
    fn set_callout(&self, url: &str);

    /// How many callouts go to `url` when a ticket is closed.
    fn callouts_to(&self, url: &str) -> usize;

    /// Lets all callouts get lost that the next close of a ticket causes.
    fn lose_next_callout(&self);

    /// How many callouts were taken by whoever they went to.
    fn callouts_accepted(&self) -> usize;

    /// Lets the next creations of a ticket meet `fault`.
    fn fail_creations(&self, fault: Fault, times: u32);

    /// The HTTP status of every call that was to create a ticket, oldest first; of one whose
    /// answer got lost, the status it would have had.
    fn creation_calls(&self) -> Vec<u16>;

    /// What callers did that a good client never does, in words.
    fn violations(&self) -> Vec<String>;
}

/// The names of the simulated PSAs, as people type them.
pub fn psa_names() -> Vec<&'static str> {
    vec![autotask::psa::NAME, halopsa::psa::NAME]
}

/// The names of all simulators, as people type them.
pub fn names() -> Vec<&'static str> {
    let mut names = psa_names();
    names.push(PRODUCT);
    names
}

/// The PSA of that name, made from `seed`.
pub fn psa(name: &str, seed: u64) -> Option<Box<dyn Psa>> {
    match name {
        autotask::psa::NAME => Some(Box::new(Autotask::new(autotask::Config::seeded(seed)))),
        halopsa::psa::NAME => Some(Box::new(HaloPsa::new(halopsa::Config::seeded(seed)))),
        _ => None,
    }
}

/// Serves the simulator of that name, made from `seed`, at `address`. Gives it, and what a person
/// has to know to use it, line by line; none when there is no such simulator.
pub async fn serve_by_name(
    name: &str,
    seed: u64,
    address: SocketAddr,
) -> Result<Option<(Running, Vec<String>)>, Error> {
    if name == PRODUCT {
        let product = Product::new(product::Config {
            seed,
            ..product::Config::default()
        });
        let running = product.serve(address).await?;
        let guide = product_guide(&product, &running.url);
        return Ok(Some((running, guide)));
    }
    let Some(psa) = psa(name, seed) else {
        return Ok(None);
    };
    let running = psa.serve(address).await?;
    let guide = psa_guide(&*psa, &running.url);
    Ok(Some((running, guide)))
}

fn product_guide(product: &Product, url: &str) -> Vec<String> {
    vec![
        "Tell the engine where it is, with PUT /api/v1/partners/{partner}:".to_owned(),
        format!("  webhook url:    {url}/webhooks"),
        format!("  webhook secret: {}", product.secret()),
        "Or let the engine ask it. In the engine's configuration:".to_owned(),
        format!("  vendor: {{ defensx: {{ api_root: {url:?} }} }}"),
        "Credentials for an integration with `defensx`:".to_owned(),
        format!("  api_key: {:?}", product::API_KEY),
        format!("Sample customers: {url}/__simulator/samples/customers"),
        format!("Sample requests:  {url}/__simulator/samples/requests"),
        format!("What came in:     {url}/__simulator/received"),
    ]
}

fn psa_guide(psa: &dyn Psa, url: &str) -> Vec<String> {
    let connector = psa.connector();
    let pair =
        |indent: &str, (name, value): (&String, &String)| format!("{indent}{name}: {value:?}");
    let vendor = psa.vendor(url);
    let mut lines = vec![
        "In the engine's configuration:".to_owned(),
        format!("  trust: [{url}]"),
    ];
    if !vendor.is_empty() {
        lines.push("  vendor:".to_owned());
        lines.push(format!("    {connector}:"));
        lines.extend(vendor.iter().map(|one| pair("      ", one)));
    }
    lines.push(format!(
        "Credentials for an integration with `{connector}`:"
    ));
    lines.extend(psa.credentials(url).iter().map(|one| pair("  ", one)));
    lines.push(format!("Tickets:  {url}/__simulator/tickets"));
    lines.push(format!("Controls: {url}/__simulator"));
    lines
}
