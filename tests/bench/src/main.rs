//! `dovetail-bench`: how fast the built program is, beside code written by hand for the same thing.
//!
//! Each figure is measured in one run together with what it is compared to, by turns, so that
//! whatever else the machine does disturbs both alike; the ratio is the median over the rounds. The
//! program under test and the code it is compared to are processes of their own; the load comes
//! from, and the PSA is played by, this process for both. Nothing is asserted: a slow machine is
//! not a mistake. See `tests/bench/README.md`.

#![expect(clippy::print_stdout, reason = "what a benchmark finds is its output")]

mod by_hand;
mod callouts;
mod checking;
mod child;
mod engine;
mod load;
mod mapping;
mod psa;
mod pull;
mod starting;
mod table;
mod tickets;

use crate::table::Table;

/// The benchmarks by name, in the order in which they are run.
const NAMES: [&str; 6] = ["callouts", "tickets", "pull", "mapping", "check", "start"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    // What is compared to runs as another process of this program.
    if let Some((role, rest)) = by_hand::role(&arguments) {
        runtime.block_on(by_hand::play(role, rest));
        return;
    }
    let wrong = arguments
        .iter()
        .find(|name| !NAMES.contains(&name.as_str()));
    if let Some(wrong) = wrong {
        println!(
            "there is no benchmark `{wrong}`; there are {}",
            NAMES.join(", ")
        );
        std::process::exit(2);
    }
    let wanted = |name: &&&str| arguments.is_empty() || arguments.iter().any(|it| it == **name);
    for name in NAMES.iter().filter(wanted) {
        runtime.block_on(run(name)).print();
    }
}

async fn run(name: &str) -> Table {
    match name {
        "callouts" => callouts::run().await,
        "tickets" => tickets::run().await,
        "pull" => pull::run().await,
        "mapping" => mapping::run(),
        "check" => checking::run().await,
        _ => starting::run().await,
    }
}
