//! `configflow run`: a dialog by a pipe, and by a terminal that another program drives.

use std::io::{BufRead, BufReader};
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
    assert!(shown.contains("Name *  [Low]") || shown.contains("Name * [Low]"), "what was typed is the default: {shown}");
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
fn what_no_field_gets_is_kept_too_where_the_rules_refuse() {
    // Neither limit: the rules refuse the form as a whole. Then everything but `upper` is as it was.
    let (code, shown) = piped("threshold.yaml", "Low\n2\n\n\nsensor.power\n\n\n\n9\n\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("! Give a lower limit, an upper limit, or both."), "{shown}");
    assert!(shown.contains("\"hysteresis\": 2") && shown.contains("\"upper\": 9"), "{shown}");
}

/// A secret inside a section, one that is not stored under its own name, and an optional choice.
const SECRETS: &str = r#"
domain: guarded
fields:
  pin: { type: string, required: true, secret: true, transient: true }
  colour: { type: select, options: [red, blue] }
  login:
    section: { collapsed: false }
    required: true
    fields: { token: { type: string, required: true, secret: true } }
config:
  user:
    form: [pin, colour, login]
    check: [{ when: "colour == 'blue'", error: { colour: no_blue } }]
    then: { create_entry: { title: t, data: { colour: "{{ colour }}", login: "{{ login }}", kept: "{{ pin }}" } } }
"#;

fn guarded(lines: &str) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let translations = folder.path().join("translations/guarded");
    std::fs::create_dir_all(&translations).expect("made");
    std::fs::write(folder.path().join("guarded.yaml"), SECRETS).expect("written");
    let texts = r#"{"config": {
        "step": {"user": {"data": {"colour": "Colour"}, "data_description": {"colour": "Of the lamp."}}},
        "error": {"no_blue": "Not blue."}}}"#;
    std::fs::write(translations.join("en.json"), texts).expect("written");
    let mut command = Command::cargo_bin("configflow").expect("the command is built");
    let output = command.args(["run", "guarded", "--flows"]).arg(folder.path()).write_stdin(lines).output().expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_secret_is_not_shown_wherever_it_went() {
    let (code, shown) = guarded("canary-pin\n\ncanary-token\n");
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("\"token\": \"<secret>\"") && shown.contains("\"kept\": \"<secret>\""), "{shown}");
    assert!(shown.contains("\"colour\": null"), "an optional choice stays open: {shown}");
}

#[test]
fn an_error_stands_beside_its_field_and_a_secret_is_kept_unseen() {
    let (code, shown) = guarded("canary-pin\ngreen\nblue\ncanary-token\n\nred\n\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("! expected a number from 1 to 3"), "{shown}");
    let again = shown.split("## user").nth(2).expect("a second round");
    let place = |text: &str| again.find(text).unwrap_or_else(|| panic!("no {text} in {again}"));
    assert!(place("pin *") < place("! Colour: Not blue.") && place("! Colour: Not blue.") < place("(Of the lamp.)"));
    assert!(place("(empty keeps what was typed)") < place("Created: t"));
    assert!(shown.contains("\"colour\": \"red\"") && !shown.contains("canary"), "{shown}");
}

#[test]
fn an_abort_exits_with_one_and_a_broken_definition_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.yaml");
    let ran = |text: &str, lines: &str| {
        std::fs::write(&file, text).expect("written");
        let mut command = Command::cargo_bin("configflow").expect("built");
        let output = command.arg("run").arg(&file).write_stdin(lines.to_owned()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let sound = "domain: x\nconfig: { user: { form: [], then: { abort: enough } } }\n";
    let (code, shown) = ran(sound, "\n");
    assert!(code == Some(1) && shown.contains("Ended: enough"), "{code:?} {shown}");
    let (code, shown) = ran(sound, "n\n");
    assert!(code == Some(1) && !shown.contains("Ended"), "given up: {code:?} {shown}");
    assert_eq!(ran("domain: x\nconfig: { user: { then: nowhere } }\n", "").0, Some(2));
}

/// Shows a page elsewhere, then a menu.
const ELSEWHERE: &str = r#"
domain: y
config:
  user: { menu: [page, other] }
  page: { external: "https://page.example/login", then: { create_entry: { title: seen, data: {} } } }
  other: { then: { abort: other_taken } }
"#;

#[test]
fn a_menu_is_a_choice_and_a_page_elsewhere_is_a_link_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("y.yaml");
    std::fs::write(&file, ELSEWHERE).expect("written");
    let ran = |lines: &str| {
        let mut command = Command::cargo_bin("configflow").expect("built");
        let output = command.arg("run").arg(&file).arg("--live").write_stdin(lines.to_owned()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, shown) = ran("other\n");
    assert!(code == Some(1) && shown.contains("Ended: other_taken"), "{code:?} {shown}");
    let (code, shown) = ran("1\ny\n");
    assert!(code == Some(0) && shown.contains("Created: seen"), "{code:?} {shown}");
    assert!(shown.contains("https://page.example/login\n") && shown.contains('▀'), "{shown}");
    let (code, shown) = ran("1\nn\n");
    assert!(code == Some(1) && !shown.contains("Created"), "{code:?} {shown}");
}

/// A terminal whose shell says how the command ended, and how it left the terminal.
fn shell(name: &str) -> PtySession {
    let run = format!("'{}' run '{}'", cargo_bin("configflow").display(), flow(name).display());
    let script =
        format!("before=$(stty -g); trap : INT; {run}; echo ended=$?; [ \"$before\" = \"$(stty -g)\" ] && echo terminal=same");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]);
    rexpect::session::spawn_command(command, Some(20_000)).expect("a terminal")
}

