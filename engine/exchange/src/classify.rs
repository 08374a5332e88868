//! What an answer means: the connector's rules first, then what HTTP itself says.
//!
//! The defaults never assume that an effect did not happen: a server error, or a success with a
//! body that is not what was asked for, leaves its outcome unknown unless a rule knows better.

use std::time::Duration;

use model::Class;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, Content};

/// Whether a call changes the remote side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It changes nothing and may be repeated freely.
    Read,
    /// It changes something and must not be repeated unless it surely did not happen.
    Effect,
}

/// A connector's rule that says an answer is a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// What kind of failure it is.
    pub class: Class,
    /// Which rule, by name or index, for the person who reads the message.
    pub rule: String,
    /// What to say; the text of the answer when the rule says nothing.
    pub message: Option<String>,
    /// How a person mends it.
    pub remedy: Option<String>,
    /// What it is due to, where the rule knows.
    pub cause: Option<Cause>,
    /// How long to wait before the next call, where the answer says so in its own way.
    pub retry_after: Option<Duration>,
}

/// What a failure is due to: failures of the same cause about the same thing are mended together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name.
    pub name: String,
    /// What it is about, such as an id; `None` when it is about the credential as a whole.
    pub about: Option<String>,
    /// One sentence that names it, for people.
    pub title: Option<String>,
    /// How often it is worth trying again.
    pub recheck: Option<Duration>,
}

impl Cause {
    /// The same with its texts as `clean` makes them.
    pub(crate) fn cleaned(self, clean: impl Fn(&str) -> String) -> Self {
        Self {
            about: self.about.as_deref().map(&clean),
            title: self.title.as_deref().map(&clean),
            ..self
        }
    }
}

/// A connector's rules about answers.
pub trait Classify: Send + Sync {
    /// The first rule that says `answer` is a failure, also of one with status 200; `None` leaves
    /// it to the defaults.
    fn classify(&self, answer: &Answer) -> Option<Rejection>;
}

/// No rules: the defaults decide.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults;

impl Classify for Defaults {
    fn classify(&self, _: &Answer) -> Option<Rejection> {
        None
    }
}

impl<F: Fn(&Answer) -> Option<Rejection> + Send + Sync> Classify for F {
    fn classify(&self, answer: &Answer) -> Option<Rejection> {
        self(answer)
    }
}

/// What a status means when no rule matches; `None` is success.
///
/// 408 of an effect is unknown: gateways also send it when they gave up waiting for a server that
/// already works on the call.
pub fn default_class(status: u16, kind: Kind) -> Option<Class> {
    Some(match status {
        200..=299 => return None,
        401 => Class::CredentialsRejected,
        403 => Class::Forbidden,
        404 | 410 => Class::NotFound,
        408 if kind == Kind::Effect => Class::UnknownOutcome,
        408 | 425 | 429 => Class::RateLimited,
        500..=599 => nothing_known(kind),
        // Also redirects: they are not followed, so the address is wrong.
        _ => Class::Invalid,
    })
}

/// The class of a failure that says nothing about what the server did.
pub(crate) fn nothing_known(kind: Kind) -> Class {
    match kind {
        Kind::Read => Class::Unavailable,
        Kind::Effect => Class::UnknownOutcome,
    }
}

/// Judges an answer: a rule, then its status, then its body. `not_modified_is_fine` when the
/// request was conditional, so that 304 is an answer to it.
pub(crate) fn judge(
    answer: &Answer,
    kind: Kind,
    rules: &dyn Classify,
    not_modified_is_fine: bool,
) -> Option<(Class, Option<Rejection>)> {
    if let Some(rejection) = rules.classify(answer) {
        // A read has no outcome to be unsure of.
        let class = match (rejection.class, kind) {
            (Class::UnknownOutcome, Kind::Read) => Class::Unavailable,
            (class, _) => class,
        };
        return Some((class, Some(rejection)));
    }
    if answer.status == 304 && not_modified_is_fine {
        return None;
    }
    if let Some(class) = default_class(answer.status, kind) {
        return Some((class, None));
    }
    answer.flaw.is_some().then(|| (nothing_known(kind), None))
}

