//! The gate's state: what is taken of each limit, and who waits for it in which order.
//!
//! Every change is made under the gate's lock and none waits. Only the first in a queue is ever
//! looked at, so a change costs as much as the calls it lets through, however many wait.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::occupancy::Occupancy;
use super::{Limit, Priority};

/// Keys are looked over for idle ones when their number reaches this, and again whenever it has
/// doubled since.
const KEYS_LOOKED_OVER_AT: usize = 1_024;

/// Earlier is smaller: the priority, then the arrival.
pub(super) type Order = (Priority, u64);

/// What calls share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The same name with another stretch is another window.
    Window(String, Duration),
    /// A number of calls at once.
    Concurrent(String),
    /// The credential itself: has room for everyone, unless it is paused.
    Credential(String),
}

impl Key {
    pub(super) fn credential(name: &str) -> Self {
        Self::Credential(name.to_owned())
    }

    pub(super) fn of(limit: &Limit) -> Self {
        match limit {
            Limit::Window { key, per, .. } => Self::Window(key.clone(), *per),
            Limit::Concurrent { key, .. } => Self::Concurrent(key.clone()),
        }
    }
}

/// What one call takes of one limit.
#[derive(Clone, Debug)]
pub(super) struct Place {
    key: Key,
    capacity: u32,
}

impl Place {
    /// The places a call needs, one per key: a limit named twice is kept in its stricter form.
    pub(super) fn of(credential: &str, limits: &[Limit], priority: Priority) -> Vec<Self> {
        let mut places = vec![Self {
            key: Key::credential(credential),
            capacity: u32::MAX,
        }];
        for limit in limits {
            let capacity = limit.capacity_for(priority);
            let key = Key::of(limit);
            match places.iter_mut().find(|place| place.key == key) {
                Some(place) => place.capacity = place.capacity.min(capacity),
                None => places.push(Self { key, capacity }),
            }
        }
        places
    }

