//! A partner's own script: what it may say about a ticket, and what it is held to when it is
//! uploaded.
//!
//! Its functions are called for each request, whichever of them there are: one named like a
//! template setting gives that text, and `fields` gives values for settings that may differ by
//! request. It runs within the limits of all scripts, and sees the request and its customer, no
//! more.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use definition::Family;
use definition::connector::{Section, SettingKind};
use expression::{Compiler, Expression, Scope, ScriptFault, Scripts, Shape};
use serde_json::{Value, json};

use crate::core::Core;
use crate::error::{Error, Fault, InText};
use crate::halt::Halt;
use crate::integrations::token_hash;
use crate::remote::Remote;

/// The name that errors give it.
pub(crate) const FILE: &str = "own.rhai";

/// The function that gives values for settings.
pub(crate) const FIELDS: &str = "fields";

/// The longest one, in bytes: it is read with the integration for each request.
pub const OWN_SCRIPT_BYTES_MAX: usize = 64 * 1024;

/// Compiled scripts that are held at most; when there are more, all are dropped.
const COMPILED_MAX: usize = 256;

/// Compiled scripts by the hash of their text and connector.
pub(crate) type Compiled = Mutex<BTreeMap<String, Arc<OwnScript>>>;

/// A script that was found good.
#[derive(Debug)]
pub(crate) struct OwnScript(BTreeMap<String, Expression>);

impl OwnScript {
    /// Reads `source` for a section of the settings, or says all that is wrong with it.
    pub(crate) fn compile(
        source: &str,
        section: &Section,
        family: &Family,
    ) -> Result<Self, Vec<Fault>> {
        if source.len() > OWN_SCRIPT_BYTES_MAX {
            let message = format!(
                "the script has {} bytes, the limit is {OWN_SCRIPT_BYTES_MAX}",
                source.len()
            );
            return Err(vec![fault(source, (0, 0), message, None)]);
        }
        let mut scripts = Scripts::new();
        scripts.add(FILE, source).map_err(|faults| {
            let faults = faults.into_iter();
            faults.map(|one| of_script(source, one)).collect::<Vec<_>>()
        })?;
        let known = answers(section);
        misnamed(source, &scripts, &known)?;
        let shape = |schema: &str| {
            let schema = family.schemas.get(schema);
            schema.map(|it| it.shape.clone()).unwrap_or_default()
        };
        let names = Shape::object(["customer", "request"].map(|name| (name, shape(name))));
        let compiler = Compiler::named(&names, &scripts);
        let (mut functions, mut faults) = (BTreeMap::new(), Vec::new());
        for function in scripts.functions(FILE).into_iter().flatten() {
            if function.private || !known.contains(&function.name.as_str()) {
                continue;
            }
            let call = json!({ "script": format!("{FILE}#{}", function.name) });
            match compiler.compile(&call) {
                Ok(call) => drop(functions.insert(function.name.clone(), call)),
                Err(found) => faults.extend(found.into_iter().map(|one| {
                    let at = (function.line, function.column);
                    fault(source, at, one.message, one.hint)
                })),
            }
        }
        if faults.is_empty() {
            Ok(Self(functions))
        } else {
            Err(faults)
        }
    }

    /// Whether it has this function.
    pub(crate) fn has(&self, function: &str) -> bool {
        self.0.contains_key(function)
    }

    /// The names of its functions that are called.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What the function says; null if there is none of this name.
    pub(crate) fn ask(
        &self,
        function: &str,
        scope: &Scope<'_>,
    ) -> Result<Value, expression::Error> {
        let function = self.0.get(function);
        function.map_or(Ok(Value::Null), |call| call.evaluate(scope))
    }
}

/// What a script can say about a section: its templates, and `fields`.
fn answers(section: &Section) -> Vec<&str> {
    let templates = section.fields.iter();
    let templates = templates.filter(|field| matches!(field.kind, SettingKind::Template(_)));
    let names = templates.map(|field| field.name.as_str());
    names.chain([FIELDS]).collect()
}

/// Refuses a script of whose functions none would ever be called, and a function that is one letter
/// away from one that would.
fn misnamed(source: &str, scripts: &Scripts, known: &[&str]) -> Result<(), Vec<Fault>> {
    let functions = scripts.functions(FILE).unwrap_or_default();
    let public = || functions.iter().filter(|function| !function.private);
    let has = |name: &str| public().any(|function| function.name == name);
    let mut faults = Vec::new();
    for function in public().filter(|function| !known.contains(&function.name.as_str())) {
        let near = |name: &&&str| strsim::damerau_levenshtein(name, &function.name) <= NEAR;
        if let Some(meant) = known.iter().find(near).filter(|name| !has(name)) {
            let message = format!("nothing calls `{}`", function.name);
            let hint = format!("did you mean `{meant}`? A helper of your own is a `private fn`");
            let at = (function.line, function.column);
            faults.push(fault(source, at, message, Some(hint)));
        }
    }
    if faults.is_empty() && !known.iter().any(|name| has(name)) {
        let message = "the script has no function that is ever called".to_owned();
        let hint = format!(
            "give it one or more of `{}(request)`",
            known.join("(request)`, `")
        );
        faults.push(fault(source, (0, 0), message, Some(hint)));
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// How many letters make another name a misspelled one.
const NEAR: usize = 2;

fn of_script(source: &str, found: ScriptFault) -> Fault {
    fault(
        source,
        (found.line, found.column),
        found.message,
        found.hint,
    )
}

/// A fault at a line and column, which are 0 where it is about the script as a whole.
fn fault(source: &str, at: (usize, usize), message: String, hint: Option<String>) -> Fault {
    let (line, column) = at;
    Fault {
        pointer: "/source".to_owned(),
        message,
        hint,
        place: (line > 0).then(|| InText::new(source, line, column.max(1), 1)),
    }
}

impl Remote {
    /// The partner's own script, compiled at most once.
    pub(super) fn own_script(
        &self,
        section: &Section,
        source: &str,
    ) -> Result<Arc<OwnScript>, Halt> {
        let compiled = self.core.own_script(&self.connector.name, source, || {
            OwnScript::compile(source, section, &self.family)
        });
        compiled.map_err(|faults| {
            let why = Error::Invalid { faults }.to_string();
            super::behind(super::outdated(self, why))
        })
    }
}

impl Core {
    fn own_script(
        &self,
        connector: &str,
        source: &str,
        compile: impl FnOnce() -> Result<OwnScript, Vec<Fault>>,
    ) -> Result<Arc<OwnScript>, Vec<Fault>> {
        let key = token_hash(&format!("{connector}\n{source}"));
        let lock = || {
            let compiled = self.own_scripts.lock();
            compiled.unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(compile()?);
        let mut compiled = lock();
        if compiled.len() >= COMPILED_MAX {
            compiled.clear();
        }
        compiled.insert(key, Arc::clone(&fresh));
        Ok(fresh)
    }
}
