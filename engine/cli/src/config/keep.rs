//! How long things are kept: what was said of it, held against how long they may be.

use std::ops::RangeInclusive;
use std::time::Duration;

use definition::{EXCHANGES_KEPT, REQUESTS_KEPT, RUNS_KEPT};
use model::span;
use runtime::Retention;

use super::layer::{Layer, Said};
use crate::error::Error;

/// What holds is the default where nothing was said.
pub(super) fn retention(said: &Layer) -> Result<Retention, Error> {
    let default = Retention::default();
    let kept = |key, range, default| {
        let said = said.get(key);
        said.map_or(Ok(default), |said| within(said, &range))
    };
    Ok(Retention {
        requests: kept("keep.requests", REQUESTS_KEPT, default.requests)?,
        exchanges: kept("keep.exchanges", EXCHANGES_KEPT, default.exchanges)?,
        runs: said.get("keep.runs").map_or(Ok(default.runs), runs)?,
    })
}

fn within(said: &Said, range: &RangeInclusive<Duration>) -> Result<Duration, Error> {
    let kept = span::parse(&said.value).filter(|kept| range.contains(kept));
    kept.ok_or_else(|| {
        let days = |span: &Duration| span.as_secs() / Duration::from_hours(24).as_secs();
        let (least, most) = (days(range.start()), days(range.end()));
        let wrong = format!("is not a span from {least}d to {most}d");
        said.wrong(&wrong, "write a whole number of days, as in 365d")
    })
}

fn runs(said: &Said) -> Result<usize, Error> {
    let count = said.value.parse().ok();
    let count = count.filter(|count| RUNS_KEPT.contains(count));
    let count = count.and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| {
        let (least, most) = (RUNS_KEPT.start(), RUNS_KEPT.end());
        let wrong = format!("is not a number from {least} to {most}");
        said.wrong(&wrong, "write one, such as 500")
    })
}
