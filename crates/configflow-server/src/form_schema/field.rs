//! One field.

use serde_json::{Map, Value, json};

use super::{object, selector};

/// The schema of what a field takes.
pub(super) fn of(field: &Value) -> Value {
    let mut schema = match field.get("selector").and_then(Value::as_object).and_then(|kinds| kinds.iter().next()) {
        Some((kind, settings)) => selector::of(kind, settings),
        None => plain(field),
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

fn plain(field: &Value) -> Value {
    let bounds = |kind: &str| {
        let mut schema = Map::from_iter([("type".to_owned(), json!(kind))]);
        let texts = kind == "string";
        for (from, to) in
            [("valueMin", "minimum"), ("valueMax", "maximum"), ("lengthMin", "minLength"), ("lengthMax", "maxLength")]
        {
            let of_texts = from.starts_with("length");
            if let Some(bound) = field.get(from).filter(|_| texts == of_texts) {
                schema.insert(to.to_owned(), bound.clone());
            }
        }
        Value::Object(schema)
    };
    match field.get("type").and_then(Value::as_str).unwrap_or_default() {
        // Numbers become texts.
        "string" if field.get("format").is_none() && field.get("lengthMax").is_none() && field.get("lengthMin").is_none() => {
            json!({"type": ["string", "number", "boolean"]})
        }
        "string" => bounds("string"),
        "integer" => bounds("integer"),
        "float" => bounds("number"),
        // Home Assistant's booleans may be words, numbers too.
        "boolean" => json!({"type": ["boolean", "string", "number"]}),
        "select" => json!({"enum": values(field.get("options"))}),
        "multi_select" => json!({"type": "array", "items": {"enum": values(field.get("options"))}}),
        "constant" => field.get("value").map_or_else(|| json!({}), |value| json!({"const": value})),
        "expandable" => object(field.get("schema").unwrap_or(&Value::Null)),
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
