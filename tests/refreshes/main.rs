//! Tokens that many tasks and processes renew, and processes that are killed while they do.
//!
//! - `together`: 64 tasks in each of 4 processes ask for one token that has ended: one refresh.
//! - `killed`: a process is killed with `kill -9` at each moment of a refresh, at a provider whose old tokens end and at one where they
//!   stay: the account is linked in the end, and nothing is sent twice that may not be.
//! - `rotated`: a certified OpenID provider with rotation (`oidc-provider`, npm), and kills at moments that a seed chooses.
//!   `CONFIGFLOW_REFRESHES` says how many refreshes (300), `CONFIGFLOW_SEED` repeats a run.
//!
//! The parent stands on the way to the provider, counts, and kills; the children have the engine and the store.

#![expect(clippy::print_stdout, reason = "the processes talk by lines, and the test reports its figures")]

mod child;
mod killed;
mod parent;
mod process;
mod proxy;
mod rotated;
mod talk;
mod together;

#[path = "../real_provider/person.rs"]
mod person;
#[path = "../real_provider/server.rs"]
mod server;

use std::process::ExitCode;

const TESTS: [&str; 3] = ["together", "killed", "rotated"];

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if let Ok(folder) = std::env::var(child::FOLDER) {
        runtime.block_on(child::run(std::path::Path::new(&folder)));
        return ExitCode::SUCCESS;
    }
    // What a test runner asks of a test without the usual harness.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let tests = TESTS.into_iter().filter(|test| wanted.is_empty() || wanted.iter().any(|wanted| test.contains(wanted.as_str())));
    if arguments.iter().any(|argument| argument == "--list") {
        if !arguments.iter().any(|argument| argument == "--ignored") {
            tests.for_each(|test| println!("{test}: test"));
        }
        return ExitCode::SUCCESS;
    }
    for test in tests {
        match test {
            "together" => runtime.block_on(together::run()),
            "killed" => runtime.block_on(killed::run()),
            _ => runtime.block_on(rotated::run()),
        }
        println!("{test} ... ok");
    }
    ExitCode::SUCCESS
}
