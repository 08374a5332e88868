//! What the provider says of itself, and whether it is believed.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Denied, ProviderSettings};

/// Where the provider is to be found, by what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where people sign in.
    pub authorization: String,
    /// Where codes become tokens.
    pub token: String,
    /// Where its keys are.
    pub keys: String,
    /// Where people sign out, if the provider says so.
    pub(super) leave: Option<String>,
    /// Whether it takes this server's secret in the form only, and not in a header.
    pub(super) secret_in_form: bool,
}

impl ProviderSettings {
    /// Where the provider says what it is.
    pub fn discovery_url(&self) -> String {
        let issuer = self.issuer.trim_end_matches('/');
        format!("{issuer}/.well-known/openid-configuration")
    }

    /// What it says, if it is the provider that is meant, and all of it can be reached in private.
    pub fn endpoints(&self, document: &Value) -> Result<Endpoints, Denied> {
        if document.get("issuer").and_then(Value::as_str) != Some(self.issuer.as_str()) {
            return Err(Denied::OtherIssuer);
        }
        let address = |name: &'static str| {
            let found = document.get(name).and_then(Value::as_str);
            let found = found.filter(|url| self.may_lie_at(url));
            found.map(str::to_owned).ok_or(Denied::NoEndpoint { name })
        };
        // Where nothing is said, the specification means the header.
        let ways = document.get("token_endpoint_auth_methods_supported");
        let ways: Vec<&str> = ways
            .and_then(Value::as_array)
            .map(|ways| ways.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        Ok(Endpoints {
            authorization: address("authorization_endpoint")?,
            token: address("token_endpoint")?,
            keys: address("jwks_uri")?,
            leave: address("end_session_endpoint").ok(),
            secret_in_form: ways.contains(&"client_secret_post")
                && !ways.contains(&"client_secret_basic"),
        })
    }

    /// Where somebody who has signed out here can sign out at the provider, too. It is told who
    /// asks and nothing of whom: it knows its own visitor, and may ask whether that is meant.
    pub fn leave_url(&self, at: &Endpoints) -> Option<String> {
        let leave = at.leave.as_ref()?;
        Some(with_query(leave, &[("client_id", self.client_id.as_str())]))
    }

    /// A provider that is reached over TLS sends nobody to where there is none.
    fn may_lie_at(&self, url: &str) -> bool {
        is_private(url) && (url.starts_with("https://") || !self.issuer.starts_with("https://"))
    }
}

/// The address with these pairs in its query, behind those that it has.
pub(super) fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        format!("{name}={value}")
    });
    let mark = if address.contains('?') { '&' } else { '?' };
    format!("{address}{mark}{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Whether what goes to `url` is read by nobody on the way: it is sent over TLS, or does not leave
/// this machine. Nothing but a scheme in small letters, a host with perhaps a port, a path and a
/// query counts as an address here.
pub fn is_private(url: &str) -> bool {
    let has_shape = url.bytes().all(|byte| byte.is_ascii_graphic()) && !url.contains(['#', '\\']);
    let Some((scheme, rest)) = url.split_once("://").filter(|_| has_shape) else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    };
    let is_here = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
    let is_host = !host.is_empty() && !host.contains('@');
    is_host && (scheme == "https" || scheme == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(issuer: &str) -> ProviderSettings {
        ProviderSettings {
            title: String::new(),
            issuer: issuer.to_owned(),
            client_id: "dovetail".to_owned(),
            client_secret: None,
            scope: "openid".to_owned(),
            session: std::time::Duration::from_hours(4),
            rules: Vec::new(),
        }
    }

    fn document(issuer: &str, token: &str) -> Value {
        json!({ "issuer": issuer, "token_endpoint": token, "jwks_uri": "https://id.example/k",
            "authorization_endpoint": "https://id.example/a" })
    }

    #[test]
    fn only_the_provider_that_is_meant_is_believed() {
        let settings = settings("https://id.example");
        let token = "https://id.example/t";
        for other in ["https://id.example/", "https://id.example.net", ""] {
            let refused = settings.endpoints(&document(other, token));
            assert_eq!(refused, Err(Denied::OtherIssuer), "{other}");
        }
        assert!(
            settings
                .endpoints(&document("https://id.example", token))
                .is_ok()
        );
        assert_eq!(
            settings.endpoints(&json!({ "issuer": "https://id.example" })),
            Err(Denied::NoEndpoint {
                name: "authorization_endpoint"
            })
        );
    }

    #[test]
    fn where_to_sign_out_is_known_only_where_the_provider_says_so() {
        let (settings, issuer) = (settings("https://id.example"), "https://id.example");
        let plain = document(issuer, "https://id.example/t");
        let leave_url = |document: &Value| {
            let at = settings.endpoints(document);
            at.map(|at| settings.leave_url(&at))
        };
        assert_eq!(leave_url(&plain), Ok(None));
        for (said, url) in [
            (
                "https://id.example/o?x=1",
                Some("https://id.example/o?x=1&client_id=dovetail"),
            ),
            ("http://id.example/o", None),
            ("javascript:alert(1)", None),
        ] {
            let mut document = plain.clone();
            let all = document.as_object_mut().into_iter();
            all.for_each(|all| {
                all.insert("end_session_endpoint".to_owned(), json!(said));
            });
            assert_eq!(leave_url(&document), Ok(url.map(str::to_owned)), "{said}");
        }
    }

    #[test]
    fn a_provider_over_tls_leads_nowhere_without_it() {
        let name = "token_endpoint";
        for open in [
            "http://id.example/t",
            "http://127.0.0.1/t",
            "https://id.example/t#x",
            "https://id.example/t\r\nx: y",
            "javascript:alert(1)",
            "//id.example/t",
        ] {
            let settings = settings("https://id.example");
            let refused = settings.endpoints(&document("https://id.example", open));
            assert_eq!(refused, Err(Denied::NoEndpoint { name }), "{open}");
        }
        let here = "http://127.0.0.1:9";
        let near = document(here, "http://127.0.0.1:9/t");
        assert!(settings(here).endpoints(&near).is_ok());
    }

    #[test]
    fn an_address_is_private_over_tls_or_on_this_machine() {
        for url in [
            "https://id.example",
            "https://id.example:8443/tenant?x=1",
            "http://127.0.0.1:9001/x",
            "http://localhost",
            "http://[::1]:80",
        ] {
            assert!(is_private(url), "{url}");
        }
        for url in [
            "http://id.example",
            "http://127.0.0.1.id.example",
            "http://localhost.id.example/",
            "http://127.0.0.1@id.example",
            "http://localhost:80@id.example",
            "https://me:secret@id.example",
            "https://",
            "https:///path",
            "id.example",
            "",
        ] {
            assert!(!is_private(url), "{url}");
        }
    }

    #[test]
    fn the_secret_goes_into_the_form_only_where_the_header_is_not_taken() {
        for (ways, in_form) in [
            (json!(null), false),
            (json!(["client_secret_post", "client_secret_basic"]), false),
            (json!(["client_secret_post"]), true),
            (json!(["private_key_jwt"]), false),
        ] {
            let mut said = document("https://id.example", "https://id.example/t");
            if let Some(said) = said.as_object_mut() {
                let name = "token_endpoint_auth_methods_supported";
                said.insert(name.to_owned(), ways.clone());
            }
            let endpoints = settings("https://id.example").endpoints(&said);
            assert_eq!(endpoints.map(|it| it.secret_in_form), Ok(in_form), "{ways}");
        }
    }
}
