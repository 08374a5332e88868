//! Many customers and products: a plan as far as applied and read back, with each call counted
//! against what no way of doing it could do without; and what a pass costs that finds everything
//! as it should be. `--nocapture` prints the figures.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test should panic, and the figures are to be seen"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use model::billing::{ChangeState, Mode};
use model::{Outcome, Run};
use simulation::billing::Bill;

/// Customers of a large partner, besides the sample ones.
const CUSTOMERS: u32 = 190;

/// Companies of the largest partner.
const COMPANIES: u32 = 2_000;

/// Recurring invoices in one page, as the connector asks for them.
const INVOICES_PER_PAGE: u64 = 100;

/// Products that each of them uses.
const PRODUCTS: usize = 5;

/// What others ask at the same time, and to learn what is where: logins, names of contract types,
/// the rights of the pre-flight, the directory.
const CALLS_BESIDES: u64 = 40;

/// How often it is looked whether all is billed, in simulated time, and how many times.
const LOOK_EVERY: Duration = Duration::from_mins(2);
const LOOKS_MAX: u32 = 300;

/// Calls by method and entity, since there were so many.
fn calls(bill: &Bill, since: usize) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for call in bill.world.psa.calls().iter().skip(since) {
        let name = format!("{} {}", call.method, call.entity);
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// Holds a pass against what the engine cannot be wrong about: where an invoice comes with its
/// lines, each page of them is asked for once.
fn invoices_are_read_once(run: &Run, made: &BTreeMap<String, u64>) {
    if let Some(calls) = made.get("GET RecurringInvoice") {
        let mut read = run.verdicts.iter();
        let invoices = read.find(|list| list.operation == "list_agreements");
        let pages = invoices.unwrap().records.div_ceil(INVOICES_PER_PAGE);
        assert!(pages > 1, "{run:?}");
        assert_eq!(*calls, pages, "{made:?}");
    }
}

/// Waits until each line has been changed and is as it should be. A look at so many lines costs
/// more than what is waited for, so it is rare.
async fn all_billed(bill: &Bill, all: usize) {
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(LOOK_EVERY).await;
        let plan = bill.engine().plan(&bill.world.partner, &bill.id).await;
        let lines = plan.unwrap().lines;
        if lines.len() == all && lines.iter().all(|line| line.actual == line.desired) {
            return;
        }
    }
    unreachable!("not all is billed in time");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_lines_are_applied_and_verified_by_a_call_each_and_pages_and_then_by_pages() {
    for bill in Bill::with_many(31, CUSTOMERS).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        let all = bill.customers.len() * PRODUCTS;
        assert!(all >= 1_000, "{all}");
        let before = bill.world.psa.calls().len();
        bill.everybody_uses_products(PRODUCTS, "3").await;
        all_billed(&bill, all).await;
        let changes = bill.changes().await;
        let verified = |one: &&model::billing::Change| one.state == ChangeState::Verified;
        assert_eq!(changes.iter().filter(verified).count(), all);
        assert_eq!(bill.adjustments(), all, "each line once");

        let (connector, made) = (bill.world.psa.connector(), calls(&bill, before));
        println!("{connector}: {all} lines: {made:?}");
        let sum: u64 = made.values().sum();
        assert!(sum < all as u64 * 11 / 10, "reads go by pages: {made:?}");
        let runs = bill.runs().await.into_iter();
        for run in runs.filter(|run| run.pipeline == "bill_usage") {
            let count = |name: &str| run.counts.get(name).copied().unwrap_or_default();
            let (calls, least) = (count("calls"), count("calls_least"));
            println!("  a run of {calls} calls, at least {least}");
            assert!(calls <= least + CALLS_BESIDES, "{run:?}");
        }

        // Of the PSA's limit nothing is used up that the pass would have to wait for.
        bill.world.psa.free_calls();
        let before = bill.world.psa.calls().len();
        let run = bill.run().await;
        assert_eq!(run.outcome, Outcome::Succeeded);
        println!("  unchanged: {:?}, {:?}", calls(&bill, before), run.counts);
        assert_eq!(run.counts.get("pages"), run.counts.get("calls_least"));
        invoices_are_read_once(&run, &calls(&bill, before));
        assert_eq!(bill.adjustments(), all, "nothing to do writes nothing");
        assert_eq!(bill.world.psa.violations(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_thousand_companies_where_nothing_changed_cost_the_pages_of_what_they_have() {
    for bill in Bill::with_many(32, COMPANIES).await {
        bill.mode(Mode::Automatic, Bill::no_guards()).await;
        bill.everybody_uses("5").await;
        let all = bill.customers.len();
        assert!(all >= 2_000, "{all}");
        all_billed(&bill, all).await;
        // Of the PSA's limit nothing is used up that the pass would have to wait for.
        bill.world.psa.free_calls();
        let (written, before) = (bill.adjustments(), bill.world.psa.calls().len());
        let run = bill.run().await;
        assert_eq!(run.outcome, Outcome::Succeeded);
        println!("{all} companies: {:?}", run.counts);
        assert_eq!(run.counts.get("calls"), run.counts.get("calls_least"));
        invoices_are_read_once(&run, &calls(&bill, before));
        assert_eq!(bill.adjustments(), written, "nothing to do writes nothing");
    }
}
