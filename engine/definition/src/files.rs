//! The files by what they are, before anything in them is checked.
//!
//! A file says what it is by its first key, else by its place. What a later source replaces is
//! dropped here, so that nobody is bothered with problems of a file that is not used. Files that
//! are set aside count as if they were not there.

use std::collections::BTreeSet;
use std::path::Path;

use model::{Place, Problem, Severity};

use crate::codes;
use crate::page::Page;
use crate::scripts::ScriptFile;
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

/// Which file: the number of its source, and its path there.
pub(crate) type FileId = (usize, String);

/// A YAML file that says what it is.
#[derive(Debug)]
struct Filed {
    kind: Kind,
    page: Page,
    source: usize,
    /// Whether it took the place of one in an earlier source.
    replaces: bool,
}

impl Filed {
    fn id(&self) -> FileId {
        (self.source, self.page.name().to_owned())
    }
}

/// The JSON text of a record schema.
#[derive(Debug)]
pub(crate) struct SchemaFile {
    pub(crate) path: String,
    pub(crate) text: String,
    source: usize,
}

/// The files by what they are.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pages: Vec<Filed>,
    /// The scripts; of shared ones with the same name in several sources, the last.
    pub(crate) scripts: Vec<ScriptFile>,
    /// The record schemas; of those with the same name, the last that is good counts.
    pub(crate) schemas: Vec<SchemaFile>,
    /// The files in folders called `examples`, by path. Nothing needs them to work, so that they
    /// are not even parsed here.
    pub(crate) example_texts: Vec<(String, String)>,
    /// The families in files that are not even YAML, by name; blank where it cannot be seen.
    unread_families: Vec<String>,
    problems: Vec<Problem>,
}

