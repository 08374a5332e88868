//! Settings: credentials, how often things run, and holding the integration.
//!
//! New credentials are tried out beside the ones in use and take their place only when they work,
//! so that a typing error stops nothing.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use model::{Health, Held, Secret};
use runtime::{Error, Fault, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Field, Wrong, credential, sentence};
use crate::moment::Moment;
use crate::shell::{Shell, There, page, refused};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    title: String,
    credentials: Vec<Field>,
    /// Why the credentials that were typed are not in use.
    rejected: Option<(String, Option<String>)>,
    schedule: Vec<Every>,
    hold: Hold,
}

/// How often one pipeline runs.
struct Every {
    name: String,
    title: String,
    value: String,
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
    rejected: Option<(String, Option<String>)>,
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
        "credentials" => return replace(&runtime, &there, &fields).await,
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

async fn replace(runtime: &Runtime, there: &There, fields: &Fields) -> Result<Response, Failure> {
    let typed = fields.below("credentials.").into_iter();
    let typed: BTreeMap<String, Secret> = typed
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect();
    let replaced = runtime.put_credentials(there.here.id(), there.id(), typed);
    let refusal = match replaced.await {
        Ok(report) if report.ok => return Ok(there.leave_for("connection", "credentials", 0)),
        Ok(report) => Refusal {
            rejected: Some((sentence(&report.message), report.remedy)),
            ..Refusal::default()
        },
        Err(Error::Invalid { faults }) => Refusal {
            faults,
            ..Refusal::default()
        },
        Err(error) => return Err(error.into()),
    };
    refused(&settings_page(there, fields, refusal))
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
    let since = match (held, &there.integration.health) {
        (Some(Held::Paused { at } | Held::Disconnected { at }), _) => Some(at.into()),
        (None, Health::Good | Health::Stopped { .. }) => None,
    };
    let fields = there.connector.credentials.iter();
    let lines = there.integration.schedule.iter();
    SettingsPage {
        shell: there.shell("Settings"),
        title: there.connector.title.clone(),
        credentials: fields
            .map(|field| credential(field, typed, faults))
            .collect(),
        schedule: lines
            .map(|line| {
                let name = format!("every.{}", line.pipeline);
                Every {
                    title: line.title.clone(),
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
        rejected: refusal.rejected,
    }
}
