//! Every step, field, error and abort that a fixture or a recording has seen has a text, and every text names only placeholders
//! that are there; and whatever a definition can show has one, seen or not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use configflow_core::Definition;
use configflow_core::definition::{Dialog, Op, Outcome, Rule, Show, Step};
use configflow_core::field::Field;
use configflow_testkit::Flows;
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
fn shown(fixture: &Path) -> Vec<(String, Value)> {
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
    // The handler of an options flow is the entry, whose id is hidden; of a sub-entry flow the entry and a type.
    let part = |show: &Value| match (&show["handler"], show["handler"][1].as_str()) {
        (_, Some(subentry_type)) => format!("/config_subentries/{subentry_type}"),
        (handler, None) if handler == "<entry_id>" => "/options".to_owned(),
        _ => "/config".to_owned(),
    };
    results.map(|show| (part(&show), show)).collect()
}

/// The results that a recording shows, each with its integration and its part of the texts.
fn recorded(recording: &Path) -> Vec<(String, String, Value)> {
    let recording = json(recording);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let bodies: Vec<Value> =
        list(&recording["exchanges"]).into_iter().map(|exchange| exchange["response"]["body"].clone()).collect();
    let made = bodies.iter().filter_map(|body| body.get("result")).cloned().chain(list(&recording["entries_after"]));
    let domains: BTreeMap<String, String> =
        made.filter_map(|entry| Some((entry["entry_id"].as_str()?.to_owned(), entry["domain"].as_str()?.to_owned()))).collect();
    let results = bodies.into_iter().filter(|body| body["type"] == "form" || body["type"] == "abort" || body["type"] == "menu");
    results
        .filter_map(|show| {
            let (domain, part) = match &show["handler"] {
                Value::String(handler) => match domains.get(handler) {
                    Some(domain) => (domain.clone(), "/options".to_owned()),
                    None => (handler.clone(), "/config".to_owned()),
                },
                handler => (domains.get(handler[0].as_str()?)?.clone(), format!("/config_subentries/{}", handler[1].as_str()?)),
            };
            Some((domain, part, show))
        })
        .collect()
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
    let texts = texts.pointer(part).unwrap_or(&Value::Null);
    let part = part.trim_start_matches('/').replace('/', ".");
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
    if show["type"] == "abort" && show.get("translation_domain").is_none() {
        text(&["abort", name_of(&show["reason"])]);
    }
    if show["type"] == "form" {
        let step = name_of(&show["step_id"]);
        text(&["step", step, "title"]);
        text(&["step", step, "description"]);
        for field in show["data_schema"].as_array().into_iter().flatten() {
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
            missing_texts.extend(missing(&part, texts, &show).into_iter().map(|text| format!("{flow}: {text}")));
        }
        seen.insert(flow);
    }
    for entry in std::fs::read_dir(fixtures().join("transcripts")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().expect("a recording has a name").to_string_lossy().into_owned();
        // MS365 has texts of its own for what is shown here, and fixtures drive it; the other shows what its recorder made up.
        if name.starts_with("ms365") || name == "oauth_implementation_unavailable" {
            continue;
        }
        for (domain, part, show) in recorded(&path) {
            if let Some(texts) = translations.get(&domain) {
                missing_texts.extend(missing(&part, texts, &show).into_iter().map(|text| format!("{domain}: {text}")));
                seen.insert(domain);
            }
        }
    }
    assert!(missing_texts.is_empty(), "{}", Vec::from_iter(missing_texts).join("\n"));
    assert_eq!(
        seen.iter().collect::<Vec<_>>(),
        translations.keys().collect::<Vec<_>>(),
        "every integration with texts is driven"
    );
}

