//! Selectors inside a selector: the choices of `choose`, the fields of `object`.

use serde_json::json;

use super::Selector;
use super::fault::{Faults, Path};
use crate::{Map, Value};

/// The selectors inside a selector; in its settings they get the defaults that clients expect.
pub(super) fn parts(kind: &str, settings: &mut Map) -> Vec<(String, Selector)> {
    let key = match kind {
        "choose" => "choices",
        "object" => "fields",
        _ => return Vec::new(),
    };
    let Some(Value::Object(all)) = settings.get_mut(key) else { return Vec::new() };
    let mut parts = Vec::with_capacity(all.len());
    for (name, part) in all {
        let Some((kind, inner)) = part.get("selector").and_then(Value::as_object).and_then(|map| map.iter().next()) else {
            continue;
        };
        let selector = Selector::new(kind, inner.as_object().cloned().unwrap_or_default());
        part["selector"] = selector.describe(None);
        parts.push((name.clone(), selector));
    }
    parts
}

/// What `choose` becomes: what its active choice becomes, or the first choice that takes a value without one.
pub(super) fn chosen(choose: &Selector, value: &Value, path: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    let Value::Object(map) = value else {
        let fitting = choose.parts.iter().find_map(|(_, selector)| alone(selector, value).ok());
        if fitting.is_none() {
            faults.value(path, "Value does not match any choice selector");
        }
        return fitting;
    };
    let Some(active) = map.get("active_choice") else {
        faults.value(path, "Missing active_choice key");
        return None;
    };
    let found = choose.parts.iter().find(|(name, _)| active == name.as_str());
    match found.and_then(|(name, selector)| Some((selector, map.get(name)?))) {
        Some((selector, value)) => selector.convert(value, None, path, faults),
        None => {
            faults.value(path, "Invalid active_choice key");
            None
        }
    }
}

/// Whether an `object` with fields, or a list of such, is made of them. One without fields may be anything.
///
/// # Errors
/// The recorded text of what is wrong with it.
pub(super) fn object(object: &Selector, value: &Value) -> Result<(), String> {
    let Some(Value::Object(fields)) = object.settings().get("fields") else { return Ok(()) };
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(value),
        _ => return Err("Value should be a dict or a list of dicts".to_owned()),
    };
    let has = |item: &Value, name: &str| item.get(name).is_some();
    for item in items {
        let required = fields.iter().filter(|(_, field)| field["required"] == true);
        if let Some((missing, _)) = required.into_iter().find(|(name, _)| !has(item, name)) {
            return Err(format!("Field {missing} is required"));
        }
    }
    let given = || items.iter().filter_map(Value::as_object).flatten();
    if let Some((name, _)) = given().find(|(name, _)| !fields.contains_key(name.as_str())) {
        return Err(format!("Field {name} is not allowed"));
    }
    for (name, value) in given() {
        if let Some((_, selector)) = object.parts.iter().find(|(part, _)| part == name) {
            alone(selector, value)?;
        }
    }
    Ok(())
}

/// What a selector makes of a value where no place in the answer is to be named.
fn alone(selector: &Selector, value: &Value) -> Result<Value, String> {
    let mut faults = Faults::default();
    let path = Path::of("value");
    match selector.convert(value, None, &path, &mut faults) {
        Some(value) if faults.is_empty() => Ok(value),
        _ => {
            let body = json!(faults.into_invalid());
            let text = body.pointer("/errors/value").or_else(|| body.pointer("/errors/base/0")).and_then(Value::as_str);
            Err(text.unwrap_or("not a valid value").to_owned())
        }
    }
}
