//! Which addresses may be called: the fence between a connector file and the network.
//!
//! A connector names the hosts it talks to; every address (also one that came out of an answer,
//! such as the next page) is held against them before anything is sent. Only `https` on its usual
//! port is let through, unless the operator trusts an exact origin. It does not resolve names: an
//! allowed name that points into the own network is the operator's business. A name that a partner
//! gave is not: it has to be a public one, and `network` connects to public addresses only.

use reqwest::Url;

use crate::error::Error;
use crate::public;

/// The hosts that one credential may be sent to. Nothing is allowed until something is added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    patterns: Vec<Pattern>,
    trusted: Vec<String>,
    /// In lower case.
    given: Vec<String>,
}

/// How far an address that passes is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// The operator or the connector names it.
    Named,
    /// A partner gave it: only public addresses may stand behind it.
    Given,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    /// In lower case, without the leading `*.`.
    name: String,
    /// Whether it stands for the names below it (and not for itself).
    below: bool,
}

impl Hosts {
    /// Allows `patterns`, each a host name (`api.example.net`) or all names below one, at any
    /// depth (`*.example.net`).
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, Error> {
        let patterns = patterns
            .into_iter()
            .map(|text| pattern(text.as_ref()))
            .collect::<Result<Vec<Pattern>, Error>>()?;
        Ok(Self {
            patterns,
            trusted: Vec::new(),
            given: Vec::new(),
        })
    }

    /// Also allows these hosts that a partner gave, as far as they are public names.
    #[must_use]
    pub fn give(mut self, hosts: impl IntoIterator<Item = String>) -> Self {
        let lower = hosts.into_iter().map(|host| host.to_ascii_lowercase());
        self.given.extend(lower);
        self
    }

    /// Also allows exactly `origin` (`http://127.0.0.1:8080`), whatever its scheme and port. For
    /// the operator to give, never for a connector file.
    pub fn trust(mut self, origin: &str) -> Result<Self, Error> {
        let wrong = || Error::Origin {
            origin: origin.to_owned(),
        };
        let url = Url::parse(origin).map_err(|_| wrong())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let known = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        if !(bare && known && url.username().is_empty() && url.password().is_none()) {
            return Err(wrong());
        }
        self.trusted.push(url.origin().ascii_serialization());
        Ok(self)
    }

    /// Lets `address` pass, or says why it is refused and how to mend it.
    pub fn check(&self, address: &str) -> Result<Pass, String> {
        let url = Url::parse(address).map_err(|error| format!("not an address: {error}"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address must not carry a user name or password".to_owned());
        }
        let origin = url.origin().ascii_serialization();
        if self.trusted.contains(&origin) {
            return Ok(Pass::Named);
        }
        let host = url
            .domain()
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        let name = host.trim_end_matches('.');
        let is_named = self.patterns.iter().any(|pattern| pattern.matches(name));
        let authority = origin.split_once("://").map_or("", |(_, rest)| rest);
        let is_given = self.given.iter().any(|given| given == authority);
        if is_given && !is_named && !public::is_public_name(name) {
            return Err(format!(
                "{origin} is not a public host name; if it is right, the configuration \
                 has to trust it"
            ));
        }
        if !is_named && !is_given {
            return Err(format!(
                "{origin} is not among the hosts this connector may call; \
                 name it in the connector's hosts, or trust it in the configuration"
            ));
        }
        if url.scheme() != "https" || url.port().is_some() {
            return Err(format!(
                "{origin} is refused: only https on port 443 is allowed, \
                 unless the configuration trusts the exact origin"
            ));
        }
        Ok(if is_named { Pass::Named } else { Pass::Given })
    }
}

impl Pattern {
    fn matches(&self, host: &str) -> bool {
        match host.strip_suffix(self.name.as_str()) {
            Some("") => !self.below,
            Some(front) => self.below && front.ends_with('.') && front.len() > 1,
            None => false,
        }
    }
}

fn pattern(text: &str) -> Result<Pattern, Error> {
    let wrong = |wrong| Error::HostPattern {
        pattern: text.to_owned(),
        wrong,
    };
    let lower = text.to_ascii_lowercase();
    let (below, name) = match lower.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, lower.as_str()),
    };
    if name.contains('*') {
        return Err(wrong(
            "`*` may only stand for the first part, as in `*.example.net`",
        ));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || !name.chars().all(allowed) || name.starts_with('.') {
        return Err(wrong("give a host name only, without scheme, port or path"));
    }
    if below && !name.contains('.') {
        return Err(wrong(
            "`*` must stand before at least two parts, as in `*.example.net`",
        ));
    }
    Ok(Pattern {
        name: name.to_owned(),
        below,
    })
}

