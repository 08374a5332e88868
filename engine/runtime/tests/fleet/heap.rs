//! What lies on the heap, counted byte by byte: which a fleet may not fill.
//!
//! The figures are of the heap and not of the process, so that neither the allocator's habits nor
//! the machine make a difference.

use std::sync::Arc;
use std::time::Instant;

use peak_alloc::PeakAlloc;
use store::{Memory, Store};
use tokio::sync::{Mutex, MutexGuard};

use crate::partners::Fleet;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Held by each test, because the heap is the whole process's.
static ALONE: Mutex<()> = Mutex::const_new(());

/// How many partners there are in the smaller fleet, and in the larger one.
const SMALLER: usize = 4;
const LARGER: usize = 4 * SMALLER;

/// How much more a comparison may take in the larger fleet, in bytes: the ids of its partners are
/// longer. A name kept of each would be more.
const LONGER_IDS: usize = 512;

/// What the engine above the store may keep of each partner while it does nothing, in bytes.
const KEPT_OF_A_PARTNER_MAX: usize = 4 * 1_024;

/// What a fleet takes on the heap.
#[derive(Debug)]
struct Weight {
    /// What comparing one partner takes at its most, above what is held before: of all partners,
    /// the median.
    comparison: usize,
    /// What the engine holds between comparisons, besides what the store does.
    engine: usize,
}

impl Weight {
    async fn of(partners: usize) -> Self {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let fleet = Fleet::of(partners, store).await;
        fleet.compare(&fleet.partners).await;
        let mut peaks = Vec::new();
        for partner in fleet.partners.chunks(1) {
            let before = HEAP.current_usage();
            HEAP.reset_peak_usage();
            fleet.compare(partner).await;
            peaks.push(HEAP.peak_usage() - before);
        }
        peaks.sort_unstable();
        let all = HEAP.current_usage();
        let _store = fleet.end().await;
        Self {
            comparison: *peaks.get(partners / 2).unwrap(),
            engine: all - HEAP.current_usage(),
        }
    }
}

/// The right to be the only test that runs.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().await
}

/// How many bytes are on the heap.
pub(crate) fn held() -> usize {
    HEAP.current_usage()
}

/// Prints what was done, how long it took, and how much memory the process has then.
pub(crate) fn print(what: &str, began: Instant) {
    println!(
        "{what} in {:.1} s: {} MiB on the heap, {} MiB resident",
        began.elapsed().as_secs_f64(),
        held() >> 20,
        resident_mib(),
    );
}

/// How much memory the process has, as the system tells; zero where it does not.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kib.unwrap_or_default() / 1024
}

#[tokio::test(start_paused = true)]
async fn neither_a_comparison_nor_what_is_kept_of_a_partner_grows_with_the_fleet() {
    let _alone = alone().await;
    let (smaller, larger) = (Weight::of(SMALLER).await, Weight::of(LARGER).await);
    let more = larger.comparison.saturating_sub(smaller.comparison);
    assert!(more <= LONGER_IDS, "{smaller:?}, {larger:?}");
    let kept = larger.engine.saturating_sub(smaller.engine) / (LARGER - SMALLER);
    assert!(kept <= KEPT_OF_A_PARTNER_MAX, "{kept} bytes of each");
}
