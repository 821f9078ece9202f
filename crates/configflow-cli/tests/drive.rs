//! `configflow drive`, `test`, `check` and `schema`: what they print, and how they exit.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn configflow(arguments: &[&str]) -> Ran {
    let output = Command::cargo_bin("configflow")
        .expect("the command is built")
        .current_dir(root())
        .args(arguments)
        .output()
        .expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn fixture(steps: &str) -> String {
    format!(r#"{{"flow": "threshold", "steps": {steps}}}"#)
}

#[test]
fn without_arguments_the_embedded_fixture_ends_with_its_entry() {
    let ran = configflow(&["drive"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    assert!(lines.len() > 5);
    assert_eq!(lines.last().expect("a line")["entry"]["title"], "test");
    assert!(!ran.out.contains("5678") && !ran.out.contains("sim-"), "a secret is printed");
}

#[test]
fn an_expectation_that_does_not_hold_is_a_readable_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = fixture(r#"[{"expect": {"step_id": "usr", "type": "form"}}]"#);
    let ran = configflow(&["drive", &file(&folder, "f.json", &text), "--flows", "fixtures/flows"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for part in ["step 0", "at /step_id", "- expected: \"usr\"", "+ found:    \"user\""] {
        assert!(ran.err.contains(part), "no {part} in {}", ran.err);
    }
}

#[test]
fn what_is_broken_exits_with_two_and_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, said) in [
        ("{\"flow\": \"threshold\",\n \"stepz\": []}", ":2:"),
        ("{\"flow\": \"threshold\",\n \"steps\": [{\"anwser\": {}}]}", "unknown field `anwser`"),
        ("{\"flow\": \"threshold\", \"steps\": [], \"provider\": {\"grnat\": []}}", "unknown field `grnat`"),
        ("{\"flow\": \"nobody\", \"steps\": []}", "no definition"),
        ("{\"flow\": \"../threshold\", \"steps\": []}", "no definition"),
        (
            "{\"flow\": \"threshold\", \"steps\": [{\"answer\": {\"name\": \"{{ nothing }}\"}}]}",
            "nothing live is called `nothing`",
        ),
        ("not json", ":1:"),
    ] {
        let ran = configflow(&["drive", &file(&folder, "f.json", text), "--flows", "fixtures/flows"]);
        assert_eq!(ran.code, 2, "{text}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(said), "{text}: no {said} in {}", ran.err);
    }
    assert_eq!(configflow(&["drive", "no/such/file.json"]).code, 2);
}

#[test]
fn a_broken_definition_and_one_of_another_domain_exit_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    file(&folder, "threshold.yaml", "domain: other\nconfig: { user: { then: { abort: x } } }\n");
    let text = fixture("[]");
    let path = file(&folder, "f.json", &text);
    let flows = folder.path().display().to_string();
    let ran = configflow(&["drive", &path, "--flows", &flows]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("handles `other`, not `threshold`"), "{}", ran.err);
    file(&folder, "threshold.yaml", "domain: threshold\nconfig: { user: { then: nowhere } }\n");
    let ran = configflow(&["drive", &path, "--flows", &flows]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("step.unknown"), "{}", ran.err);
}

#[test]
fn an_answer_of_ten_megabytes_is_rejected_and_the_form_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let big = "a".repeat(3 << 20);
    let text = fixture(&format!(
        r#"[{{"answer": {{"name": "{big}", "entity_id": "sensor.x", "upper": 1}}, "rejected": {{"code": "flow.invalid_answer"}}}},
            {{"answer": {{"name": "T", "entity_id": "sensor.x", "upper": 1}}}}, {{"expect": {{"type": "create_entry"}}}}]"#
    ));
    let ran = configflow(&["drive", &file(&folder, "f.json", &text), "--flows", "fixtures/flows"]);
    assert_eq!(ran.code, 0, "{}", &ran.err[..ran.err.len().min(500)]);
    let larger = fixture(&format!(r#"[{{"answer": {{"name": "{}"}}}}]"#, "a".repeat(10 << 20)));
    let ran = configflow(&["drive", &file(&folder, "f.json", &larger), "--flows", "fixtures/flows"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("at most"), "{}", &ran.err[..ran.err.len().min(500)]);
}

#[test]
fn a_snapshot_that_is_missing_changed_or_unused_is_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let steps = folder.path().join("steps");
    std::fs::create_dir(&steps).expect("made");
    let text = fixture(r#"[{"answer": {"name": "T", "entity_id": "sensor.x", "upper": 1}}]"#);
    std::fs::write(steps.join("one.json"), text).expect("written");
    let path = folder.path().display().to_string();
    let test = |more: &[&str]| configflow(&[&["test", &path, "--flows", "fixtures/flows"], more].concat());

    let ran = test(&[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("it has no snapshot"), "{}", ran.err);
    assert_eq!(test(&["--update"]).code, 0);
    let ran = test(&[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("1 fixtures, 3 transitions compared") && ran.out.contains("1 passed, 0 failed"), "{}", ran.out);

    let snapshot = steps.join("snapshots/one.jsonl");
    let stored = std::fs::read_to_string(&snapshot).expect("stored");
    std::fs::write(&snapshot, stored.replace("\"last_step\":true", "\"last_step\":false")).expect("written");
    let ran = test(&[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("transition 0 differs"), "{}", ran.err);
    std::fs::write(&snapshot, stored).expect("written");
    std::fs::write(steps.join("snapshots/gone.jsonl"), "").expect("written");
    let ran = test(&[]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no fixture has this snapshot"), "{}", ran.err);
    assert_eq!(test(&["--update"]).code, 0);
    assert!(!steps.join("snapshots/gone.jsonl").exists());
}

#[test]
fn check_reports_in_both_forms() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = file(&folder, "x.yaml", "domain: x\nconfig:\n  user: { then: nowhere }\n");
    let ran = configflow(&["check", &path]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("step.unknown") && ran.out.contains("^^^^^^^"), "{}", ran.out);
    let ran = configflow(&["check", &path, "fixtures/flows/threshold.yaml", "--format", "json"]);
    let found: Value = serde_json::from_str(&ran.out).expect("one JSON list");
    assert_eq!(found[0]["code"], "step.unknown");
    assert_eq!((&found[0]["line"], &found[0]["column"]), (&Value::from(3), &Value::from(17)));
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(configflow(&["check", "fixtures/flows/threshold.yaml"]).code, 0);
    assert_eq!(configflow(&["check", "no/such/file.yaml"]).code, 2);
}

#[test]
fn schemas_are_json_schemas() {
    for what in ["definition", "fixture", "result"] {
        let ran = configflow(&["schema", what]);
        assert_eq!(ran.code, 0);
        let schema: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
    assert_eq!(configflow(&["schema", "nothing"]).code, 2);
}
