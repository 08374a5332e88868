//! Partners' own scripts, and previews of what a ticket would say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::each;
use super::requests::{RequestContent, RequestInput};
use super::settings::{Rule, rules};
use crate::problem::{Code, Fault, Problem};

/// A partner's own script.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnScript {
    /// Its text, just as it was sent.
    source: String,
    /// Those of its functions that are called for each request.
    #[schema(example = json!(["title"]))]
    functions: Vec<String>,
}

impl From<runtime::OwnScriptView> for OwnScript {
    fn from(view: runtime::OwnScriptView) -> Self {
        Self {
            source: view.source,
            functions: view.functions,
        }
    }
}

/// A script to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnScriptInput {
    /// Functions in Rhai: one named like a template setting gives its text, such as
    /// `title(request)`; `fields(request)` gives values for settings with `by_report_type`.
    #[schema(example = "fn title(request) { `Please look at ${request.hostname}` }")]
    pub(crate) source: String,
}

/// What to preview; what is left out is taken as it is saved.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewInput {
    /// Values by the names of the settings.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>,
        example = json!({"title": "{{report_type}}: {{hostname}}"}))]
    values: Option<Map<String, Value>>,
    /// Rules by report type.
    #[serde(default)]
    rules: Option<BTreeMap<String, Rule>>,
    /// A script of the partner's own; an empty text is none.
    #[serde(default)]
    script: Option<String>,
    /// The id of a request that was reported. With neither this nor `sample`, it is any request.
    #[serde(default)]
    #[schema(example = "1650")]
    request: Option<String>,
    /// A request as it might be reported.
    #[serde(default)]
    sample: Option<RequestInput>,
}

impl TryFrom<PreviewInput> for runtime::PreviewInput {
    type Error = Problem;

    fn try_from(input: PreviewInput) -> Result<Self, Problem> {
        let of = match (input.request, input.sample) {
            (None, None) => runtime::PreviewOf::Anything,
            (None, Some(sample)) => runtime::PreviewOf::Sample(Box::new(sample.into())),
            (Some(id), None) => {
                let id = model::RequestId::new(id);
                runtime::PreviewOf::Past(id.map_err(|error| wrong(error.to_string()))?)
            }
            (Some(_), Some(_)) => {
                return Err(wrong("give a request or a sample, not both".to_owned()));
            }
        };
        Ok(Self {
            values: input.values,
            rules: input.rules.map(rules),
            script: input.script,
            of,
        })
    }
}

fn wrong(message: String) -> Problem {
    Problem::new(Code::Invalid, "The request to preview cannot be made out.").faults([Fault {
        pointer: "/request".to_owned(),
        message,
        hint: None,
        place: None,
    }])
}

/// What would become of a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The request that it is about.
    request: RequestContent,
    /// Whether there is a rule for its report type.
    has_rule: bool,
    /// Whether that rule says that it gets no ticket.
    ignored: bool,
    /// What the PSA would be given to write the ticket, such as `title` and `description`; null
    /// where that cannot be said.
    #[schema(value_type = Option<BTreeMap<String, Value>>,
        example = json!({"title": "URL Block: files.example", "description": "Type: URL Block"}))]
    draft: Option<Value>,
    /// The settings of the section that would be in effect, with templates printed.
    #[schema(value_type = BTreeMap<String, Value>, example = json!({"queue": 9}))]
    settings: Map<String, Value>,
    /// Everything that is wrong; with any, these settings could not be saved, or the request would
    /// wait behind an issue.
    faults: Vec<Fault>,
}

impl From<runtime::Preview> for Preview {
    fn from(preview: runtime::Preview) -> Self {
        Self {
            request: preview.request.into(),
            has_rule: preview.has_rule,
            ignored: preview.ignored,
            draft: preview.draft,
            settings: preview.settings,
            faults: each(preview.faults),
        }
    }
}
