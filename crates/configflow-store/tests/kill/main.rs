//! A process that drives flows is killed with `kill -9` again and again, at moments that a seed chooses: between two lines that
//! it prints, when a code reaches the token endpoint, and when the endpoint's answer is under way. After each kill another
//! process goes on in the same folder, and everything that the one before acknowledged must be there.
//!
//! `CONFIGFLOW_KILLS` says how often (200), `CONFIGFLOW_SEED` repeats a run.

#![expect(clippy::print_stdout, reason = "the two processes talk by lines, and the test reports its figures")]

mod child;
mod ledger;
mod line;
mod parent;
mod proxy;
mod random;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Ok(folder) = std::env::var(child::FOLDER) {
        child::run(std::path::Path::new(&folder));
        return ExitCode::SUCCESS;
    }
    // What a test runner asks of a test without the usual harness.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        if !arguments.iter().any(|argument| argument == "--ignored") {
            println!("what_was_acknowledged_outlives_every_kill: test");
        }
        return ExitCode::SUCCESS;
    }
    parent::run();
    ExitCode::SUCCESS
}
