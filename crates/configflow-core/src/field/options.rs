//! Options to choose from: values with labels, in the order of the screen.

use serde_json::json;

use super::python;
use crate::{Map, Value};

/// Values with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    pairs: Vec<(Value, String)>,
    /// Written as a map of value to label.
    labelled: bool,
}

impl Options {
    /// A list of values, or a map of value to label; anything else has no options.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        match value {
            Value::Array(items) => {
                let pair = |item: &Value| match (item.get("value"), item.get("label")) {
                    (Some(value), Some(label)) => (value.clone(), python::text(label)),
                    _ => (item.clone(), python::text(item)),
                };
                let labelled = items.iter().any(Value::is_object);
                Self { pairs: items.iter().map(pair).collect(), labelled }
            }
            Value::Object(map) => {
                let pair = |(value, label): (&String, &Value)| (Value::String(value.clone()), python::text(label));
                Self { pairs: map.iter().map(pair).collect(), labelled: true }
            }
            _ => Self { pairs: Vec::new(), labelled: false },
        }
    }

    /// Values with labels.
    #[must_use]
    pub fn of_pairs(pairs: Vec<(Value, String)>) -> Self {
        let labelled = pairs.iter().any(|(value, label)| value.as_str() != Some(label));
        Self { pairs, labelled }
    }

    /// The label of a value.
    #[must_use]
    pub fn label(&self, value: &Value) -> Option<&str> {
        self.pairs.iter().find(|(option, _)| python::equal(option, value)).map(|(_, label)| label.as_str())
    }

    /// The values with their labels.
    pub fn pairs(&self) -> impl Iterator<Item = (&Value, &str)> {
        self.pairs.iter().map(|(value, label)| (value, label.as_str()))
    }

    /// Whether a value is one of them.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        self.label(value).is_some()
    }

    /// The text that says which values there are, sorted.
    pub(super) fn expected(&self) -> String {
        let mut values: Vec<&Value> = self.pairs.iter().map(|(value, _)| value).collect();
        values.sort_by(|a, b| match (a, b) {
            (Value::Number(a), Value::Number(b)) => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
            _ => python::text(a).cmp(&python::text(b)),
        });
        let listed: Vec<String> = values.into_iter().map(python::repr).collect();
        format!("value must be one of [{}]", listed.join(", "))
    }

    /// As a `select` field shows them: pairs.
    pub(super) fn as_pairs(&self) -> Value {
        self.pairs
            .iter()
            .map(|(value, label)| if self.labelled { json!([value, label]) } else { json!([value, value]) })
            .collect()
    }

    /// As a `multi_select` field shows them: as they were written.
    pub(super) fn as_written(&self) -> Value {
        if !self.labelled {
            return self.pairs.iter().map(|(value, _)| value.clone()).collect();
        }
        Value::Object(
            self.pairs.iter().map(|(value, label)| (python::text(value), Value::String(label.clone()))).collect::<Map>(),
        )
    }

    /// As a selector shows them: values, or values with labels.
    pub(super) fn for_selector(&self) -> Value {
        if !self.labelled {
            return self.pairs.iter().map(|(value, _)| value.clone()).collect();
        }
        self.pairs.iter().map(|(value, label)| json!({"value": value, "label": label})).collect()
    }
}
