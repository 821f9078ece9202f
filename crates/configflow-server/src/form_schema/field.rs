//! One field.

use serde_json::{Value, json};

use super::{Known, object, plain, selector};

/// The schema of what a field takes.
pub(super) fn of(field: &Value, known: &Known<'_>) -> Value {
    let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
    let mut schema = match field.get("selector").and_then(Value::as_object).and_then(|kinds| kinds.iter().next()) {
        Some((kind, settings)) => selector::of(kind, settings),
        None if field["type"] == "expandable" => object(field.get("schema").unwrap_or(&Value::Null), known),
        None => match known(name) {
            Some(kind) => plain::of(kind, values(field.get("options"))),
            None => by_wire(field),
        },
    };
    if let Value::Object(schema) = &mut schema {
        if let Some(default) = field.get("default") {
            schema.insert("default".to_owned(), default.clone());
        }
        if let Some(suggested) = field.pointer("/description/suggested_value").filter(|value| !value.is_null()) {
            schema.insert("examples".to_owned(), json!([suggested]));
        }
    }
    schema
}

/// A field of which only the wire tells: the choice of a menu.
fn by_wire(field: &Value) -> Value {
    match field["type"].as_str().unwrap_or_default() {
        "select" => json!({"enum": values(field.get("options"))}),
        "multi_select" => json!({"type": "array", "items": {"enum": values(field.get("options"))}}),
        _ => json!({}),
    }
}

/// The values of options: pairs, a map of labels, or plain values.
pub(super) fn values(options: Option<&Value>) -> Vec<Value> {
    match options {
        Some(Value::Object(labels)) => labels.keys().map(|value| json!(value)).collect(),
        Some(Value::Array(options)) => options
            .iter()
            .map(|option| match option {
                Value::Array(pair) => pair.first().cloned().unwrap_or_default(),
                Value::Object(labelled) => labelled.get("value").cloned().unwrap_or_default(),
                plain => plain.clone(),
            })
            .collect(),
        _ => Vec::new(),
    }
}
