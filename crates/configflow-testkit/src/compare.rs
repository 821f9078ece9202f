//! Compares what a fixture expects with what came: any part of a result may be expected.

use std::fmt;

use serde_json::Value;

/// A place where what came is not what was expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What was expected there.
    pub expected: Value,
    /// What came; none where there is nothing.
    pub found: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        writeln!(f, "at {pointer}")?;
        writeln!(f, "  - expected: {}", self.expected)?;
        match &self.found {
            Some(found) => write!(f, "  + found:    {found}"),
            None => write!(f, "  + found:    nothing"),
        }
    }
}

/// The differences between a part that is expected and the whole that came. Of an object only the expected keys are
/// compared, of a list every item; numbers are equal where their values are.
#[must_use]
pub fn differences(expected: &Value, found: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(expected, Some(found), String::new(), &mut differences);
    differences
}

fn compare(expected: &Value, found: Option<&Value>, pointer: String, differences: &mut Vec<Difference>) {
    match (expected, found) {
        (Value::Object(expected), Some(Value::Object(found))) => {
            for (key, value) in expected {
                compare(value, found.get(key), format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), differences);
            }
        }
        (Value::Array(wanted), Some(Value::Array(came))) if wanted.len() == came.len() => {
            for (at, (wanted, came)) in wanted.iter().zip(came).enumerate() {
                compare(wanted, Some(came), format!("{pointer}/{at}"), differences);
            }
        }
        (Value::Number(wanted), Some(Value::Number(came))) if wanted.as_f64() == came.as_f64() => {}
        (wanted, Some(came)) if wanted == came => {}
        (wanted, came) => differences.push(Difference { pointer, expected: wanted.clone(), found: came.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_enough_but_it_must_be_there() {
        assert!(differences(&json!({"a": {"b": 1}}), &json!({"a": {"b": 1.0, "c": 2}, "d": 3})).is_empty());
        let found = differences(&json!({"a": {"b": 1, "x/y": null}, "l": [1, 2]}), &json!({"a": {"b": 2}, "l": [1]}));
        let pointers: Vec<&str> = found.iter().map(|difference| difference.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/b", "/a/x~1y", "/l"]);
    }
}
