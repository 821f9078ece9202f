//! What a selector takes.

use serde_json::{Map, Value, json};

use super::accepted::{self, Range};
use super::field::values;

/// An id of 32 hexadecimal digits.
const ID: &str = "[0-9a-fA-F]{32}";

/// The schema of what a selector of this kind takes.
pub(super) fn of(kind: &str, settings: &Value) -> Value {
    let is_on = |name: &str| settings.get(name) == Some(&Value::Bool(true));
    let list = |one: Value| json!({"type": "array", "items": one});
    let several = |one: Value| if is_on("multiple") { list(one) } else { one };
    let words = |name: &str| settings.get(name).and_then(Value::as_array);
    match kind {
        // Whatever is sent counts as true or false.
        "boolean" => json!({}),
        "number" | "color_temp" => accepted::number(Range::of(settings)),
        "select" => {
            let one =
                if is_on("custom_value") { json!({"type": "string"}) } else { json!({"enum": values(settings.get("options"))}) };
            several(one)
        }
        "entity" => several(entity(words("domain"), words("include_entities"))),
        "color_rgb" => {
            json!({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}, "minItems": 3, "maxItems": 3})
        }
        "location" => {
            let number = accepted::number(Range::default());
            json!({
                "type": "object",
                "properties": {"latitude": number, "longitude": number, "radius": number},
                "required": ["latitude", "longitude"],
                "additionalProperties": false,
            })
        }
        "target" => {
            let ids = accepted::one_of(&[json!({"type": "string"}), list(json!({"type": "string"}))]);
            json!({
                "type": "object",
                "properties": {"entity_id": ids, "device_id": ids, "area_id": ids, "floor_id": ids, "label_id": ids},
                "additionalProperties": false,
            })
        }
        "media" => {
            let one = media(settings.get("accept").is_some());
            if is_on("multiple") { accepted::one_of(&[list(one.clone()), one]) } else { one }
        }
        "duration" => accepted::duration(),
        "constant" => settings.get("value").map_or_else(|| json!({}), accepted::constant),
        "date" => accepted::day(),
        "time" => accepted::clock(),
        "datetime" => accepted::moment(),
        "template" => json!({"type": ["string", "number", "boolean"]}),
        "file" => accepted::text(&format!("{ID}|[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}")),
        "backup_location" => accepted::text(r"/backup|\w+"),
        "country" => words("countries").map_or_else(|| json!({"type": "string"}), |known| json!({ "enum": known })),
        "language" => words("languages").map_or_else(|| json!({"type": "string"}), |known| json!({ "enum": known })),
        "qr_code" => json!({"type": ["string", "null"]}),
        "choose" => choice(settings),
        // Documents of their own kind, which only the form itself looks through.
        "action" => json!({}),
        "condition" => {
            let one = accepted::one_of(&[json!({"type": "object"}), accepted::text(r"[\s\S]*\{[{%][\s\S]*")]);
            accepted::one_of(&[list(one.clone()), one])
        }
        "trigger" => {
            let named = accepted::one_of(&[json!({"required": ["trigger"]}), json!({"required": ["platform"]})]);
            let one = json!({"type": "object", "allOf": [named]});
            accepted::one_of(&[json!({"type": "null"}), list(one.clone()), one])
        }
        "object" => match settings.get("fields").and_then(Value::as_object) {
            Some(fields) => several(document(fields)),
            None => json!({}),
        },
        _ => several(json!({"type": "string"})),
    }
}

/// An entity of these integrations, or one of these; or an id of the registry.
fn entity(domains: Option<&Vec<Value>>, known: Option<&Vec<Value>>) -> Value {
    let listed = |words: &Vec<Value>| -> String {
        words.iter().filter_map(Value::as_str).map(|word| word.replace('.', r"\.")).collect::<Vec<_>>().join("|")
    };
    let ids = match (known, domains) {
        (Some(known), _) => listed(known),
        (None, Some(domains)) => format!(r"(?:{})\.[a-z0-9_]+", listed(domains)),
        (None, None) => r"[a-z0-9_]+\.[a-z0-9_]+".to_owned(),
    };
    accepted::text(&format!("{ids}|{ID}"))
}

/// What one of the choices takes, or a document that says which is meant.
fn choice(settings: &Value) -> Value {
    let mut schemas = vec![json!({
        "type": "object",
        "properties": {"active_choice": {"type": "string"}},
        "required": ["active_choice"],
    })];
    let choices = settings.get("choices").and_then(Value::as_object).into_iter().flat_map(|choices| choices.values());
    let selectors = choices.filter_map(|choice| choice.get("selector")?.as_object()?.iter().next());
    schemas.extend(selectors.map(|(kind, settings)| of(kind, settings)));
    accepted::one_of(&schemas)
}

/// A document of these fields.
fn document(fields: &Map<String, Value>) -> Value {
    let selector = |field: &Value| {
        let (kind, settings) = field.get("selector")?.as_object()?.iter().next()?;
        Some(of(kind, settings))
    };
    let properties: Map<String, Value> =
        fields.iter().map(|(name, field)| (name.clone(), selector(field).unwrap_or_else(|| json!({})))).collect();
    let required: Vec<&String> =
        fields.iter().filter(|(_, field)| field.get("required") == Some(&Value::Bool(true))).map(|(name, _)| name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// A media item of an entity; where kinds are named, the entity is not asked for.
fn media(by_kind: bool) -> Value {
    let text = json!({"type": "string"});
    let mut schema = json!({
        "type": "object",
        "properties": {"media_content_id": text, "media_content_type": text, "metadata": {}},
        "required": ["media_content_id", "media_content_type"],
        "additionalProperties": false,
    });
    if !by_kind {
        schema["properties"]["entity_id"] = text;
        schema["required"] = json!(["entity_id", "media_content_id", "media_content_type"]);
    }
    schema
}
