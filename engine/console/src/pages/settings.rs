//! Settings: credentials, how often things run, and holding the integration.
//!
//! What a person does with credentials is in `credentials`: in short, none is put to use that was
//! not found to work a moment before, so that a typing error stops nothing.

mod credentials;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::Held;
use runtime::{Error, Fault, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Wrong, often};
use crate::moment::Moment;
use crate::shell::{Shell, There, page, refused};

use credentials::{Credentials, Rejected};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    title: String,
    credentials: Credentials,
    schedule: Vec<Every>,
    hold: Hold,
}

/// How often one pipeline runs.
struct Every {
    name: String,
    title: String,
    value: String,
    /// The same in words.
    often: String,
    next_at: Option<Moment>,
    fault: Option<Wrong>,
}

/// Whether the integration is held.
struct Hold {
    is_paused: bool,
    is_disconnected: bool,
    since: Option<Moment>,
    /// Whether disconnecting was asked for without saying that it is meant.
    unconfirmed: bool,
}

/// What was wrong with the form that was sent.
#[derive(Default)]
struct Refusal {
    faults: Vec<Fault>,
    rejected: Option<Rejected>,
    unconfirmed: bool,
}

pub(crate) async fn show(there: There) -> Result<Response, Failure> {
    page(&settings_page(
        &there,
        &Fields::default(),
        Refusal::default(),
    ))
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    there: There,
    fields: Fields,
) -> Result<Response, Failure> {
    let (partner, id) = (there.here.id(), there.id());
    let said = match fields.action() {
        "credentials" | "spare" | "spare_test" | "spare_use" | "spare_remove" => {
            return credentials::send(&runtime, &there, &fields).await;
        }
        "schedule" => {
            let changed = runtime.put_schedule(partner, id, schedule(&there, &fields));
            match changed.await {
                Ok(_) => "schedule",
                Err(Error::Invalid { faults }) => {
                    let refusal = Refusal {
                        faults,
                        ..Refusal::default()
                    };
                    return refused(&settings_page(&there, &fields, refusal));
                }
                Err(error) => return Err(error.into()),
            }
        }
        "pause" => runtime.pause(partner, id).await.map(|_| "paused")?,
        "resume" => runtime.resume(partner, id).await.map(|_| "resumed")?,
        "disconnect" if fields.get("meant") == Some("yes") => {
            let gone = runtime.disconnect(partner, id);
            gone.await.map(|_| "disconnected")?
        }
        "disconnect" => {
            let refusal = Refusal {
                unconfirmed: true,
                ..Refusal::default()
            };
            return refused(&settings_page(&there, &fields, refusal));
        }
        _ => return Err(Failure::no_such_page()),
    };
    Ok(there.leave_for("connection", said, 0))
}

/// The spans that differ from how often things run now; an empty one is left as it is.
fn schedule(there: &There, fields: &Fields) -> BTreeMap<String, String> {
    let typed = fields.below("every.").into_iter();
    let typed = typed.map(|(name, span)| (name.to_owned(), span.trim().to_owned()));
    let known = there.integration.schedule.iter();
    let known = known.map(|line| (line.pipeline.clone(), line.every.clone()));
    let mut all: BTreeMap<String, String> = known.collect();
    all.extend(typed.filter(|(_, span)| !span.is_empty()));
    all
}

fn settings_page(there: &There, typed: &Fields, refusal: Refusal) -> SettingsPage {
    let faults = &refusal.faults;
    let held = there.integration.held;
    let since = held.map(|(Held::Paused { at } | Held::Disconnected { at })| at.into());
    let lines = there.integration.schedule.iter();
    SettingsPage {
        shell: there.shell("Settings"),
        title: there.connector.title.clone(),
        credentials: Credentials::of(there, typed, faults, refusal.rejected),
        schedule: lines
            .map(|line| {
                let name = format!("every.{}", line.pipeline);
                Every {
                    title: line.title.clone(),
                    often: often(&line.every),
                    value: typed.get(&name).unwrap_or(&line.every).to_owned(),
                    next_at: line.next_at.map(Moment::from),
                    fault: Wrong::at(faults, &format!("/{}", line.pipeline)),
                    name,
                }
            })
            .collect(),
        hold: Hold {
            is_paused: matches!(held, Some(Held::Paused { .. })),
            is_disconnected: matches!(held, Some(Held::Disconnected { .. })),
            since,
            unconfirmed: refusal.unconfirmed,
        },
    }
}
