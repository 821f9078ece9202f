//! Every step, field, error and abort that a fixture has seen has a text, and every text names only placeholders that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the fixtures.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts of every integration that has some.
fn translations() -> BTreeMap<String, Value> {
    let folder = fixtures().join("flows/translations");
    let entries = std::fs::read_dir(&folder).expect("the texts are there");
    entries
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            (path.file_name().expect("a folder has a name").to_string_lossy().into_owned(), json(&path.join("en.json")))
        })
        .collect()
}

/// The results that a fixture showed, each with its part of the texts: `config` or `options`.
fn shown(fixture: &Path) -> Vec<(&'static str, Value)> {
    let snapshot = fixture
        .parent()
        .expect("a fixture is in a folder")
        .join("snapshots")
        .join(fixture.file_name().expect("a fixture has a name"))
        .with_extension("jsonl");
    let text = std::fs::read_to_string(&snapshot).unwrap_or_else(|error| panic!("{}: {error}", snapshot.display()));
    let results = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a snapshot is JSON")["show"].take())
        .filter(Value::is_object);
    // The handler of an options flow is the entry, whose id is hidden.
    results.map(|show| (if show["handler"] == "<entry_id>" { "options" } else { "config" }, show)).collect()
}

/// The names in braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// A name in a result.
fn name_of(value: &Value) -> &str {
    value.as_str().expect("a name is a text")
}

/// What of a result has no text, or a text that does not fit.
fn missing(part: &str, texts: &Value, show: &Value) -> Vec<String> {
    let mut missing = Vec::new();
    let texts = &texts[part];
    let known: BTreeSet<&str> =
        show["description_placeholders"].as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
    let mut text = |place: &[&str]| {
        let found = place.iter().fold(texts, |texts, key| &texts[*key]);
        match found.as_str() {
            None | Some("") => missing.push(format!("{part}.{}: no text", place.join("."))),
            Some(found) => {
                let unknown = placeholders(found).difference(&known).copied().collect::<Vec<_>>().join(", ");
                if !unknown.is_empty() {
                    missing.push(format!("{part}.{}: {unknown} is no placeholder there", place.join(".")));
                }
            }
        }
    };
    if show["type"] == "abort" {
        text(&["abort", name_of(&show["reason"])]);
    }
    if show["type"] == "form" {
        let step = name_of(&show["step_id"]);
        text(&["step", step, "title"]);
        text(&["step", step, "description"]);
        for field in show["data_schema"].as_array().expect("a form has fields") {
            let name = name_of(&field["name"]);
            match field["schema"].as_array() {
                Some(inner) => {
                    text(&["step", step, "sections", name, "name"]);
                    inner.iter().for_each(|field| text(&["step", step, "sections", name, "data", name_of(&field["name"])]));
                }
                None => text(&["step", step, "data", name]),
            }
        }
        for key in show["errors"].as_object().into_iter().flat_map(|errors| errors.values()) {
            text(&["error", name_of(key)]);
        }
    }
    missing
}

#[test]
fn whatever_was_shown_has_a_text() {
    let translations = translations();
    let mut missing_texts = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(fixtures().join("steps")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let flow = json(&path)["flow"].as_str().unwrap().to_owned();
        let Some(texts) = translations.get(&flow) else { continue };
        for (part, show) in shown(&path) {
            missing_texts.extend(missing(part, texts, &show).into_iter().map(|text| format!("{flow}: {text}")));
        }
        seen.insert(flow);
    }
    assert!(missing_texts.is_empty(), "{}", Vec::from_iter(missing_texts).join("\n"));
    assert_eq!(
        seen.iter().collect::<Vec<_>>(),
        translations.keys().collect::<Vec<_>>(),
        "every integration with texts is driven"
    );
}

#[test]
fn a_text_that_is_missing_or_names_what_is_not_there_is_found() {
    let texts = serde_json::json!({"config": {
        "step": {"user": {"title": "T", "description": "For {nobody}", "data": {}}}, "error": {}, "abort": {},
    }});
    let form = serde_json::json!({
        "type": "form", "step_id": "user", "errors": {"base": "unknown"}, "description_placeholders": null,
        "data_schema": [{"name": "host"}, {"name": "more", "schema": [{"name": "port"}]}],
    });
    assert_eq!(
        missing("config", &texts, &form),
        [
            "config.step.user.description: nobody is no placeholder there",
            "config.step.user.data.host: no text",
            "config.step.user.sections.more.name: no text",
            "config.step.user.sections.more.data.port: no text",
            "config.error.unknown: no text",
        ]
    );
    let abort = serde_json::json!({"type": "abort", "reason": "gone", "description_placeholders": null});
    assert_eq!(missing("config", &texts, &abort), ["config.abort.gone: no text"]);
}
