//! The parts of the test run, in the order in which they run.

use std::process::{Command, ExitCode};

/// One part: what it is called, the command, and what it adds to the environment.
struct Part {
    name: &'static str,
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const fn part(name: &'static str, command: &'static [&'static str]) -> Part {
    Part { name, command, environment: &[] }
}

const PARTS: [Part; 6] = [
    part("format", &["cargo", "fmt", "--all", "--check"]),
    part("invariants", &["cargo", "xtask", "invariants"]),
    part("lints", &["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]),
    part("tests", &["cargo", "test", "--workspace", "--quiet"]),
    Part {
        name: "documentation",
        command: &["cargo", "doc", "--workspace", "--no-deps", "--quiet"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    part("fixtures", &["cargo", "run", "--quiet", "--package", "configflow-cli", "--", "test", "fixtures"]),
];

/// Runs every part; stops at the first that fails unless told to keep going.
pub(crate) fn test(keep_going: bool) -> ExitCode {
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for part in &PARTS {
        println!("\n== {}: {}", part.name, part.command.join(" "));
        if runs(part) {
            passed += 1;
            continue;
        }
        failed += 1;
        println!("== {} failed", part.name);
        if !keep_going {
            break;
        }
    }
    match purity() {
        Some(true) => passed += 1,
        Some(false) => failed += 1,
        None => println!("== purity: the wasm32 target is not to be had here; the lints of the core's clippy.toml stand for it"),
    }
    println!("\nparts: {passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn runs(part: &Part) -> bool {
    let [program, arguments @ ..] = part.command else { return false };
    let status = Command::new(program).args(arguments).envs(part.environment.iter().copied()).status();
    status.is_ok_and(|status| status.success())
}

/// Builds the core for wasm32, where nothing of an operating system is. `None` where the target cannot be had.
fn purity() -> Option<bool> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let mut has = installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(TARGET));
    if !has {
        has = Command::new("rustup").args(["target", "add", TARGET]).output().is_ok_and(|output| output.status.success());
    }
    if !has {
        return None;
    }
    println!("\n== purity: the core builds for {TARGET}");
    let build = Command::new("cargo").args(["build", "--quiet", "--package", "configflow-core", "--target", TARGET]).status();
    Some(build.is_ok_and(|status| status.success()))
}
