//! The checks of what begins a flow, in Home Assistant's words.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::refusal::Refusal;

fn wrong(what: &str, key: &str) -> Refusal {
    Refusal::bad(format!("Message format incorrect: {what} for dictionary value @ data['{key}']"))
}

/// A text that must be there.
pub(crate) fn required_text(body: &Map<String, Value>, key: &str) -> Result<String, Refusal> {
    match body.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong("expected str", key)),
        None => Err(Refusal::bad(format!("Message format incorrect: required key not provided @ data['{key}']"))),
    }
}

/// A text that may be missing; numbers become texts, and an empty one counts as none.
pub(crate) fn optional_text(body: &Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(number @ Value::Number(_)) => Ok(Some(number.to_string())),
        Some(Value::Bool(value)) => Ok(Some(if *value { "True" } else { "False" }.to_owned())),
        Some(Value::Null) => Err(wrong("string value is None", key)),
        Some(Value::Array(_) | Value::Object(_)) => Err(wrong("value should be a string", key)),
    }
}

/// Whether something is wanted: a boolean, a number, or one of the words that mean either.
pub(crate) fn boolean(body: &Map<String, Value>, key: &str) -> Result<bool, Refusal> {
    let invalid = |shown: &str| Err(wrong(&format!("invalid boolean value {shown}"), key));
    match body.get(key) {
        None => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
        Some(Value::String(text)) => match text.trim().to_lowercase().as_str() {
            "1" | "true" | "yes" | "on" | "enable" => Ok(true),
            "0" | "false" | "no" | "off" | "disable" => Ok(false),
            other => invalid(other),
        },
        Some(Value::Null) => invalid("None"),
        Some(other) => invalid(&configflow_core::field::printed(other)),
    }
}

/// The handler of a sub-entry flow: an entry id and a type.
pub(crate) fn type_and_entry(body: &Map<String, Value>) -> Result<(String, String), Refusal> {
    let missing = || Refusal::bad("Message format incorrect: required key not provided @ data['handler']");
    let parts: Vec<Option<String>> = match body.get("handler").ok_or_else(missing)? {
        Value::Array(parts) => parts.iter().map(|part| part.as_str().map(str::to_owned)).collect(),
        // Python makes a tuple of whatever can be gone through.
        Value::String(text) => text.chars().map(|letter| Some(letter.to_string())).collect(),
        Value::Object(map) => map.keys().map(|key| Some(key.clone())).collect(),
        _ => return Err(wrong("expected tuple", "handler")),
    };
    if let Some(at) = parts.iter().position(Option::is_none) {
        return Err(Refusal::bad(format!("Message format incorrect: expected str @ data['handler'][{at}]")));
    }
    match parts.as_slice() {
        [Some(entry_id), Some(subentry_type)] => Ok((entry_id.clone(), subentry_type.clone())),
        _ => {
            let message =
                "Message format incorrect: expected an entry id and a subentry type for dictionary value @ data['handler']";
            Err(Refusal::coded(StatusCode::BAD_REQUEST, "request.handler", message))
        }
    }
}
