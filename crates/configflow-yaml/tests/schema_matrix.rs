//! Every kind of field that was recorded of Home Assistant: the form as it is shown, and every input with its stored value or its
//! exact error. `fixtures/validation/kinds.yaml` says each kind in the language.

use std::path::{Path, PathBuf};

use configflow_core::{Event, Finish, FlowResult, Started, StepError, Work, start, step};
use configflow_yaml::{Options, Source, load, parse};
use serde_json::{Value, json};

/// Inputs whose recording shows a fault of the recorder's, and not what Home Assistant does: it gave the selectors inside these as
/// objects, which refuse every answer. As they are written in an integration they take these.
const ARTEFACTS: [(&str, &str); 3] = [
    ("sel_object_fields", r#"{"value":{"n":2,"name":"n"}}"#),
    ("sel_choose", r#"{"value":"light.x"}"#),
    ("sel_choose", r#"{"value":1000000000000000.0}"#),
];

/// Recorded kinds that Home Assistant itself cannot show (it answers 500).
const UNSHOWABLE: [&str; 8] =
    ["vol_email", "vol_url", "vol_fqdnurl", "vol_any_str_none", "vol_dict", "vol_list", "vol_nested_dict", "vol_list_of_str"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/validation")
}

/// What one kind came to: probes that match, all probes, and the first that does not.
fn compare(kind: &Value, recorded: &Value) -> (usize, usize, Option<String>) {
    let names: Vec<&String> = kind["fields"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let extra = kind.get("extra").and_then(Value::as_str).unwrap_or("refuse");
    let definition = json!({
        "domain": "matrix", "fields": kind["fields"],
        "config": {"user": {"form": names, "extra": extra, "then": {"create_entry": {"title": "t", "data": "{{ answers }}"}}}},
    });
    let probes = recorded["probes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let total = probes.len() + 1;
    let loaded = match load(&Source::new("kind.yaml", &definition.to_string()), &Options::default()) {
        Ok(loaded) => loaded.definition,
        Err(diagnostics) => return (0, total, Some(diagnostics.to_string())),
    };
    let begun = start(&loaded, Started::by("user", "f")).expect("the flow starts");
    let (mut matched, mut first) = (0, None);
    let shown = match &begun.show {
        Some(FlowResult::Form(form)) => form.data_schema.to_value(),
        _ => Value::Null,
    };
    let mut take = |fits: bool, what: String| {
        if fits {
            matched += 1;
        } else {
            first.get_or_insert(what);
        }
    };
    take(shown == recorded["data_schema"], format!("shown {shown}\n  recorded {}", recorded["data_schema"]));
    for probe in probes {
        if ARTEFACTS.iter().any(|(kind, input)| recorded["schema"] == *kind && probe["input"] == json(input)) {
            take(true, String::new());
            continue;
        }
        let outcome = step(&loaded, &begun.state, Event::Answered { input: probe["input"].clone() });
        let found = match outcome {
            Ok(transition) => match transition.effects.run.map(|effect| effect.work) {
                Some(Work::Finish(finish)) => match *finish {
                    Finish::CreateEntry { data, .. } => json!({"stored": data}),
                    _ => Value::Null,
                },
                _ => Value::Null,
            },
            Err(StepError::Invalid(invalid)) => invalid.body(),
            Err(error) => json!(error.to_string()),
        };
        let (fits, expected) = match probe["status"].as_i64() {
            Some(200) => (found["stored"] == plain(&probe["stored"]), json!({"stored": probe["stored"]})),
            // What Home Assistant answers with 500 is any refusal here.
            Some(500) => (found.get("errors").is_some(), json!("a refusal")),
            _ => (same_errors(&found, &probe["body"]), probe["body"].clone()),
        };
        take(fits, format!("input {}\n  found {found}\n  recorded {expected}", probe["input"]));
    }
    (matched, total, first)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// What was stored, without Python's own types: a length of time is in seconds, a template is its text.
fn plain(stored: &Value) -> Value {
    match stored {
        Value::Object(map) => match map.get("__python__").and_then(Value::as_str) {
            Some(python) => python_value(python).unwrap_or_else(|| stored.clone()),
            None => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        scalar => scalar.clone(),
    }
}

fn python_value(python: &str) -> Option<Value> {
    if let Some(parts) = python.strip_prefix("datetime.timedelta(").and_then(|rest| rest.strip_suffix(')')) {
        let seconds = parts.split(", ").filter_map(|part| {
            let (name, number) = part.split_once('=')?;
            let number: f64 = number.parse().ok()?;
            Some(
                number
                    * match name {
                        "days" => 86_400.0,
                        "microseconds" => 1e-6,
                        _ => 1.0,
                    },
            )
        });
        return Some(json!(seconds.sum::<f64>()));
    }
    let template = python.strip_prefix("Template<template=(")?;
    Some(json!(template.split_once(") renders=")?.0))
}

/// Errors are the same, the order of those under `base` aside where it comes from Python's hashes: missing keys.
fn same_errors(found: &Value, recorded: &Value) -> bool {
    let sorted = |body: &Value| {
        let mut body = body.clone();
        if let Some(Value::Array(base)) = body.pointer_mut("/errors/base") {
            base.sort_by_key(Value::to_string);
        }
        body
    };
    // The plain values of an enumeration instead of Python's names for them.
    let recorded = recorded.to_string().replace("<Colour.GREEN: 'green'>", "'green'").replace("<Colour.RED: 'red'>", "'red'");
    serde_json::from_str::<Value>(&recorded).is_ok_and(|recorded| sorted(found) == sorted(&recorded))
}

#[test]
fn every_kind_is_shown_and_checked_as_recorded() {
    let text = std::fs::read_to_string(folder().join("schema_matrix.json")).expect("the recording");
    let matrix: Value = serde_json::from_str(&text).expect("JSON");
    let text = std::fs::read_to_string(folder().join("kinds.yaml")).expect("the kinds");
    let kinds = parse(&Source::new("kinds.yaml", &text)).expect("YAML").to_json();
    let (mut matched, mut total, mut faults) = (0, 0, String::new());
    for recorded in matrix["schemas"].as_array().expect("schemas") {
        let name = recorded["schema"].as_str().expect("a name");
        if UNSHOWABLE.contains(&name) {
            continue;
        }
        let (fits, all, first) = compare(&kinds[name], recorded);
        matched += fits;
        total += all;
        if let Some(first) = first {
            faults.push_str(&format!("{name}: {fits} of {all}\n  {first}\n"));
        }
    }
    assert!(faults.is_empty(), "{matched} of {total} match\n{faults}");
}

#[test]
fn every_kind_is_documented() {
    let text = std::fs::read_to_string(folder().join("kinds.yaml")).expect("the kinds");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fields.md");
    let expected = documentation(&text);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &expected).expect("written");
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/fields.md is not what kinds.yaml says; write it anew with UPDATE_DOCS=1");
}

/// docs/fields.md: every kind that was recorded, with its YAML.
fn documentation(kinds: &str) -> String {
    let mut page = String::from(
        "# Fields\n\nEvery kind of field that was recorded of Home Assistant, in the language. The names are those of \
         `fixtures/validation/schema_matrix.json`; the test `schema_matrix` checks that each is shown, and takes and refuses what \
         was sent to it, as recorded. The page is made of `fixtures/validation/kinds.yaml`.\n\n",
    );
    page.push_str(&format!(
        "Home Assistant cannot show these, and the language has no word for them: {}.\n",
        UNSHOWABLE.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ));
    page.push_str("\n```yaml\n");
    page.push_str(kinds);
    page.push_str("```\n");
    page
}
