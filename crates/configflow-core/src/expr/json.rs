//! JSON values in and out of expressions, types kept: `2.0` stays a float, key order stays.
//!
//! A list of an expression's may be lazy (`[1] * 1000000`), and one text may stand in it many times, so what a value takes as JSON
//! is counted while it is made.

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{DynObject, Object, ObjectRepr, ValueKind};

use super::expression::EvalError;

/// How many values an expression's value may have.
pub(super) const MOST_VALUES: usize = 100_000;

/// How many bytes of text an expression's value may have.
pub(super) const MOST_TEXT: usize = 4 << 20;

/// The value of the name `omit`: a map leaves out a key whose value it is.
#[derive(Debug)]
struct Omit;

impl Object for Omit {
    fn repr(self: &std::sync::Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// What `{{ omit }}` evaluates to.
pub(super) fn omit() -> Value {
    Value::from_object(Omit)
}

/// Whether a value is `{{ omit }}`.
#[must_use]
pub fn is_omit(value: &Value) -> bool {
    value.downcast_object_ref::<Omit>().is_some()
}

/// An expression's value as JSON. Undefined is null.
///
/// # Errors
/// When the value is none that JSON has, such as a function, or is larger than 100,000 values or 4 MiB of text.
pub fn to_json(value: &Value) -> Result<serde_json::Value, EvalError> {
    let mut room = Room { values: MOST_VALUES, text: MOST_TEXT };
    room.json(value).map_err(|reason| EvalError { expression: "…".to_owned(), reason })
}

/// Whether a value is no larger than JSON may be here; a function, which JSON has not, is small.
pub(super) fn is_small(value: &Value) -> bool {
    let mut room = Room { values: MOST_VALUES, text: MOST_TEXT };
    let plain = value.as_object().is_none_or(|object| object.repr() == ObjectRepr::Plain);
    plain || room.json(value).is_ok()
}

/// What a value may still take.
struct Room {
    values: usize,
    text: usize,
}

impl Room {
    fn json(&mut self, value: &Value) -> Result<serde_json::Value, String> {
        self.values = self.values.checked_sub(1).ok_or("its value has too many values")?;
        if let Some(text) = value.as_str() {
            return self.text(text).map(serde_json::Value::String);
        }
        if value.is_undefined() {
            return Ok(serde_json::Value::Null);
        }
        match value.as_object() {
            Some(object) if object.repr() == ObjectRepr::Map => self.map(object).map(serde_json::Value::Object),
            Some(object) if object.repr() != ObjectRepr::Plain => {
                let items = object.try_iter().ok_or_else(|| no_value(value))?;
                items.map(|item| self.json(&item)).collect::<Result<_, _>>().map(serde_json::Value::Array)
            }
            _ => serde_json::to_value(value).map_err(|_| no_value(value)),
        }
    }

    fn map(&mut self, object: &DynObject) -> Result<crate::Map, String> {
        let mut map = crate::Map::new();
        for (key, value) in object.try_iter_pairs().into_iter().flatten() {
            let key = match key.as_str() {
                Some(key) => self.text(key)?,
                // As serde_json writes keys: numbers and booleans as texts.
                None if matches!(key.kind(), ValueKind::Number | ValueKind::Bool) => self.text(&key.to_string())?,
                None => return Err(no_value(&key)),
            };
            map.insert(key, self.json(&value)?);
        }
        Ok(map)
    }

    fn text(&mut self, text: &str) -> Result<String, String> {
        self.text = self.text.checked_sub(text.len()).ok_or("its value has too much text")?;
        Ok(text.to_owned())
    }
}

fn no_value(value: &Value) -> String {
    format!("a {} is no value that can be kept", value.kind())
}

/// An expression's value as JSON; `None` where it is `{{ omit }}`.
pub(super) fn json_or_omit(value: &Value) -> Result<Option<serde_json::Value>, EvalError> {
    if is_omit(value) { Ok(None) } else { to_json(value).map(Some) }
}

/// A JSON value for expressions.
pub(crate) fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || number.as_u64().map_or_else(|| Value::from(number.as_f64().unwrap_or(f64::NAN)), Value::from),
            Value::from,
        ),
        serde_json::Value::Array(items) => items.iter().map(from_json).collect(),
        serde_json::Value::Object(map) => from_map(map),
    }
}

/// A JSON object for expressions, its keys in their order.
pub(super) fn from_map(map: &crate::Map) -> Value {
    Value::from_object(map.iter().map(|(key, value)| (Value::from(key.as_str()), from_json(value))).collect::<IndexMap<_, _>>())
}
