//! Fixtures, snapshots, coverage and a simulated provider for testing flows.

pub mod simulated;
