//! One call of a script function: found and bound at load, run within its limits.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use rhai::{AST, CallFnOptions, Dynamic, EvalAltResult};
use serde_json::Value;

use super::facts::{Facts, Gives, Read};
use super::watch::Runner;
use super::{Function, SECRET_ROOTS, Scripts, convert, failure, limits};
use crate::compile::{DOCUMENT_PARAMETER, Names};
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::scope::Scope;
use crate::shape::{Found, Shape};

/// A call that was found good.
#[derive(Debug)]
pub(crate) struct Call {
    runner: Arc<Runner>,
    tree: Arc<AST>,
    file: Box<str>,
    function: Function,
    arguments: Vec<Argument>,
}

/// Where an argument comes from.
#[derive(Debug)]
enum Argument {
    Document,
    Root(Box<str>),
}

impl Call {
    /// Finds the function that `reference` names and binds its parameters.
    pub(crate) fn compile(
        reference: &str,
        names: &Names<'_>,
        scripts: &Scripts,
    ) -> Result<Self, Vec<Fault>> {
        let (file_name, function_name) = reference
            .split_once('#')
            .ok_or_else(|| vec![Self::invalid_reference()])?;
        let file = scripts.files.get(file_name).ok_or_else(|| {
            let message = format!("there is no script `{file_name}`");
            vec![
                Fault::new(fault::UNKNOWN_SCRIPT, message)
                    .at(Some((0, file_name.chars().count())))
                    .hint(fault::suggest(file_name, scripts.names())),
            ]
        })?;
        let at = Some((file_name.chars().count() + 1, function_name.chars().count()));
        let function =
            find(&file.functions, file_name, function_name).map_err(|fault| vec![fault.at(at)])?;
        let bound = function
            .parameters
            .iter()
            .map(|parameter| bind(parameter, function, names));
        let (arguments, faults): (Vec<_>, Vec<_>) = bound.partition(Result::is_ok);
        let faults: Vec<Fault> = faults.into_iter().filter_map(Result::err).collect();
        let facts = file.facts.get(function_name);
        let seen = facts
            .into_iter()
            .flat_map(|facts| facts.faults(file_name, names));
        let faults: Vec<Fault> = faults.into_iter().chain(seen).collect();
        if !faults.is_empty() {
            return Err(faults.into_iter().map(|fault| fault.at(at)).collect());
        }
        Ok(Self {
            runner: Arc::clone(&scripts.runner),
            tree: Arc::clone(&file.tree),
            file: file_name.into(),
            function: function.clone(),
            arguments: arguments.into_iter().filter_map(Result::ok).collect(),
        })
    }

    /// The fault of a reference that is not of the form `file.rhai#function`.
    pub(crate) fn invalid_reference() -> Fault {
        Fault::new(
            fault::INVALID_REFERENCE,
            "`script` must name a function of a file",
        )
        .hint("write `script: file.rhai#function`".to_owned())
    }

    /// The names of the scope that the function asks for.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Root(name) => Some(&**name),
            Argument::Document => None,
        })
    }

    /// Runs the function.
    pub(crate) fn run(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            let value = convert::into_script(self.argument(argument, scope)?);
            arguments.push(value.map_err(|reason| self.fail(reason))?);
        }
        let deadline = Deadline::start();
        // The library panics on some states that it holds to be impossible. Whatever a script
        // does, it must not take the worker with it; nothing that the call touched is used again.
        let result = panic::catch_unwind(AssertUnwindSafe(|| self.call(arguments)));
        drop(deadline);
        let value = result
            .map_err(|_| self.fail("the script engine failed".to_owned()))?
            .map_err(|error| failure::explain(&error, &self.file, &self.function))?;
        convert::from_script(value).map_err(|reason| self.fail(reason))
    }

    fn call(&self, arguments: Vec<Dynamic>) -> Result<Dynamic, Box<EvalAltResult>> {
        self.runner.engine().call_fn_with_options(
            CallFnOptions::new().eval_ast(false),
            &mut rhai::Scope::new(),
            &self.tree,
            &self.function.name,
            arguments,
        )
    }

    fn argument<'v>(&self, argument: &Argument, scope: &Scope<'v>) -> Result<&'v Value, Error> {
        let (found, name) = match argument {
            Argument::Document => (scope.whole(), DOCUMENT_PARAMETER),
            Argument::Root(name) => (scope.root(name), &**name),
        };
        found.ok_or_else(|| Error::FindRoot {
            name: name.to_owned(),
            expression: format!("{}#{}", self.file, self.function.name),
        })
    }

    /// A failure of the call as a whole.
    fn fail(&self, reason: String) -> Error {
        Error::Run {
            file: self.file.to_string(),
            function: self.function.name.clone(),
            line: self.function.line,
            column: self.function.column,
            reason,
            thrown: None,
        }
    }
}

