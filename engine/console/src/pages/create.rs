//! Create: credentials are pasted, tried out, and kept once they work.
//!
//! What works is shown right by right, so that somebody who has the PSA's own page open beside this
//! one can mend what is missing. Creating tries them out again: the page only remembers that it
//! showed a success, the runtime is who decides.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::Secret;
use runtime::{ConnectionReport, ConnectorForm, Fault, GuidePart, Runtime};

use crate::failure::Failure;
use crate::fields::Fields;
use crate::form::{Field, credential, sentence};
use crate::pages::integrations::may_see;
use crate::shell::{Here, Shell, page, refused};

#[derive(Template)]
#[template(path = "create.html")]
struct CreatePage {
    shell: Shell,
    title: String,
    /// What a person does in the system first.
    guide: Vec<GuidePart>,
    fields: Vec<Field>,
    report: Option<ReportView>,
}

/// What came of trying the credentials out.
struct ReportView {
    ok: bool,
    message: String,
    remedy: Option<String>,
    rights: Vec<RightView>,
    missing: usize,
}

/// One right.
struct RightView {
    right: String,
    granted: bool,
    remedy: Option<String>,
}

pub(crate) async fn show(
    State(runtime): State<Runtime>,
    here: Here,
    Path((_, connector)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let connector = find(&runtime, &here, &connector)?;
    page(&create_page(
        &here,
        &connector,
        &Fields::default(),
        &[],
        None,
    ))
}

pub(crate) async fn send(
    State(runtime): State<Runtime>,
    here: Here,
    Path((_, connector)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Failure> {
    let connector = find(&runtime, &here, &connector)?;
    let credentials = fields.below("credentials.").into_iter();
    let credentials: BTreeMap<String, Secret> = credentials
        .map(|(name, value)| (name.to_owned(), Secret::new(value)))
        .collect();
    let outcome = if fields.action() == "create" {
        let by = here.visitor.by();
        let made = runtime.create_integration(here.id(), &connector.name, credentials, &by);
        match made.await {
            Ok(made) => {
                return Ok(here.leave_for(&format!("integrations/{}", made.id), "created", 1));
            }
            Err(error) => Err(error),
        }
    } else {
        let tried = runtime.test_connection(here.id(), &connector.name, credentials);
        tried.await.map(ReportView::from)
    };
    let (faults, report) = match outcome {
        Ok(report) => (Vec::new(), report),
        Err(runtime::Error::Invalid { faults }) => {
            return refused(&create_page(&here, &connector, &fields, &faults, None));
        }
        Err(runtime::Error::Refused {
            message, remedy, ..
        }) => (Vec::new(), ReportView::failed(&message, remedy)),
        Err(error) => return Err(error.into()),
    };
    let is_ok = report.ok;
    let shown = create_page(&here, &connector, &fields, &faults, Some(report));
    if is_ok { page(&shown) } else { refused(&shown) }
}

/// The connector of that name, if it is the visitor's to connect.
fn find(runtime: &Runtime, here: &Here, name: &str) -> Result<ConnectorForm, Failure> {
    let mut connectors = runtime.connectors().into_iter();
    let found = connectors.find(|one| one.name == name && may_see(here, one));
    found.ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            format!("There is no connector {name}"),
            "Choose one of those on the page Integrations.",
        )
    })
}

fn create_page(
    here: &Here,
    connector: &ConnectorForm,
    typed: &Fields,
    faults: &[Fault],
    report: Option<ReportView>,
) -> CreatePage {
    let fields = connector.credentials.iter();
    CreatePage {
        shell: here.shell(format!("Connect {}", connector.title)),
        title: connector.title.clone(),
        guide: connector.guide.clone(),
        fields: fields
            .map(|field| credential(field, typed, faults))
            .collect(),
        report,
    }
}

impl From<ConnectionReport> for ReportView {
    fn from(report: ConnectionReport) -> Self {
        let mut rights: Vec<RightView> = report.rights.into_iter().map(RightView::from).collect();
        // Where nothing could be asked for, what is missing is the connection and not each right.
        if !report.ok && !rights.iter().any(|right| right.granted) {
            rights.clear();
        }
        Self {
            ok: report.ok,
            missing: rights.iter().filter(|right| !right.granted).count(),
            // The words of a success are those that people are told to look for.
            message: if report.ok {
                report.message
            } else {
                sentence(&report.message)
            },
            remedy: report.remedy,
            rights,
        }
    }
}

impl From<runtime::RightReport> for RightView {
    fn from(right: runtime::RightReport) -> Self {
        Self {
            right: right.right,
            granted: right.granted,
            remedy: right.remedy,
        }
    }
}

impl ReportView {
    fn failed(message: &str, remedy: Option<String>) -> Self {
        Self {
            ok: false,
            message: sentence(message),
            remedy,
            rights: Vec::new(),
            missing: 0,
        }
    }
}
