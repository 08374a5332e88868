//! The lines of a connector's own scripts.

use definition::{Connector, OfConnector};
use expression::script::Lacks;

use super::{Tally, Untried};

pub(super) fn tally(of: &OfConnector, connector: &Connector) -> Tally {
    let mut tally = Tally {
        what: "lines of scripts",
        of: 0,
        tried: 0,
        untried: Vec::new(),
    };
    for file in &of.scripts {
        let name = file.rsplit('/').next().unwrap_or(file);
        let Some(tried) = connector.scripts.tried(name) else {
            continue;
        };
        let untried: usize = tried.untried.iter().map(|one| one.count).sum();
        tally.of += tried.lines;
        tally.tried += tried.lines.saturating_sub(untried);
        tally.untried.extend(tried.untried.iter().map(|one| {
            let (first, last) = (*one.lines.start(), *one.lines.end());
            let name = if first == last {
                format!("{} (line {first})", one.function)
            } else {
                format!("{} (lines {first} to {last})", one.function)
            };
            Untried {
                name,
                file: file.clone(),
                place: Some((first, one.column)),
                example: match one.lacks {
                    Lacks::Run => "what leads the function here".to_owned(),
                    Lacks::PassingBy => "what does not meet its condition".to_owned(),
                },
            }
        }));
    }
    tally
}