impl Facts {
    /// What cannot be right where the function is given `names`.
    fn faults(&self, file: &str, names: &Names<'_>) -> Vec<Fault> {
        let missing = self.reads.iter().filter_map(|read| {
            let given = match names.document {
                Some(document) if read.parameter == DOCUMENT_PARAMETER => document,
                _ => match names.roots.field(&read.parameter) {
                    Found::Shape(shape) => shape,
                    Found::Missing | Found::NoFields(_) => return None,
                },
            };
            missing(read, given, file)
        });
        let mut faults: Vec<Fault> = missing.collect();
        if let Gives::Nothing(line) = self.gives {
            let message = format!("the function gives nothing: `{file}` ends it in line {line}");
            let hint = "end it with a value; `=` sets one, and `==` compares".to_owned();
            faults.push(Fault::new(fault::GIVES_NO_VALUE, message).hint(hint));
        }
        faults
    }
}

/// The first of the fields that surely is not there.
fn missing(read: &Read, given: &Shape, file: &str) -> Option<Fault> {
    let mut shape = given;
    for field in &read.fields {
        match shape.field(field) {
            Found::Shape(next) => shape = next,
            // A text and a list have properties that are no fields, such as `len`.
            Found::NoFields(_) => return None,
            Found::Missing => {
                let line = read.line;
                let message = format!("`{file}` reads in line {line} what is not there: `{field}`");
                let hint = fault::suggest(field, shape.names());
                return Some(Fault::new(fault::UNKNOWN_FIELD, message).hint(hint));
            }
        }
    }
    None
}

fn find<'f>(functions: &'f [Function], file: &str, name: &str) -> Result<&'f Function, Fault> {
    let mut named = functions
        .iter()
        .filter(|function| function.name == name && !function.private);
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let message = format!("`{file}` has several functions `{name}`");
            Err(Fault::new(fault::AMBIGUOUS_FUNCTION, message)
                .hint("give each its own name".to_owned()))
        }
        (None, _) => {
            let public = functions.iter().filter(|function| !function.private);
            let private = functions.iter().any(|function| function.name == name);
            let hint = if private {
                Some(format!(
                    "`{name}` is private: remove `private` to call it from outside"
                ))
            } else {
                fault::suggest(name, public.map(|function| function.name.as_str()))
            };
            let message = format!("`{file}` has no function `{name}`");
            Err(Fault::new(fault::UNKNOWN_FUNCTION, message).hint(hint))
        }
    }
}

fn bind(parameter: &str, function: &Function, names: &Names<'_>) -> Result<Argument, Fault> {
    if SECRET_ROOTS.contains(&parameter) {
        let message = format!(
            "`{}` asks for `{parameter}`, which holds secrets",
            function.name
        );
        return Err(Fault::new(fault::SECRET_TO_SCRIPT, message).hint(
            "scripts never see secrets: use them in a template of the connector".to_owned(),
        ));
    }
    if names.document.is_some() && parameter == DOCUMENT_PARAMETER {
        return Ok(Argument::Document);
    }
    if matches!(names.roots.field(parameter), Found::Shape(_)) {
        return Ok(Argument::Root(parameter.into()));
    }
    let message = format!(
        "`{}` asks for `{parameter}`, which is not known here",
        function.name
    );
    let document = names.document.map(|_| DOCUMENT_PARAMETER);
    let open = names
        .roots
        .names()
        .filter(|name| !SECRET_ROOTS.contains(name));
    Err(Fault::new(fault::UNKNOWN_PARAMETER, message)
        .hint(fault::suggest(parameter, open.chain(document))))
}

thread_local! {
    /// When the call that runs on this thread has to end. A call neither waits nor changes thread.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// What scripts print, while somebody listens.
    static PRINTED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Set while a call runs. Real time, not the program's clock: it guards a thread, not a promise.
struct Deadline;

impl Deadline {
    fn start() -> Self {
        DEADLINE.set(Instant::now().checked_add(limits::WALL_TIME_MAX));
        Self
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        DEADLINE.set(None);
    }
}

/// How many operations pass between looks at the time, less one; a power of two.
const OPERATIONS_BETWEEN_LOOKS: u64 = 0x3f;

/// Called by the engine for each operation; a value ends the script.
pub(super) fn progress(operations: u64) -> Option<Dynamic> {
    let look = operations & OPERATIONS_BETWEEN_LOOKS == 0;
    let late = look
        && DEADLINE
            .get()
            .is_some_and(|deadline| Instant::now() > deadline);
    late.then_some(Dynamic::UNIT)
}

/// Called by the engine for `print` and `debug`.
pub(super) fn printed(text: &str) {
    PRINTED.with_borrow_mut(|lines| {
        if let Some(lines) = lines
            .as_mut()
            .filter(|lines| lines.len() < limits::PRINTED_LINES_MAX)
        {
            lines.push(text.chars().take(limits::PRINTED_CHARS_MAX).collect());
        }
    });
}

/// Does `work` and gives, beside its result, what scripts printed meanwhile on this thread. Without
/// it, what they print is dropped: it may quote a request, and standard output belongs to others.
pub fn capture_prints<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    let outer = PRINTED.replace(Some(Vec::new()));
    let result = work();
    (result, PRINTED.replace(outer).unwrap_or_default())
}
