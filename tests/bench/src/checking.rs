//! How long it takes to check a hundred connectors.

use std::fs;
use std::time::Instant;

use crate::child::{Process, program};
use crate::table::{Table, median, memory};

/// How many.
const CONNECTORS: usize = 100;
/// How often.
const ROUNDS: usize = 5;

pub(crate) async fn run() -> Table {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = include_str!("../connectors/benchdesk/connector.yaml");
    for number in 0..CONNECTORS {
        let path = folder.path().join(format!("desk_{number}"));
        fs::create_dir(&path).expect("a folder of our own");
        let text = text.replace("connector: benchdesk", &format!("connector: desk_{number}"));
        fs::write(path.join("connector.yaml"), text).expect("a folder of our own");
    }
    let (mut took, mut peak) = (Vec::new(), None);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        peak = Process::start(program().arg("check").arg(folder.path()))
            .end()
            .await
            .0;
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let mut table = Table::new(format!(
        "`dovetail check` of {CONNECTORS} connectors, {ROUNDS} times"
    ));
    table.row(
        "from start to exit",
        format!("{:.0} ms", median(took)),
        memory(peak),
    );
    table
}
