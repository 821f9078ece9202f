//! JSON Schemas (2020-12) of what people and programs write: definitions, fixtures and results. Kept in `schemas/`, and checked
//! against it in a test.

use serde_json::{Value, json};

use crate::fixture::Fixture;

/// The schema of a step fixture.
#[must_use]
pub fn fixture() -> Value {
    let mut schema = schemars::schema_for!(Fixture).to_value();
    schema["title"] = "configflow step fixture".into();
    schema
}

/// The schema of a provider's file.
#[must_use]
pub fn provider() -> Value {
    configflow_oauth::Catalogue::file_schema()
}

/// The schema of a flow result on the wire.
#[must_use]
pub fn result() -> Value {
    let nullable = |kind: &str| json!({"type": [kind, "null"]});
    let placeholders = nullable("object");
    let shape = |kind: &str, properties: Value, required: &[&str]| {
        let mut all = json!({
            "type": {"const": kind},
            "flow_id": {"type": "string"},
            "handler": {"type": ["string", "array"]},
        });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), properties) {
            all.extend(more);
        }
        let required: Vec<&str> = ["type", "flow_id", "handler"].iter().chain(required).copied().collect();
        json!({"type": "object", "properties": all, "required": required, "additionalProperties": false})
    };
    let data_schema = json!({"type": "array", "items": {"type": "object", "required": ["name"]}});
    let step_id = json!({"type": "string"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "configflow flow result",
        "oneOf": [
            shape("form", json!({
                "data_schema": data_schema, "errors": {"type": "object"}, "description_placeholders": placeholders,
                "last_step": nullable("boolean"), "preview": nullable("string"), "step_id": step_id,
            }), &["data_schema", "errors", "description_placeholders", "last_step", "preview", "step_id"]),
            shape("menu", json!({
                "data_schema": data_schema, "menu_options": {"type": ["array", "object"]}, "description_placeholders": placeholders,
                "sort": {"const": true}, "step_id": step_id,
            }), &["data_schema", "menu_options", "description_placeholders", "step_id"]),
            shape("external", json!({"url": {"type": "string"}, "description_placeholders": placeholders, "step_id": step_id}),
                &["url", "description_placeholders", "step_id"]),
            shape("external_done", json!({"step_id": step_id}), &["step_id"]),
            shape("progress", json!({
                "progress_action": {"type": "string"}, "description_placeholders": placeholders, "step_id": step_id,
            }), &["progress_action", "description_placeholders", "step_id"]),
            shape("progress_done", json!({"step_id": step_id}), &["step_id"]),
            shape("create_entry", json!({
                "description": nullable("string"), "description_placeholders": placeholders, "title": {"type": "string"},
                "minor_version": {"type": "integer"}, "version": {"type": "integer"}, "options": {"type": "object"},
                "subentries": {"type": "array"}, "next_flow": {}, "unique_id": nullable("string"), "result": {"type": "object"},
            }), &["description", "description_placeholders"]),
            shape("abort", json!({"reason": {"type": "string"}, "description_placeholders": placeholders,
                "translation_domain": {"type": "string"}}), &["reason"]),
        ],
    })
}

/// The schema of a flow definition, for completion in editors. It is looser than the checker: what needs the whole file, only
/// the checker knows.
#[must_use]
pub fn definition() -> Value {
    crate::definition_schema::definition()
}