    /// How long a call counts after its answer; `None` when it does not.
    fn counts_for(&self) -> Option<Duration> {
        match &self.key {
            Key::Window(_, per) => Some(*per),
            Key::Concurrent(_) | Key::Credential(_) => None,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Queues {
    slots: HashMap<Key, Slot>,
    waiters: HashMap<Order, Waiter>,
    arrivals: u64,
    look_over_at: usize,
}

#[derive(Debug)]
struct Slot {
    occupancy: Occupancy,
    paused_until: Option<Instant>,
    /// Until when it is kept for calls of that priority from all that are less urgent.
    kept: BTreeMap<Priority, Instant>,
    /// Calls that found this full, or claimed by an earlier one.
    queue: BTreeSet<Order>,
    /// All calls that wait and need this, whether or not it is what they wait for.
    waiting: usize,
}

impl Slot {
    fn new(now: Instant) -> Self {
        let occupancy = Occupancy::new(now);
        Self {
            occupancy,
            paused_until: None,
            kept: BTreeMap::new(),
            queue: BTreeSet::new(),
            waiting: 0,
        }
    }

    fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Until when it is kept from calls of this priority, if it is.
    fn kept_from(&self, priority: Priority, now: Instant) -> Option<Instant> {
        let more_urgent = self.kept.range(..priority);
        more_urgent
            .map(|(_, until)| *until)
            .filter(|until| *until > now)
            .max()
    }

    fn has_room(&mut self, capacity: u32, now: Instant) -> bool {
        !self.is_paused(now) && self.occupancy.taken(now) < capacity
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        let is_kept = self.kept.values().any(|until| *until > now);
        self.waiting == 0 && self.queue.is_empty() && !is_kept && self.has_room(1, now)
    }
}

#[derive(Debug)]
struct Waiter {
    places: Arc<[Place]>,
    notify: Arc<Notify>,
    granted: bool,
}

impl Queues {
    /// How much is taken at `key`. Looking makes no slot.
    pub(super) fn taken(&mut self, key: &Key, now: Instant) -> u32 {
        let slot = self.slots.get_mut(key);
        slot.map_or(0, |slot| slot.occupancy.taken(now))
    }

    /// The order of a call that comes now.
    pub(super) fn arrive(&mut self, priority: Priority) -> Order {
        self.arrivals += 1;
        (priority, self.arrivals)
    }

    /// Takes all `places` for `order`, or none of them and queues it where it was held up.
    pub(super) fn grant(&mut self, order: Order, places: &[Place], now: Instant) -> bool {
        let mut free = true;
        for place in places {
            let slot = self.slot(&place.key, now);
            let claimed = slot.queue.first().is_some_and(|first| *first < order);
            let kept = slot.kept_from(order.0, now).is_some();
            if claimed || kept || !slot.has_room(place.capacity, now) {
                slot.queue.insert(order);
                free = false;
            }
        }
        if free {
            for place in places {
                let slot = self.slot(&place.key, now);
                slot.occupancy.begin();
                slot.queue.remove(&order);
            }
        }
        free
    }

    /// Remembers a call that was not let through, so that it is told when it is.
    pub(super) fn wait(&mut self, order: Order, places: Arc<[Place]>, notify: Arc<Notify>) {
        for place in places.iter() {
            if let Some(slot) = self.slots.get_mut(&place.key) {
                slot.waiting += 1;
            }
        }
        self.waiters.insert(
            order,
            Waiter {
                places,
                notify,
                granted: false,
            },
        );
    }

    /// Forgets a call that waited, wherever it was queued.
    pub(super) fn leave(&mut self, order: Order, places: &[Place]) {
        if self.waiters.remove(&order).is_none() {
            return;
        }
        for place in places {
            if let Some(slot) = self.slots.get_mut(&place.key) {
                slot.waiting = slot.waiting.saturating_sub(1);
                slot.queue.remove(&order);
            }
        }
    }

    pub(super) fn is_granted(&self, order: Order) -> bool {
        self.waiters
            .get(&order)
            .is_some_and(|waiter| waiter.granted)
    }

    /// Frees `places`; in windows the call counts on when `counts`.
    pub(super) fn release(&mut self, places: &[Place], now: Instant, counts: bool) {
        for place in places {
            let per = place.counts_for().filter(|_| counts);
            self.slot(&place.key, now).occupancy.end(now, per);
        }
        self.look_over(now);
    }

    /// Lets through whoever is first in the queue of any of `places` and can go now. With
    /// `changed`, a first one that cannot go is told to look again when something frees by time.
    ///
    /// Who is let through wakes up and sweeps its own places, so those that were queued behind it
    /// elsewhere need no look here.
    pub(super) fn sweep(&mut self, places: &[Place], now: Instant, changed: bool) {
        for place in places {
            let mut changed = changed;
            while let Some(first) = self.first(&place.key) {
                let Some(waiter) = self.waiters.get(&first) else {
                    break;
                };
                let (wanted, notify) = (Arc::clone(&waiter.places), Arc::clone(&waiter.notify));
                let granted = self.grant(first, &wanted, now);
                if granted || changed {
                    notify.notify_one();
                }
                if !granted {
                    break;
                }
                if let Some(waiter) = self.waiters.get_mut(&first) {
                    waiter.granted = true;
                }
                changed = true;
            }
        }
    }

    /// When the first of `places` that is full, or kept from this priority, frees by the passing of
    /// time; `None` when they all wait for somebody to finish.
    pub(super) fn frees_at(
        &mut self,
        places: &[Place],
        priority: Priority,
        now: Instant,
    ) -> Option<Instant> {
        let mut latest = None;
        for place in places {
            let slot = self.slot(&place.key, now);
            let paused = slot.paused_until.filter(|until| *until > now);
            let full = slot.occupancy.taken(now) >= place.capacity;
            let frees = if full {
                slot.occupancy.frees_at()
            } else {
                None
            };
            // All must be free at once, so nothing can happen before the latest of them.
            let kept = slot.kept_from(priority, now);
            latest = latest.max(paused).max(kept).max(frees);
        }
        latest
    }

    pub(super) fn pause(&mut self, key: &Key, until: Instant, now: Instant) {
        let slot = self.slot(key, now);
        slot.paused_until = slot.paused_until.max(Some(until));
    }

    pub(super) fn keep(&mut self, key: &Key, priority: Priority, until: Instant, now: Instant) {
        let kept = self.slot(key, now).kept.entry(priority).or_insert(until);
        *kept = until.max(*kept);
    }

    pub(super) fn is_paused(&self, key: &Key, now: Instant) -> bool {
        self.slots.get(key).is_some_and(|slot| slot.is_paused(now))
    }

    pub(super) fn waiting(&self, key: &Key) -> usize {
        self.slots.get(key).map_or(0, |slot| slot.waiting)
    }

    fn first(&self, key: &Key) -> Option<Order> {
        self.slots.get(key)?.queue.first().copied()
    }

    fn slot(&mut self, key: &Key, now: Instant) -> &mut Slot {
        self.slots
            .entry(key.clone())
            .or_insert_with(|| Slot::new(now))
    }

    /// Drops what nobody uses, so that keys of past work do not pile up.
    fn look_over(&mut self, now: Instant) {
        if self.slots.len() < self.look_over_at.max(KEYS_LOOKED_OVER_AT) {
            return;
        }
        self.slots.retain(|_, slot| !slot.is_idle(now));
        self.look_over_at = self.slots.len().saturating_mul(2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn keys_that_nobody_uses_are_dropped() {
        let mut queues = Queues::default();
        for entity in 0..10 * KEYS_LOOKED_OVER_AT {
            let limit = Limit::Concurrent {
                key: format!("entity {entity}"),
                at_most: 1,
            };
            let places = Place::of("credential", &[limit], Priority::Tickets);
            let order = queues.arrive(Priority::Tickets);
            assert!(queues.grant(order, &places, Instant::now()));
            queues.release(&places, Instant::now(), true);
        }
        assert!(queues.slots.len() <= KEYS_LOOKED_OVER_AT);
    }
}
