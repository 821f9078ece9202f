//! The schema of a flow definition.

use configflow_core::field::SELECTORS;
use configflow_core::signature::builtins;
use serde_json::{Map, Value, json};

pub(crate) fn definition() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "configflow flow definition",
        "type": "object",
        "required": ["domain"],
        "additionalProperties": false,
        "properties": {
            "domain": {"type": "string", "pattern": "^[a-z0-9_]+$"},
            "version": {"type": "integer", "minimum": 0},
            "minor_version": {"type": "integer", "minimum": 0},
            "integration_type": {
                "enum": ["device", "entity", "hardware", "helper", "hub", "service", "system", "virtual"],
                "default": "hub",
            },
            "single_instance": {"type": "boolean"},
            "network": {"const": "local"},
            "include": {"type": "object"},
            "actions": {"type": "object", "additionalProperties": {"$ref": "#/$defs/signature"}},
            "fields": {"type": "object", "additionalProperties": {"$ref": "#/$defs/field"}},
            "let": {"type": "object"},
            "blocks": {"type": "object", "additionalProperties": {"$ref": "#/$defs/sequence"}},
            "account": {"$ref": "#/$defs/account"},
            "on_error": {"$ref": "#/$defs/on_error"},
            "config": {"$ref": "#/$defs/dialog"},
            "options": {"$ref": "#/$defs/dialog"},
            "subentries": {"type": "object", "additionalProperties": {"$ref": "#/$defs/dialog"}},
        },
        "$defs": {
            "expression": {"type": ["string", "boolean", "number"]},
            "dialog": {"type": "object", "additionalProperties": {"$ref": "#/$defs/step"}},
            "step": step(),
            "form": form(),
            "each": {
                "type": "object", "required": ["in", "as"], "additionalProperties": false,
                "properties": {"in": {}, "as": {"type": "string"}},
            },
            "sequence": {"oneOf": [{"type": "array", "items": {"$ref": "#/$defs/item"}}, {"$ref": "#/$defs/item"}]},
            "item": item(),
            "rule": rule(),
            "on_error": {
                "type": "object",
                "additionalProperties": {"oneOf": [{"$ref": "#/$defs/rule"}, {"type": "array", "items": {"$ref": "#/$defs/rule"}}]},
            },
            "field": field(),
            "signature": {
                "type": "object", "additionalProperties": false,
                "properties": {
                    "about": {"type": "string"}, "takes": {"type": "object"}, "gives": {"type": ["object", "string"]},
                    "fails": {"type": ["array", "object"]}, "once": {"type": "boolean"}, "account": {"type": "boolean"},
                },
            },
            "account": account(),
        },
    })
}

fn account() -> Value {
    json!({
        "type": "object", "required": ["provider"], "additionalProperties": false,
        "properties": {
            "provider": {"type": "string"}, "parameters": {"type": "object"}, "client_id": {"type": "string"},
            "client_secret": {"type": "string"}, "key": {"type": "string"}, "scopes": {"type": "array"},
            "credentials": {"type": "string"}, "client_secret_expires": {"type": "string"},
            "identity": {
                "type": "object", "required": ["url", "field"], "additionalProperties": false,
                "properties": {
                    "url": {"type": "string"}, "field": {"type": "string"}, "username": {"type": "string"},
                    "display_name": {"type": "string"},
                },
            },
            "other": {
                "type": "object", "required": ["abort"], "additionalProperties": false,
                "properties": {"abort": {"type": "string"}, "placeholders": {"type": ["object", "string"]}},
            },
        },
    })
}

fn step() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "before": {"$ref": "#/$defs/sequence"},
            "form": {"$ref": "#/$defs/form"},
            "menu": {"type": ["array", "object"]},
            "external": {
                "oneOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {"url": {"type": "string"}, "callback_path": {"type": "string", "pattern": "^/"}},
                        "required": ["url"],
                        "additionalProperties": false
                    }
                ]
            },
            "progress": {"type": "string"},
            "link": link(),
            "on_error": {"$ref": "#/$defs/on_error"},
            "check": {"$ref": "#/$defs/sequence"},
            "do": {"$ref": "#/$defs/sequence"},
            "then": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/sequence"}]},
            "all": {"type": "boolean"},
            "shown_as": {"type": "string"},
            "placeholders": {"type": ["object", "string", "null"]},
            "defaults": {"type": ["object", "string", "null"]},
            "suggested": {"type": ["object", "string", "null"]},
            "last_step": {"type": ["boolean", "string", "null"]},
            "preview": {"type": "string"},
            "each": {"$ref": "#/$defs/each"},
            "sort": {"type": "boolean"},
            "extra": {"enum": ["refuse", "take", "drop"]},
        },
    })
}

