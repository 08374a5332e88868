//! The files by what they are, before anything in them is checked.
//!
//! A file says what it is by its first key, else by its place. What a later source replaces is
//! dropped here, so that nobody is bothered with problems of a file that is not used.

use std::collections::BTreeSet;
use std::path::Path;

use expression::Scripts;
use model::{Place, Problem, Severity};

use crate::codes;
use crate::page::Page;
use crate::sources::Sources;

/// What a YAML file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Connector,
    Family,
    Pipeline,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Connector, Self::Pipeline, Self::Family];

    /// The key that says so and gives the name.
    const fn key(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Family => "family",
            Self::Pipeline => "pipeline",
        }
    }

    /// What a file is by its place, if it does not say so itself.
    fn by_place(path: &str) -> Option<Self> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        match file.split('.').next() {
            Some("connector") => Some(Self::Connector),
            Some("family") => Some(Self::Family),
            _ if folder.ends_with("pipelines") => Some(Self::Pipeline),
            _ => None,
        }
    }
}

/// The files by what they are.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) pages: Vec<(Kind, Page)>,
    pub(crate) scripts: Vec<(String, String)>,
    pub(crate) schema_texts: Vec<(String, String)>,
    pub(crate) problems: Vec<Problem>,
}

impl Files {
    pub(crate) fn sort(sources: &[Sources]) -> Self {
        let mut files = Self::default();
        for source in sources {
            let first_page = files.pages.len();
            for (path, text) in source.files() {
                files.take(path, text);
            }
            files.replace(first_page);
        }
        files
    }

    fn take(&mut self, path: &str, text: &str) {
        let extension = Path::new(path)
            .extension()
            .and_then(|extension| extension.to_str());
        if extension == Some("rhai") {
            replace_or_push(&mut self.scripts, path, text);
        } else if extension == Some("json") {
            if schema_name(path).is_some() {
                replace_or_push(&mut self.schema_texts, path, text);
            }
        } else if !is_example(path) {
            let page = Page::read(path, text);
            match kind(&page) {
                Some(kind) => self.pages.push((kind, page)),
                None => self.problems.extend(page.into_problems()),
            }
        }
    }

    /// Drops what the pages from `first` on replace, and reports what they hold twice.
    fn replace(&mut self, first: usize) {
        let names: Vec<_> = self
            .pages
            .iter()
            .map(|(kind, page)| name(*kind, page))
            .collect();
        let (earlier, later) = names.split_at(first.min(names.len()));
        let mut seen = BTreeSet::new();
        for ((kind, page), name) in self.pages.iter().skip(first).zip(later) {
            if let Some(name) = name
                && !seen.insert(name)
            {
                let message = format!("there is another {} of this name", kind.key());
                page.spot()
                    .key(kind.key())
                    .error(codes::DUPLICATE_NAME, message, None);
            }
        }
        let mut gone = earlier
            .iter()
            .map(|name| name.as_ref().is_some_and(|name| seen.contains(name)));
        let gone: Vec<bool> = gone.by_ref().collect();
        let mut index = 0;
        self.pages.retain(|_| {
            index += 1;
            !gone.get(index - 1).copied().unwrap_or(false)
        });
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.extend(
            self.pages
                .into_iter()
                .flat_map(|(_, page)| page.into_problems()),
        );
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems.dedup();
        problems
    }
}

/// What a page is: what its first key says, else what its place says. A file that could not be
/// parsed has its problem already.
fn kind(page: &Page) -> Option<Kind> {
    let root = page.root()?;
    let by_key = Kind::ALL
        .into_iter()
        .find(|kind| root.entry(kind.key()).is_some());
    let found = by_key
        .filter(|kind| *kind != Kind::Family)
        .or_else(|| Kind::by_place(page.name()));
    let found = found.or(by_key);
    if found.is_none() {
        let message = "the file does not say what it is".to_owned();
        let hint = "begin it with `connector:`, `pipeline:` or `family:` and a name".to_owned();
        page.spot().error(codes::UNKNOWN_KIND, message, Some(hint));
    }
    found
}

/// What makes a definition the same one as another: its kind, its name and, for a pipeline, its
/// family.
fn name(kind: Kind, page: &Page) -> Option<(Kind, String, String)> {
    let text = |key: &str| Some(page.value().get(key)?.as_str()?.to_owned());
    let family = if kind == Kind::Pipeline {
        text("family").unwrap_or_default()
    } else {
        String::new()
    };
    Some((kind, text(kind.key())?, family))
}

/// Example exchanges stand beside a connector and are not definitions.
fn is_example(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "fixtures" || part == "examples")
}

/// The folder and the name of a record schema: `psa` and `company` for `schemas/psa/company.json`.
pub(crate) fn schema_name(path: &str) -> Option<(&str, &str)> {
    let (folder, file) = path.rsplit_once('/')?;
    let (above, folder) = folder.rsplit_once('/')?;
    let name = file
        .strip_suffix(".json")
        .filter(|name| !name.contains('.'))?;
    (above == "schemas" || above.ends_with("/schemas")).then_some((folder, name))
}

pub(crate) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, file)| file)
}

pub(crate) fn is_in(path: &str, folder: &str) -> bool {
    if folder.is_empty() {
        return !path.contains('/');
    }
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn replace_or_push(files: &mut Vec<(String, String)>, path: &str, text: &str) {
    match files.iter_mut().find(|(known, _)| known == path) {
        Some((_, old)) => text.clone_into(old),
        None => files.push((path.to_owned(), text.to_owned())),
    }
}

pub(crate) fn add_script(scripts: &mut Scripts, path: &str, text: &str) -> Vec<Problem> {
    let faults = scripts.add(file_name(path), text).err().unwrap_or_default();
    let one = |fault: expression::ScriptFault| {
        let at = (fault.line.max(1), fault.column.max(1));
        problem(path, text, fault.code, at, fault.message, fault.hint)
    };
    faults.into_iter().map(one).collect()
}

pub(crate) fn problem(
    path: &str,
    text: &str,
    code: &'static str,
    (line, column): (usize, usize),
    message: String,
    hint: Option<String>,
) -> Problem {
    let source_line = text.lines().nth(line - 1).unwrap_or_default().to_owned();
    let place = Place {
        file: path.to_owned(),
        line,
        column,
        length: 1,
    };
    Problem {
        code,
        severity: Severity::Error,
        message,
        place,
        source_line,
        hint,
    }
}
