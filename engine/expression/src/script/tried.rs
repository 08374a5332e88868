//! What of a script has been run since it is watched, line by line: every statement, every arm of
//! a choice, every operand that is looked at only if the one before it leaves that open; and
//! whether each `if` without `else` was passed by, too.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::ptr;

use rhai::{AST, ASTNode, Expr, Position, Stmt};

use super::watch::Runner;
use super::{File, Scripts};

/// What of a script has been run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many lines have something that can be run.
    pub lines: usize,
    /// Those of which something has not been run, in the order of the file.
    pub untried: Vec<Untried>,
}

/// Lines of a script that have not been run, or not in every way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untried {
    /// The lines, counted from 1; those that follow each other in one function are told together.
    pub lines: RangeInclusive<usize>,
    /// The column in the first of them, counted from 1, where the first such part begins.
    pub column: usize,
    /// How many of them have something that can be run.
    pub count: usize,
    /// The function that they are in.
    pub function: String,
    /// What has not happened there.
    pub lacks: Lacks,
}

/// What has not happened in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacks {
    /// Something in it was never run.
    Run,
    /// It was run, and the condition in it always held.
    PassingBy,
}

impl Scripts {
    /// Takes note from now on of what calls run. It makes them slower, and is not undone.
    pub fn watch(&self) {
        self.runner.watch();
    }

    /// What of the file has been run since [`Scripts::watch`]; `None` when there is no such file.
    pub fn tried(&self, name: &str) -> Option<Tried> {
        let file = self.files.get(name)?;
        let mut lines = BTreeMap::new();
        look(&file.tree, &self.runner, &mut lines);
        let mut tried = Tried {
            lines: lines.len(),
            untried: Vec::new(),
        };
        let mut before = false;
        for (line, lacks) in lines {
            if let Some(missed) = lacks {
                tried.add(line, file.function_at(line), missed, before);
            }
            before = lacks.is_some();
        }
        Some(tried)
    }
}

impl Tried {
    /// Adds a line; `follows` says whether the last line that can be run was added, too.
    fn add(&mut self, line: usize, function: &str, missed: Missed, follows: bool) {
        let Missed { lacks, column } = missed;
        if let Some(last) = self.untried.last_mut()
            && follows
            && (last.lacks, last.function.as_str()) == (lacks, function)
        {
            last.lines = *last.lines.start()..=line;
            last.count += 1;
            return;
        }
        self.untried.push(Untried {
            lines: line..=line,
            column,
            count: 1,
            function: function.to_owned(),
            lacks,
        });
    }
}

impl File {
    /// The function whose body is the last to begin before the end of `line`.
    fn function_at(&self, line: usize) -> &str {
        let before = self.functions.iter().take_while(|one| one.line <= line);
        before.last().map_or("", |function| function.name.as_str())
    }
}

/// Each line with something to run, and what it lacks first.
type Lines = BTreeMap<usize, Option<Missed>>;

/// What a line lacks, and the column where.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Missed {
    lacks: Lacks,
    column: usize,
}

fn look(tree: &AST, runner: &Runner, lines: &mut Lines) {
    tree.walk(&mut |nodes: &[ASTNode]| {
        match nodes {
            [.., ASTNode::Stmt(statement)] => {
                note(lines, statement.position(), || {
                    (runner.runs(statement) == 0).then_some(Lacks::Run)
                });
                if let Stmt::If(choice, position) = statement
                    && choice.branch.is_empty()
                    && let Some(first) = choice.body.iter().next()
                {
                    note(lines, *position, || {
                        let always = runner.runs(first) == runner.runs(statement);
                        always.then_some(Lacks::PassingBy)
                    });
                }
            }
            [.., above, ASTNode::Expr(value)] if is_one_way(above, value) => {
                note(lines, value.start_position(), || {
                    (runner.computed(value) == 0).then_some(Lacks::Run)
                });
            }
            _ => {}
        }
        true
    });
}

/// Whether `value` is computed only in one of the ways that what is above it can go.
fn is_one_way(above: &ASTNode<'_>, value: &Expr) -> bool {
    let is_it = |one: &Expr| ptr::eq(one, value);
    match above {
        ASTNode::Expr(Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _)) => {
            parts.iter().skip(1).any(is_it)
        }
        ASTNode::Stmt(Stmt::Switch(choice, _)) => {
            choice.1.expressions.iter().any(|arm| is_it(&arm.rhs))
        }
        _ => false,
    }
}

fn note(lines: &mut Lines, position: Position, lacks: impl FnOnce() -> Option<Lacks>) {
    let Some(line) = position.line() else { return };
    let known = lines.entry(line).or_default();
    let column = position.position().unwrap_or(1);
    let missed = lacks().map(|lacks| Missed { lacks, column });
    *known = match (*known, missed) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}
