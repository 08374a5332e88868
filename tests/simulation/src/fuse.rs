//! When the engine dies: at any await, or at any moment.
//!
//! What a death leaves behind is decided by what the engine had done outside until then, and all it
//! does outside goes through its seams. So every poll of a seam's future is a place to die at: before
//! it, when nothing was done yet, and after it, when it was done and nobody learns of it. A death
//! while the engine only waits is a death at a moment, which the scenario draws.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

use tokio::sync::Notify;

/// Counts down to the death of one life. Clones burn together.
#[derive(Clone, Debug)]
pub struct Fuse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicU64,
    is_burnt: AtomicBool,
    burnt: Notify,
}

impl Fuse {
    /// A fuse that burns through at the `steps`th step from now.
    pub fn of(steps: u64) -> Self {
        Self(Arc::new(Inner {
            left: AtomicU64::new(steps),
            is_burnt: AtomicBool::new(false),
            burnt: Notify::new(),
        }))
    }

    /// A fuse that no steps burn through.
    pub fn endless() -> Self {
        Self::of(u64::MAX)
    }

    /// Burns it through at once.
    pub fn burn(&self) {
        self.0.is_burnt.store(true, Ordering::Relaxed);
        self.0.burnt.notify_one();
    }

    /// Whether it has burnt through: nothing of this life goes on any more.
    pub fn is_burnt(&self) -> bool {
        self.0.is_burnt.load(Ordering::Relaxed)
    }

    /// Returns when the engine has to die.
    pub async fn burnt(&self) {
        self.0.burnt.notified().await;
    }

    /// Awaits `future`, each poll of which is a step before and, where it was the last one, a step
    /// after. Whoever is at the last step of the fuse never goes on.
    pub async fn over<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            if !self.step() {
                return Poll::Pending;
            }
            let polled = future.as_mut().poll(context);
            if polled.is_ready() && !self.step() {
                return Poll::Pending;
            }
            polled
        })
        .await
    }

    /// Takes one step; whether life goes on.
    fn step(&self) -> bool {
        if self.0.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.burn();
        }
        !self.is_burnt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_burns_before_or_after_what_is_done() {
        for (steps, done) in [(1, 0), (2, 1), (3, 1), (4, 2)] {
            let (fuse, count) = (Fuse::of(steps), AtomicU64::new(0));
            let work = async {
                loop {
                    fuse.over(async { count.fetch_add(1, Ordering::Relaxed) })
                        .await;
                }
            };
            tokio::select! {
                biased;
                () = work => {}
                () = fuse.burnt() => {}
            }
            assert_eq!(count.load(Ordering::Relaxed), done, "{steps}");
        }
    }
}
