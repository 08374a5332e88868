//! The routes, one module per resource. Each is registered together with its documentation, so
//! that the OpenAPI document cannot miss one.

mod activity;
mod backup;
mod billing;
mod callouts;
mod credentials;
mod hold;
mod integrations;
mod issues;
mod mappings;
mod missed;
mod operation;
mod partners;
mod plans;
mod requests;
mod runs;
mod settings;
mod tokens;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

pub(crate) use missed::Routes;

/// The routes that take a bearer token.
pub(crate) fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(partners::list_partners))
        .routes(routes!(partners::read_partner, partners::put_partner))
        .routes(routes!(partners::send_test_notice))
        .routes(routes!(partners::list_customers, partners::put_customers))
        .routes(routes!(requests::list_requests, requests::report_request))
        .routes(routes!(requests::read_request))
        .routes(routes!(requests::read_exchanges))
        .routes(routes!(requests::close_request))
        .routes(routes!(requests::read_ledger))
        .routes(routes!(activity::find_requests))
        .routes(routes!(activity::replay_request))
        .routes(routes!(activity::read_fleet))
        .routes(routes!(integrations::list_connectors))
        .routes(routes!(integrations::test_connection))
        .routes(routes!(
            integrations::list_integrations,
            integrations::create_integration
        ))
        .routes(routes!(integrations::read_integration))
        .routes(routes!(credentials::put_credentials))
        .routes(routes!(credentials::put_spare, credentials::remove_spare))
        .routes(routes!(credentials::test_spare))
        .routes(routes!(credentials::use_spare))
        .routes(routes!(integrations::put_callout_credentials))
        .routes(routes!(integrations::rotate_callout))
        .routes(routes!(hold::pause_integration))
        .routes(routes!(hold::resume_integration))
        .routes(routes!(hold::disconnect_integration))
        .routes(routes!(hold::read_legs))
        .routes(routes!(settings::list_choices))
        .routes(routes!(settings::read_settings, settings::put_settings))
        .routes(routes!(
            settings::read_own_script,
            settings::put_own_script,
            settings::remove_own_script
        ))
        .routes(routes!(settings::preview_settings))
        .routes(routes!(settings::put_schedule))
        .routes(routes!(mappings::read_mappings, mappings::put_mappings))
        .routes(routes!(mappings::accept_suggestions))
        .routes(routes!(mappings::list_companies))
        .routes(routes!(billing::put_usage))
        .routes(routes!(billing::read_policy, billing::put_policy))
        .routes(routes!(billing::read_agreements, billing::put_agreements))
        .routes(routes!(billing::accept_agreements))
        .routes(routes!(billing::read_products, billing::put_products))
        .routes(routes!(billing::list_items))
        .routes(routes!(plans::read_plan))
        .routes(routes!(plans::read_report))
        .routes(routes!(plans::read_reconciliation))
        .routes(routes!(plans::read_reconciliation_report))
        .routes(routes!(plans::approve_lines))
        .routes(routes!(plans::dismiss_lines))
        .routes(routes!(plans::adjust_line))
        .routes(routes!(plans::apply_plan))
        .routes(routes!(plans::undo_changes))
        .routes(routes!(plans::settle_line))
        .routes(routes!(plans::explain_line))
        .routes(routes!(plans::read_users))
        .routes(routes!(plans::list_changes))
        .routes(routes!(runs::start_runs))
        .routes(routes!(runs::send_test_ticket))
        .routes(routes!(runs::list_runs))
        .routes(routes!(runs::read_run))
        .routes(routes!(runs::watch_run))
        .routes(routes!(issues::list_issues))
        .routes(routes!(issues::retry_issue))
        .routes(routes!(tokens::list_tokens, tokens::make_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(
            tokens::list_operator_tokens,
            tokens::make_operator_token
        ))
        .routes(routes!(tokens::revoke_operator_token))
        .routes(routes!(backup::read_backup))
        .routes(routes!(operation::read_metrics))
}

/// The routes that anyone may call.
pub(crate) fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(operation::read_document))
}

/// The open routes that are called all the time, by programs: in the log only when that fails. A
/// callout proves itself by its address.
pub(crate) fn frequent() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            callouts::take_posted_callout,
            callouts::take_queried_callout
        ))
        .routes(routes!(operation::report_alive))
        .routes(routes!(operation::report_ready))
}
