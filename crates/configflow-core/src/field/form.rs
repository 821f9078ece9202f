//! A form as a whole: its answer checked, its fields serialised.

use serde_json::json;

use super::fault::{Faults, Invalid, Path};
use super::marker::{self, Marker};
use super::{Kind, Shown};
use crate::{Map, Value};

/// What happens to keys that the form does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// They are errors.
    Refuse,
    /// They are answers.
    Take,
    /// They are forgotten.
    Drop,
}

/// A field that no client can show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` is of a kind that no client can show")]
pub struct Unshowable {
    /// The field.
    pub field: String,
}

/// The largest answer in characters of its texts.
const MAX_TEXT: usize = 1 << 20;
/// The most values in an answer.
const MAX_VALUES: usize = 10_000;
/// The deepest nesting of an answer.
const MAX_DEPTH: usize = 64;

/// Checks an answer, converts it, and fills in what is missing; the result has the order of the form.
///
/// # Errors
/// Everything that is wrong with it, in the recorded texts.
pub fn validate(form: &[Shown<'_>], extra: Extra, input: &Value) -> Result<Map, Invalid> {
    let Value::Object(map) = input else { return Err(Invalid::NotADictionary) };
    let mut faults = Faults::default();
    if let Err(text) = bounded(input) {
        faults.whole(&text);
        return Err(faults.into_invalid());
    }
    let values = level(form, extra, map, None, &mut faults);
    if faults.is_empty() { Ok(values) } else { Err(faults.into_invalid()) }
}

fn level(form: &[Shown<'_>], extra: Extra, input: &Map, path: Option<&Path<'_>>, faults: &mut Faults) -> Map {
    // As in voluptuous: what is wrong with a group is said alone, and nothing else is looked at.
    if !marker::groups(form, input, path, faults) {
        return Map::new();
    }
    let mut found: Vec<Option<Value>> = vec![None; form.len()];
    let mut more = Map::new();
    for (key, value) in input {
        let here = Path::to(path, key);
        let Some(index) = form.iter().position(|shown| &*shown.field.name == key.as_str()) else {
            match extra {
                Extra::Refuse => faults.extra(&here),
                Extra::Take => _ = more.insert(key.clone(), value.clone()),
                Extra::Drop => {}
            }
            continue;
        };
        let shown = &form[index];
        if shown.keeps_secret() && value.as_str() == Some("") {
            continue;
        }
        found[index] = match (shown.kind(), value) {
            (Kind::Section(_), Value::Object(inner)) => {
                Some(Value::Object(level(&shown.section, Extra::Refuse, inner, Some(&here), faults)))
            }
            (Kind::Section(_), _) => {
                faults.plain(&here, "expected a dictionary");
                Some(Value::Null)
            }
            (kind, value) => kind.convert(value, shown.options.as_deref(), &here, faults).or(Some(Value::Null)),
        };
    }
    let mut values = Map::with_capacity(form.len());
    for (shown, found) in form.iter().zip(found) {
        let name = &*shown.field.name;
        let here = Path::to(path, name);
        match (found, &shown.default) {
            (Some(_), _) if shown.field.marker == Marker::Removed => {}
            (Some(value), _) => _ = values.insert(name.to_owned(), value),
            (None, Some(default)) => {
                let converted = shown.kind().convert(default, shown.options.as_deref(), &here, faults);
                values.insert(name.to_owned(), converted.unwrap_or_default());
            }
            (None, None) if shown.required => faults.plain(&here, "required key not provided"),
            (None, None) => {}
        }
    }
    values.extend(more);
    values
}

/// The fields as the wire has them.
///
/// # Errors
/// At a field that no client can show.
pub fn serialize(form: &[Shown<'_>]) -> Result<Value, Unshowable> {
    form.iter().map(field).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn field(shown: &Shown<'_>) -> Result<Value, Unshowable> {
    let mut map = match shown.kind() {
        Kind::Section(section) => {
            let inner = serialize(&shown.section)?;
            let map = json!({"type": "expandable", "schema": inner, "expanded": !section.collapsed});
            map.as_object().cloned().unwrap_or_default()
        }
        kind => kind.describe(shown.options.as_deref())?,
    };
    map.insert("name".to_owned(), Value::String(shown.field.name.to_string()));
    let secret = shown.field.secret;
    let mut description = match &shown.field.description {
        Some(Value::Object(map)) if !shown.suggested_by_step => map.clone(),
        _ => Map::new(),
    };
    if shown.field.advanced && !shown.suggested_by_step {
        description.insert("advanced".to_owned(), Value::Bool(true));
    }
    if let Some(suggested) = shown.suggested.as_deref().filter(|_| !secret) {
        description.insert("suggested_value".to_owned(), suggested.clone());
    }
    match &shown.field.description {
        _ if !description.is_empty() => _ = map.insert("description".to_owned(), Value::Object(description)),
        Some(text @ Value::String(_)) => _ = map.insert("description".to_owned(), text.clone()),
        _ => {}
    }
    let required = shown.required && !shown.keeps_secret();
    map.insert("required".to_owned(), Value::Bool(required));
    if let Some(mark) = shown.field.marker.on_wire().filter(|_| !required) {
        map.insert(mark.to_owned(), Value::Bool(true));
    }
    if let Some(default) = shown.default.as_deref().filter(|_| !secret) {
        map.insert("default".to_owned(), default.clone());
    }
    Ok(Value::Object(map))
}

/// Refuses what is too large before it is looked at closer.
fn bounded<'v>(input: &'v Value) -> Result<(), String> {
    let (mut text, mut values) = (0_usize, 0_usize);
    // Only lists and maps are gone into: an answer that has none but itself takes no memory here.
    let (mut next, mut open) = (Some((input, 0_usize)), Vec::new());
    while let Some((value, depth)) = next.take().or_else(|| open.pop()) {
        let mut count = |inner: &'v Value| {
            values += 1;
            match inner {
                Value::String(string) => text += string.len(),
                Value::Array(_) | Value::Object(_) => open.push((inner, depth + 1)),
                _ => {}
            }
        };
        match value {
            Value::Array(items) => items.iter().for_each(&mut count),
            Value::Object(map) => map.values().for_each(&mut count),
            plain => count(plain),
        }
        if let Value::Object(map) = value {
            text += map.keys().map(String::len).sum::<usize>();
        }
        if text > MAX_TEXT {
            return Err(format!("the answer is too large; at most {MAX_TEXT} characters are taken"));
        }
        if values > MAX_VALUES {
            return Err(format!("the answer has too many values; at most {MAX_VALUES} are taken"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("the answer is nested too deep; at most {MAX_DEPTH} levels are taken"));
        }
    }
    Ok(())
}