impl Files {
    /// Sorts the files of `sources`, the later of which replace what the earlier ones define,
    /// without those that are set aside.
    pub(crate) fn sort<'s>(
        sources: impl IntoIterator<Item = &'s Sources>,
        aside: &BTreeSet<FileId>,
    ) -> Self {
        let mut files = Self::default();
        for (number, source) in sources.into_iter().enumerate() {
            let is_aside = |path: &str| aside.contains(&(number, path.to_owned()));
            let first = files.pages.len();
            for (path, text) in source.files() {
                files.take(path, text, number);
            }
            files.take_scripts(source, first, number, &is_aside);
            files
                .pages
                .retain(|it| it.source != number || !is_aside(it.page.name()));
            files
                .schemas
                .retain(|it| it.source != number || !is_aside(&it.path));
            files.replace(first);
        }
        files
    }

    /// The files of one kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Page> {
        self.pages
            .iter()
            .filter(move |it| it.kind == kind)
            .map(|it| &it.page)
    }

    /// Whether a file that is not even YAML is, or may be, the family `name`.
    pub(crate) fn has_unread_family(&self, name: &str) -> bool {
        let mut unread = self.unread_families.iter();
        unread.any(|one| one.is_empty() || one == name)
    }

    fn take(&mut self, path: &str, text: &str, source: usize) {
        match extension(path) {
            "json" if schema_name(path).is_some() => {
                self.schemas.push(SchemaFile {
                    path: path.to_owned(),
                    text: text.to_owned(),
                    source,
                });
            }
            "yaml" | "yml" if is_example(path) => {
                self.example_texts.push((path.to_owned(), text.to_owned()));
            }
            "yaml" | "yml" if !is_fixture(path) => {
                let page = Page::read(path, text);
                let Some(kind) = kind(&page) else {
                    if page.root().is_none() {
                        self.unread_families.extend(unread_family(path, text));
                    }
                    self.problems.extend(page.into_problems());
                    return;
                };
                self.pages.push(Filed {
                    kind,
                    page,
                    source,
                    replaces: false,
                });
            }
            _ => {}
        }
    }

    /// The files of the scripts in the folder of the connector file at `path`.
    pub(crate) fn scripts_of(&self, path: &str) -> Vec<String> {
        let of_folder = |file: &&ScriptFile| file.home.as_deref() == Some(folder(path));
        let own = self.scripts.iter().filter(of_folder);
        own.map(|file| file.path.clone()).collect()
    }

    /// Takes the scripts of a source whose pages begin at `first`. A script belongs to the
    /// connector in whose folder it is, even while that connector cannot be read.
    fn take_scripts(
        &mut self,
        source: &Sources,
        first: usize,
        number: usize,
        is_aside: &dyn Fn(&str) -> bool,
    ) {
        let read = self
            .pages
            .iter()
            .skip(first)
            .filter(|it| it.kind == Kind::Connector);
        let by_place = source.files().map(|(path, _)| path);
        let by_place = by_place.filter(|path| Kind::by_place(path) == Some(Kind::Connector));
        let homes: BTreeSet<String> = read
            .map(|it| it.page.name())
            .chain(by_place)
            .map(|path| folder(path).to_owned())
            .collect();
        let is_script = |path: &str| extension(path) == "rhai" && !is_aside(path);
        let scripts = source.files().filter(|(path, _)| is_script(path));
        let mut taken: Vec<ScriptFile> = scripts
            .map(|(path, text)| ScriptFile {
                path: path.to_owned(),
                text: text.to_owned(),
                home: homes.iter().rfind(|home| is_in(path, home)).cloned(),
                source: number,
                replaces: false,
            })
            .collect();
        let is_same =
            |new: &ScriptFile, old: &ScriptFile| new.home == old.home && new.name() == old.name();
        for new in &mut taken {
            new.replaces = self.scripts.iter().any(|old| is_same(new, old));
        }
        self.scripts
            .retain(|old| !taken.iter().any(|new| is_same(new, old)));
        self.scripts.extend(taken);
    }

    /// Drops what the pages from `first` on replace, and reports what they hold twice.
    fn replace(&mut self, first: usize) {
        let mut later = self.pages.split_off(first.min(self.pages.len()));
        let mut seen = BTreeSet::new();
        for Filed { kind, page, .. } in &later {
            if let Some(name) = name(*kind, page)
                && !seen.insert(name)
            {
                let message = format!("there is another {} of this name", kind.key());
                page.spot()
                    .key(kind.key())
                    .error(codes::DUPLICATE_NAME, message, None);
            }
        }
        let named = |it: &Filed| name(it.kind, &it.page);
        let before: BTreeSet<_> = self.pages.iter().filter_map(named).collect();
        for new in &mut later {
            new.replaces = named(new).is_some_and(|name| before.contains(&name));
        }
        self.pages
            .retain(|old| !named(old).is_some_and(|name| seen.contains(&name)));
        self.pages.extend(later);
    }

    /// The pages of a source that took the place of others and are broken.
    pub(crate) fn broken_replacements(&self, source: usize, kinds: &[Kind]) -> BTreeSet<FileId> {
        let replacing = self.replacing_pages(source);
        replacing
            .filter(|it| kinds.contains(&it.kind) && it.page.is_broken())
            .map(Filed::id)
            .collect()
    }

    /// The scripts and schemas of a source that took the place of others and are at these paths.
    pub(crate) fn replacing_parts(
        &self,
        source: usize,
        paths: &BTreeSet<String>,
    ) -> BTreeSet<FileId> {
        let scripts = self.replacing_scripts(source).map(ScriptFile::id);
        scripts
            .chain(self.replacing_schemas(source))
            .filter(|(_, path)| paths.contains(path))
            .collect()
    }

    /// The scripts of a source that took the place of others and are called by broken pages.
    pub(crate) fn replacing_scripts_in_use(&self, source: usize) -> BTreeSet<FileId> {
        let broken = self.pages.iter().filter(|it| it.page.is_broken());
        let broken: Vec<String> = broken.map(|it| it.page.value().to_string()).collect();
        let in_use = |script: &&ScriptFile| {
            let call = format!("{}#", script.name());
            broken.iter().any(|page| page.contains(&call))
        };
        let scripts = self.replacing_scripts(source);
        scripts.filter(in_use).map(ScriptFile::id).collect()
    }

    /// The families and schemas of a source that took the place of others.
    pub(crate) fn replacing_contracts(&self, source: usize) -> BTreeSet<FileId> {
        let families = self.replacing_pages(source);
        families
            .filter(|it| it.kind == Kind::Family)
            .map(Filed::id)
            .chain(self.replacing_schemas(source))
            .collect()
    }

    fn replacing_pages(&self, source: usize) -> impl Iterator<Item = &Filed> {
        let pages = self.pages.iter();
        pages.filter(move |it| it.source == source && it.replaces)
    }

    fn replacing_scripts(&self, source: usize) -> impl Iterator<Item = &ScriptFile> {
        let scripts = self.scripts.iter();
        scripts.filter(move |it| it.source == source && it.replaces)
    }

    fn replacing_schemas(&self, source: usize) -> impl Iterator<Item = FileId> {
        let is_earlier = move |old: &SchemaFile, new: &SchemaFile| {
            old.source < source && schema_name(&old.path) == schema_name(&new.path)
        };
        let schemas = self.schemas.iter().filter(move |it| it.source == source);
        schemas
            .filter(move |new| self.schemas.iter().any(|old| is_earlier(old, new)))
            .map(|it| (it.source, it.path.clone()))
    }

    /// The problems of all files.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let pages = self
            .pages
            .into_iter()
            .flat_map(|it| it.page.into_problems());
        self.problems.into_iter().chain(pages).collect()
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

/// The name of the family in a file that is not YAML, as far as its lines tell: blank where just
/// that line cannot be read. `None` if it is no family.
fn unread_family(path: &str, text: &str) -> Option<String> {
    let value = |kind: Kind| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(kind.key())?.strip_prefix(':'))
    };
    if value(Kind::Connector).is_some() || value(Kind::Pipeline).is_some() {
        return None;
    }
    let name = value(Kind::Family).map(|name| name.trim().trim_matches(['"', '\'']).to_owned());
    name.or_else(|| (Kind::by_place(path) == Some(Kind::Family)).then(String::new))
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

/// Example exchanges stand in a folder beside a connector and are not definitions.
fn is_example(path: &str) -> bool {
    file_name(folder(path)) == "examples"
}

/// What scripts and tests of a connector's author read is none of ours.
fn is_fixture(path: &str) -> bool {
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

fn is_in(path: &str, folder: &str) -> bool {
    if folder.is_empty() {
        return !path.contains('/');
    }
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn extension(path: &str) -> &str {
    Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

/// A problem in a file that is not YAML.
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
