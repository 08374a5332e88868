//! The gate every call passes: waits until all limits of the call allow it at once.
//!
//! A call takes its places in all limits in one step and holds none while it waits, so calls
//! cannot block each other in a ring. Where it finds a limit full it queues there, and later
//! calls of the same or lower priority do not overtake it at that limit; so none starves behind
//! its own kind. Dropping the waiting future leaves the queue, dropping the permit frees the
//! places: cancelling is safe at every point.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::queues::{Key, Order, Place, Queues};
use super::{Limit, Priority};

/// The most calls of one credential that wait at the same time. More are refused, because work
/// that waits here is held in memory; it belongs in the durable queue.
pub const WAITERS_MAX: usize = 1_000;

/// Why the gate did not let a call through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `WAITERS_MAX` calls of the credential wait already.
    Crowded,
    /// No place becomes free within the time the call may wait.
    TooLate {
        /// How long until one may, where that is known.
        free_in: Option<Duration>,
    },
}

/// Holds calls back; shared by all credentials. Cloning gives the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    queues: Arc<Mutex<Queues>>,
}

impl Gate {
    /// A gate through which nothing has passed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until `credential` is not paused and every one of `limits` has a place free, at the
    /// latest until `until`.
    pub async fn pass(
        &self,
        credential: &str,
        limits: &[Limit],
        priority: Priority,
        until: Instant,
    ) -> Result<Permit, Refusal> {
        let places: Arc<[Place]> = Place::of(credential, limits, priority).into();
        let waiting = {
            let mut queues = self.lock();
            let order = queues.arrive(priority);
            if queues.grant(order, &places, Instant::now()) {
                return Ok(self.permit(places));
            }
            // The order was queued by the attempt; `Waiting` takes it out again when dropped.
            let notify = Arc::new(Notify::new());
            queues.wait(order, Arc::clone(&places), Arc::clone(&notify));
            Waiting {
                gate: self.clone(),
                order,
                places,
                notify,
                collected: false,
            }
        };
        if self.waiting(credential) > WAITERS_MAX {
            return Err(Refusal::Crowded);
        }
        waiting.granted(until).await
    }

    /// Lets no call of `credential` through until then. A pause is never shortened.
    pub fn pause(&self, credential: &str, until: Instant) {
        // Those who wait learn of it when they next look.
        self.lock()
            .pause(&Key::credential(credential), until, Instant::now());
    }

    /// Lets no less urgent call of `credential` through until then: one of this priority was
    /// refused because of a limit, and is first when it comes again.
    pub fn keep(&self, credential: &str, priority: Priority, until: Instant) {
        let (key, now) = (Key::credential(credential), Instant::now());
        self.lock().keep(&key, priority, until, now);
    }

    /// Whether `credential` is paused at this moment.
    pub fn is_paused(&self, credential: &str) -> bool {
        self.lock()
            .is_paused(&Key::credential(credential), Instant::now())
    }

    /// How many calls of `credential` wait.
    pub fn waiting(&self, credential: &str) -> usize {
        self.lock().waiting(&Key::credential(credential))
    }

    /// How much of `limit` is taken at this moment.
    pub fn taken(&self, limit: &Limit) -> u32 {
        self.lock().taken(&Key::of(limit), Instant::now())
    }

    fn permit(&self, places: Arc<[Place]>) -> Permit {
        Permit {
            gate: self.clone(),
            places,
            counts: true,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call in the queue.
struct Waiting {
    gate: Gate,
    order: Order,
    places: Arc<[Place]>,
    notify: Arc<Notify>,
    collected: bool,
}

impl Waiting {
    async fn granted(mut self, until: Instant) -> Result<Permit, Refusal> {
        loop {
            let now = Instant::now();
            let frees_at = {
                let mut queues = self.gate.lock();
                queues.sweep(&self.places, now, false);
                if queues.is_granted(self.order) {
                    self.collected = true;
                    queues.leave(self.order, &self.places);
                    // Its claims are gone: who was queued behind them has to look again.
                    queues.sweep(&self.places, now, true);
                    drop(queues);
                    return Ok(self.gate.permit(Arc::clone(&self.places)));
                }
                queues.frees_at(&self.places, self.order.0, now)
            };
            if now >= until || frees_at.is_some_and(|at| at > until) {
                let free_in = frees_at.map(|at| at.duration_since(now));
                return Err(Refusal::TooLate { free_in });
            }
            tokio::select! {
                biased;
                () = self.notify.notified() => {}
                () = sleep_until(frees_at.unwrap_or(until)) => {}
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.collected {
            return;
        }
        let now = Instant::now();
        let mut queues = self.gate.lock();
        if queues.is_granted(self.order) {
            queues.release(&self.places, now, false);
        }
        queues.leave(self.order, &self.places);
        queues.sweep(&self.places, now, true);
    }
}

/// The places a call holds; they become free when it is dropped.
#[derive(Debug)]
pub struct Permit {
    gate: Gate,
    places: Arc<[Place]>,
    counts: bool,
}

impl Permit {
    /// Gives the places back as if they had never been taken, because nothing was sent.
    pub fn not_sent(mut self) {
        self.counts = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut queues = self.gate.lock();
        queues.release(&self.places, now, self.counts);
        queues.sweep(&self.places, now, true);
    }
}
