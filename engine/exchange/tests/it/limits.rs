//! The gate: never more than allowed, whatever comes; the urgent first, then the patient.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use exchange::limits::{Gate, KEPT_FOR_TICKETS_PERCENT, Refusal, WAITERS_MAX};
use exchange::{Limit, Priority};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

fn far() -> Instant {
    Instant::now() + Duration::from_hours(100)
}

fn window(requests: u32, per: Duration) -> Limit {
    Limit::Window {
        key: "database".to_owned(),
        requests,
        per,
        share_percent: 100,
    }
}

fn concurrent(key: &str, at_most: u32) -> Limit {
    Limit::Concurrent {
        key: key.to_owned(),
        at_most,
    }
}

#[test]
fn a_share_is_kept_and_never_nothing() {
    let gate = Gate::new();
    let half = Limit::Window {
        key: "k".to_owned(),
        requests: 10,
        per: Duration::from_hours(1),
        share_percent: 50,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        for _ in 0..5 {
            drop(
                gate.pass("c", std::slice::from_ref(&half), Priority::Tickets, far())
                    .await,
            );
        }
        let soon = Instant::now() + Duration::from_secs(1);
        let refused = gate
            .pass("c", &[half], Priority::Tickets, soon)
            .await
            .unwrap_err();
        assert!(matches!(refused, Refusal::TooLate { free_in: Some(_) }));
    });
}

