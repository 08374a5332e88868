//! The page that somebody asked for, or sent a form from, while they were not signed in, so that
//! signing in leads there. What a form held is not kept: the page says that it was not saved.
//!
//! It is kept in a cookie that only lasts for the sign-in. Whatever stands in it, it leads to a
//! page of this server or to none, and only to one that whoever signed in may see.

use std::time::Duration;

use access::Scope;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::list::address;
use crate::pages::SIGN_OUT;
use crate::shell::UNSAVED;
use crate::visitor::{cookie, cookie_of};
use crate::{Options, guard};

const COOKIE: &str = "dovetail_asked";

/// How long it is remembered: to ask for a link, be sent one and open it takes a while.
const LIFE: Duration = Duration::from_hours(1);

/// The longest path that is remembered, its query included.
const PATH_BYTES_MAX: usize = 1_000;

/// Where somebody's work begins who asked for no page.
const START: &str = "/";

/// The header that remembers where to come back to; none where that is no page.
pub(crate) fn remember(
    options: &Options,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<HeaderValue> {
    let path = match *method {
        Method::GET => page(uri, headers),
        Method::POST => page_of_form(uri, headers),
        _ => None,
    };
    let path = path.filter(|path| is_own(path))?;
    Some(cookie_of(options, COOKIE, &path, LIFE.as_secs()))
}

/// The page at `uri`. What a page loads, or downloads, is nothing to look at.
fn page(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let dest = headers.get("sec-fetch-dest");
    let is_table = uri.path().rsplit('.').next() == Some("csv");
    let is_page = dest.is_none_or(|dest| dest == "document") && !is_table;
    let path = uri.path_and_query().filter(|_| is_page)?;
    Some(path.as_str().to_owned())
}

/// The page that a form was sent from, which then says that nothing was saved. A browser tells it
/// to its own server: `uri` may be one that can only be sent to. Who wanted out goes nowhere.
fn page_of_form(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if !guard::is_from_here(headers) || uri.path() == SIGN_OUT {
        return None;
    }
    let page: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let query = page.query().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let pairs = pairs.iter().map(|(name, value)| (&**name, &**value));
    let kept = pairs.filter(|(name, _)| !["said", "n"].contains(name));
    let parts: Vec<(&str, &str)> = kept.chain([("said", UNSAVED)]).collect();
    Some(address(page.path(), &parts))
}

/// Where whoever signed in with `scope` goes on, and the header that forgets it.
pub(crate) fn go_on(
    options: &Options,
    headers: &HeaderMap,
    scope: &Scope,
) -> (String, HeaderValue) {
    let asked = cookie(headers, COOKIE).filter(|path| is_own(path) && may_see(scope, path));
    let path = asked.unwrap_or(START).to_owned();
    (path, cookie_of(options, COOKIE, "", 0))
}

/// Whether a text is a path on this server and nothing else to a browser: `//host` and `/\host` are
/// addresses of others, and control characters are dropped before it is read. Of the rest, what a
/// cookie cannot hold is left out.
fn is_own(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\";,".contains(&byte);
    path.len() <= PATH_BYTES_MAX
        && path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(is_plain)
}

/// Whether the page is one that `scope` reaches: one's own partner's, or, for operators, any.
fn may_see(scope: &Scope, path: &str) -> bool {
    let below = path.strip_prefix("/partners/");
    let partner = below.and_then(|rest| rest.split(['/', '?']).next());
    partner.map_or(scope.partner().is_none(), |id| scope.reaches(id))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_a_path_of_this_server_is_gone_on_to() {
        for path in [
            "/partners/northwind/issues",
            "/partners/a/activity?q=1%20b&show=all",
        ] {
            assert!(is_own(path), "{path}");
        }
        let long = format!("/{}", "a".repeat(1_000));
        let strange = [
            "",
            "partners",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\tb",
            "/a\nb",
            "/a b",
            "/a;b",
            "/ä",
            long.as_str(),
        ];
        for path in strange {
            assert!(!is_own(path), "{path}");
        }
    }
}
