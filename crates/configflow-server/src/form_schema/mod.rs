//! A form as JSON Schema 2020-12: for clients that check answers before they send them, and for programs that fill forms.
//!
//! It takes and refuses what the form does, as near as a schema can say: `matrix` has the exceptions, and docs/server.md.

mod accepted;
mod field;
#[cfg(test)]
mod matrix;
mod plain;
mod selector;

use configflow_core::Definition;
use configflow_core::field::{Kind, Plain};
use serde_json::{Map, Value, json};

/// The plain type of a field by its name.
pub(crate) type Known<'k> = dyn Fn(&str) -> Option<&'k Plain> + 'k;

/// The plain type of a field of a definition, also inside a section.
pub(crate) fn plain_of<'d>(definition: &'d Definition, name: &str) -> Option<&'d Plain> {
    let mut inner = definition.fields.values().filter_map(|field| field.section()).flat_map(|section| &section.fields);
    let field = definition.fields.get(name).or_else(|| inner.find(|field| &*field.name == name))?;
    match &field.kind {
        Kind::Plain(plain) => Some(plain),
        _ => None,
    }
}

/// The schema of the answers to a form, of its fields as the wire has them.
pub(crate) fn of(title: &str, fields: &Value, known: &Known<'_>) -> Value {
    let mut schema = object(fields, known);
    if let Value::Object(schema) = &mut schema {
        schema.shift_insert(0, "$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.shift_insert(1, "title".to_owned(), json!(title));
    }
    schema
}

/// The schema of an object with these fields.
fn object(fields: &Value, known: &Known<'_>) -> Value {
    let fields = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let Some(name) = field.get("name").and_then(Value::as_str) else { continue };
        // A default fills in for what is missing.
        if field.get("required") == Some(&Value::Bool(true)) && field.get("default").is_none() {
            required.push(json!(name));
        }
        properties.insert(name.to_owned(), field::of(field, known));
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
