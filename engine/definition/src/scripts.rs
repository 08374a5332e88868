//! Which scripts a file can call: the shared ones, and for a connector those in its folder too.

use expression::{ScriptFault, Scripts};
use model::Problem;

use crate::files::{FileId, file_name, folder, problem};

/// A script file.
#[derive(Clone, Debug)]
pub(crate) struct ScriptFile {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The folder of the connector it belongs to; `None` for a shared one.
    pub(crate) home: Option<String>,
    /// The number of the source that it is from.
    pub(crate) source: usize,
    /// Whether it took the place of one in an earlier source.
    pub(crate) replaces: bool,
}

impl ScriptFile {
    /// Which file it is.
    pub(crate) fn id(&self) -> FileId {
        (self.source, self.path.clone())
    }

    /// The name that calls it.
    pub(crate) fn name(&self) -> &str {
        file_name(&self.path)
    }
}

/// Scripts that are loaded, and the names of those that should be and have problems.
#[derive(Debug, Default)]
pub(crate) struct Callable {
    pub(crate) scripts: Scripts,
    pub(crate) broken: Vec<String>,
}

impl Callable {
    /// The shared scripts, and what is wrong with them.
    pub(crate) fn shared(files: &[ScriptFile]) -> (Self, Vec<Problem>) {
        let mut callable = Self::default();
        let shared = files.iter().filter(|file| file.home.is_none());
        let problems = shared.flat_map(|file| callable.add(file)).collect();
        (callable, problems)
    }

    /// What the connector file at `path` can call: the scripts in its folder, and the shared ones
    /// whose names these do not take; and what is wrong with its own.
    pub(crate) fn of_connector(files: &[ScriptFile], path: &str) -> (Self, Vec<Problem>) {
        let mut callable = Self::default();
        let (own, others): (Vec<_>, Vec<_>) = files
            .iter()
            .partition(|file| file.home.as_deref() == Some(folder(path)));
        let problems = own.iter().flat_map(|file| callable.add(file)).collect();
        let taken = |name: &str| own.iter().any(|file| file.name() == name);
        for file in others
            .into_iter()
            .filter(|file| file.home.is_none() && !taken(file.name()))
        {
            // What is wrong with a shared script is reported once, with the shared ones.
            drop(callable.add(file));
        }
        (callable, problems)
    }

    fn add(&mut self, file: &ScriptFile) -> Vec<Problem> {
        let Err(faults) = self.scripts.add(file.name(), &file.text) else {
            return Vec::new();
        };
        self.broken.push(file.name().to_owned());
        let one = |fault: ScriptFault| {
            let at = (fault.line.max(1), fault.column.max(1));
            problem(
                &file.path,
                &file.text,
                fault.code,
                at,
                fault.message,
                fault.hint,
            )
        };
        faults.into_iter().map(one).collect()
    }
}
