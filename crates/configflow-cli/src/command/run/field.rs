//! One field of a form: asked in the way that fits its kind.

use serde_json::{Map, Value};

use super::ask::{Ask, Gone};
use super::texts::Texts;
use crate::outcome::say;

/// Where a field stands, for its texts.
pub(super) struct Place<'p> {
    pub(super) texts: &'p Texts,
    pub(super) step: &'p str,
    pub(super) section: Option<&'p str>,
    /// The fields whose answers must not be shown.
    pub(super) secret: &'p dyn Fn(&str) -> bool,
}

/// Asks every field. `typed` is what was answered before, kept when an answer was wrong.
pub(super) fn ask_all(
    ask: &Ask,
    place: &Place<'_>,
    schema: &Value,
    typed: &Map<String, Value>,
) -> Result<Map<String, Value>, Gone> {
    let mut answers = Map::new();
    for field in schema.as_array().into_iter().flatten() {
        let name = field["name"].as_str().unwrap_or_default();
        if field["type"] == "expandable" {
            say(format_args!("\n— {} —", place.texts.section(place.step, name)));
            let inner = Place { section: Some(name), ..*place };
            let typed = typed.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
            answers.insert(name.to_owned(), Value::Object(ask_all(ask, &inner, &field["schema"], &typed)?));
            continue;
        }
        if let Some(value) = one(ask, place, field, name, typed.get(name))? {
            answers.insert(name.to_owned(), value);
        }
    }
    Ok(answers)
}

fn one(ask: &Ask, place: &Place<'_>, field: &Value, name: &str, typed: Option<&Value>) -> Result<Option<Value>, Gone> {
    let required = field["required"] == true;
    let mut question = place.texts.field(place.step, place.section, name);
    if required {
        question.push_str(" *");
    }
    let suggested = field.pointer("/description/suggested_value").filter(|value| !value.is_null());
    let before = typed.or(field.get("default").filter(|value| !value.is_null())).or(suggested);
    let selector = field["selector"].as_object().and_then(|selector| selector.iter().next());
    let kind = selector.map_or_else(|| field["type"].as_str().unwrap_or("string"), |(kind, _)| kind.as_str());
    if (place.secret)(name) {
        let secret = ask.secret(&question)?;
        return Ok((required || !secret.is_empty()).then_some(Value::String(secret)));
    }
    match kind {
        "boolean" => ask.confirm(&question, before == Some(&Value::Bool(true))).map(|value| Some(Value::Bool(value))),
        "select" | "multi_select" => {
            choose(ask, &question, kind, field, selector.map(|(_, settings)| settings), before, required)
        }
        "integer" | "float" | "number" => {
            let text = ask.text(&question, before.map(Value::to_string).as_deref())?;
            if text.is_empty() && !required {
                return Ok(None);
            }
            // What is no number goes as it is: the form says what it expects.
            Ok(Some(serde_json::from_str::<serde_json::Number>(text.trim()).map_or(Value::String(text), Value::Number)))
        }
        _ => {
            let shown = before.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let text = ask.text(&question, shown.as_deref())?;
            if text.is_empty() && !required && before.is_none() {
                return Ok(None);
            }
            let structured = matches!(
                kind,
                "object" | "location" | "duration" | "target" | "action" | "condition" | "trigger" | "media" | "color_rgb"
            );
            let multiple = selector.is_some_and(|(_, settings)| settings["multiple"] == true);
            let parsed = (structured || multiple).then(|| serde_json::from_str(&text).ok()).flatten();
            Ok(Some(parsed.unwrap_or(Value::String(text))))
        }
    }
}

fn choose(
    ask: &Ask,
    question: &str,
    kind: &str,
    field: &Value,
    settings: Option<&Value>,
    before: Option<&Value>,
    required: bool,
) -> Result<Option<Value>, Gone> {
    let options = settings.map_or(&field["options"], |settings| &settings["options"]);
    let pairs: Vec<(Value, String)> = match options {
        Value::Array(items) => items.iter().map(pair).collect(),
        Value::Object(map) => map.iter().map(|(value, label)| (Value::String(value.clone()), text(label))).collect(),
        _ => Vec::new(),
    };
    let labels: Vec<String> = pairs.iter().map(|(_, label)| label.clone()).collect();
    let several = kind == "multi_select" || settings.is_some_and(|settings| settings["multiple"] == true);
    if several {
        let chosen = before.and_then(Value::as_array).cloned().unwrap_or_default();
        let default: Vec<usize> =
            pairs.iter().enumerate().filter(|(_, (value, _))| chosen.contains(value)).map(|(at, _)| at).collect();
        let places = ask.several(question, &labels, &default)?;
        return Ok(Some(places.into_iter().filter_map(|at| pairs.get(at)).map(|(value, _)| value.clone()).collect()));
    }
    if pairs.is_empty() {
        let answer = ask.text(question, before.and_then(Value::as_str))?;
        return Ok((required || !answer.is_empty()).then_some(Value::String(answer)));
    }
    let default = pairs.iter().position(|(value, _)| Some(value) == before).unwrap_or(0);
    let at = ask.select(question, &labels, default)?;
    Ok(pairs.get(at).map(|(value, _)| value.clone()))
}

/// A value with its label: `[value, label]`, `{value, label}`, or the value itself.
fn pair(item: &Value) -> (Value, String) {
    match item {
        Value::Array(pair) => (pair.first().cloned().unwrap_or_default(), pair.get(1).map(text).unwrap_or_default()),
        Value::Object(map) => (map.get("value").cloned().unwrap_or_default(), map.get("label").map(text).unwrap_or_default()),
        plain => (plain.clone(), text(plain)),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
