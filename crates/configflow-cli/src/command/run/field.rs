//! One field of a form: asked in the way that fits its kind.

use serde_json::{Map, Value};

use super::ask::{Ask, Gone, Question};
use super::errors::Errors;
use super::secrets::Secrets;
use super::texts::Texts;
use crate::outcome::say;

/// Where a field stands, for its texts.
pub(super) struct Place<'p> {
    pub(super) texts: &'p Texts,
    pub(super) step: &'p str,
    pub(super) section: Option<&'p str>,
    pub(super) placeholders: &'p Value,
    /// The fields whose answers must not be shown.
    pub(super) secrets: &'p Secrets,
    /// What was wrong.
    pub(super) errors: &'p Errors,
}

impl Place<'_> {
    /// Says what was wrong with a field.
    fn complain_about(&self, field: &str, label: &str) {
        if let Some(key) = self.errors.field(self.section, field) {
            say(format_args!("! {label}: {}", self.texts.error(key, self.placeholders)));
        }
    }

    /// Says what was wrong with none of these fields.
    pub(super) fn complain_of_the_rest(&self, shown: &[&str]) {
        for (field, key) in self.errors.elsewhere(shown) {
            let text = self.texts.error(key, self.placeholders);
            match field {
                Some(field) => say(format_args!("! {}: {text}", self.texts.field(self.step, None, field))),
                None => say(format_args!("! {text}")),
            }
        }
    }
}

/// The names of all fields of a form, also of those in sections.
pub(super) fn names(schema: &Value) -> Vec<&str> {
    let fields = schema.as_array().into_iter().flatten();
    fields.flat_map(|field| field["name"].as_str().into_iter().chain(names(&field["schema"]))).collect()
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
            let heading = place.texts.section(place.step, name);
            say(format_args!("\n— {heading} —"));
            place.complain_about(name, &heading);
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
    let mut label = place.texts.field(place.step, place.section, name);
    place.complain_about(name, &label);
    if required {
        label.push_str(" *");
    }
    let about = place.texts.field_description(place.step, place.section, name, place.placeholders);
    if place.secrets.contains(name) {
        return secret(ask, &label, about.as_deref(), required, typed);
    }
    let question = Question { text: &label, about: about.as_deref() };
    let default = field.get("default").filter(|value| !value.is_null());
    let suggested = field.pointer("/description/suggested_value").filter(|value| !value.is_null());
    let before = typed.or(suggested).or(default);
    let selector = field["selector"].as_object().and_then(|selector| selector.iter().next());
    let kind = selector.map_or_else(|| field["type"].as_str().unwrap_or("string"), |(kind, _)| kind.as_str());
    match kind {
        "boolean" => ask.confirm(&question, before == Some(&Value::Bool(true))).map(|value| Some(Value::Bool(value))),
        "select" | "multi_select" => {
            let choice = Choice::of(field, kind, selector.map(|(_, settings)| settings));
            // Without a default, an optional choice may stay open.
            choice.ask(ask, &question, before, !required && default.is_none())
        }
        "integer" | "float" | "number" => {
            let entered = ask.text(&question, before.map(text).as_deref())?;
            if entered.is_empty() && !required {
                return Ok(None);
            }
            // What is no number goes as it is: the form says what it expects.
            Ok(Some(serde_json::from_str::<serde_json::Number>(entered.trim()).map_or(Value::String(entered), Value::Number)))
        }
        _ => {
            let entered = ask.text(&question, before.map(text).as_deref())?;
            // A field left out takes its default; only an empty text clears it.
            if entered.is_empty() && !required && default.is_none() {
                return Ok(None);
            }
            let structured = matches!(
                kind,
                "object" | "location" | "duration" | "target" | "action" | "condition" | "trigger" | "media" | "color_rgb"
            );
            let multiple = selector.is_some_and(|(_, settings)| settings["multiple"] == true);
            let parsed = (structured || multiple).then(|| serde_json::from_str(&entered).ok()).flatten();
            Ok(Some(match parsed {
                Some(parsed) => parsed,
                None if multiple => several(&entered),
                None => Value::String(entered),
            }))
        }
    }
}

/// A secret; what was typed before is kept, but not shown.
fn secret(ask: &Ask, label: &str, about: Option<&str>, required: bool, typed: Option<&Value>) -> Result<Option<Value>, Gone> {
    let kept = typed.filter(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    let label = if kept.is_some() { format!("{label} (empty keeps what was typed)") } else { label.to_owned() };
    let entered = ask.secret(&Question { text: &label, about })?;
    if entered.is_empty()
        && let Some(kept) = kept
    {
        return Ok(Some(kept.clone()));
    }
    Ok((required || !entered.is_empty()).then_some(Value::String(entered)))
}

/// Options to choose from.
struct Choice {
    /// Values with their labels.
    options: Vec<(Value, String)>,
    several: bool,
    /// Whether another value than these will do.
    open: bool,
}

impl Choice {
    fn of(field: &Value, kind: &str, settings: Option<&Value>) -> Self {
        let options = match settings.map_or(&field["options"], |settings| &settings["options"]) {
            Value::Array(items) => items.iter().map(pair).collect(),
            Value::Object(map) => map.iter().map(|(value, label)| (Value::String(value.clone()), text(label))).collect(),
            _ => Vec::new(),
        };
        let set = |name: &str| settings.is_some_and(|settings| settings[name] == true);
        Self { options, several: kind == "multi_select" || set("multiple"), open: set("custom_value") }
    }

    fn ask(
        &self,
        ask: &Ask,
        question: &Question<'_>,
        before: Option<&Value>,
        may_stay_open: bool,
    ) -> Result<Option<Value>, Gone> {
        let mut labels: Vec<String> = self.options.iter().map(|(_, label)| label.clone()).collect();
        if self.several && !self.open {
            let chosen: &[Value] = before.and_then(Value::as_array).map_or(&[], Vec::as_slice);
            let default: Vec<usize> = (0..self.options.len()).filter(|at| chosen.contains(&self.options[*at].0)).collect();
            if self.options.is_empty() {
                return Ok(Some(Value::Array(Vec::new())));
            }
            let places = ask.several(question, &labels, &default)?;
            return Ok(Some(places.into_iter().filter_map(|at| self.options.get(at)).map(|(value, _)| value.clone()).collect()));
        }
        if self.open || self.options.is_empty() {
            return self.free(ask, question, before, may_stay_open);
        }
        let mut default = self.options.iter().position(|(value, _)| Some(value) == before);
        if may_stay_open {
            labels.push("(none)".to_owned());
            default = default.or(Some(self.options.len()));
        }
        let at = ask.select(question, &labels, default)?;
        Ok(self.options.get(at).map(|(value, _)| value.clone()))
    }

    /// A choice that takes other values too: the options are said, and a text is taken; several with commas between them.
    fn free(
        &self,
        ask: &Ask,
        question: &Question<'_>,
        before: Option<&Value>,
        may_stay_open: bool,
    ) -> Result<Option<Value>, Gone> {
        for (value, label) in &self.options {
            let value = text(value);
            say(if *label == value { format!("  {value}") } else { format!("  {value}: {label}") });
        }
        let shown = before.map(|before| match before {
            Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
            other => text(other),
        });
        let entered = ask.text(question, shown.as_deref())?;
        if entered.is_empty() && may_stay_open {
            return Ok(None);
        }
        if self.several {
            return Ok(Some(several(&entered)));
        }
        Ok(Some(Value::String(entered)))
    }
}

/// Several texts, with commas between them.
fn several(entered: &str) -> Value {
    entered.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Value::from).collect()
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
