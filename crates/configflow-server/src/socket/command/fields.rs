//! The fields of a command, checked as Home Assistant checks them: everything that is wrong is said at once.

use serde_json::{Map, Value};

use super::CommandError;

/// The fields of a command.
pub(super) struct Fields<'b> {
    body: &'b Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl<'b> Fields<'b> {
    pub(super) fn of(body: &'b Map<String, Value>) -> Self {
        Self { body, known: Vec::new(), faults: Vec::new() }
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: &'static str) -> String {
        match self.take(key) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => {
                self.fault("expected str for dictionary value", key, other);
                String::new()
            }
            None => {
                self.faults.push(format!("required key not provided @ data['{key}']. Got None"));
                String::new()
            }
        }
    }

    /// A text that may be missing.
    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text.clone()),
            other => {
                self.fault("expected str for dictionary value", key, other);
                None
            }
        }
    }

    /// A boolean that may be missing.
    pub(super) fn optional_boolean(&mut self, key: &'static str) -> Option<bool> {
        match self.take(key)? {
            Value::Bool(value) => Some(*value),
            other => {
                self.fault("expected bool for dictionary value", key, other);
                None
            }
        }
    }

    /// A text, or a list of texts, that may be missing.
    pub(super) fn optional_texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let value = self.take(key)?;
        let texts: Option<Vec<String>> = match value {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault("expected str for dictionary value", key, value);
        }
        texts
    }

    /// One of these texts or null; it must be there.
    pub(super) fn one_of_or_null(&mut self, key: &'static str, allowed: &[&str]) -> Option<String> {
        match self.take(key) {
            Some(Value::Null) => None,
            Some(Value::String(text)) if allowed.contains(&text.as_str()) => Some(text.clone()),
            Some(other) => {
                self.fault("value must be one of the known ones for dictionary value", key, other);
                None
            }
            None => {
                self.faults.push(format!("required key not provided @ data['{key}']. Got None"));
                None
            }
        }
    }

    /// A number that must be there.
    pub(super) fn number(&mut self, key: &'static str) -> u64 {
        match self.take(key) {
            Some(value) if value.is_u64() => value.as_u64().unwrap_or_default(),
            Some(other) => {
                self.fault("expected int for dictionary value", key, other);
                0
            }
            None => {
                self.faults.push(format!("required key not provided @ data['{key}']. Got None"));
                0
            }
        }
    }

    /// Everything that is wrong, keys that the command does not have included.
    pub(super) fn end(mut self) -> Result<(), CommandError> {
        for key in self.body.keys().filter(|key| !self.known.contains(&key.as_str())) {
            self.faults.push(format!("extra keys not allowed @ data['{key}']"));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(CommandError::new("invalid_format", self.faults.join("\n"))) }
    }

    fn take(&mut self, key: &'static str) -> Option<&'b Value> {
        self.known.push(key);
        self.body.get(key)
    }

    /// Says what is wrong with a value, by its type only: it may be secret.
    fn fault(&mut self, what: &str, key: &str, found: &Value) {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "a dictionary",
        };
        self.faults.push(format!("{what} @ data['{key}']. Got {found}"));
    }
}
