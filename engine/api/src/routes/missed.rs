//! What to say to a caller who missed the routes: which ones are near, and what they take.

use std::sync::Arc;

use axum::http::{Method, header};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::limits::SUGGESTIONS_MAX;
use crate::problem::{Code, Problem};

/// How alike a path and a route must be, from 0 to 1, for the route to be named.
const LIKENESS_MIN: f64 = 0.8;

/// The longest path that is compared, in segments; the longest route has nine.
const SEGMENTS_MAX: usize = 16;

/// How much of a segment is compared, in bytes; the longest in a route has twelve.
const SEGMENT_BYTES_MAX: usize = 32;

/// All routes, as they are documented.
#[derive(Clone)]
pub(crate) struct Routes(Arc<[Route]>);

struct Route {
    path: String,
    methods: Vec<&'static str>,
}

impl Routes {
    /// Those of `document`.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter();
        Self(
            routes
                .map(|(path, item)| Route {
                    path: path.clone(),
                    methods: methods(item),
                })
                .collect(),
        )
    }

    /// The problem with `path`, which is none of them. The path is not repeated: it may be that
    /// of a callout with something amiss, and so hold a token.
    pub(crate) fn no_such_path(&self, path: &str) -> Problem {
        let near = self.near(path);
        let remedy = if near.is_empty() {
            "The routes are listed in /api/openapi.json.".to_owned()
        } else {
            format!("Near it: {}.", near.join(", "))
        };
        Problem::new(Code::NoSuchRoute, "No route has this path.").remedy(remedy)
    }

    /// The problem with `method`, which the route of this path does not take.
    pub(crate) fn wrong_method(&self, path: &str, method: &Method) -> Problem {
        let route = self.0.iter().find(|route| route.path == path);
        let allow = route
            .map(|route| route.methods.join(", "))
            .unwrap_or_default();
        Problem::new(
            Code::MethodNotAllowed,
            format!("This address does not take {method}."),
        )
        .remedy(format!("It takes {allow}."))
        .header(header::ALLOW, allow)
    }

    fn near(&self, path: &str) -> Vec<&str> {
        let asked: Vec<&str> = segments(path).take(SEGMENTS_MAX).collect();
        let mut ranked: Vec<(f64, &str)> = self
            .0
            .iter()
            .map(|route| (likeness(&asked, &route.path), route.path.as_str()))
            .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        ranked
            .into_iter()
            .take(SUGGESTIONS_MAX)
            .map(|(_, path)| path)
            .collect()
    }
}

/// What `item` is documented for; whatever takes GET takes HEAD as well.
fn methods(item: &PathItem) -> Vec<&'static str> {
    let by_method = [
        ("GET", &item.get),
        ("HEAD", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
    ];
    by_method
        .iter()
        .filter(|(_, operation)| operation.is_some())
        .map(|(name, _)| *name)
        .collect()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// How alike `asked` and `route` are: the segments that can be paired in order, each as far as
/// they are alike, as a share of all.
fn likeness(asked: &[&str], route: &str) -> f64 {
    let route: Vec<&str> = segments(route).collect();
    // One row per segment asked for: the best pairing so far with each beginning of the route.
    let mut best = vec![0.0_f64; route.len() + 1];
    for asked in asked {
        let mut row = vec![0.0];
        for (ends, segment) in best.windows(2).zip(&route) {
            let &[skewed, above] = ends else { continue };
            let left = row.last().copied().unwrap_or(0.0);
            row.push(above.max(left).max(skewed + alike(asked, segment)));
        }
        best = row;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of segments are small")]
    let longest = asked.len().max(route.len()).max(1) as f64;
    best.last().copied().unwrap_or(0.0) / longest
}

fn alike(asked: &str, segment: &str) -> f64 {
    if segment.starts_with('{') {
        return 1.0;
    }
    // A segment may be long, and comparing takes its square.
    let asked = asked.get(..SEGMENT_BYTES_MAX).unwrap_or(asked);
    Some(strsim::jaro_winkler(asked, segment))
        .filter(|alike| *alike > 0.7)
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(path: &str) -> Vec<String> {
        let routes = [
            "/api/v1/partners/{partner}",
            "/api/v1/partners/{partner}/requests",
            "/api/v1/partners/{partner}/requests/{request}",
            "/callouts/{token}",
            "/healthz",
        ];
        let route = |path: &str| Route {
            path: path.to_owned(),
            methods: Vec::new(),
        };
        let routes = Routes(routes.map(route).into_iter().collect());
        routes.near(path).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_misspelt_path_has_its_route_named_first() {
        for (path, expected) in [
            (
                "/api/v1/partner/msp-1/request/7",
                "/api/v1/partners/{partner}/requests/{request}",
            ),
            (
                "/api/partners/msp-1/requests",
                "/api/v1/partners/{partner}/requests",
            ),
            (
                "/api/v1/partners/msp-1/request",
                "/api/v1/partners/{partner}/requests",
            ),
            ("/health", "/healthz"),
        ] {
            assert_eq!(
                near(path).first().map(String::as_str),
                Some(expected),
                "{path}"
            );
        }
    }

    #[test]
    fn a_path_like_nothing_has_nothing_named() {
        for path in ["/", "/favicon.ico", "/wp-login.php", &"/a".repeat(5000)] {
            assert!(near(path).is_empty(), "{path}");
        }
    }
}
