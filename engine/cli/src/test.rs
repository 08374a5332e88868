//! `dovetail test`: whether a connector does what its own examples say, offline, and what they
//! leave untried.

use std::collections::BTreeSet;

use definition::{Loaded, OfConnector, Sources, Style, examples, load_as_written, render};
use model::Severity;
use runtime::{Coverage, Played, Tally, coverage, rehearse};

use crate::args::TestArgs;
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
    let problems: Vec<_> = problems
        .filter(|one| own.contains(&one.place.file))
        .cloned()
        .collect();
    let style = if output::is_colourful() {
        Style::Colour
    } else {
        Style::Plain
    };
    let mut holds = !problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    if !problems.is_empty() {
        output::print(render(&problems, style).trim_end())?;
    }
    let of_folder = found
        .by_connector
        .iter()
        .filter(|(_, one)| own.contains(&one.file));
    let mut tested = 0;
    for (name, of_connector) in of_folder {
        tested += 1;
        holds &= test(name, of_connector, &loaded, args.coverage).await?;
    }
    if tested == 0 && problems.is_empty() {
        return Err(Error::BadSetting {
            setting: name,
            wrong: "there is no connector in this folder".to_owned(),
            remedy: "name the folder that holds its connector.yaml".to_owned(),
        });
    }
    Ok(if holds && tested > 0 {
        Exit::Ok
    } else {
        Exit::Failed
    })
}

/// Plays the examples of one connector and prints what came of it.
async fn test(
    name: &str,
    of_connector: &OfConnector,
    loaded: &Loaded,
    percent: u8,
) -> Result<bool, Error> {
    let Some(connector) = loaded.library.connectors.get(name) else {
        return Ok(false);
    };
    output::print(&format!("{name}: {} examples", of_connector.examples.len()))?;
    let mut all = Vec::new();
    for example in &of_connector.examples {
        let played = rehearse(&loaded.library, connector, example).await;
        output::print(&shown(&example.title, &example.file, &played))?;
        all.push(played);
    }
    let tried = coverage(connector, &all);
    output::print(&summary(&tried))?;
    let enough = |tally: &Tally| tally.percent() >= usize::from(percent);
    Ok(all.iter().all(Played::holds) && enough(&tried.operations) && enough(&tried.rules))
}

/// One example: its sentence, and every difference below it.
fn shown(title: &str, file: &str, played: &Played) -> String {
    if played.holds() {
        return format!("  ✓ {title}");
    }
    let mut text = format!("  ✗ {title}\n    {file}");
    for difference in &played.differences {
        for line in difference.to_string().lines() {
            text.push_str("\n      ");
            text.push_str(line);
        }
    }
    text
}

fn summary(tried: &Coverage) -> String {
    let operations = tallied(
        "operations, setup, choices, rights and callouts",
        &tried.operations,
    );
    format!("{operations}\n{}", tallied("error rules", &tried.rules))
}

fn tallied(what: &str, tally: &Tally) -> String {
    let tried = tally.of.saturating_sub(tally.untried.len());
    let mut text = format!(
        "  {what}: {tried} of {} tried ({}%)",
        tally.of,
        tally.percent()
    );
    for name in &tally.untried {
        text.push_str("\n    untried: ");
        text.push_str(name);
    }
    text
}