#[test]
fn a_terminal_is_prompted_and_left_as_it_was() {
    let mut session = shell("threshold.yaml");
    for (prompt, answer) in
        [("Name", "Low"), ("Hysteresis", ""), ("Lower limit", ""), ("Upper limit", "5"), ("Entity", "sensor.power")]
    {
        session.exp_string(prompt).expect("the prompt");
        session.send(&format!("{answer}\r")).expect("typed");
        session.flush().expect("sent");
    }
    session.exp_string("Created: Low").expect("the end");
    session.exp_string("ended=0").expect("the code");
    session.exp_string("terminal=same").expect("the terminal is as it was");
    session.exp_eof().expect("it ends");
}

#[test]
fn ctrl_c_ends_the_flow() {
    let mut session = shell("threshold.yaml");
    session.exp_string("Name").expect("the prompt");
    session.send_control('c').expect("sent");
    session.exp_string("ended=130").expect("the code");
    session.exp_string("terminal=same").expect("the terminal is as it was");
    session.exp_eof().expect("it ends");
}

/// Starts a dialog by a pipe, sends Ctrl-C as a signal once this line is shown, and gives the exit code.
fn interrupted_at(name: &str, shown: &str) -> Option<i32> {
    let mut child = std::process::Command::new(cargo_bin("configflow"))
        .arg("run")
        .arg(flow(name))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it runs");
    // Held open: the end of the input would end the flow as well.
    let input = child.stdin.take();
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.any(|line| line.expect("UTF-8").contains(shown)), "it never shows {shown}");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
    let code = child.wait().expect("it ended").code();
    drop(input);
    code
}

#[test]
fn ctrl_c_ends_the_flow_where_a_line_is_awaited() {
    assert_eq!(interrupted_at("threshold.yaml", "Name"), Some(130));
}

#[test]
fn a_progress_shows_its_code_and_ctrl_c_ends_it() {
    assert_eq!(interrupted_at("acme_cloud.yaml", "code: SIM-0001"), Some(130));
}

#[test]
fn credentials_that_an_operator_would_have_stored_are_made_up() {
    let (code, shown) = piped("iotty.yaml", "\n\n\n");
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Created:"), "{shown}");
}

#[test]
fn an_external_page_without_an_account_asks_for_no_login() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("consent.yaml");
    let text = "domain: consent\nconfig:\n  user: { external: \"https://consent.example/ask\", then: done }\n  done: { then: { create_entry: { title: Consent } } }\n";
    std::fs::write(&file, text).expect("written");
    let (code, shown) = piped(file.to_str().expect("UTF-8"), "\n");
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("simulated provider") && shown.contains("Created: Consent"), "{shown}");
}

#[test]
fn an_error_inside_a_section_stands_beside_its_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nested.yaml");
    let text = "domain: nested\nfields:\n  host: { type: string, required: true }\n  more: { section: {}, fields: { port: { type: port, required: true } } }\nconfig:\n  user: { form: [host, more], then: { create_entry: { title: \"{{ host }}\", data: \"{{ answers }}\" } } }\n";
    std::fs::write(&file, text).expect("written");
    let (code, shown) = piped(file.to_str().expect("UTF-8"), "lamp\n99999\n\n80\n");
    assert_eq!(code, 0, "{shown}");
    let second = shown.split("— more —").nth(2).expect("the section is asked twice");
    assert!(second.trim_start().starts_with("! port: value must be at most 65535"), "{shown}");
    assert!(!shown.contains("@ data"), "{shown}");
}

