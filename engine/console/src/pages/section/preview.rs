//! What a request's ticket would say.

use model::{Request, RequestId};
use runtime::{Fault, PreviewInput, PreviewOf, Runtime, SectionView, SettingForm};
use serde_json::Value;

use crate::failure::Failure;
use crate::form::{Wrong, in_words, sentence};
use crate::shell::There;

/// How many requests are looked at for the newest ones.
const REQUESTS_SEEN: usize = 500;

/// How many of the newest are offered.
const REQUESTS_OFFERED: usize = 20;

/// What a ticket would say, and for which request.
pub(super) struct PreviewView {
    /// Requests that it can be made for: id, what it is, and whether it is the one.
    pub(super) requests: Vec<(String, String, bool)>,
    /// What the PSA would be given, as names and texts.
    pub(super) lines: Vec<(String, String)>,
    pub(super) ignored: bool,
    pub(super) wrong: Vec<Wrong>,
}

impl PreviewView {
    /// For the request `of`, otherwise for the newest, otherwise for one that might be.
    pub(super) async fn make(
        runtime: &Runtime,
        there: &There,
        view: &SectionView,
        of: Option<&str>,
    ) -> Result<Self, Failure> {
        let partner = there.here.id();
        let mut known = runtime.requests(partner, None, None, REQUESTS_SEEN).await?;
        known.sort_by_key(|request| std::cmp::Reverse(request.accepted_at));
        known.truncate(REQUESTS_OFFERED);
        let newest = known.first().map(|request| request.content.id.clone());
        let chosen = of.and_then(|id| RequestId::new(id).ok());
        let chosen = chosen.filter(|id| known.iter().any(|one| one.content.id == *id));
        let chosen = chosen.or(newest);
        let input = PreviewInput {
            values: Some(view.values.clone()),
            rules: Some(view.rules.clone()),
            script: None,
            of: chosen.clone().map_or(PreviewOf::Anything, PreviewOf::Past),
        };
        let made = runtime.preview(partner, there.id(), &view.form.name, input);
        let request = |request: &Request| {
            let content = &request.content;
            let host = content.hostname.as_deref().unwrap_or("no host");
            let about = format!("{}, {host}", in_words(&content.report_type));
            let is_chosen = chosen.as_ref() == Some(&content.id);
            (content.id.to_string(), about, is_chosen)
        };
        // Texts are what is shown. What is wrong with another field is said beside it when the form
        // is saved: one that nobody has filled in yet is no mistake.
        let is_shown = |fault: &&Fault| {
            let is_it = |one: &&SettingForm| fault.pointer == format!("/values/{}", one.name);
            let field = view.form.fields.iter().find(is_it);
            field.is_none_or(|field| field.kind == "template")
        };
        let requests = known.iter().map(request).collect();
        Ok(match made.await {
            Ok(made) => Self {
                requests,
                lines: lines(made.draft.as_ref(), view),
                ignored: made.ignored,
                wrong: made
                    .faults
                    .iter()
                    .filter(is_shown)
                    .map(Wrong::from)
                    .collect(),
            },
            Err(error) => Self {
                requests,
                lines: Vec::new(),
                ignored: false,
                wrong: vec![Wrong {
                    message: sentence(&error.to_string()),
                    hint: None,
                }],
            },
        })
    }
}

/// The texts of a draft, in the order of the form's fields.
fn lines(draft: Option<&Value>, view: &SectionView) -> Vec<(String, String)> {
    let fields = draft.and_then(Value::as_object).into_iter().flatten();
    let mut texts: Vec<(&String, &str)> = fields
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .collect();
    let place = |name: &str| view.form.fields.iter().position(|one| one.name == name);
    texts.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    let texts = texts.into_iter();
    texts
        .map(|(name, text)| (in_words(name), text.to_owned()))
        .collect()
}
