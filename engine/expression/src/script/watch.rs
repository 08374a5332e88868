//! Which lines of scripts are run, where somebody asks to know: those who play a connector's
//! examples. In a server nobody asks, and calls run on an engine that takes note of nothing.

use std::collections::HashMap;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::{ASTNode, Engine, Expr, Stmt};

use super::engine;

/// The engines that calls run on.
#[derive(Debug)]
pub(super) struct Runner {
    engine: Engine,
    watched: OnceLock<Watched>,
}

#[derive(Debug)]
struct Watched {
    engine: Engine,
    runs: Runs,
}

/// How often each part of the trees was run, by where it lies in memory: trees stay as and where
/// they are while their scripts are there, and places in the text are shared by several parts.
#[derive(Clone, Debug, Default)]
struct Runs(Arc<Mutex<HashMap<usize, u64>>>);

impl Runner {
    pub(super) fn new(engine: Engine) -> Self {
        Self {
            engine,
            watched: OnceLock::new(),
        }
    }

    /// What calls run on now.
    pub(super) fn engine(&self) -> &Engine {
        self.watched
            .get()
            .map_or(&self.engine, |watched| &watched.engine)
    }

    /// Takes note of all that is run from now on.
    pub(super) fn watch(&self) {
        self.watched.get_or_init(|| {
            let (mut engine, runs) = (engine::build(), Runs::default());
            runs.listen(&mut engine);
            Watched { engine, runs }
        });
    }

    /// How often a statement was run.
    pub(super) fn runs(&self, statement: &Stmt) -> u64 {
        // The engine passes over what only wraps an expression.
        match statement {
            Stmt::Expr(value) => self.runs_at(address(&**value)),
            other => self.runs_at(address(other)),
        }
    }

    /// How often an expression was computed.
    pub(super) fn computed(&self, value: &Expr) -> u64 {
        match value {
            Expr::Stmt(block) => block.iter().next().map_or(1, |first| self.runs(first)),
            other => self.runs_at(address(other)),
        }
    }

    fn runs_at(&self, part: usize) -> u64 {
        let watched = self.watched.get();
        watched.map_or(0, |watched| watched.runs.of(part))
    }
}

impl Runs {
    #[expect(
        deprecated,
        reason = "the library marks so what may change with a version"
    )]
    fn listen(&self, engine: &mut Engine) {
        let runs = self.clone();
        engine.register_debugger(
            |_, debugger| debugger,
            move |_, event, node, _, _| {
                if matches!(event, DebuggerEvent::Start | DebuggerEvent::Step) {
                    runs.note(&node);
                }
                Ok(DebuggerCommand::StepInto)
            },
        );
    }

    fn note(&self, node: &ASTNode<'_>) {
        let part = match node {
            ASTNode::Stmt(statement) => address(*statement),
            ASTNode::Expr(value) => address(*value),
            _ => return,
        };
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *runs.entry(part).or_default() += 1;
    }

    fn of(&self, part: usize) -> u64 {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(&part).copied().unwrap_or_default()
    }
}

fn address<T>(part: &T) -> usize {
    ptr::from_ref(part).addr()
}
