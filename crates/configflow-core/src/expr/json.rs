//! JSON values in and out of expressions, types kept: `2.0` stays a float, key order stays.

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};

use super::expression::EvalError;

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
/// When the value is none that JSON has, such as a function.
pub fn to_json(value: &Value) -> Result<serde_json::Value, EvalError> {
    if value.is_undefined() {
        return Ok(serde_json::Value::Null);
    }
    serde_json::to_value(value)
        .map_err(|_| EvalError {
            expression: "…".to_owned(), reason: format!("a {} is no value that can be kept", value.kind())
        })
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
