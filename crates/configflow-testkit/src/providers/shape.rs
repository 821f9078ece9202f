//! A tree against the schema of a provider's file, everything at once and each at its place. Only what that schema has of JSON
//! Schema is known here; whether a file is valid by the whole of it, a test asks a validator.

use configflow_yaml::{Diagnostic, Diagnostics, Node, NodeValue, Severity, Span};
use serde_json::{Map, Value};

use super::{code, place};

/// What is not as the schema has it.
pub(super) fn check(root: &Node, schema: &Value) -> Diagnostics {
    let mut checker = Checker { schema, found: Diagnostics::default() };
    checker.node(root, schema, place::of_map(root));
    checker.found
}

struct Checker<'s> {
    schema: &'s Value,
    found: Diagnostics,
}

impl<'s> Checker<'s> {
    fn report(&mut self, name: &'static str, span: Span, message: String, hint: Option<String>) {
        self.found.add(Diagnostic::new(code(name), Severity::Error, span, message, hint));
    }

    fn node(&mut self, node: &Node, schema: &'s Value, span: Span) {
        let schema = self.meant(schema);
        if let Some(words) = words(schema) {
            if node.as_str().is_none_or(|text| !words.contains(&text)) {
                let hint = node.as_str().and_then(|text| alike(text, &words));
                let message = format!("expected one of {}", quoted(&words));
                self.report("catalogue.expected", span, message, hint);
            }
            return;
        }
        let kinds = kinds(schema);
        match (&node.value, schema.get("properties"), schema.get("items")) {
            (NodeValue::Null, ..) if kinds.contains(&"null") => {}
            (NodeValue::Map(entries), Some(Value::Object(properties)), _) => self.object(node, entries, schema, properties),
            (NodeValue::Map(entries), None, _) if kinds.contains(&"object") => {
                let values = schema.get("additionalProperties").filter(|values| values.is_object());
                for (key, value) in entries {
                    if let Some(values) = values {
                        self.node(value, values, own_place(key, value));
                    }
                }
            }
            (NodeValue::List(items), _, Some(of)) => items.iter().for_each(|item| self.node(item, of, place::of_map(item))),
            (NodeValue::String(_), ..) if kinds.contains(&"string") => {}
            (NodeValue::Bool(_), ..) if kinds.contains(&"boolean") => {}
            (NodeValue::Int(number), ..) if kinds.contains(&"integer") => {
                let most = schema.get("maximum").and_then(Value::as_i64).unwrap_or(i64::from(u32::MAX));
                if !(0..=most).contains(number) {
                    self.report("catalogue.expected", span, format!("expected a number from 0 to {most}"), None);
                }
            }
            _ => {
                let message = format!("expected {}, found {}", expected(&kinds), node.kind_name());
                self.report("catalogue.expected", span, message, None);
            }
        }
    }

    fn object(&mut self, node: &Node, entries: &[(Node, Node)], schema: &'s Value, properties: &'s Map<String, Value>) {
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        for (key, value) in entries {
            match key.as_str().and_then(|name| properties.get(name)) {
                Some(of) => self.node(value, of, own_place(key, value)),
                None => {
                    let name = key.as_str().map_or_else(|| key.to_json().to_string(), str::to_owned);
                    let message = format!("`{name}` is not known here; known are {}", quoted(&names));
                    self.report("catalogue.unknown_key", key.span, message, alike(&name, &names));
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        for name in required.filter(|name| node.get(name).is_none()) {
            self.report("catalogue.missing_key", place::of_map(node), format!("`{name}` is missing here"), None);
        }
    }

    /// The schema behind references, and behind the choice between a thing and nothing.
    fn meant(&self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        // References of this schema do not go in circles; a bound costs nothing.
        for _ in 0..8 {
            let choices = schema.get("anyOf").and_then(Value::as_array);
            let thing = choices.and_then(|choices| choices.iter().find(|choice| choice.get("$ref").is_some()));
            let reference = thing.unwrap_or(schema).get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
            match reference.and_then(|pointer| self.schema.pointer(pointer)) {
                Some(behind) => schema = behind,
                None => return schema,
            }
        }
        schema
    }
}

/// The place of a value: where it is a map or a list, that of its name.
fn own_place(key: &Node, value: &Node) -> Span {
    match value.value {
        NodeValue::Map(_) | NodeValue::List(_) | NodeValue::Null => key.span,
        _ => value.span,
    }
}

/// The words of which a text must be one.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let choices = schema.get("oneOf").and_then(Value::as_array)?;
    let mut all = Vec::new();
    for choice in choices {
        match (choice.get("const").and_then(Value::as_str), choice.get("enum").and_then(Value::as_array)) {
            (Some(one), _) => all.push(one),
            (None, Some(several)) => all.extend(several.iter().filter_map(Value::as_str)),
            (None, None) => return None,
        }
    }
    Some(all)
}

fn kinds(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn expected(kinds: &[&str]) -> String {
    let named = kinds.iter().filter(|kind| **kind != "null").map(|kind| match *kind {
        "object" => "a map",
        "array" => "a list",
        "string" => "a text (in quotes, if it looks like something else)",
        "boolean" => "`true` or `false`",
        _ => "a whole number",
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() { "something else".to_owned() } else { named.join(" or ") }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The word that was probably meant.
fn alike(word: &str, candidates: &[&str]) -> Option<String> {
    configflow_yaml::suggest(word, candidates.iter().copied()).map(|meant| format!("did you mean `{meant}`?"))
}