/// What to tell people about an answer that no rule describes. Not scrubbed yet.
pub(crate) fn describe(answer: &Answer) -> String {
    let said = match &answer.body {
        Content::Empty | Content::Binary(_) => String::new(),
        Content::Json(value) => value.to_string(),
        Content::Text(text) => title(text).unwrap_or(text).trim().to_owned(),
    };
    let flaw = answer
        .flaw
        .as_deref()
        .map(|flaw| format!(" ({flaw})"))
        .unwrap_or_default();
    let separator = if said.is_empty() { "" } else { ": " };
    format!("status {}{flaw}{separator}{said}", answer.status)
}

/// The title of an HTML page, which says more to people than its markup.
fn title(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: Content) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body,
            flaw: None,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn statuses_have_default_classes() {
        use Class::{
            CredentialsRejected, Forbidden, Invalid, NotFound, RateLimited, Unavailable,
            UnknownOutcome,
        };
        for (status, read, effect) in [
            (301, Invalid, Invalid),
            (304, Invalid, Invalid),
            (400, Invalid, Invalid),
            (401, CredentialsRejected, CredentialsRejected),
            (403, Forbidden, Forbidden),
            (404, NotFound, NotFound),
            (408, RateLimited, UnknownOutcome),
            (409, Invalid, Invalid),
            (410, NotFound, NotFound),
            (418, Invalid, Invalid),
            (422, Invalid, Invalid),
            (429, RateLimited, RateLimited),
            (500, Unavailable, UnknownOutcome),
            (503, Unavailable, UnknownOutcome),
            (599, Unavailable, UnknownOutcome),
        ] {
            assert_eq!(default_class(status, Kind::Read), Some(read), "{status}");
            assert_eq!(
                default_class(status, Kind::Effect),
                Some(effect),
                "{status}"
            );
        }
        assert_eq!(default_class(204, Kind::Effect), None);
    }

    #[test]
    fn a_rule_may_refuse_a_200_and_goes_before_the_status() {
        let rule = |answer: &Answer| {
            matches!(&answer.body, Content::Text(text) if text.contains("locked")).then(|| {
                Rejection {
                    class: Class::Invalid,
                    rule: "locked".to_owned(),
                    message: None,
                    remedy: None,
                    cause: None,
                    retry_after: None,
                }
            })
        };
        for status in [200, 500] {
            let judged = judge(
                &answer(status, Content::Text("is locked".into())),
                Kind::Effect,
                &rule,
                false,
            );
            assert_eq!(judged.map(|(class, _)| class), Some(Class::Invalid));
        }
        assert!(judge(&answer(200, Content::Empty), Kind::Effect, &rule, false).is_none());
    }

    #[test]
    fn a_flawed_success_is_no_success() {
        let mut page = answer(200, Content::Text("<html></html>".into()));
        page.flaw = Some("expected JSON".into());
        let class = |kind| judge(&page, kind, &Defaults, false).map(|(class, _)| class);
        assert_eq!(class(Kind::Read), Some(Class::Unavailable));
        assert_eq!(class(Kind::Effect), Some(Class::UnknownOutcome));
    }

    #[test]
    fn not_modified_answers_a_conditional_request_only() {
        let same = answer(304, Content::Empty);
        assert!(judge(&same, Kind::Read, &Defaults, true).is_none());
        assert!(judge(&same, Kind::Read, &Defaults, false).is_some());
    }

    #[test]
    fn people_see_a_pages_title() {
        let page = "<html><head><TITLE>502 Bad Gateway</TITLE></head><body>…</body></html>";
        let said = describe(&answer(502, Content::Text(page.to_owned())));
        assert_eq!(said, "status 502: 502 Bad Gateway");
    }
}
