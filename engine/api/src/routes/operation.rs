//! What those who run the engine ask: does it live, is it ready, how is it doing, what can it do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use runtime::{Metric, Runtime};

use crate::App;
use crate::auth::Operator;

/// The program runs. Says nothing about whether it can do anything.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "It runs.", body = str, content_type = "text/plain")))]
pub(crate) async fn report_alive() -> &'static str {
    "ok\n"
}

/// The engine can take in work.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "It can.", body = str, content_type = "text/plain"),
        (status = 503, description = "It cannot, and why.", body = str,
            content_type = "text/plain")))]
pub(crate) async fn report_ready(State(runtime): State<Runtime>) -> (StatusCode, String) {
    match runtime.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {why}\n"),
        ),
    }
}

/// How the engine is doing, for Prometheus. Takes an operator's token.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "Prometheus text.", body = str,
        content_type = "text/plain")))]
pub(crate) async fn read_metrics(
    _: Operator,
    State(runtime): State<Runtime>,
) -> ([(HeaderName, &'static str); 1], String) {
    let text = prometheus(&runtime.metrics().await);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1.", body = str,
        content_type = "application/json")))]
pub(crate) async fn read_document(
    State(app): State<App>,
) -> ([(HeaderName, &'static str); 1], Bytes) {
    (
        [(header::CONTENT_TYPE, "application/json")],
        app.document.clone(),
    )
}

/// The Prometheus text format. All samples of one name stand together, as it demands.
fn prometheus(metrics: &[Metric]) -> String {
    let mut by_name: BTreeMap<&str, Vec<&Metric>> = BTreeMap::new();
    for metric in metrics {
        by_name.entry(metric.name).or_default().push(metric);
    }
    let mut text = String::new();
    for (name, samples) in by_name {
        let help = samples.first().map_or("", |metric| metric.help);
        let kind = if name.ends_with("_total") {
            "counter"
        } else {
            "gauge"
        };
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for sample in samples {
            let _infallible = writeln!(text, "{name}{} {}", labels(sample), sample.value);
        }
    }
    text
}

fn labels(metric: &Metric) -> String {
    if metric.labels.is_empty() {
        return String::new();
    }
    let labels = metric.labels.iter();
    let pairs: Vec<String> = labels
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &'static str, labels: Vec<(&'static str, String)>, value: f64) -> Metric {
        Metric {
            name,
            help: "What it counts.",
            labels,
            value,
        }
    }

    #[test]
    fn samples_of_one_name_stand_together_and_labels_are_escaped() {
        let text = prometheus(&[
            metric(
                "dovetail_requests",
                vec![("state", "waiting".to_owned())],
                2.0,
            ),
            metric("dovetail_calls_total", vec![], 7.0),
            metric(
                "dovetail_requests",
                vec![("state", "a\"b\\c\nd".to_owned())],
                0.5,
            ),
        ]);
        insta::assert_snapshot!(text, @r#"
        # HELP dovetail_calls_total What it counts.
        # TYPE dovetail_calls_total counter
        dovetail_calls_total 7
        # HELP dovetail_requests What it counts.
        # TYPE dovetail_requests gauge
        dovetail_requests{state="waiting"} 2
        dovetail_requests{state="a\"b\\c\nd"} 0.5
        "#);
    }
}
