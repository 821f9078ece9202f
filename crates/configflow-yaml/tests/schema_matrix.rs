//! Every kind of field that was recorded of Home Assistant: the form as it is shown, and every input with its stored value or its
//! exact error.
//!
//! `fixtures/validation/kinds.yaml` says each kind in the language. Kinds in [`NOT_YET`] are not all said or matched yet; the
//! test fails when one of them could leave the list, so the list is always true.

use std::path::{Path, PathBuf};

use configflow_core::{Event, Finish, FlowResult, Started, StepError, Work, start, step};
use configflow_yaml::{Options, Source, load, parse};
use serde_json::{Value, json};

/// Kinds that the language does not say, or that do not match everywhere yet.
const NOT_YET: &[&str] =
    &["vol_cv_positive_time_period_dict", "vol_markers", "sel_choose", "sel_condition", "sel_object_fields", "sel_trigger"];

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
            Some(200) => (found["stored"] == probe["stored"], json!({"stored": probe["stored"]})),
            // What Home Assistant answers with 500 is any refusal here.
            Some(500) => (found.get("errors").is_some(), json!("a refusal")),
            _ => (same_errors(&found, &probe["body"]), probe["body"].clone()),
        };
        take(fits, format!("input {}\n  found {found}\n  recorded {expected}", probe["input"]));
    }
    (matched, total, first)
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
    let (mut matched, mut total, mut open, mut faults) = (0, 0, Vec::new(), String::new());
    for recorded in matrix["schemas"].as_array().expect("schemas") {
        let name = recorded["schema"].as_str().expect("a name");
        if UNSHOWABLE.contains(&name) {
            continue;
        }
        let (fits, all, first) = compare(&kinds[name], recorded);
        matched += fits;
        total += all;
        if let Some(first) = first {
            open.push(name);
            if !NOT_YET.contains(&name) {
                faults.push_str(&format!("{name}: {fits} of {all}\n  {first}\n"));
            }
        }
    }
    faults.push_str(
        &NOT_YET
            .iter()
            .filter(|name| !open.contains(name))
            .map(|name| format!("{name} matches: take it off the list\n"))
            .collect::<String>(),
    );
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
        "Not said or not matched everywhere yet: {}.\n\n",
        NOT_YET.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ));
    page.push_str(&format!(
        "Home Assistant cannot show these, and the language has no word for them: {}.\n",
        UNSHOWABLE.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    ));
    page.push_str("\n```yaml\n");
    page.push_str(kinds);
    page.push_str("```\n");
    page
}
