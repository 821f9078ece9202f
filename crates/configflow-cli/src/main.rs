//! The `configflow` command.
fn main() {}