fn link() -> Value {
    let methods = json!({"enum": ["callback", "loopback", "device", "paste"]});
    json!({
        "type": ["object", "null"], "additionalProperties": false,
        "properties": {
            "methods": {"oneOf": [{"type": "array", "items": methods, "minItems": 1}, {"type": "string"}]},
            "callback_path": {"type": "string", "pattern": "^/"},
            "implementation": {"type": ["string", "null"]},
            "shown_as": {
                "type": "object", "propertyNames": methods, "additionalProperties": {"type": "string"},
            },
        },
    })
}

fn form() -> Value {
    let name = json!({"type": "string"});
    let overridden = json!({"type": "object", "minProperties": 1, "maxProperties": 1, "not": {"required": ["fields"]}});
    let field = json!({"oneOf": [name, overridden]});
    json!({
        "oneOf": [
            {"const": "any"},
            {"type": "array", "items": {"oneOf": [
                name,
                overridden,
                {
                    "type": "object", "required": ["when", "fields"], "additionalProperties": false,
                    "properties": {"when": {"$ref": "#/$defs/expression"}, "fields": {"type": "array", "items": field}},
                },
            ]}},
        ],
    })
}

fn outcomes() -> Map<String, Value> {
    let outcomes = json!({
        "error": {"type": ["object", "string"]},
        "abort": {"type": "string"},
        "step": {"type": "string"},
        "create_entry": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "title": {}, "data": {}, "options": {}, "subentries": {}, "description": {}, "placeholders": {}, "next_flow": {},
                "unique_id": {}, "reload": {"enum": ["always", "if_changed", "never"]},
            },
        },
        "update_entry": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "data": {}, "data_updates": {}, "options": {}, "options_updates": {}, "title": {}, "unique_id": {}, "reason": {},
                "entry": {}, "placeholders": {}, "reload": {"enum": ["always", "if_changed", "never"]},
            },
        },
        "ignore": {"const": true},
        "when": {"$ref": "#/$defs/expression"},
        "placeholders": {"type": ["object", "string"]},
    });
    outcomes.as_object().cloned().unwrap_or_default()
}

fn rule() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": outcomes()})
}

fn item() -> Value {
    let mut properties = outcomes();
    properties.extend([
        ("set".to_owned(), json!({"type": ["object", "string"]})),
        ("use".to_owned(), json!({"type": "string"})),
        ("as".to_owned(), json!({"type": "string"})),
        ("on_error".to_owned(), json!({"$ref": "#/$defs/on_error"})),
        ("each".to_owned(), json!({"$ref": "#/$defs/each"})),
    ]);
    for signature in builtins() {
        let names = signature.takes.iter().map(|parameter| (parameter.name.clone(), json!({})));
        let parameters = json!({
            "description": signature.summary,
            "type": ["object", "null"],
            "additionalProperties": false,
            "properties": names.collect::<Map<_, _>>(),
        });
        properties.insert(signature.name.clone(), parameters);
    }
    json!({"type": "object", "additionalProperties": false, "properties": properties, "patternProperties": {"^[a-z0-9_]+\\.[a-z0-9_]+$": {}}})
}

fn field() -> Value {
    let selectors = SELECTORS.iter().map(|kind| ((*kind).to_owned(), json!({"type": ["object", "null"]})));
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "type": {"type": "string"},
            "selector": {
                "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
                "properties": selectors.collect::<Map<_, _>>(),
            },
            "required": {"type": "boolean"}, "default": {}, "suggested": {}, "secret": {"type": "boolean"},
            "transient": {"type": "boolean"}, "advanced": {"type": "boolean"}, "strip": {"type": "boolean"},
            "lower": {"type": "boolean"}, "upper": {"type": "boolean"}, "capitalize": {"type": "boolean"}, "title": {"type": "boolean"}, "value": {}, "enum": {"type": "string"}, "min": {"type": "number"}, "max": {"type": "number"},
            "above": {"type": "number"}, "below": {"type": "number"}, "clamp": {"type": "boolean"}, "length": {"type": "object"},
            "match": {"type": "string"}, "url": {"type": "boolean"}, "email": {"type": "boolean"}, "nullable": {"type": "boolean"},
            "options": {"type": ["array", "object", "string"]}, "section": {"type": ["object", "null"]},
            "fields": {"type": "object", "additionalProperties": {"$ref": "#/$defs/field"}}, "about": {"type": "string"},
            "message": {"type": "string"}, "description": {"type": ["string", "object"]}, "marker": marker(),
        },
    })
}

/// How a field is marked, where it is neither plainly required nor plainly optional.
fn marker() -> Value {
    let groups = json!({"inclusive": {"type": "string"}, "exclusive": {"type": "string"}});
    json!({
        "oneOf": [
            {"enum": ["plain", "removed"]},
            {"type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1, "properties": groups},
        ],
    })
}