/// The form of the account, by its fields.
const ACCOUNT: &str = "test\n1234\ncanary-secret\n\n\n\n\n\n\n";

fn linked(choice: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("configflow").expect("the command is built");
    let output = command
        .arg("run")
        .arg(flow("ms365_calendar_link.yaml"))
        .args(arguments)
        .write_stdin(format!("{ACCOUNT}{choice}"))
        .output()
        .expect("it runs");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn an_account_is_linked_by_each_way_in_turn() {
    // The way by its number on the menu, and one more line where a login is offered.
    for (choice, said) in [
        ("1\n\n", "\"alt_auth_method\": true"),
        ("2\n\n", "The listener on this machine answered with status 200."),
        ("3\n", "user_code: SIM-0001"),
        ("4\n\n", "&redirect_uri=https%3A%2F%2Flogin.microsoftonline.com%2Fcommon%2Foauth2%2Fnativeclient&"),
    ] {
        let (code, shown) = linked(choice, &[]);
        assert_eq!(code, 0, "{choice:?}: {shown}");
        assert!(shown.contains(said) && shown.contains("Created: test"), "{choice:?}: {shown}");
        assert!(!shown.contains("canary-secret") && !shown.contains("sim-") && !shown.contains("data:image"), "{shown}");
    }
}

#[test]
fn the_redirect_addresses_are_shown_before_anybody_leaves_and_the_code_has_a_picture() {
    let (code, shown) = linked("3\n", &["--external-url", "https://home.example"]);
    assert_eq!(code, 0, "{shown}");
    let before = shown.split("What next?").next().unwrap_or_default();
    for address in ["https://home.example/api/ms365", "http://127.0.0.1/", "/common/oauth2/nativeclient"] {
        assert!(before.contains(address), "{address}: {shown}");
    }
    assert!(shown.contains("https://microsoft.com/devicelogin\n") && shown.contains('▀'), "{shown}");
}

#[test]
fn a_way_that_fails_leads_to_the_others_with_what_was_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("provider.json");
    std::fs::write(&script, r#"{"faults": [{"at": "device", "fault": {"error": "invalid_client", "aadsts": 7000218}}]}"#)
        .expect("written");
    let arguments = ["--provider", script.to_str().expect("UTF-8"), "--remote-browser"];
    // Without a browser here there are three ways; the second one cannot begin, and goes last.
    let (code, shown) = linked("2\n2\n\n", &arguments);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("With a browser on this machine"), "{shown}");
    assert!(shown.contains("AADSTS7000218") && shown.contains("allow public client flows"), "{shown}");
    assert!(shown.contains("Created: test") && shown.contains("\"client_id\": \"1234\""), "{shown}");
}

#[test]
fn another_way_is_chosen_on_a_form() {
    // No login there, nothing pasted, but another way; then the pasted address.
    let (code, shown) = linked("1\nn\ny\n4\n\n", &[]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(shown.matches("What next?").count(), 2, "{shown}");
    assert!(shown.contains("Created: test"), "{shown}");
}

/// Links an account, and brings no texts.
const WITHOUT_TEXTS: &str = r#"
domain: bare
account: { provider: spotify, client_id: abc, scopes: [user-read-private] }
config:
  user: { link: { methods: [callback, loopback] }, then: { create_entry: { title: linked, data: {} } } }
"#;

#[test]
fn where_no_text_says_it_the_redirect_address_and_why_nothing_is_possible_are_listed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bare.yaml");
    std::fs::write(&file, WITHOUT_TEXTS).expect("written");
    let ran = |arguments: &[&str], lines: &str| {
        let mut command = Command::cargo_bin("configflow").expect("built");
        let output = command.arg("run").arg(&file).args(arguments).write_stdin(lines.to_owned()).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // The way by the name of its step.
    let (code, shown) = ran(&["--external-url", "https://home.example"], "user_callback\n\n");
    assert!(code == Some(0) && shown.contains("Created: linked"), "{code:?} {shown}");
    let form = shown.split("## user_callback").nth(1).expect("the form");
    let before = form.split("https://accounts.spotify.com").next().unwrap_or_default();
    assert!(before.contains("redirect_uri: https://home.example/auth/external/callback"), "before the link: {shown}");
    assert!(!shown.contains("problem:"), "what is empty is not listed: {shown}");

    let (code, shown) = ran(&["--external-url", "http://home.local", "--remote-browser"], "");
    assert!(code == Some(1) && shown.contains("Ended: no_link_method"), "{code:?} {shown}");
    assert!(shown.contains("callback: ") && shown.contains("loopback: the browser is not"), "{shown}");
}
