//! A fleet of partners, each with customers and products, compared from stored state.
//!
//! What is held at once depends on how many jobs run at once and on the largest partner, never on
//! how many partners there are: a comparison looks at no other partner's state, and no read asks
//! for more than a page. `DOVETAIL_FLEET=4000 cargo test --release -p dovetail-runtime --test fleet
//! on_disk -- --nocapture` does it with so many partners on disk, and prints how long it takes and
//! how much memory is taken by what; with `DOVETAIL_CACHE_MIB` the database keeps that much.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test should panic; figures are for people"
)]

mod desk;
mod heap;
mod partners;
mod watched;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use store::limits::CACHE_BYTES;
use store::{Memory, Options, Sled};

use partners::Fleet;

/// How many partners there are in the small fleet.
const PARTNERS: usize = 12;

/// How many partners there are on disk, unless `DOVETAIL_FLEET` says otherwise.
const ON_DISK: u64 = 3;

/// The customers of each partner, and the products of each customer.
const CUSTOMERS: u32 = 50;
const PRODUCTS: u32 = 5;

/// The lines of each partner's plan, one for each of its usages.
const LINES: usize = (CUSTOMERS * PRODUCTS) as usize;

/// After how many partners a figure is printed.
const PART: usize = 500;

/// The number that somebody wants, if anybody does.
fn asked(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_comparison_reads_one_partner_at_a_time_however_many_there_are() {
    let _alone = heap::alone().await;
    let fleet = Fleet::of(PARTNERS, Arc::new(Memory::new())).await;
    fleet.store.largest.store(0, Ordering::SeqCst);
    let lines = fleet.compare(&fleet.partners).await;
    assert_eq!(lines, PARTNERS * LINES);
    let largest = fleet.store.largest.load(Ordering::SeqCst);
    assert_eq!(largest, LINES, "the most records that one read gave");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_on_disk_is_compared_whole() {
    let _alone = heap::alone().await;
    let partners = usize::try_from(asked("DOVETAIL_FLEET").unwrap_or(ON_DISK)).unwrap();
    let cache = asked("DOVETAIL_CACHE_MIB").map(|mib| mib << 20);
    let options = Options {
        cache_bytes: cache.unwrap_or(CACHE_BYTES),
        ..Options::default()
    };
    let folder = std::env::temp_dir().join(format!("dovetail-fleet-{}", std::process::id()));
    let began = Instant::now();
    let store = Sled::open_with(&folder, options).unwrap();
    let fleet = Fleet::of(partners, Arc::new(store)).await;
    heap::print(&format!("{partners} partners set up"), began);
    let (began, mut lines, mut compared) = (Instant::now(), 0, 0);
    for part in fleet.partners.chunks(PART) {
        lines += fleet.compare(part).await;
        compared += part.len();
        heap::print(&format!("{compared} partners compared"), began);
    }
    assert_eq!(lines, partners * LINES);
    let (all, store) = (heap::held(), fleet.end().await);
    let above = all.saturating_sub(heap::held());
    println!("of it {} KiB above the store", above >> 10);
    drop(store);
    drop(std::fs::remove_dir_all(folder));
}
