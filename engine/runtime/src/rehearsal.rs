//! Rehearsal: a connector's own examples, played offline.
//!
//! An example is played through the code that serves partners, down to the transport, which is
//! scripted: it compares each request with the one that the example expects and gives the answer
//! that stands beside it. The store is in memory, the clock stands still. Two things differ from
//! real life, so that nobody waits: a call that fails is not repeated within the call, and while a
//! job waits for its time, the clock is moved there.
//!
//! An example that does not hold gives differences, each with its place, what was expected and
//! what there was; it never ends the rehearsal. Secrets in them are masked: an author may have
//! given real ones.

mod compare;
mod coverage;
mod pipeline;
mod stage;
mod wire;

use definition::example::{Arrived, Example, Expected, Fails, Subject};
use definition::{Connector, Gives, Library};
use exchange::Clock as _;
use serde_json::{Value, json};

pub use self::compare::Difference;
pub use self::coverage::{Coverage, Tally, Untried, coverage};
use self::stage::Stage;
use crate::callouts::{self, Brought, Callout, CalloutError};
use crate::error::Error;
use crate::halt::Failed;
use crate::remote::Remote;
use crate::witness::Noted;

/// The most pages of a list that an example reads; a pager that never ends is a mistake.
const PAGES_MAX: usize = 100;

/// What came of playing one example.
#[derive(Clone, Debug)]
pub struct Played {
    /// Everything that is not as the example says; empty when it holds.
    pub differences: Vec<Difference>,
    noted: Noted,
    choices: Option<String>,
    rights: bool,
    /// The keys by which hints were found in a callout; none where it is not about one.
    callout: Option<Vec<String>>,
    /// The requests that were read from a callout.
    requests: Vec<Value>,
}

impl Played {
    /// Whether everything was as the example says.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

/// What an example came to.
enum Outcome {
    Gave(Value),
    Failed {
        class: Option<model::Class>,
        message: String,
        remedy: Option<String>,
        cause: Option<Box<exchange::Cause>>,
    },
    Ended(Box<pipeline::Ended>),
}

/// Plays `example` of `connector`, which is in `library`.
pub async fn rehearse(library: &Library, connector: &Connector, example: &Example) -> Played {
    let mut played = Played {
        differences: Vec::new(),
        noted: Noted::default(),
        choices: None,
        rights: false,
        callout: None,
        requests: Vec::new(),
    };
    connector.scripts.watch();
    let stage = match Stage::set(library, connector, example).await {
        Ok(stage) => stage,
        Err(error) => {
            let why = json!(crate::error::chain(&error));
            played.differences.push(Difference::lacks("given", why));
            return played;
        }
    };
    let outcome = play(&stage, &example.subject, example).await;
    played.differences.extend(stage.wire.differences());
    compare_outcome(&outcome, &example.expected, &mut played.differences);
    played.noted = stage.noted();
    let warned = json!(played.noted.warnings);
    let warns = example.warns.as_ref().map(|warns| json!(warns));
    compare::wanted("warns", warns, Some(warned), &mut played.differences);
    let secrets = stage::secrets(connector, &example.given);
    for difference in &mut played.differences {
        difference.mask(&secrets);
    }
    match &example.subject {
        Subject::Choices(name) => played.choices = Some(name.clone()),
        Subject::Connection => played.rights = true,
        Subject::Callout(arrived) => {
            played.callout = Some(stage.deciding(arrived));
            if let Outcome::Gave(Value::Array(requests)) = outcome {
                played.requests = requests;
            }
        }
        Subject::Operation(_) | Subject::Pipeline(_) => {}
    }
    played
}

async fn play(stage: &Stage, subject: &Subject, example: &Example) -> Outcome {
    match subject {
        Subject::Operation(name) => stage.operation(name, &example.given.inputs).await,
        Subject::Choices(name) => stage.choices(name).await,
        Subject::Connection => stage.connection().await,
        Subject::Callout(arrived) => stage.callout(arrived),
        Subject::Pipeline(name) => match stage.pipeline(name, &example.given).await {
            Ok(ended) => Outcome::Ended(Box::new(ended)),
            Err(error) => error.into(),
        },
    }
}

impl Stage {
    /// Calls an operation as a step of a pipeline would.
    async fn operation(&self, name: &str, inputs: &serde_json::Map<String, Value>) -> Outcome {
        let remote = match self.remote() {
            Ok(remote) => remote,
            Err(error) => return error.into(),
        };
        loop {
            match self.called(&remote, name, inputs).await {
                Ok(gave) => return Outcome::Gave(gave),
                // While a long job runs, nobody waits for real.
                Err(Failed::Waiting { wait, .. }) if self.wire.expects_more() => {
                    self.clock.move_to(self.clock.now().after(wait));
                }
                Err(failed) => return failed.into(),
            }
        }
    }

