//! End-to-end tests: the built program over real HTTP against the simulators.
