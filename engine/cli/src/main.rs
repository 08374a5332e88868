//! The `dovetail` command: wiring, rendering, exit codes.

fn main() {}
