//! Notices: where they go, and whether they are taken; and for how long things are kept. Who runs
//! the engine sets the address, because the product is told of closes there, too.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::Secret;
use runtime::{Error, FORMER_KEPT, Fault, NewPartner, NewWebhook, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Wrong, sentence};
use crate::shell::{Here, Shell, page, refused};

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    shell: Shell,
    /// Where notices go now; empty where they go nowhere.
    address: String,
    typed: String,
    fault: Option<Wrong>,
    /// Why a test notice was not taken.
    untaken: Option<String>,
    /// The key that the product verifies notices with, just after it was made.
    made: Option<String>,
    /// How long things are kept, in days where they are not counted.
    request_days: u64,
    exchange_days: u64,
    runs_kept: usize,
    former_days: u64,
}

/// What the page says beside what is so.
#[derive(Default)]
struct Told {
    typed: Option<String>,
    faults: Vec<Fault>,
    untaken: Option<String>,
    made: Option<String>,
}

pub(crate) async fn show(State(runtime): State<Runtime>, here: Here) -> Result<Response, Failure> {
    page(&notices_page(&runtime, &here, Told::default()))
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    here: Here,
    fields: Fields,
) -> Result<Response, Failure> {
    if fields.action() == "address" {
        return change(&runtime, here, &fields).await;
    }
    match runtime.send_test_notice(here.id()).await {
        Ok(()) => Ok(here.leave_for("notices", "notice_taken", 0)),
        Err(Error::Refused { message, .. }) => refused(&notices_page(
            &runtime,
            &here,
            Told {
                untaken: Some(sentence(&message)),
                ..Told::default()
            },
        )),
        // The address was taken away while the page was open; the page says so.
        Err(Error::Invalid { .. }) => Ok(here.leave_for("notices", "", 0)),
        Err(error) => Err(error.into()),
    }
}

async fn change(runtime: &Runtime, here: Here, fields: &Fields) -> Result<Response, Failure> {
    if here.visitor.scope().partner().is_some() {
        return Err(Failure::of_another_partner());
    }
    let typed = fields.text("address").map(str::to_owned);
    let webhook = typed.clone().map(|url| NewWebhook { url, secret: None });
    let before = here.partner.webhook.as_ref().map(|it| it.secret.clone());
    let new = NewPartner {
        id: here.id().clone(),
        name: here.partner.name.clone(),
        webhook,
    };
    match runtime.put_partner(new).await {
        Ok(partner) => {
            let secret = partner.webhook.as_ref().map(|it| it.secret.clone());
            let made = secret.filter(|secret| before.as_ref() != Some(secret));
            let here = here.with(partner);
            page(&notices_page(
                runtime,
                &here,
                Told {
                    made: made
                        .as_ref()
                        .map(|secret: &Secret| secret.expose().to_owned()),
                    ..Told::default()
                },
            ))
        }
        Err(Error::Invalid { faults }) => refused(&notices_page(
            runtime,
            &here,
            Told {
                typed,
                faults,
                ..Told::default()
            },
        )),
        Err(error) => Err(error.into()),
    }
}

fn notices_page(runtime: &Runtime, here: &Here, told: Told) -> NoticesPage {
    let kept = runtime.retention();
    let days = |span: Duration| span.as_secs() / Duration::from_hours(24).as_secs();
    let address = here.partner.webhook.as_ref().map(|it| it.url.clone());
    let address = address.unwrap_or_default();
    NoticesPage {
        shell: here.shell("Notices"),
        typed: told.typed.unwrap_or_else(|| address.clone()),
        address,
        fault: Wrong::at(&told.faults, "/webhook/url"),
        untaken: told.untaken,
        made: told.made,
        request_days: days(kept.requests),
        exchange_days: days(kept.exchanges.min(kept.requests)),
        runs_kept: kept.runs,
        former_days: days(FORMER_KEPT),
    }
}
