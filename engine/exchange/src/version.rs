//! Conditional requests: change a record only if nobody else did, read it only if somebody did.

use crate::answer::Answer;
use crate::request::Request;

/// The version of a record that an answer showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Version {
    /// The version in `answer`; `None` where the API tells none.
    pub fn of(answer: &Answer) -> Option<Self> {
        let header = |name| answer.header(name).map(str::to_owned);
        let (etag, last_modified) = (header("etag"), header("last-modified"));
        (etag.is_some() || last_modified.is_some()).then_some(Self {
            etag,
            last_modified,
        })
    }

    /// Makes `request` take effect on this version only; on any other it is refused with status
    /// 412. `false` when the version cannot guarantee that: a weak tag, or none.
    #[must_use = "without a guarantee the change may overwrite another one"]
    pub fn require(&self, request: &mut Request) -> bool {
        // Weak tags never match here (RFC 9110, 13.1.1), and a date misses a change in the same
        // second; so neither may stand in for a strong tag.
        match self.etag.as_deref().filter(|tag| !tag.starts_with("W/")) {
            Some(tag) => {
                request.set_header("if-match", tag);
                true
            }
            None => false,
        }
    }

    /// Makes `request` bring an empty answer with status 304 while this is still the version.
    pub fn unless_changed(&self, request: &mut Request) {
        if let Some(tag) = &self.etag {
            request.set_header("if-none-match", tag);
        } else if let Some(date) = &self.last_modified {
            request.set_header("if-modified-since", date);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::answer::Content;
    use crate::request::Method;

    fn version(headers: &[(&str, &str)]) -> Option<Version> {
        let headers = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let (body, elapsed) = (Content::Empty, Duration::ZERO);
        Version::of(&Answer {
            status: 200,
            headers,
            body,
            flaw: None,
            elapsed,
        })
    }

    #[test]
    fn only_a_strong_tag_guards_a_change() {
        for (headers, guards) in [
            (&[("etag", "\"7\"")][..], true),
            (
                &[
                    ("etag", "W/\"7\""),
                    ("last-modified", "Wed, 01 Jul 2026 12:00:00 GMT"),
                ],
                false,
            ),
            (&[("last-modified", "Wed, 01 Jul 2026 12:00:00 GMT")], false),
        ] {
            let mut request = Request::new(Method::Put, "https://a.example/");
            let required = version(headers).is_some_and(|version| version.require(&mut request));
            assert_eq!(
                (required, request.header("if-match").is_some()),
                (guards, guards)
            );
        }
        assert_eq!(version(&[]), None);
    }

    #[test]
    fn a_read_is_conditional_on_the_best_there_is() {
        let mut request = Request::new(Method::Get, "https://a.example/");
        if let Some(version) = version(&[("last-modified", "yesterday")]) {
            version.unless_changed(&mut request);
        }
        assert_eq!(request.header("if-modified-since"), Some("yesterday"));
    }
}
