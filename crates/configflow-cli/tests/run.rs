//! `configflow run`: a dialog by a pipe, and by a terminal that another program drives.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use rexpect::session::PtySession;

fn flow(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows").join(name)
}

fn piped(name: &str, lines: &str) -> (i32, String) {
    let output =
        Command::cargo_bin("configflow").expect("the command is built").arg("run").arg(flow(name)).write_stdin(lines).output();
    let output = output.expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn terminal(name: &str) -> PtySession {
    let command = format!("{} run {}", cargo_bin("configflow").display(), flow(name).display());
    rexpect::spawn(&command, Some(20_000)).expect("a terminal")
}

#[test]
fn a_helper_is_set_up_line_by_line() {
    let (code, shown) = piped("threshold.yaml", "Low\n\n\n5\nsensor.power\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Created: Low") && shown.contains("\"upper\": 5.0"), "{shown}");
}

#[test]
fn what_is_wrong_is_said_and_what_was_typed_is_kept() {
    let (code, shown) = piped("threshold.yaml", "Low\n\n\nfive\nsensor.power\n\n\n\n7\n\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("expected float"), "{shown}");
    assert!(shown.contains("name *  [Low]") || shown.contains("name * [Low]"), "what was typed is the default: {shown}");
    assert!(shown.contains("\"upper\": 7.0"), "{shown}");
}

#[test]
fn an_account_is_linked_and_its_secret_is_not_shown() {
    let (code, shown) = piped("ms365_calendar.yaml", "test\n1234\ncanary-secret\n\n\n\n\n\n\n\n\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Created: test"), "{shown}");
    assert!(!shown.contains("canary-secret") && !shown.contains("sim-"), "{shown}");
}

#[test]
fn the_end_of_the_input_ends_the_flow() {
    let (code, _) = piped("threshold.yaml", "Low\n");
    assert_eq!(code, 2);
}

#[test]
fn a_terminal_is_prompted_and_left_as_it_was() {
    let mut session = terminal("threshold.yaml");
    for (prompt, answer) in [("name", "Low"), ("hysteresis", ""), ("lower", ""), ("upper", "5"), ("entity_id", "sensor.power")] {
        session.exp_string(prompt).expect("the prompt");
        session.send(&format!("{answer}\r")).expect("typed");
        session.flush().expect("sent");
    }
    session.exp_string("Created: Low").expect("the end");
    session.exp_eof().expect("it ends");
}

#[test]
fn ctrl_c_ends_the_flow() {
    let mut session = terminal("threshold.yaml");
    session.exp_string("name").expect("the prompt");
    session.send_control('c').expect("sent");
    session.exp_eof().expect("it ends");
    let status = session.process.wait().expect("it ended");
    assert!(format!("{status:?}").contains("130"), "{status:?}");
}
