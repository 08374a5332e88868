//! Trying out a connection: whether credentials work, and which rights they lack. Nothing of it is
//! kept.

use std::sync::Arc;

use definition::connector::Right;
use model::{Class, Integration};
use serde_json::{Map, Value};

use crate::core::Core;
use crate::error::Error;
use crate::halt::Failed;
use crate::remote::{Remote, scope};
use crate::step::is_true;

/// What came of trying out a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionReport {
    /// Whether the credentials work.
    pub ok: bool,
    /// What kind of failure it was, unless they do.
    pub class: Option<Class>,
    /// What to tell the person.
    pub message: String,
    /// How to mend it, where that is known.
    pub remedy: Option<String>,
    /// What the credentials are and are not allowed to do.
    pub rights: Vec<RightReport>,
}

/// Whether the credentials have one right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightReport {
    /// What it is.
    pub right: String,
    /// Whether they have it.
    pub granted: bool,
    /// How to get it.
    pub remedy: Option<String>,
}

impl ConnectionReport {
    /// Nothing, or what the report says is wrong as an error.
    pub(super) fn refuse_unless_ok(self) -> Result<(), Error> {
        if self.ok {
            return Ok(());
        }
        Err(Error::Refused {
            class: self.class.unwrap_or(Class::Invalid),
            message: self.message,
            remedy: self.remedy,
        })
    }
}

impl Core {
    /// Tries out an integration's credentials.
    pub(super) async fn try_out(
        self: &Arc<Self>,
        integration: Integration,
    ) -> Result<ConnectionReport, Error> {
        let remote = Remote::trial(self, Arc::new(integration))?;
        let report = rights(&remote).await;
        remote.forget();
        report
    }
}

/// Asks for every right. A failure of the credentials themselves, or of the way there, ends it:
/// asking again with a rejected secret locks accounts. What only one right fails on is that right's
/// affair, unless nothing at all works.
async fn rights(remote: &Remote) -> Result<ConnectionReport, Error> {
    let mut rights = Vec::new();
    let mut refusal = None;
    for right in needed(remote) {
        let granted = match remote.found(&right.operation, &Map::new()).await {
            Ok(records) => {
                let record = records.into_iter().next().unwrap_or(Value::Null);
                grants(remote, right, &record).await
            }
            Err(Failed::Store(error)) => return Err((*error).into()),
            Err(failed) => {
                let report = unconnected(remote, failed);
                if report.0 {
                    return Ok(ConnectionReport { rights, ..report.1 });
                }
                refusal.get_or_insert(report.1);
                false
            }
        };
        rights.push(RightReport {
            right: right.right.clone(),
            granted,
            remedy: (!granted).then(|| right.remedy.clone()),
        });
    }
    match refusal {
        Some(refusal) if rights.iter().all(|right| !right.granted) => {
            Ok(ConnectionReport { rights, ..refusal })
        }
        _ => {
            let message = "Connection successful".to_owned();
            Ok(ConnectionReport {
                ok: true,
                class: None,
                message,
                remedy: None,
                rights,
            })
        }
    }
}

/// The rights that the integration needs with the sections that are switched on. Who only wants
/// tickets is not asked for the rights of billing.
pub(crate) fn needed(remote: &Remote) -> impl Iterator<Item = &Right> {
    let is_on = |right: &&Right| {
        let section = right.section.as_deref();
        section.is_none_or(|name| remote.integration.is_on(name))
    };
    remote.connector.rights.iter().filter(is_on)
}

/// Whether the record of a right's operation grants it.
pub(crate) async fn grants(remote: &Remote, right: &Right, record: &Value) -> bool {
    let names = remote.names(&right.operation).await.unwrap_or_default();
    let scope = scope(&names).over(record).with("item", record);
    // A right that cannot be made out is not claimed to be there.
    let granted = right.grants.evaluate(&scope);
    granted.is_ok_and(|granted| is_true(&granted))
}

/// What to say about a failed call, and whether it makes further calls pointless.
fn unconnected(remote: &Remote, failed: Failed) -> (bool, ConnectionReport) {
    let title = &remote.connector.title;
    let report = |class, message, remedy| ConnectionReport {
        ok: false,
        class,
        message,
        remedy,
        rights: Vec::new(),
    };
    let Failed::Exchange { failure, .. } = failed else {
        let message = remote.scrub(&failed.describe().1);
        let remedy = "Nothing that you typed is known to be wrong: tell whoever runs this server \
                      what is said here, since the connector has to be corrected.";
        return (true, report(None, message, Some(remedy.to_owned())));
    };
    let (ends_it, what) = match failure.class {
        Class::CredentialsRejected => (true, "The credentials are rejected".to_owned()),
        Class::RateLimited | Class::Unavailable | Class::UnknownOutcome => {
            (true, format!("{title} cannot be reached"))
        }
        Class::Forbidden | Class::NotFound | Class::Invalid => {
            (false, format!("{title} refuses the connection"))
        }
    };
    let message = format!("{what}: {}", failure.message);
    let remedy = failure
        .remedy
        .unwrap_or_else(|| usual_remedy(failure.class, title));
    (ends_it, report(Some(failure.class), message, Some(remedy)))
}

/// What to do about a connection that failed where no rule of the connector says it better.
fn usual_remedy(class: Class, title: &str) -> String {
    match class {
        Class::CredentialsRejected => format!(
            "Copy each of them from {title} again, whole and without spaces around it. If they are \
             right, make new ones there."
        ),
        Class::RateLimited => {
            format!("{title} has had too many calls. Try again in a few minutes.")
        }
        Class::Unavailable | Class::UnknownOutcome => format!(
            "See that {title} is up and that the address, if you gave one, is right; then try \
             again."
        ),
        Class::Forbidden => format!(
            "The credentials work and may not do this: give them the right to use the API in \
             {title}."
        ),
        Class::NotFound | Class::Invalid => {
            format!("See that what you typed belongs to the {title} that you mean.")
        }
    }
}
