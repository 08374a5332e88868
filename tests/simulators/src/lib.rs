//! Strict simulators of the PSAs and of the product, with switchable faults. Uses none of the engine crates.
