//! The tours: all partners walk the same legs at the same time, each at its own pace.
//!
//! What they say is shown one tour after the other: the first as it goes, each other one when those
//! before it have ended.

use std::time::Instant;

use futures::future::{join, join_all};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::leg::Leg;
use super::stage::{Side, Stage};
use crate::error::Error;
use crate::exit::Exit;
use crate::output::print;

/// Walks every tour, and says what held. A new partner has none.
pub(super) async fn walk_all(stages: &mut [Stage]) -> Result<Exit, Error> {
    let started = Instant::now();
    let (mut tours, mut heard) = (Vec::new(), Vec::new());
    for stage in stages.iter_mut().filter(|stage| !stage.is_new) {
        let (say, hear) = unbounded_channel();
        tours.push(walk(stage, say));
        heard.push(hear);
    }
    let count = tours.len();
    let (held, shown) = join(join_all(tours), show(heard)).await;
    shown?;
    let held: usize = held.into_iter().sum();
    let (all, seconds) = (count * Leg::ALL.len(), started.elapsed().as_secs_f64());
    if held == all {
        print(&format!(
            "\nall {all} legs of {count} tours held, in {seconds:.1} s"
        ))?;
        return Ok(Exit::Ok);
    }
    print(&format!("\n{held} of {all} legs held"))?;
    Ok(Exit::Failed)
}

/// Shows what each tour says, in their order.
async fn show(heard: Vec<UnboundedReceiver<String>>) -> Result<(), Error> {
    for mut tour in heard {
        while let Some(line) = tour.recv().await {
            print(&line)?;
        }
    }
    Ok(())
}

/// Walks the legs of one tour up to the first that does not hold, since those after it rest on it.
/// Gives how many held.
async fn walk(stage: &mut Stage, say: UnboundedSender<String>) -> usize {
    // Nobody listens any more only when nothing can be printed, which is told there.
    let say = |line: String| drop(say.send(line));
    say(format!("\n{}", heading(stage)));
    let mut held = 0;
    for (leg, number) in Leg::ALL.into_iter().zip(1..) {
        let began = Instant::now();
        let walked = leg.walk(stage).await;
        let seconds = began.elapsed().as_secs_f64();
        let (mark, proof) = match walked {
            Ok(proof) => ("✓", proof),
            Err(lapse) => ("✗ FAILED:", vec![lapse.to_string()]),
        };
        say(format!(
            "{number:>2} {mark} {} ({seconds:.1} s)",
            leg.title()
        ));
        for line in proof {
            say(format!("     {line}"));
        }
        if mark != "✓" {
            let left = Leg::ALL.len() - number;
            say(format!("     {left} legs after it were not walked"));
            break;
        }
        held = number;
    }
    held
}

fn heading(stage: &Stage) -> String {
    let psas: Vec<&str> = stage.sides.iter().map(Side::name).collect();
    format!("{}, a partner with {}", stage.partner, psas.join(" and "))
}
