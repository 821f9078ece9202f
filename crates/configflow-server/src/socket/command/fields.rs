//! The fields of a command, checked as Home Assistant checks them: everything that is wrong is said at once, each with what was found.

use configflow_core::field::printed;
use serde_json::{Map, Value};

use super::CommandError;

/// The most characters of what was found that are said.
const MAX_FOUND: usize = 500;
/// Fields whose values are never said.
const SECRET: [&str; 1] = ["client_secret"];

/// The fields of a command.
pub(super) struct Fields<'b> {
    body: &'b Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl<'b> Fields<'b> {
    pub(super) fn of(body: &'b Map<String, Value>) -> Self {
        Self { body, known: vec!["id", "type"], faults: Vec::new() }
    }

    /// For a command that has no fields: there, the command as a whole is what was found.
    pub(super) fn none(body: &Map<String, Value>) -> Result<(), CommandError> {
        if body.len() <= 2 {
            return Ok(());
        }
        let found = cut(&printed(&Value::Object(body.clone())));
        Err(CommandError::new("invalid_format", format!("extra keys not allowed. Got {found}")))
    }

    /// A text. That it is missing is only noticed when it is needed: see [`needed`].
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text.clone()),
            other => {
                self.fault("expected str for dictionary value", key, other);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&mut self, key: &'static str) -> String {
        if !self.body.contains_key(key) {
            self.missing(key);
        }
        self.text(key).unwrap_or_default()
    }

    /// What can be a text, and must be there: numbers become one.
    pub(super) fn required_string(&mut self, key: &'static str) -> String {
        if !self.body.contains_key(key) {
            self.missing(key);
        }
        self.string(key).unwrap_or_default()
    }

    /// What can be a text, and may be missing.
    pub(super) fn string(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text.clone()),
            found @ Value::Null => {
                self.fault("string value is None for dictionary value", key, found);
                None
            }
            found @ (Value::Array(_) | Value::Object(_)) => {
                self.fault("value should be a string for dictionary value", key, found);
                None
            }
            scalar => Some(printed(scalar)),
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

    /// A text, or a list of texts, that may be missing. An empty list, and null, are none.
    pub(super) fn optional_texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let (items, listed) = match self.take(key)? {
            Value::Null => return None,
            Value::Array(items) => (items.as_slice(), true),
            one => (std::slice::from_ref(one), false),
        };
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text.clone()),
                other => {
                    // What is no list has no items to show.
                    let found = if listed { printed(other) } else { "None".to_owned() };
                    self.faults.push(format!("expected str @ data['{key}'][{at}]. Got {}", cut(&found)));
                }
            }
        }
        Some(texts).filter(|texts| !texts.is_empty())
    }

    /// One of these texts or null; none where it is missing.
    pub(super) fn one_of_or_null(&mut self, key: &'static str, allowed: &[&str]) -> Option<Option<String>> {
        match self.take(key)? {
            Value::Null => Some(None),
            Value::String(text) if allowed.contains(&text.as_str()) => Some(Some(text.clone())),
            other => {
                self.fault("not a valid value for dictionary value", key, other);
                None
            }
        }
    }

    /// A whole number that must be there, or a text that is one.
    pub(super) fn number(&mut self, key: &'static str) -> u64 {
        let Some(value) = self.take(key) else {
            self.missing(key);
            return 0;
        };
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(value) => Some(i64::from(*value)),
            _ => None,
        };
        match number.map(u64::try_from) {
            Some(Ok(number)) => return number,
            Some(Err(_)) => self.fault("value must be at least 0 for dictionary value", key, value),
            None => self.fault("expected int for dictionary value", key, value),
        }
        0
    }

    /// A map of whole numbers that must be there.
    pub(super) fn numbers(&mut self, key: &'static str) {
        match self.take(key) {
            None => self.missing(key),
            Some(Value::Object(map)) => {
                for (name, value) in map.iter().filter(|(_, value)| !(value.is_i64() || value.is_u64() || value.is_boolean())) {
                    let name = printed(&Value::String(name.clone()));
                    let found = cut(&printed(value));
                    self.faults.push(format!("expected int for dictionary value @ data['{key}'][{name}]. Got {found}"));
                }
            }
            Some(other) => self.fault("expected a dictionary for dictionary value", key, other),
        }
    }

    /// Everything that is wrong, keys that the command does not have included.
    pub(super) fn end(mut self) -> Result<(), CommandError> {
        for (key, value) in self.body.iter().filter(|(key, _)| !self.known.contains(&key.as_str())) {
            let key = printed(&Value::String(key.clone()));
            self.faults.push(format!("extra keys not allowed @ data[{key}]. Got {}", cut(&printed(value))));
        }
        self.faults.sort_unstable();
        if self.faults.is_empty() { Ok(()) } else { Err(CommandError::new("invalid_format", self.faults.join("\n"))) }
    }

    fn take(&mut self, key: &'static str) -> Option<&'b Value> {
        self.known.push(key);
        self.body.get(key)
    }

    fn missing(&mut self, key: &'static str) {
        self.faults.push(format!("required key not provided @ data['{key}']. Got None"));
    }

    fn fault(&mut self, what: &str, key: &str, found: &Value) {
        let found = if SECRET.contains(&key) { "'**secret**'".to_owned() } else { cut(&printed(found)) };
        self.faults.push(format!("{what} @ data['{key}']. Got {found}"));
    }
}

/// What a command cannot do without. Home Assistant does not check that it is there, and has no words for it.
pub(super) fn needed<T>(value: Option<T>) -> Result<T, CommandError> {
    value.ok_or_else(|| CommandError::new("unknown_error", "Unknown error"))
}

fn cut(found: &str) -> String {
    if found.chars().count() <= MAX_FOUND {
        return found.to_owned();
    }
    format!("{}...", found.chars().take(MAX_FOUND - 3).collect::<String>())
}