    async fn called(
        &self,
        remote: &Remote,
        name: &str,
        inputs: &serde_json::Map<String, Value>,
    ) -> Result<Value, Failed> {
        let contract = remote.family.operations.get(name);
        let gives = contract.map(|contract| &contract.gives);
        let operation = remote.connector.operations.get(name);
        let is_list = operation.is_some_and(|one| one.items.is_some() || one.pages.is_some());
        match gives {
            Some(Gives::One(_) | Gives::Maybe(_) | Gives::Nothing) => remote
                .one(name, inputs)
                .await
                .map(|record| record.unwrap_or(Value::Null)),
            Some(Gives::Many(_)) => listed(remote, name, inputs).await,
            None if is_list => listed(remote, name, inputs).await,
            None => remote
                .found(name, inputs)
                .await
                .map(|mut records| match records.len() {
                    1 => records.swap_remove(0),
                    _ => Value::Array(records),
                }),
        }
    }

    async fn choices(&self, name: &str) -> Outcome {
        let read = self.runtime.choices(&self.partner, &self.id, name).await;
        match read {
            // A list is shown as it is, unless there is more to tell about it.
            Ok(list) => Outcome::Gave(match list.short {
                None => json!(list.choices),
                Some(short) => json!({ "choices": list.choices, "short": short }),
            }),
            Err(error) => error.into(),
        }
    }

    /// What is read from a callout, without what would follow from it.
    fn callout(&self, arrived: &Arrived) -> Outcome {
        let core = &self.runtime.core;
        let connector = core.library.connectors.get(&self.connector);
        let family = connector.and_then(|one| core.library.families.get(&one.family));
        let definition = connector.and_then(|one| one.callout.as_ref());
        let (Some(definition), Some(family)) = (definition, family) else {
            return CalloutError::UnknownToken.into();
        };
        match callouts::read(definition, family, &arrived.into()) {
            Ok(Brought::Hints(hints)) => Outcome::Gave(json!(hints)),
            Ok(Brought::Requests(requests)) => Outcome::Gave(Value::Array(requests)),
            Err(error) => error.into(),
        }
    }

    fn deciding(&self, arrived: &Arrived) -> Vec<String> {
        let connector = self.runtime.core.library.connectors.get(&self.connector);
        let definition = connector.and_then(|one| one.callout.as_ref());
        let deciding = definition.map(|one| callouts::deciding(one, &arrived.into()));
        deciding.unwrap_or_default()
    }

    async fn connection(&self) -> Outcome {
        let credentials = self.credentials.clone();
        let connector = &self.connector;
        let tested = self
            .runtime
            .test_connection(&self.partner, connector, credentials)
            .await;
        match tested {
            Ok(report) => {
                let rights = report
                    .rights
                    .into_iter()
                    .map(|right| (right.right, right.granted.into()));
                let mut gave = json!({ "ok": report.ok, "message": report.message });
                if let Some(fields) = gave.as_object_mut() {
                    fields.extend(
                        report
                            .remedy
                            .map(|remedy| ("remedy".to_owned(), json!(remedy))),
                    );
                    fields.insert("rights".to_owned(), Value::Object(rights.collect()));
                }
                Outcome::Gave(gave)
            }
            Err(error) => error.into(),
        }
    }
}

/// All records of a list, read page by page.
async fn listed(
    remote: &Remote,
    name: &str,
    inputs: &serde_json::Map<String, Value>,
) -> Result<Value, Failed> {
    let listing = remote.listing(name, inputs).await?;
    let mut pager = listing.pager(None);
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        match listing.next(&mut pager).await? {
            Some(page) => all.extend(page.records),
            None => return Ok(Value::Array(all)),
        }
    }
    Err(Failed::Undefined(format!(
        "{name} has not come to an end after {PAGES_MAX} pages"
    )))
}

