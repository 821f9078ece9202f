//! The JSON Schemas: what is committed is what is generated, and everything that is shipped is valid by them.

use std::path::{Path, PathBuf};

use configflow_testkit::{Fixture, schema};
use configflow_yaml::{Source, parse};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("the folder is there").map(|entry| entry.expect("a file").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no {extension} files");
    files
}

fn faults(schema: &Value, instance: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    validator.iter_errors(instance).map(|error| format!("{}: {}", error.instance_path(), error.masked())).collect()
}

#[test]
fn what_is_committed_is_what_is_generated() {
    for (name, generated) in [
        ("definition", schema::definition()),
        ("fixture", schema::fixture()),
        ("provider", schema::provider()),
        ("result", schema::result()),
    ] {
        let path = root().join(format!("schemas/{name}.json"));
        let committed: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("the schema is committed")).expect("JSON");
        assert!(committed == generated, "regenerate it: configflow schema {name} > schemas/{name}.json");
    }
}

#[test]
fn every_definition_is_valid() {
    for path in files("fixtures/flows", "yaml") {
        let source = Source::from_bytes(&path.display().to_string(), std::fs::read(&path).expect("readable"));
        let node = parse(&source).expect("YAML");
        let faults = faults(&schema::definition(), &node.to_json());
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
}

#[test]
fn every_fixture_and_every_result_is_valid() {
    for path in files("fixtures/steps", "json") {
        let fixture: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("readable")).expect("JSON");
        let faults = faults(&schema::fixture(), &fixture);
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
    }
    let mut results = 0;
    for path in files("fixtures/steps/snapshots", "jsonl") {
        for line in std::fs::read_to_string(&path).expect("readable").lines() {
            let transition: Value = serde_json::from_str(line).expect("JSON");
            if transition.get("show").is_some_and(Value::is_object) {
                results += 1;
                let faults = faults(&schema::result(), &transition["show"]);
                assert!(faults.is_empty(), "{}: {faults:#?}\n{}", path.display(), transition["show"]);
            }
        }
    }
    assert!(results > 0, "no result was seen");
}

#[test]
fn what_is_wrong_is_refused() {
    let wrong = serde_json::json!({"domain": "x", "config": {"user": {"fom": []}}});
    assert!(!faults(&schema::definition(), &wrong).is_empty());
    let wrong = serde_json::json!({"flow": "x", "steps": [{"anwser": {}}]});
    assert!(!faults(&schema::fixture(), &wrong).is_empty());
    let wrong = serde_json::json!({"type": "form", "flow_id": "x", "handler": "x"});
    assert!(!faults(&schema::result(), &wrong).is_empty());
}

#[test]
fn a_fixture_that_is_refused_is_invalid() {
    let schema = schema::fixture();
    let fixture = |part: &str| -> Value { serde_json::from_str(&format!(r#"{{"flow": "x", {part}}}"#)).expect("JSON") };
    for part in [
        r#""steps": [{"person": "dances"}]"#,
        r#""steps": [{"expects": {}}]"#,
        r#""steps": [], "provider": {"grant": "all"}"#,
        r#""steps": [], "provider": {"faults": [{"at": "nowhere", "fault": "hang"}]}"#,
        r#""steps": [], "provider": {"faults": [{"at": "token", "fault": "boom"}]}"#,
        r#""steps": [], "provider": {"faults": [{"at": "token", "fault": {}}]}"#,
        r#""steps": [], "provider": {"api": [{"url": "https://a.example", "jsn": {}}]}"#,
        r#""steps": [], "provider": {"person": {"meets_error": "50011"}}"#,
    ] {
        let fixture = fixture(part);
        assert!(!faults(&schema, &fixture).is_empty(), "{part} is valid by the schema");
        let read = Fixture::parse(fixture.to_string().as_bytes(), Path::new("x.json"));
        assert!(read.is_err(), "{part} is read");
    }
    for part in [
        r#""steps": [{"person": {"meets_error": 50011}}]"#,
        r#""steps": [], "provider": {"grant": ["User.Read"], "faults": [{"at": "token", "fault": {"status": 502}}]}"#,
        r#""steps": [], "provider": {"api": [{"url": "https://a.example", "json": {}}], "person": "declines"}"#,
    ] {
        let fixture = fixture(part);
        assert_eq!(faults(&schema, &fixture), [""; 0], "{part}");
        assert!(Fixture::parse(fixture.to_string().as_bytes(), Path::new("x.json")).is_ok(), "{part}");
    }
}