/// Lets `names` queue up in this order for one place that is taken, frees it, and gives the order
/// in which they went through.
async fn order(names: &[(&'static str, Priority)]) -> Vec<&'static str> {
    let gate = Gate::new();
    let limit = [concurrent("one", 1)];
    let first = gate
        .pass("c", &limit, Priority::Tickets, far())
        .await
        .unwrap();
    let went = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (count, (name, priority)) in names.iter().copied().enumerate() {
        let (gate, limit, went) = (gate.clone(), limit.clone(), Arc::clone(&went));
        tasks.push(tokio::spawn({
            let gate = gate.clone();
            async move {
                let permit = gate.pass("c", &limit, priority, far()).await.unwrap();
                went.lock().unwrap().push(name);
                sleep(Duration::from_secs(1)).await;
                drop(permit);
            }
        }));
        while gate.waiting("c") <= count {
            tokio::task::yield_now().await;
        }
    }
    drop(first);
    for task in tasks {
        task.await.unwrap();
    }
    let went = went.lock().unwrap();
    went.clone()
}

#[tokio::test(start_paused = true)]
async fn tickets_go_before_billing_and_the_first_come_first() {
    use Priority::{Billing, Directory, Tickets};
    let names = [
        ("b1", Billing),
        ("d1", Directory),
        ("t1", Tickets),
        ("b2", Billing),
        ("t2", Tickets),
    ];
    assert_eq!(order(&names).await, ["t1", "t2", "d1", "b1", "b2"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_part_of_a_window_is_for_tickets() {
    let (gate, limit) = (Gate::new(), [window(20, Duration::from_hours(1))]);
    let soon = || Instant::now() + Duration::from_secs(1);
    let kept = 20 * KEPT_FOR_TICKETS_PERCENT / 100;
    for _ in kept..20 {
        let billing = gate.pass("c", &limit, Priority::Billing, soon()).await;
        drop(billing.unwrap());
    }
    for priority in [Priority::Billing, Priority::Directory] {
        let refused = gate.pass("c", &limit, priority, soon()).await;
        assert!(matches!(
            refused,
            Err(Refusal::TooLate { free_in: Some(_) })
        ));
    }
    for _ in 0..kept {
        let ticket = gate.pass("c", &limit, Priority::Tickets, soon()).await;
        drop(ticket.unwrap());
    }
    let refused = gate.pass("c", &limit, Priority::Tickets, soon()).await;
    assert!(matches!(refused, Err(Refusal::TooLate { .. })));
}

#[tokio::test(start_paused = true)]
async fn one_that_needs_two_limits_is_not_starved_by_those_that_need_one() {
    let (gate, far) = (Gate::new(), far());
    let (a, b) = ([concurrent("a", 1)], [concurrent("b", 2)]);
    let both = [concurrent("a", 1), concurrent("b", 2)];
    let pass = |limits, priority| Box::pin(gate.pass("c", limits, priority, far));
    let hold_a = pass(&a[..], Priority::Tickets).await.unwrap();
    let hold_b = pass(&b[..], Priority::Tickets).await.unwrap();
    let hold_more = pass(&b[..], Priority::Tickets).await.unwrap();
    let mut needs_both = pass(&both[..], Priority::Directory);
    assert!(futures::poll!(&mut needs_both).is_pending());
    // It met a full `b`: when `b` has room again, that is its own, though it cannot use it yet …
    drop(hold_b);
    let mut needs_one = pass(&b[..], Priority::Directory);
    assert!(futures::poll!(&mut needs_one).is_pending());
    // … and only what is more urgent goes before it.
    drop(pass(&b[..], Priority::Tickets).await.unwrap());
    drop(hold_more);
    assert!(futures::poll!(&mut needs_both).is_pending());
    assert!(futures::poll!(&mut needs_one).is_pending());
    // Once it is through, its claim is gone, and what it left of `b` goes to the next.
    drop(hold_a);
    let permit = futures::poll!(&mut needs_both);
    assert!(permit.is_ready());
    assert!(futures::poll!(&mut needs_one).is_ready());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_leaves_no_claim_behind() {
    let (gate, far) = (Gate::new(), far());
    let (a, b) = ([concurrent("a", 1)], [concurrent("b", 1)]);
    let both = [concurrent("a", 1), concurrent("b", 1)];
    let pass = |limits| Box::pin(gate.pass("c", limits, Priority::Tickets, far));
    let _hold_a = pass(&a[..]).await.unwrap();
    let hold_b = pass(&b[..]).await.unwrap();
    let mut leaves = pass(&both[..]);
    assert!(futures::poll!(&mut leaves).is_pending());
    drop(hold_b);
    let mut stays = pass(&b[..]);
    assert!(futures::poll!(&mut stays).is_pending());
    drop(leaves);
    assert!(futures::poll!(&mut stays).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_full_limit_of_one_credential_does_not_hold_another() {
    let gate = Gate::new();
    let held = gate
        .pass("noisy", &[concurrent("noisy", 1)], Priority::Tickets, far())
        .await;
    gate.pause("noisy", far());
    let begun = Instant::now();
    let other = gate
        .pass("quiet", &[concurrent("quiet", 1)], Priority::Billing, far())
        .await;
    assert!(held.is_ok() && other.is_ok());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_for_the_urgent_lets_them_by_and_the_others_wait() {
    let gate = Gate::new();
    let begun = Instant::now();
    let kept = Duration::from_mins(6);
    gate.keep("one", Priority::Tickets, begun + kept);
    gate.keep("one", Priority::Tickets, begun + kept / 2);
    let soon = begun + Duration::from_mins(1);
    let refused = gate.pass("one", &[], Priority::Directory, soon).await;
    let free_in = Some(kept);
    assert_eq!(refused.unwrap_err(), Refusal::TooLate { free_in });
    for (credential, priority) in [("one", Priority::Tickets), ("two", Priority::Billing)] {
        let passed = gate.pass(credential, &[], priority, far()).await;
        assert!(passed.is_ok() && begun.elapsed() == Duration::ZERO);
    }
    let waited = gate.pass("one", &[], Priority::Billing, far()).await;
    assert!(waited.is_ok() && begun.elapsed() == kept);
    gate.keep("one", Priority::Billing, far());
    let last = gate.pass("one", &[], Priority::Billing, far()).await;
    assert!(
        last.is_ok() && begun.elapsed() == kept,
        "none is less urgent"
    );
}

#[tokio::test(start_paused = true)]
async fn a_queue_has_an_end() {
    let gate = Gate::new();
    let limit = [concurrent("one", 1)];
    let held = gate
        .pass("c", &limit, Priority::Tickets, far())
        .await
        .unwrap();
    let mut waiting: Vec<_> = (0..WAITERS_MAX)
        .map(|_| Box::pin(gate.pass("c", &limit, Priority::Tickets, far())))
        .collect();
    for one in &mut waiting {
        assert!(futures::poll!(one).is_pending());
    }
    let refused = gate
        .pass("c", &limit, Priority::Tickets, far())
        .await
        .unwrap_err();
    assert_eq!(refused, Refusal::Crowded);
    drop(waiting);
    assert_eq!(gate.waiting("c"), 0);
    drop(held);
    assert!(
        gate.pass("c", &limit, Priority::Tickets, far())
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn a_place_given_to_one_who_left_goes_to_the_next() {
    let gate = Gate::new();
    let limit = [concurrent("one", 1)];
    let held = gate
        .pass("c", &limit, Priority::Tickets, far())
        .await
        .unwrap();
    let mut leaves = Box::pin(gate.pass("c", &limit, Priority::Tickets, far()));
    assert!(futures::poll!(&mut leaves).is_pending());
    let mut stays = Box::pin(gate.pass("c", &limit, Priority::Tickets, far()));
    assert!(futures::poll!(&mut stays).is_pending());
    drop(held);
    // The place is granted to the first, who is not polled again.
    drop(leaves);
    assert!(futures::poll!(&mut stays).is_ready());
}

#[tokio::test(start_paused = true)]
async fn what_was_not_sent_does_not_count() {
    let gate = Gate::new();
    let limit = [window(1, Duration::from_hours(1))];
    let begun = Instant::now();
    gate.pass("c", &limit, Priority::Tickets, far())
        .await
        .unwrap()
        .not_sent();
    drop(
        gate.pass("c", &limit, Priority::Tickets, far())
            .await
            .unwrap(),
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
    drop(
        gate.pass("c", &limit, Priority::Tickets, far())
            .await
            .unwrap(),
    );
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_hours(1), "{waited:?}");
    assert!(
        waited <= Duration::from_hours(1) + Duration::from_secs(30),
        "{waited:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_for_a_place_never_share_it() {
    let gate = Gate::new();
    let under_way = Arc::new(AtomicU32::new(0));
    let mut tasks = Vec::new();
    for count in 0..400_u32 {
        let (gate, under_way) = (gate.clone(), Arc::clone(&under_way));
        tasks.push(tokio::spawn(async move {
            let limits = [
                concurrent("entity", 3),
                window(100_000, Duration::from_secs(1)),
            ];
            let pass = gate.pass("c", &limits, Priority::Tickets, far());
            // Some give up at once, wherever they are by then.
            if count % 5 == 0 {
                return drop(tokio::time::timeout(Duration::ZERO, pass).await);
            }
            let permit = pass.await.unwrap();
            assert!(under_way.fetch_add(1, Ordering::SeqCst) < 3);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            drop(permit);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(gate.waiting("c"), 0);
}

/// One call of the model: when it comes, how long it takes, when its caller gives up, and how
/// urgent it is.
#[derive(Clone, Debug)]
struct Arrival {
    at: u64,
    takes: u64,
    gives_up_after: Option<u64>,
    priority: Priority,
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    use Priority::{Billing, Directory, Tickets};
    let priority = prop_oneof![Just(Tickets), Just(Directory), Just(Billing)];
    let gives_up = prop_oneof![3 => Just(None), 1 => (1_u64..4_000).prop_map(Some)];
    let one = (0_u64..3_000, 0_u64..800, gives_up, priority);
    let arrival = one.prop_map(|(at, takes, gives_up_after, priority)| Arrival {
        at,
        takes,
        gives_up_after,
        priority,
    });
    prop::collection::vec(arrival, 1..60)
}

/// Notes when a call was under way, also of one that is cancelled.
struct Stretch {
    begun: Instant,
    from: Instant,
    stretches: Arc<Mutex<Vec<(u128, u128)>>>,
}

impl Drop for Stretch {
    fn drop(&mut self) {
        let stretch = (self.from - self.begun).as_millis();
        self.stretches
            .lock()
            .unwrap()
            .push((stretch, self.begun.elapsed().as_millis()));
    }
}

/// Plays `arrivals` and gives the stretches in which each call was under way, by the millisecond.
async fn play(arrivals: Vec<Arrival>, limits: Vec<Limit>) -> Vec<(u128, u128)> {
    let (gate, begun) = (Gate::new(), Instant::now());
    let stretches = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for arrival in arrivals {
        let (gate, limits, stretches) = (gate.clone(), limits.clone(), Arc::clone(&stretches));
        tasks.push(tokio::spawn(async move {
            sleep(Duration::from_millis(arrival.at)).await;
            let call = async {
                let permit = gate
                    .pass("c", &limits, arrival.priority, far())
                    .await
                    .unwrap();
                let _under_way = Stretch {
                    begun,
                    from: Instant::now(),
                    stretches,
                };
                sleep(Duration::from_millis(arrival.takes)).await;
                drop(permit);
            };
            match arrival.gives_up_after {
                None => call.await,
                Some(after) => {
                    let _given_up = tokio::time::timeout(Duration::from_millis(after), call).await;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let stretches = stretches.lock().unwrap();
    stretches.clone()
}

fn in_paused_time<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_window_ever_holds_more_than_its_limit(
        arrivals in arrivals(),
        requests in 1_u32..8,
        per in 50_u64..1_500,
    ) {
        let waiting = arrivals.iter().filter(|a| a.gives_up_after.is_none()).count();
        let stretches =
            in_paused_time(play(arrivals, vec![window(requests, Duration::from_millis(per))]));
        // Nobody who stayed was forgotten.
        prop_assert!(stretches.len() >= waiting);
        // The other side may count a request at any moment while it is under way, so it may have
        // been counted until `per` after it ended.
        let per = u128::from(per);
        for (from, _) in &stretches {
            let counted =
                stretches.iter().filter(|(start, end)| start <= from && end + per > *from).count();
            prop_assert!(counted <= requests as usize, "{counted} of {requests}: {stretches:?}");
        }
    }

    #[test]
    fn no_more_than_allowed_are_under_way(arrivals in arrivals(), at_most in 1_u32..5) {
        let waiting = arrivals.iter().filter(|a| a.gives_up_after.is_none()).count();
        let stretches = in_paused_time(play(arrivals, vec![
            concurrent("entity", at_most),
            window(40, Duration::from_secs(1)),
        ]));
        prop_assert!(stretches.len() >= waiting);
        for (from, _) in &stretches {
            let under_way = stretches
                .iter()
                .filter(|(start, end)| start <= from && end > from)
                .count();
            prop_assert!(under_way <= at_most as usize, "{stretches:?}");
        }
    }
}
