//! Chance that comes from a seed and from nothing else.

use std::time::Duration;

use exchange::{Random, SeededRandom};

/// Dice that fall the same way for the same seed.
#[derive(Debug)]
pub struct Dice(SeededRandom);

impl Dice {
    /// The dice of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// A number below `bound`, which is above zero.
    pub fn below(&self, bound: u64) -> u64 {
        self.0.next() % bound.max(1)
    }

    /// Whether something happens that is so likely, in hundredths.
    pub fn percent(&self, likely: u64) -> bool {
        self.below(100) < likely
    }

    /// A length of time up to `most`.
    pub fn span(&self, most: Duration) -> Duration {
        self.0.up_to(most)
    }

    /// One of `all`, which is not empty.
    pub fn pick<'a, T>(&self, all: &'a [T]) -> &'a T {
        all.get(self.index(all.len()))
            .expect("there is something to pick from")
    }

    /// A place below `count`; the first when there is none.
    pub fn index(&self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).unwrap_or_default()
    }
}
