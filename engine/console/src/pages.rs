//! The pages: a module for each, and here where they are and how one leads to another.

use axum::Router;
use axum::routing::{get, post};
use runtime::BILLING_SECTION;

use crate::failure::Failure;
use crate::shell::There;
use crate::{App, assets};

mod activity;
mod billing;
mod create;
mod integrations;
mod issues;
mod mapping;
mod notices;
mod partners;
mod plan;
mod provider;
mod section;
mod settings;
pub(crate) mod sign_in;
mod status;
mod tokens;

/// Where the way out is.
pub(crate) const SIGN_OUT: &str = "/sign-out";

/// The pages of a partner, in the order of the menu: what it says, and the part of the path.
pub(crate) const PARTNER_PAGES: [(&str, &str); 6] = [
    ("Integrations", "integrations"),
    ("Billing", plan::overview::PATH),
    ("Issues", "issues"),
    ("Activity", "activity"),
    ("Notices", "notices"),
    ("Tokens", "tokens"),
];

/// The pages of an integration, in the order in which it is set up: what the tab says, and the part
/// of the path.
pub(crate) fn tabs(there: &There) -> Vec<(String, String)> {
    let mut tabs = Vec::new();
    if there.connector.maps_companies {
        let mapping = format!("{} Mapping", there.word("company"));
        tabs.push((mapping, "mapping".to_owned()));
    }
    let sections = there.connector.sections.iter();
    let others = sections.filter(|section| section.name != BILLING_SECTION);
    tabs.extend(others.map(|one| (one.title.clone(), format!("settings/{}", one.name))));
    if let Some(section) = billing::section(there) {
        tabs.push((section.title.clone(), billing::PATH.to_owned()));
        tabs.push(("Reconciliation".to_owned(), "reconciliation".to_owned()));
    }
    tabs.extend(
        [("Status", "status"), ("Settings", "connection")]
            .map(|(label, part)| (label.to_owned(), part.to_owned())),
    );
    tabs
}

/// The pages that anyone may see.
pub(crate) fn open() -> Router<App> {
    Router::new()
        .route("/", get(sign_in::home))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route(provider::BEGIN, get(provider::begin))
        .route(provider::BACK, get(provider::end))
        .route("/assets/{name}", get(assets::read_asset))
}

/// The pages that need a session.
pub(crate) fn guarded() -> Router<App> {
    let integration = Router::new()
        .route("/", get(integrations::open))
        .route("/mapping", get(mapping::show).post(mapping::save))
        .route("/mapping/accept", post(mapping::accept))
        .route("/mapping.csv", get(mapping::table::download))
        .route(
            "/mapping/import",
            get(mapping::table::show).post(mapping::table::send),
        )
        .route("/companies", get(mapping::companies))
        .route(
            "/settings/{section}",
            get(section::show).post(section::send),
        )
        .route(
            "/settings/{section}/script",
            get(section::own_script::show).post(section::own_script::send),
        )
        .route("/test-tickets", post(section::test_ticket::send))
        .route("/test-tickets/{run}", get(section::test_ticket::show))
        .route("/status", get(status::show).post(status::send))
        .route("/runs/{run}/events", get(status::watch))
        .route("/connection", get(settings::show).post(settings::send))
        .merge(money());
    let partner = Router::new()
        .route("/", get(integrations::start))
        .route("/integrations", get(integrations::show))
        .route(
            "/integrations/new/{connector}",
            get(create::show).post(create::send),
        )
        .nest("/integrations/{integration}", integration)
        .route("/reconciliation", get(plan::overview::show))
        .route("/reconciliation.csv", get(plan::overview::report))
        .route("/issues", get(issues::show).post(issues::send))
        .route("/activity", get(activity::show))
        .route(
            "/activity/{request}",
            get(activity::show_request).post(activity::replay),
        )
        .route("/notices", get(notices::show).post(notices::send))
        .route("/tokens", get(tokens::show).post(tokens::send))
        .route("/{*rest}", get(missing).post(missing));
    Router::new()
        .route(SIGN_OUT, post(sign_in::sign_out))
        .route("/partners", get(partners::show))
        .route(
            "/tokens",
            get(tokens::show_operators).post(tokens::send_operators),
        )
        .route(
            "/issues",
            get(issues::fleet::show).post(issues::fleet::send),
        )
        .nest("/partners/{partner}", partner)
}

/// The pages of an integration that are about money.
fn money() -> Router<App> {
    Router::new()
        .route("/billing", get(billing::show).post(billing::save))
        .route(
            "/billing/products",
            get(billing::products::show).post(billing::products::save),
        )
        .route(
            "/billing/policy",
            get(billing::policy::show).post(billing::policy::save),
        )
        .route("/reconciliation", get(plan::show).post(plan::send))
        .route("/reconciliation/report.csv", get(plan::report))
        .route("/reconciliation/live", get(plan::live::follow))
        .route(
            "/reconciliation/changes",
            get(plan::changes::show).post(plan::changes::undo),
        )
        .route(
            "/reconciliation/lines/{line}",
            get(plan::explain::show).post(plan::explain::settle),
        )
        .route(
            "/reconciliation/lines/{line}/users.csv",
            get(plan::explain::users),
        )
}

async fn missing() -> Failure {
    Failure::no_such_page()
}