/// Whether both addresses have the same scheme, host and port.
pub(crate) fn same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin().is_tuple() && one.origin() == other.origin(),
        _ => false,
    }
}

/// `address` as a browser at `base` understands it: APIs also give next pages as mere paths.
pub(crate) fn resolved(base: &str, address: &str) -> Result<String, String> {
    let joined = Url::parse(base).and_then(|base| base.join(address));
    joined
        .map(String::from)
        .map_err(|error| format!("the next page's address: {error}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(["api.example.net", "*.zones.example.org"])
            .unwrap()
            .trust("http://127.0.0.1:8080")
            .unwrap()
    }

    #[test]
    fn what_is_named_passes() {
        for address in [
            "https://api.example.net/v1?x=1",
            "https://API.EXAMPLE.NET/",
            "https://a.zones.example.org",
            "https://a.b.zones.example.org:443/x",
            "http://127.0.0.1:8080/any",
        ] {
            assert_eq!(hosts().check(address), Ok(Pass::Named), "{address}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for address in [
            "http://api.example.net/",
            "https://api.example.net:8443/",
            "https://evil-api.example.net/",
            "https://example.net/",
            "https://zones.example.org/",
            "https://.zones.example.org/",
            "https://azones.example.org/",
            "https://api.example.net.evil.test/",
            "https://api.example.net@evil.test/",
            "https://user:pw@api.example.net/",
            "https://127.0.0.1:8080/",
            "http://127.0.0.1/",
            "http://localhost:8080/",
            "file:///etc/passwd",
            "/relative",
        ] {
            assert!(hosts().check(address).is_err(), "{address}");
        }
        assert!(Hosts::default().check("https://api.example.net/").is_err());
    }

    #[test]
    fn a_host_that_a_partner_gave_is_public_or_refused() {
        let given = |host: &str| hosts().give([host.to_owned()]);
        let desk = given("Desk.msp.example.com");
        assert_eq!(
            desk.check("https://desk.msp.example.com/x"),
            Ok(Pass::Given)
        );
        assert!(desk.check("https://other.msp.example.com/").is_err());
        assert!(desk.check("http://desk.msp.example.com/").is_err());
        let named = given("api.example.net").check("https://api.example.net/");
        assert_eq!(named, Ok(Pass::Named));
        for host in [
            "127.0.0.1",
            "169.254.169.254",
            "[::1]",
            "localhost",
            "intranet",
            "db.internal",
            "printer.local",
            "desk.example.com:8443",
            "0x7f.1",
        ] {
            let address = format!("https://{host}/");
            assert!(given(host).check(&address).is_err(), "{host}");
        }
    }

    #[test]
    fn patterns_that_allow_too_much_are_not_patterns() {
        for wrong in [
            "*",
            "*.net",
            "a.*.net",
            "https://a.example",
            "a.example:1",
            "",
            "a/b",
        ] {
            assert!(
                matches!(Hosts::new([wrong]), Err(Error::HostPattern { .. })),
                "{wrong}"
            );
        }
        for wrong in ["http://a.example/path", "a.example", "http://u:p@a.example"] {
            assert!(Hosts::default().trust(wrong).is_err(), "{wrong}");
        }
    }
}
