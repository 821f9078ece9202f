//! Schemas of what is converted when it arrives: numbers out of texts, words for truth, days and hours.

use serde_json::{Map, Value, json};

/// A day that there is; that 29 February is one in leap years only, a pattern does not say.
const DAY: &str =
    r"[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))";
/// Hours, minutes and perhaps seconds.
const CLOCK: &str = r"(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](?::[0-5]?[0-9])?";

/// The least and the most of a number, each with whether it is allowed itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Range {
    pub(super) min: Option<(f64, bool)>,
    pub(super) max: Option<(f64, bool)>,
}

impl Range {
    /// The range of these settings, edges included.
    pub(super) fn of(settings: &Value) -> Self {
        let edge = |name: &str| settings.get(name).and_then(Value::as_f64).map(|edge| (edge, true));
        Self { min: edge("min"), max: edge("max") }
    }

    fn has(self, number: f64) -> bool {
        let above = self.min.is_none_or(|(edge, included)| number > edge || (included && number == edge));
        above && self.max.is_none_or(|(edge, included)| number < edge || (included && number == edge))
    }

    /// A schema with these edges.
    pub(super) fn bound(self, kinds: Value) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), kinds)]);
        let names = [(self.min, "minimum", "exclusiveMinimum"), (self.max, "maximum", "exclusiveMaximum")];
        for (edge, included, excluded) in names {
            if let Some((edge, is_included)) = edge {
                schema.insert(if is_included { included } else { excluded }.to_owned(), json!(edge));
            }
        }
        Value::Object(schema)
    }

    /// The truth values that count as a number within.
    pub(super) fn truths(self) -> Vec<Value> {
        [(false, 0.0), (true, 1.0)].into_iter().filter(|(_, number)| self.has(*number)).map(|(truth, _)| json!(truth)).collect()
    }
}

/// A number, a truth value that counts as one, or a text of one; the edges are not looked at in a text.
pub(super) fn number(range: Range) -> Value {
    one_of(&[
        range.bound(json!("number")),
        json!({"enum": range.truths()}),
        text(r"\s*[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?\s*"),
    ])
}

/// A number whose fraction is dropped, a truth value that counts as one, or a text of a whole number.
pub(super) fn whole_number(range: Range) -> Value {
    one_of(&[range.bound(json!("number")), json!({"enum": range.truths()}), text(r"\s*[+-]?[0-9]+\s*")])
}

/// A truth value, a number, or one of the words for it, in upper or lower case.
pub(super) fn truth() -> Value {
    let words = ["1", "true", "yes", "on", "enable", "0", "false", "no", "off", "disable"];
    let any_case = |word: &str| -> String {
        word.chars().map(|c| format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())).collect()
    };
    let words: Vec<String> = words.into_iter().map(any_case).collect();
    one_of(&[json!({"type": ["boolean", "number"]}), text(&format!(r"\s*(?:{})\s*", words.join("|")))])
}

/// `YYYY-MM-DD`.
pub(super) fn day() -> Value {
    text(DAY)
}

/// `HH:MM` or `HH:MM:SS`.
pub(super) fn clock() -> Value {
    text(CLOCK)
}

/// A day, or a day and a time with or without a zone.
pub(super) fn moment() -> Value {
    text(&format!(r"{DAY}(?:[T ]{CLOCK}(?:\.[0-9]+)?(?:Z|[+-](?:{CLOCK}|[0-9]{{4}}|[0-9]{{2}}))?)?"))
}

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub(super) fn stamp() -> Value {
    text(&format!(r"{DAY}T{CLOCK}\.[0-9]+Z"))
}

/// Days, hours, minutes, seconds and milliseconds: at least one of them.
pub(super) fn duration() -> Value {
    let number = number(Range::default());
    json!({
        "type": "object",
        "properties": {"days": number, "hours": number, "minutes": number, "seconds": number, "milliseconds": number},
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// This value; `true` is one as well and `false` zero, as in Python.
pub(super) fn constant(value: &Value) -> Value {
    let same = match (value, value.as_f64()) {
        (Value::Bool(truth), _) => json!(u8::from(*truth)),
        (_, Some(1.0)) => json!(true),
        (_, Some(0.0)) => json!(false),
        _ => return json!({ "const": value }),
    };
    json!({"enum": [value, same]})
}

/// A text of this pattern, from its beginning to its end.
pub(super) fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": format!("^(?:{pattern})$")})
}

pub(super) fn one_of(schemas: &[Value]) -> Value {
    json!({ "anyOf": schemas })
}
