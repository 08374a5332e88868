//! The Rhai engine as scripts get it: chosen packages, every limit set.

use rhai::Engine;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};

use super::{call, host};

/// What a script may use. The defaults of the library differ between debug and release builds, or
/// are unlimited; these are the same everywhere, so that a script that passes its tests passes.
pub mod limits {
    use std::time::Duration;

    /// The longest script, in bytes.
    pub const SOURCE_BYTES_MAX: usize = 256 * 1024;
    /// Operations of one call. Composing a ticket takes a few hundred; this many take some ten
    /// milliseconds. It is the limit that stops an endless loop, the same on any machine.
    pub const OPERATIONS_MAX: u64 = 200_000;
    /// Functions that call each other. An unoptimised build must survive it on a worker thread of
    /// 2 MiB, of which one call takes some ten KiB.
    pub const CALL_DEPTH_MAX: usize = 24;
    /// How deep an expression may be nested, in a function as outside.
    pub const EXPRESSION_DEPTH_MAX: usize = 32;
    /// The longest text, in bytes.
    pub const STRING_BYTES_MAX: usize = 128 * 1024;
    /// The largest list, nested ones counted in. The library counts after each change, so that
    /// growing a list takes the square of its length; this much takes some milliseconds.
    pub const ARRAY_ELEMENTS_MAX: usize = 5_000;
    /// The largest map, nested ones counted in. The library looks at it after calls and
    /// assignments of a whole map, not after one by key: [`RESULT_VALUES_MAX`] catches that.
    pub const MAP_ENTRIES_MAX: usize = 5_000;
    /// Variables in scope.
    pub const VARIABLES_MAX: usize = 256;
    /// Functions in one file.
    pub const FUNCTIONS_MAX: usize = 256;
    /// Wall time of one call. The limit on operations comes first; this one stops what is slow in
    /// few operations, such as growing large texts.
    pub const WALL_TIME_MAX: Duration = Duration::from_millis(250);
    /// How deep a value that goes in or comes out may be nested.
    pub const VALUE_DEPTH_MAX: usize = 64;
    /// The scalars, lists and maps that a result may consist of.
    pub const RESULT_VALUES_MAX: usize = 4_000;
    /// The text in all of a result, names of fields included, in bytes.
    pub const RESULT_BYTES_MAX: usize = 1024 * 1024;
    /// The lines of `print` and `debug` that are kept of one call.
    pub const PRINTED_LINES_MAX: usize = 200;
    /// The characters that are kept of one such line.
    pub const PRINTED_CHARS_MAX: usize = 500;
}

/// An engine with the host functions, without modules, `eval`, clock or sleep. The package of the
/// language core is left out on purpose: it brings `sleep`, `exit` and reflection.
pub(super) fn build() -> Engine {
    let mut engine = Engine::new_raw();
    for package in [
        ArithmeticPackage::new().as_shared_module(),
        LogicPackage::new().as_shared_module(),
        BasicStringPackage::new().as_shared_module(),
        MoreStringPackage::new().as_shared_module(),
        BasicIteratorPackage::new().as_shared_module(),
        BasicFnPackage::new().as_shared_module(),
        BasicMathPackage::new().as_shared_module(),
        BasicArrayPackage::new().as_shared_module(),
        BasicMapPackage::new().as_shared_module(),
    ] {
        engine.register_global_module(package);
    }
    for keyword in ["eval", "import", "export"] {
        engine.disable_symbol(keyword);
    }
    limit(&mut engine);
    engine.on_progress(call::progress);
    engine.on_print(call::printed);
    engine.on_debug(|text, _, position| {
        let (line, column) = (
            position.line().unwrap_or(0),
            position.position().unwrap_or(0),
        );
        call::printed(&format!("{line}:{column}: {text}"));
    });
    host::register(&mut engine);
    engine
}

fn limit(engine: &mut Engine) {
    engine
        .set_max_operations(limits::OPERATIONS_MAX)
        .set_max_call_levels(limits::CALL_DEPTH_MAX)
        .set_max_expr_depths(limits::EXPRESSION_DEPTH_MAX, limits::EXPRESSION_DEPTH_MAX)
        .set_max_string_size(limits::STRING_BYTES_MAX)
        .set_max_array_size(limits::ARRAY_ELEMENTS_MAX)
        .set_max_map_size(limits::MAP_ENTRIES_MAX)
        .set_max_variables(limits::VARIABLES_MAX)
        .set_max_functions(limits::FUNCTIONS_MAX)
        .set_max_modules(0)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_allow_shadowing(true);
}
