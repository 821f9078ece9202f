//! What a selector takes.

use serde_json::{Map, Value, json};

use super::field::values;

/// The schema of what a selector of this kind takes.
pub(super) fn of(kind: &str, settings: &Value) -> Value {
    let is_on = |name: &str| settings.get(name) == Some(&Value::Bool(true));
    let several = |one: Value| if is_on("multiple") { json!({"type": "array", "items": one}) } else { one };
    match kind {
        "boolean" => json!({"type": "boolean"}),
        "number" => number(settings),
        "select" => {
            let one =
                if is_on("custom_value") { json!({"type": "string"}) } else { json!({"enum": values(settings.get("options"))}) };
            several(one)
        }
        "text" => several(json!({"type": "string"})),
        "color_rgb" => {
            json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}, "minItems": 3, "maxItems": 3})
        }
        "location" => json!({
            "type": "object",
            "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}, "radius": {"type": "number"}},
            "required": ["latitude", "longitude"],
        }),
        "constant" => settings.get("value").map_or_else(|| json!({}), |value| json!({"const": value})),
        "date" | "datetime" | "time" | "icon" | "theme" | "language" | "country" | "template" | "addon" | "backup_location"
        | "conversation_agent" | "stt" | "tts" | "statistic_single" | "file" | "qr_code" => json!({"type": "string"}),
        "entity" | "device" | "area" | "floor" | "label" | "config_entry" | "assist_pipeline" | "state" | "attribute" => {
            several(json!({"type": "string"}))
        }
        // What is left takes documents of its own kind: actions, conditions, durations, media, objects, targets, triggers.
        _ => json!({}),
    }
}

fn number(settings: &Value) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!("number"))]);
    for (from, to) in [("min", "minimum"), ("max", "maximum")] {
        if let Some(bound) = settings.get(from).filter(|bound| bound.is_number()) {
            schema.insert(to.to_owned(), bound.clone());
        }
    }
    Value::Object(schema)
}
