//! Checks addresses: what they begin with, whose hosts they name, and that they hold no secret.

use serde_json::Value;

use super::connector::Surroundings;
use super::shared;
use crate::codes;
use crate::operation::Method;
use crate::page::Spot;
use crate::raw::operation::OperationText;
use crate::raw::value::Template;

impl OperationText {
    /// The method and the address; `None` unless exactly one is given.
    pub(crate) fn address(&self) -> Option<(Method, &Template)> {
        let mut given = self.addresses();
        match (given.next(), given.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    fn addresses(&self) -> impl Iterator<Item = (Method, &Template)> {
        let all = [
            (Method::Get, &self.get),
            (Method::Post, &self.post),
            (Method::Put, &self.put),
            (Method::Patch, &self.patch),
            (Method::Delete, &self.delete),
        ];
        all.into_iter()
            .filter_map(|(method, url)| Some((method, url.as_ref()?)))
    }

    /// Whether it says how its answer is read, which only a read needs to.
    pub(crate) fn reads(&self) -> bool {
        self.items.is_some() || self.record.is_some()
    }
}

/// The one method and address of an operation; a problem, and a GET, if there is not exactly one.
pub(crate) fn of<'t>(text: &'t OperationText, spot: &Spot<'_>) -> (Method, Option<&'t Template>) {
    if let Some((method, url)) = text.address() {
        return (method, Some(url));
    }
    if shared::is_lost(text) {
        return (Method::Get, None);
    }
    let message = "an operation has exactly one method and address".to_owned();
    let hint = "keep one of `get`, `post`, `put`, `patch` and `delete`".to_owned();
    spot.error(codes::EXACTLY_ONE, message, Some(hint));
    (Method::Get, text.addresses().next().map(|(_, url)| url))
}

/// Checks the address of an operation.
pub(crate) fn check(url: &Template, around: &Surroundings<'_>, spot: &Spot<'_>) {
    if let Some((found, name)) = foreign_placeholder(&url.0) {
        let message = format!("`{found}` is sent as it is written");
        let hint = format!("for the value, write `{{{{ {} }}}}`", name.trim());
        spot.error(codes::BAD_URL, message, Some(hint));
    } else if without_templates(&url.0).contains(char::is_whitespace) {
        let message = "an address holds no space".to_owned();
        spot.error(
            codes::BAD_URL,
            message,
            Some("write `%20` for one that is meant".to_owned()),
        );
    }
    if url.0.starts_with('/') {
        around
            .secrets
            .refuse_in(&Value::String(url.0.clone()), spot);
    } else {
        let hint = "begin with `/` for a path below `base_url`, or with `https://`";
        whole(url, hint, around, spot);
    }
}

/// What an address says outside of templates.
fn without_templates(url: &str) -> String {
    let mut parts = url.split("{{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| {
        said + part.split_once("}}").map_or("", |(_, rest)| rest)
    })
}

/// A placeholder as other tools write it, `{id}`, `${id}` or `/:id`, and the name in it.
fn foreign_placeholder(url: &str) -> Option<(String, String)> {
    let said = without_templates(url);
    let braces = said.split_once('{').and_then(|(before, rest)| {
        let (name, _) = rest.split_once('}')?;
        let dollar = if before.ends_with('$') { "$" } else { "" };
        Some((format!("{dollar}{{{name}}}"), name.to_owned()))
    });
    let colon = || {
        let name = said.split('/').find_map(|part| part.strip_prefix(':'))?;
        Some((format!(":{name}"), name.to_owned()))
    };
    braces.or_else(colon)
}

/// Checks an address that is whole by itself.
pub(crate) fn check_whole(url: &Template, around: &Surroundings<'_>, spot: &Spot<'_>) {
    whole(url, "begin with `https://`", around, spot);
}

/// A whole address is encrypted and on one of the hosts, as far as it is written out.
fn whole(url: &Template, hint: &str, around: &Surroundings<'_>, spot: &Spot<'_>) {
    around
        .secrets
        .refuse_in(&Value::String(url.0.clone()), spot);
    if !["https://", "{{", "$"]
        .iter()
        .any(|start| url.0.starts_with(start))
    {
        let message = format!("`{}` is not an address", url.0);
        spot.error(codes::BAD_URL, message, Some(hint.to_owned()));
    }
    let Some(rest) = url.0.strip_prefix("https://") else {
        return;
    };
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    if !host.contains("{{") && !is_allowed(host, &around.file.http.hosts) {
        let message = format!("`{host}` is not one of the hosts of this connector");
        let hint = "add it to `http.hosts`".to_owned();
        spot.error(codes::FOREIGN_HOST, message, Some(hint));
    }
}

/// Checks the list of hosts.
pub(crate) fn check_hosts(hosts: &[(usize, &String)], spot: &Spot<'_>) {
    for (index, host) in hosts {
        if !is_host_pattern(host) {
            let message = format!("`{host}` is not a host");
            let hint = "write `api.example.net`, or `*.example.net` for all hosts below it; \
                without scheme, port or path"
                .to_owned();
            spot.index(*index)
                .error(codes::BAD_HOST, message, Some(hint));
        }
    }
}

/// A wildcard stands for whole labels in front of at least two others: `*.net` is nobody's.
fn is_host_pattern(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// Whether `host` is one of `patterns`.
fn is_allowed(host: &str, patterns: &[String]) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_prefix("*.") {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.')),
            None => host == pattern,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_covers_the_names_below_it_and_no_other() {
        let patterns = ["*.example.net".to_owned(), "api.other.net".to_owned()];
        for allowed in ["a.example.net", "a.b.example.net", "api.other.net"] {
            assert!(is_allowed(allowed, &patterns), "{allowed}");
        }
        for refused in [
            "example.net",
            "evilexample.net",
            "a.example.net.evil.org",
            "other.net",
        ] {
            assert!(!is_allowed(refused, &patterns), "{refused}");
        }
        for wrong in [
            "*.net",
            "*",
            "https://a.net",
            "a.net/x",
            "a.net:443",
            "A.net",
            "-a.net",
        ] {
            assert!(!is_host_pattern(wrong), "{wrong}");
        }
    }
}
