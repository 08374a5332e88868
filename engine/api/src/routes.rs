//! The routes, one module per resource. Each is registered together with its documentation, so
//! that the OpenAPI document cannot miss one.

mod callouts;
mod integrations;
mod issues;
mod mappings;
mod missed;
mod operation;
mod partners;
mod requests;
mod runs;
mod settings;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub(crate) use missed::Routes;

/// The routes that take a bearer token.
pub(crate) fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(partners::list_partners))
        .routes(routes!(partners::read_partner, partners::put_partner))
        .routes(routes!(partners::list_customers, partners::put_customers))
        .routes(routes!(requests::list_requests, requests::report_request))
        .routes(routes!(requests::read_request))
        .routes(routes!(requests::close_request))
        .routes(routes!(requests::read_ledger))
        .routes(routes!(integrations::list_connectors))
        .routes(routes!(integrations::test_connection))
        .routes(routes!(
            integrations::list_integrations,
            integrations::create_integration
        ))
        .routes(routes!(integrations::read_integration))
        .routes(routes!(integrations::put_credentials))
        .routes(routes!(integrations::put_callout_credentials))
        .routes(routes!(integrations::rotate_callout))
        .routes(routes!(settings::list_choices))
        .routes(routes!(settings::read_settings, settings::put_settings))
        .routes(routes!(settings::put_schedule))
        .routes(routes!(mappings::read_mappings, mappings::put_mappings))
        .routes(routes!(mappings::accept_suggestions))
        .routes(routes!(mappings::list_companies))
        .routes(routes!(runs::start_runs))
        .routes(routes!(runs::send_test_ticket))
        .routes(routes!(runs::list_runs))
        .routes(routes!(runs::read_run))
        .routes(routes!(issues::list_issues))
        .routes(routes!(issues::retry_issue))
        .routes(routes!(operation::read_metrics))
}

/// The routes that anyone may call. A callout proves itself by its address.
pub(crate) fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            callouts::take_posted_callout,
            callouts::take_queried_callout
        ))
        .routes(routes!(operation::report_alive))
        .routes(routes!(operation::report_ready))
        .routes(routes!(operation::read_document))
}
