//! Rhai scripts: loaded by name, checked when loaded, called with what they ask for.
//!
//! A script is a file of functions. An expression names one, and each of its parameters is bound
//! to the equally named value of the scope: a script sees what it asks for and nothing else, and
//! it cannot ask for credentials. It has no file, network, clock, module or memory of earlier
//! calls, and every call runs within [`limits`].

mod call;
mod calls;
mod convert;
mod engine;
mod facts;
mod failure;
pub mod host;
mod load;
mod tried;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::AST;

pub(crate) use call::Call;
pub use call::capture_prints;
pub use engine::limits;
pub use host::{HostFunction, host_functions};
pub use tried::{Lacks, Tried, Untried};

/// The names that hold secrets. They are for templates of a connector's own requests; a script,
/// which partners write too, never gets them.
pub const SECRET_ROOTS: [&str; 2] = ["credentials", "vendor"];

/// The scripts that expressions may call.
#[derive(Debug)]
pub struct Scripts {
    runner: Arc<watch::Runner>,
    callable: calls::Callable,
    files: BTreeMap<String, File>,
}

/// One script file.
#[derive(Debug)]
struct File {
    tree: Arc<AST>,
    functions: Vec<Function>,
    /// What is known of the functions, by name.
    facts: BTreeMap<String, facts::Facts>,
}

/// A function of a script, as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names of its parameters, which are the names of what it wants.
    pub parameters: Vec<String>,
    /// Whether only the script itself may call it.
    pub private: bool,
    /// The line of its body, counted from 1.
    pub line: usize,
    /// The column of its body, counted from 1.
    pub column: usize,
}

/// One thing wrong with a script file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFault {
    /// The line, counted from 1; 0 when the fault is about the file as a whole.
    pub line: usize,
    /// The column in characters, counted from 1; 0 when it is not known.
    pub column: usize,
    /// One of [`SCRIPT_CODES`].
    pub code: &'static str,
    /// One sentence naming the thing.
    pub message: String,
    /// How to mend it, where that is known.
    pub hint: Option<String>,
}

/// Every code that a [`ScriptFault`] can have, and what it says.
pub const SCRIPT_CODES: [(&str, &str); 5] = [
    ("invalid-script", "the script cannot be read"),
    (
        "top-level-code",
        "there are statements outside of functions, which would never run",
    ),
    ("unknown-call", "a function is called that does not exist"),
    ("script-too-long", "the script is longer than the limit"),
    (
        "duplicate-script",
        "a script of this name is loaded already",
    ),
];

impl Default for Scripts {
    fn default() -> Self {
        Self::new()
    }
}

impl Scripts {
    /// No scripts.
    pub fn new() -> Self {
        let engine = engine::build();
        let callable = calls::of_engine(&engine);
        Self {
            runner: Arc::new(watch::Runner::new(engine)),
            callable,
            files: BTreeMap::new(),
        }
    }

    /// Reads `source` and keeps it as `name`. A script with a fault is not kept, and neither
    /// replaces nor harms what is loaded.
    pub fn add(&mut self, name: &str, source: &str) -> Result<(), Vec<ScriptFault>> {
        if self.files.contains_key(name) {
            let message = format!("a script named `{name}` is loaded already");
            return Err(vec![ScriptFault::of_file("duplicate-script", message)]);
        }
        let file = load::load(self.runner.engine(), &self.callable, name, source)?;
        self.files.insert(name.to_owned(), file);
        Ok(())
    }

    /// The names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The functions of a file, private ones too; `None` when there is no such file.
    pub fn functions(&self, name: &str) -> Option<&[Function]> {
        self.files.get(name).map(|file| file.functions.as_slice())
    }
}

impl Scripts {
    /// The keys of the map that a function always gives; `None` where that is not certain.
    /// `reference` is of the form `file.rhai#function`.
    pub fn given_keys(&self, reference: &str) -> Option<&BTreeSet<String>> {
        let (file, function) = reference.split_once('#')?;
        match &self.files.get(file)?.facts.get(function)?.gives {
            facts::Gives::Map(keys) => Some(keys),
            facts::Gives::Something | facts::Gives::Nothing(_) => None,
        }
    }
}

impl ScriptFault {
    fn of_file(code: &'static str, message: String) -> Self {
        Self {
            line: 0,
            column: 0,
            code,
            message,
            hint: None,
        }
    }
}
