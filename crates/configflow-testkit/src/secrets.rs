//! What of a fixture's run is secret: by the names of fields, and by the texts themselves wherever they turn up.

use std::collections::HashSet;

use configflow_core::Definition;
use configflow_core::signature::{Shape, ValueKind};
use serde_json::Value;

use crate::fixture::Fixture;

/// The names under which a definition keeps secrets.
pub(crate) struct Secrets {
    /// Fields, also those inside sections.
    fields: HashSet<String>,
    /// Fields of the results of actions.
    results: HashSet<String>,
}

impl Secrets {
    pub(crate) fn of(definition: &Definition) -> Self {
        let mut fields = HashSet::new();
        let mut open: Vec<_> = definition.fields.values().cloned().collect();
        while let Some(field) = open.pop() {
            if field.secret {
                fields.insert(field.name.to_string());
            }
            open.extend(field.section().into_iter().flat_map(|section| section.fields.iter().cloned()));
        }
        let given = definition.actions.values().filter_map(|signature| match &signature.gives {
            Shape::Fields(given) => Some(given),
            _ => None,
        });
        let results = given.flatten().filter(|(_, kind)| *kind == ValueKind::Secret).map(|(name, _)| name.clone());
        Self { fields, results: results.collect() }
    }

    /// Whether a field or a result of an action that is called so is secret.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.fields.contains(name) || self.results.contains(name)
    }

    /// A value with the answers of secret fields hidden.
    pub(crate) fn without(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let shown = map.iter().map(|(key, value)| {
                    let hidden = self.fields.contains(key) && !value.is_null();
                    (key.clone(), if hidden { "<secret>".into() } else { self.without(value) })
                });
                Value::Object(shown.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.without(item)).collect(),
            plain => plain.clone(),
        }
    }

    /// Every secret text that a fixture brings with it.
    pub(crate) fn texts<'f>(&self, fixture: &'f Fixture) -> Vec<&'f str> {
        let mut texts: Vec<&str> = fixture.credentials.iter().map(|credential| credential.client_secret.as_str()).collect();
        for answer in fixture.steps.iter().filter_map(|step| step.answer.as_ref()) {
            collect(answer, &self.fields, false, &mut texts);
        }
        for map in fixture.entries.iter().flat_map(|entry| [&entry.data, &entry.options]) {
            map.iter().for_each(|(key, value)| collect(value, &self.fields, self.fields.contains(key), &mut texts));
        }
        for result in fixture.actions.values().flatten() {
            result.gives.iter().for_each(|gives| collect(gives, &self.results, false, &mut texts));
            result.fields.iter().for_each(|(key, value)| collect(value, &self.results, self.results.contains(key), &mut texts));
        }
        // A live value is named by the fixture and no secret itself.
        texts.retain(|text| !text.contains("{{"));
        texts
    }
}

fn collect<'v>(value: &'v Value, names: &HashSet<String>, is_secret: bool, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) if is_secret => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, names, is_secret, texts)),
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, names, is_secret || names.contains(key), texts));
        }
        _ => {}
    }
}