impl From<Failed> for Outcome {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Exchange { failure, .. } => Self::Failed {
                class: Some(failure.class),
                message: failure.message,
                remedy: failure.remedy,
                cause: failure.cause,
            },
            other => {
                let (class, mut message) = other.describe();
                // What a script throws is meant for people; where it stands in its file is not
                // what an example shows.
                if let Failed::Expression { error, .. } = &other
                    && let expression::Error::Run {
                        thrown: Some(thrown),
                        ..
                    } = &**error
                {
                    thrown.reveal().clone_into(&mut message);
                }
                Self::Failed {
                    class,
                    message,
                    remedy: None,
                    cause: None,
                }
            }
        }
    }
}

impl From<&Arrived> for Callout {
    fn from(arrived: &Arrived) -> Self {
        Self {
            method: arrived.method.as_str().to_owned(),
            query: arrived.query.clone(),
            content_type: None,
            body: arrived.body.clone().into_bytes(),
            basic: None,
        }
    }
}

impl From<CalloutError> for Outcome {
    fn from(error: CalloutError) -> Self {
        Self::Failed {
            class: None,
            message: crate::error::chain(&error),
            remedy: None,
            cause: None,
        }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused {
                class,
                message,
                remedy,
            } => Self::Failed {
                class: Some(class),
                message,
                remedy,
                cause: None,
            },
            other => {
                let message = crate::error::chain(&other);
                Self::Failed {
                    class: None,
                    message,
                    remedy: None,
                    cause: None,
                }
            }
        }
    }
}

fn compare_outcome(outcome: &Outcome, expected: &Expected, found: &mut Vec<Difference>) {
    match (expected, outcome) {
        (Expected::Gives(expected), Outcome::Gave(gave)) => {
            compare::values("gives", expected, gave, found);
        }
        (Expected::Fails(expected), Outcome::Failed { .. }) => {
            compare_failure(expected, outcome, found);
        }
        (Expected::Ends(expected), Outcome::Ended(ended)) => {
            pipeline::compare(expected, ended, found);
        }
        (Expected::Gives(expected), Outcome::Failed { .. }) => {
            found.push(Difference::new(
                "gives",
                Some(expected.clone()),
                Some(told(outcome)),
            ));
        }
        (Expected::Fails(expected), _) => {
            let class = expected.class.map(model::Class::name);
            let expected = json!({ "fails": class });
            found.push(Difference::new(
                "fails",
                Some(expected),
                Some(told(outcome)),
            ));
        }
        (_, _) => found.push(Difference::new("ends", None, Some(told(outcome)))),
    }
}

fn told(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Gave(value) => value.clone(),
        Outcome::Failed { class, message, .. } => {
            json!({ "fails": class.map(model::Class::name), "message": message })
        }
        Outcome::Ended(_) => json!("a pipeline that has been run"),
    }
}

fn compare_failure(expected: &Fails, outcome: &Outcome, found: &mut Vec<Difference>) {
    let Outcome::Failed {
        class,
        message,
        remedy,
        cause,
    } = outcome
    else {
        return;
    };
    let text = |text: &Option<String>| text.as_ref().map(|one| json!(one));
    let got = [
        (
            "class",
            expected.class.map(|one| json!(one.name())),
            class.map(|one| json!(one.name())),
        ),
        ("message", text(&expected.message), Some(json!(message))),
        ("remedy", text(&expected.remedy), text(remedy)),
        (
            "cause",
            text(&expected.cause),
            cause.as_ref().map(|cause| json!(cause.name)),
        ),
        (
            "about",
            text(&expected.about),
            cause.as_ref().and_then(|cause| text(&cause.about)),
        ),
    ];
    // Whoever expects another failure wants to read which one came.
    let differs =
        |(_, expected, got): &(_, Option<Value>, _)| expected.is_some() && expected != got;
    let is_other = got.iter().any(differs);
    for (name, expected, got) in got {
        if expected.is_some() && expected != got {
            found.push(Difference::new(format!("fails.{name}"), expected, got));
        } else if is_other && name == "message" && expected.is_none() {
            found.push(Difference::new("fails.message", None, got));
        }
    }
}
