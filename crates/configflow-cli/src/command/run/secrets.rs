//! What must not be shown at the end: the answers to secret fields, wherever they went.

use std::collections::HashSet;

use configflow_core::Definition;
use configflow_core::field::Field;
use serde_json::{Map, Value};

/// What stands in place of a secret.
const HIDDEN: &str = "<secret>";
/// From this length on a secret is also looked for inside longer texts; shorter ones would be found everywhere.
const INSIDE: usize = 4;

/// The secret fields of a definition, and what was typed into them.
pub(super) struct Secrets {
    fields: HashSet<String>,
    typed: HashSet<String>,
}

impl Secrets {
    /// The secret fields of a definition, also those in sections.
    pub(super) fn of(definition: &Definition) -> Self {
        let mut open: Vec<&Field> = definition.fields.values().map(AsRef::as_ref).collect();
        let mut fields = HashSet::new();
        while let Some(field) = open.pop() {
            if field.secret {
                fields.insert(field.name.to_string());
            }
            open.extend(field.section().into_iter().flat_map(|section| section.fields.iter().map(AsRef::as_ref)));
        }
        Self { fields, typed: HashSet::new() }
    }

    /// Whether the answer to a field must not be shown.
    pub(super) fn contains(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// Remembers what was typed into secret fields.
    pub(super) fn learn(&mut self, answers: &Map<String, Value>) {
        for (name, value) in answers {
            match value {
                Value::String(text) if self.contains(name) && !text.is_empty() => {
                    self.typed.insert(text.clone());
                }
                Value::Object(section) => self.learn(section),
                _ => {}
            }
        }
    }

    /// The value without secrets, be they known by their name or by what was typed.
    pub(super) fn hide(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(name, value)| (name.clone(), if self.contains(name) { HIDDEN.into() } else { self.hide(value) }))
                .collect(),
            Value::Array(items) => items.iter().map(|item| self.hide(item)).collect(),
            Value::String(text) => Value::String(self.hide_in(text)),
            other => other.clone(),
        }
    }

    /// The text without secrets.
    pub(super) fn hide_in(&self, text: &str) -> String {
        if self.typed.contains(text) {
            return HIDDEN.to_owned();
        }
        let mut inside: Vec<&String> = self.typed.iter().filter(|secret| secret.len() >= INSIDE).collect();
        // The longest first: one secret may be a part of another.
        inside.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        inside.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN))
    }
}

#[cfg(test)]
mod tests {
    use configflow_core::definition::Parts;
    use configflow_core::field::{Base, Kind, Plain};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_hidden_by_its_name_and_by_its_text() {
        let pin = Field { secret: true, ..Field::new("pin", Kind::Plain(Plain::new(Base::String))) };
        let parts = Parts { fields: [("pin".into(), pin.into())].into_iter().collect(), ..Parts::default() };
        let mut secrets = Secrets::of(&Definition::build(parts).expect("sound"));
        let Value::Object(typed) = json!({"pin": "12345", "name": "n", "more": {"pin": "123456"}}) else { return };
        secrets.learn(&typed);
        let shown = secrets.hide(&json!({"pin": "x", "a": ["12345", {"b": "at 123456."}], "name": "n", "n": 5}));
        assert_eq!(shown, json!({"pin": "<secret>", "a": ["<secret>", {"b": "at <secret>."}], "name": "n", "n": 5}));
    }
}