#[test]
fn whatever_a_definition_can_show_has_a_text() {
    let flows = Flows::in_folder(&fixtures().join("flows"));
    let mut missing = BTreeSet::new();
    for (domain, texts) in translations() {
        let definition = flows.get(&domain).unwrap_or_else(|error| panic!("{domain}: {error}"));
        for (part, dialog) in dialogs(&definition) {
            let texts = texts.pointer(&part).unwrap_or(&Value::Null);
            let keys = dialog.steps().flat_map(|step| keys_of(step)).filter(|key| {
                let found = key.iter().fold(texts, |texts, name| &texts[name.as_str()]);
                found.as_str().is_none_or(str::is_empty)
            });
            missing.extend(keys.map(|key| format!("{domain} {part}: {}", key.join("."))));
        }
    }
    assert!(missing.is_empty(), "{}", Vec::from_iter(missing).join("\n"));
}

/// The dialogs of a definition, each with its part of the texts.
fn dialogs(definition: &Definition) -> Vec<(String, &Dialog)> {
    let config = definition.config.iter().map(|dialog| ("/config".to_owned(), dialog));
    let options = definition.options.iter().map(|dialog| ("/options".to_owned(), dialog));
    let subentries = definition.subentries.iter().map(|(kind, dialog)| (format!("/config_subentries/{kind}"), dialog));
    config.chain(options).chain(subentries).collect()
}

/// The keys of the texts that a step needs: of what it shows, and of each error and end that is not computed.
fn keys_of(step: &Step) -> Vec<Vec<String>> {
    let key = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let id: &str = step.step_id();
    let mut keys = Vec::new();
    match &step.show {
        Show::Form(form) => {
            keys.extend([key(&["step", id, "title"]), key(&["step", id, "description"])]);
            keys.extend(form.fields().flat_map(|field| field_keys(&field.field, id)));
        }
        Show::Menu(menu) => {
            let plain = menu.items.iter().filter(|item| item.label.is_none());
            keys.extend(plain.map(|item| key(&["step", id, "menu_options", &item.step])));
        }
        Show::Progress(progress) => {
            keys.extend(progress.action.as_literal().and_then(Value::as_str).map(|action| key(&["progress", action])))
        }
        Show::External(_) | Show::Nothing => {}
    }
    let rules = step.ops().flat_map(|op| match op {
        Op::Decide(rule) => vec![rule],
        Op::Call(call) => call.on_error.by_code.values().flatten().collect(),
        _ => Vec::new(),
    });
    let shows_form = matches!(step.show, Show::Form(_));
    keys.extend(rules.flat_map(|rule| rule_keys(rule, shows_form)));
    keys
}

fn field_keys(field: &Field, step: &str) -> Vec<Vec<String>> {
    let key = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    match field.section() {
        Some(section) => {
            let inner = section.fields.iter().map(|inner| key(&["step", step, "sections", &field.name, "data", &inner.name]));
            std::iter::once(key(&["step", step, "sections", &field.name, "name"])).chain(inner).collect()
        }
        None => vec![key(&["step", step, "data", &field.name])],
    }
}

fn rule_keys(rule: &Rule, shows_form: bool) -> Vec<Vec<String>> {
    let key = |part: &str, name: &str| vec![part.to_owned(), name.to_owned()];
    let literal = |template: &configflow_core::expr::Template| template.as_literal().and_then(Value::as_str).map(str::to_owned);
    match &rule.outcome {
        Outcome::Abort { reason, .. } => literal(reason).map(|reason| key("abort", &reason)).into_iter().collect(),
        Outcome::Error(error) => {
            let part = if shows_form || error.step.is_some() { "error" } else { "abort" };
            error.errors.iter().filter_map(|(_, name)| Some(key(part, &literal(name.as_ref()?)?))).collect()
        }
        _ => Vec::new(),
    }
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
        missing("/config", &texts, &form),
        [
            "config.step.user.description: nobody is no placeholder there",
            "config.step.user.data.host: no text",
            "config.step.user.sections.more.name: no text",
            "config.step.user.sections.more.data.port: no text",
            "config.error.unknown: no text",
        ]
    );
    let abort = serde_json::json!({"type": "abort", "reason": "gone", "description_placeholders": null});
    assert_eq!(missing("/config", &texts, &abort), ["config.abort.gone: no text"]);
}
