//! A form as JSON Schema 2020-12: for clients that check answers before they send them, and for programs that fill forms.
//!
//! What the schema allows is at least what the form takes, and as near to it as can be said without running it: times and templates
//! are texts here.

mod field;
mod selector;

use serde_json::{Map, Value, json};

/// The schema of the answers to a form, of its fields as the wire has them.
pub(crate) fn of(title: &str, fields: &Value) -> Value {
    let mut schema = object(fields);
    if let Value::Object(schema) = &mut schema {
        schema.shift_insert(0, "$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        schema.shift_insert(1, "title".to_owned(), json!(title));
    }
    schema
}

/// The schema of an object with these fields.
fn object(fields: &Value) -> Value {
    let fields = fields.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let Some(name) = field.get("name").and_then(Value::as_str) else { continue };
        // A default fills in for what is missing.
        if field.get("required") == Some(&Value::Bool(true)) && field.get("default").is_none() {
            required.push(json!(name));
        }
        properties.insert(name.to_owned(), field::of(field));
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(schema: &Value, answer: &Value) -> bool {
        jsonschema::validator_for(schema).expect("the schema is one").is_valid(answer)
    }

    #[test]
    fn what_the_form_takes_the_schema_takes() {
        let fields = json!([
            {"type": "string", "name": "host", "required": true},
            {"type": "integer", "valueMin": 1, "valueMax": 10, "name": "n", "required": true, "default": 3},
            {"type": "select", "options": [["a", "A"], ["b", "B"]], "name": "s", "required": false, "optional": true},
            {"type": "multi_select", "options": {"x": "X"}, "name": "m", "required": false, "optional": true},
            {"type": "expandable", "schema": [{"type": "boolean", "name": "in", "required": true}], "expanded": false, "name": "sec", "required": true},
            {"selector": {"number": {"min": 0, "max": 5, "mode": "box"}}, "name": "num", "required": false, "optional": true},
            {"selector": {"select": {"options": ["p", {"value": "q", "label": "Q"}], "multiple": true, "custom_value": false}}, "name": "sel", "required": false, "optional": true},
        ]);
        let schema = of("user", &fields);
        assert!(jsonschema::meta::is_valid(&schema), "{schema}");
        let good = json!({"host": "h", "s": "a", "m": ["x"], "sec": {"in": true}, "num": 2.5, "sel": ["p", "q"]});
        assert!(accepts(&schema, &good));
        for (key, wrong) in [("s", json!("c")), ("m", json!(["y"])), ("sec", json!({})), ("num", json!(6)), ("sel", json!("p"))] {
            let mut answer = good.clone();
            answer[key] = wrong;
            assert!(!accepts(&schema, &answer), "{key}");
        }
        for wrong in
            [json!({}), json!({"host": "h", "n": 11, "sec": {"in": true}}), json!({"host": "h", "sec": {"in": true}, "x": 1})]
        {
            assert!(!accepts(&schema, &wrong), "{wrong}");
        }
    }
}
