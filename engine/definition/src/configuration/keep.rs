//! How long things are kept, as it is written in the configuration, and how long they may be.

use std::ops::RangeInclusive;
use std::time::Duration;

use model::span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::codes;
use crate::page::Spot;
use crate::raw::value::SpanText;

const DAY: Duration = Duration::from_hours(24);
const MONTH: Duration = Duration::from_hours(30 * 24);
const TEN_YEARS: Duration = Duration::from_hours(10 * 365 * 24);

/// How long requests may be kept. For less than a month, a report that the product repeats late, or
/// a ticket that is closed late, would not find its request, and would get a second ticket.
pub const REQUESTS_KEPT: RangeInclusive<Duration> = MONTH..=TEN_YEARS;

/// How long what was sent and answered for a request may be kept. For less than a day, nobody could
/// look into what went wrong in the night.
pub const EXCHANGES_KEPT: RangeInclusive<Duration> = DAY..=TEN_YEARS;

/// How many runs of an integration may be kept. With fewer, the last run of what seldom runs would
/// not be among them; more are not read at once.
pub const RUNS_KEPT: RangeInclusive<u32> = 100..=5_000;

/// How long things are kept. What was billed is kept without end.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Keep")]
pub struct KeepText {
    /// For how long requests that are closed or ignored are kept, with their history, from the last
    /// that happened to them: from 30d to 3650d, 730d where nothing is said. One that may come back
    /// to its ticket stays for as long as the partner's settings say, at least.
    #[schemars(with = "Option<SpanText>")]
    pub requests: Option<String>,
    /// For how long what was sent to the PSA for a request and what it answered is kept, counted in
    /// the same way, and no longer than the request: from 1d to 3650d, 90d where nothing is said.
    #[schemars(with = "Option<SpanText>")]
    pub exchanges: Option<String>,
    /// How many runs of each integration are kept: 500 where nothing is said.
    #[schemars(range(min = 100, max = 5000))]
    pub runs: Option<u32>,
}

impl KeepText {
    pub(super) fn check(&self, spot: &Spot<'_>) {
        let spans = [
            ("requests", &self.requests, REQUESTS_KEPT),
            ("exchanges", &self.exchanges, EXCHANGES_KEPT),
        ];
        for (key, text, range) in spans {
            let Some(text) = text else { continue };
            if span::parse(text).is_some_and(|span| !range.contains(&span)) {
                let (least, most) = (days(*range.start()), days(*range.end()));
                spot.key(key).error(
                    codes::OUT_OF_RANGE,
                    format!("`{text}` is not from {least} to {most}"),
                    Some(format!("write a span such as {}", days(*range.start() * 3))),
                );
            }
        }
    }
}

/// A span of whole days as it is written.
fn days(span: Duration) -> String {
    format!("{}d", span.as_secs() / DAY.as_secs())
}
