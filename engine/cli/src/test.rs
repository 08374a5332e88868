//! `dovetail test`: whether a connector does what its own examples say, offline, and what they
//! leave untried.

mod report;

use std::collections::BTreeSet;

use definition::{Loaded, OfConnector, Sources, Style, examples, load_as_written, render};
use model::{Problem, Severity};
use runtime::{Coverage, Played, coverage, rehearse};

use crate::args::{TestArgs, TestFormat};
use crate::builtin;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

pub(crate) async fn run(args: TestArgs) -> Result<Exit, Error> {
    let name = args.folder.to_string_lossy().into_owned();
    let source = Sources::read(&name, &args.folder);
    let source = source.map_err(|source| Error::ReadConnectors { source })?;
    let own: BTreeSet<String> = source.files().map(|(path, _)| path.to_owned()).collect();
    let mut sources = builtin::sources();
    sources.push(source);
    let loaded = load_as_written(&sources);
    let found = examples(&sources, &loaded.library);
    let problems = loaded.problems.iter().chain(&found.problems);
    let problems: Vec<Problem> = problems
        .filter(|one| own.contains(&one.place.file))
        .cloned()
        .collect();
    let is_text = args.format == TestFormat::Text;
    if is_text && !problems.is_empty() {
        output::print(render(&problems, style()).trim_end())?;
    }
    let of_folder = found
        .by_connector
        .iter()
        .filter(|(_, one)| own.contains(&one.file));
    let mut tested = Vec::new();
    for (name, of_connector) in of_folder {
        let one = test(name, of_connector, &loaded, is_text).await?;
        tested.extend(one);
    }
    if tested.is_empty() && problems.is_empty() {
        return Err(Error::BadSetting {
            setting: name,
            wrong: "there is no connector in this folder".to_owned(),
            remedy: "name the folder that holds its connector.yaml".to_owned(),
        });
    }
    if !is_text {
        output::print(&format!("{:#}", report::json(&tested, &problems)))?;
    }
    let is_good = problems.iter().all(|one| one.severity != Severity::Error)
        && !tested.is_empty()
        && tested.iter().all(|one| one.holds(args.coverage));
    Ok(if is_good { Exit::Ok } else { Exit::Failed })
}

/// What came of the examples of one connector.
struct Tested<'a> {
    name: &'a str,
    /// Each with its sentence and its file.
    played: Vec<(&'a str, &'a str, Played)>,
    coverage: Coverage,
}

impl Tested<'_> {
    /// Whether all examples hold, and try so many per cent of everything.
    fn holds(&self, percent: u8) -> bool {
        let holds = self.played.iter().all(|(_, _, played)| played.holds());
        let tallies = self.coverage.0.iter();
        holds && { tallies }.all(|tally| tally.percent() >= usize::from(percent))
    }
}

/// Plays the examples of one connector; nothing where it could not be loaded. As text, what came
/// of each is shown as it is known.
async fn test<'a>(
    name: &'a str,
    of: &'a OfConnector,
    loaded: &Loaded,
    is_text: bool,
) -> Result<Option<Tested<'a>>, Error> {
    let Some(connector) = loaded.library.connectors.get(name) else {
        return Ok(None);
    };
    let show = |text: &str| if is_text { output::print(text) } else { Ok(()) };
    show(&format!("{name}: {} examples", of.examples.len()))?;
    let mut all = Vec::new();
    for example in &of.examples {
        let played = rehearse(&loaded.library, connector, example).await;
        show(&report::example(&example.title, &example.file, &played))?;
        all.push(played);
    }
    let coverage = coverage(of, connector, &all);
    show(&report::coverage(&coverage))?;
    let examples = of.examples.iter().zip(all);
    Ok(Some(Tested {
        name,
        played: examples
            .map(|(example, played)| (example.title.as_str(), example.file.as_str(), played))
            .collect(),
        coverage,
    }))
}

fn style() -> Style {
    if output::is_colourful() {
        Style::Colour
    } else {
        Style::Plain
    }
}
