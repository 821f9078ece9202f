//! Chores of the workspace: `cargo xtask test` is the test command of the README.
#![expect(clippy::print_stdout, reason = "a command of the workspace says what it does")]

mod invariants;
mod parts;
mod security;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("invariants") => invariants::check(),
        Some("test") => parts::test(arguments.iter().any(|argument| argument == "--keep-going")),
        _ => {
            println!("usage: cargo xtask test [--keep-going]\n       cargo xtask invariants");
            ExitCode::from(2)
        }
    }
}
