//! `dovetail check`: what is wrong with definition files, without running anything.

use definition::{Style, check_paths, render};
use model::{Problem, Severity};

use crate::args::{CheckArgs, ReportFormat};
use crate::builtin;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Error> {
    let problems = check_paths(&builtin::sources(), &args.paths);
    output::print(&report(&problems, args.format, args.paths.len()))?;
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    Ok(if problems.iter().any(is_error) {
        Exit::Failed
    } else {
        Exit::Ok
    })
}

fn report(problems: &[Problem], format: ReportFormat, paths: usize) -> String {
    let style = match format {
        ReportFormat::Json => Style::Json,
        ReportFormat::Sarif => Style::Sarif,
        ReportFormat::Text if output::is_colourful() => Style::Colour,
        ReportFormat::Text => Style::Plain,
    };
    let text = render(problems, style);
    match (text.trim_end(), paths) {
        ("", 1) => "no problems".to_owned(),
        ("", _) => format!("no problems in {paths} paths"),
        (text, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should panic")]

    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn check(path: PathBuf) -> Exit {
        let paths = vec![path];
        let format = ReportFormat::Text;
        run(&CheckArgs { paths, format }).unwrap()
    }

    #[test]
    fn a_connector_can_be_checked_alone() {
        let connectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../connectors");
        let folders = fs::read_dir(connectors)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut folders: Vec<_> = folders
            .filter(|folder| folder.join("connector.yaml").exists())
            .collect();
        folders.sort();
        assert!(!folders.is_empty());
        for folder in folders {
            assert_eq!(check(folder), Exit::Ok);
        }
    }

    #[test]
    fn an_error_and_a_path_that_is_not_there_fail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connector.yaml");
        fs::write(&path, "connector: x\nfamily: psa\nhtpp: {}\n").unwrap();
        assert_eq!(check(path), Exit::Failed);
        assert_eq!(check(folder.path().join("nothing")), Exit::Failed);
    }

    #[test]
    fn json_without_problems_is_an_empty_array() {
        assert_eq!(report(&[], ReportFormat::Json, 1), "[]");
    }

    #[test]
    fn sarif_without_problems_is_a_run_without_results() {
        let log = report(&[], ReportFormat::Sarif, 1);
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!(log.pointer("/runs/0/results"), Some(&serde_json::json!([])));
    }
}
