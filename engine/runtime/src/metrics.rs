//! Counts of what the engine has done since it was started, for whoever watches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use exchange::Failure;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, e.g. `dovetail_requests_accepted_total`.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// What tells it from others of its name.
    pub labels: Vec<(&'static str, String)>,
    /// How much.
    pub value: f64,
}

/// All counters.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) requests_accepted: Counter,
    pub(crate) requests_closed: Counter,
    pub(crate) callouts_accepted: Counter,
    pub(crate) jobs_done: Counter,
    pub(crate) jobs_again: Counter,
    pub(crate) jobs_behind: Counter,
    pub(crate) delivered: Counter,
    calls: Mutex<BTreeMap<(String, &'static str), u64>>,
}

impl Metrics {
    /// Counts a call by what became of it.
    pub(crate) fn call(&self, connector: &str, failure: Option<&Failure>) {
        let outcome = failure.map_or("ok", |failure| failure.class.name());
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry((connector.to_owned(), outcome)).or_default() += 1;
    }

    /// Every figure.
    pub(crate) fn read(&self) -> Vec<Metric> {
        let plain = [
            (
                "dovetail_requests_accepted_total",
                "Requests accepted.",
                &self.requests_accepted,
            ),
            (
                "dovetail_requests_closed_total",
                "Requests closed.",
                &self.requests_closed,
            ),
            (
                "dovetail_callouts_accepted_total",
                "Callouts accepted.",
                &self.callouts_accepted,
            ),
            (
                "dovetail_jobs_done_total",
                "Jobs that were done.",
                &self.jobs_done,
            ),
            (
                "dovetail_jobs_again_total",
                "Jobs that have to be tried again.",
                &self.jobs_again,
            ),
            (
                "dovetail_jobs_behind_total",
                "Jobs put behind an issue.",
                &self.jobs_behind,
            ),
            (
                "dovetail_events_delivered_total",
                "Events told to products.",
                &self.delivered,
            ),
        ];
        let mut all: Vec<Metric> = plain
            .into_iter()
            .map(|(name, help, count)| metric(name, help, Vec::new(), count.get()))
            .collect();
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(calls.iter().map(|((connector, outcome), count)| {
            let labels = vec![
                ("connector", connector.clone()),
                ("outcome", (*outcome).to_owned()),
            ];
            metric(
                "dovetail_calls_total",
                "Calls to remote systems.",
                labels,
                *count,
            )
        }));
        all
    }
}

/// A figure of `count`.
pub(crate) fn metric(
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, String)>,
    count: u64,
) -> Metric {
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53, and only shown"
    )]
    let value = count as f64;
    Metric {
        name,
        help,
        labels,
        value,
    }
}

/// One count.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
