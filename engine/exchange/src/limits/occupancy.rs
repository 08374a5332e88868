//! How much of one limit is taken at a moment. Pure bookkeeping; the gate decides and waits.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::later;

/// Into how many steps a window's stretch is divided. Answers within one step are counted
/// together and leave together, at its end: memory stays small whatever the limit, and a place
/// becomes free at most this fraction of the stretch too late, never too early.
const STEPS: u32 = 256;

/// What is taken of a limit.
#[derive(Debug)]
pub(super) struct Occupancy {
    /// Calls under way.
    under_way: u32,
    /// Answered calls that still count: until when, and how many, in order of time.
    counting: VecDeque<(Instant, u32)>,
    counting_total: u32,
    /// Where the steps are counted from.
    origin: Instant,
}

impl Occupancy {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            under_way: 0,
            counting: VecDeque::new(),
            counting_total: 0,
            origin: now,
        }
    }

    pub(super) fn taken(&mut self, now: Instant) -> u32 {
        while let Some((until, count)) = self.counting.front().copied()
            && until <= now
        {
            self.counting.pop_front();
            self.counting_total -= count;
        }
        self.under_way.saturating_add(self.counting_total)
    }

    /// When the next answered call stops counting; `None` while only calls under way count.
    pub(super) fn frees_at(&self) -> Option<Instant> {
        self.counting.front().map(|(until, _)| *until)
    }

    pub(super) fn begin(&mut self) {
        self.under_way += 1;
    }

    /// Ends a call that counts for `per` more; `None` when it counts no longer.
    pub(super) fn end(&mut self, now: Instant, per: Option<Duration>) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(per) = per else { return };
        let until = later(self.end_of_step(now, per), per);
        match self.counting.back_mut() {
            // Time does not run backwards, so an earlier end can only come from rounding.
            Some((last, count)) if *last >= until => *count += 1,
            _ => self.counting.push_back((until, 1)),
        }
        self.counting_total += 1;
    }

    fn end_of_step(&self, now: Instant, per: Duration) -> Instant {
        let step = (per / STEPS).max(Duration::from_millis(1)).as_nanos();
        let elapsed = now.duration_since(self.origin).as_nanos();
        let rounded = elapsed.div_ceil(step).saturating_mul(step);
        later(
            self.origin,
            Duration::from_nanos(u64::try_from(rounded).unwrap_or(u64::MAX)),
        )
    }
}
