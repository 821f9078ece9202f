//! What a plain type takes. The wire does not tell a text from what becomes one; the definition does.

use configflow_core::field::{Base, Plain, Shape, Text};
use serde_json::{Value, json};

use super::accepted::{self, Range};

/// The schema of what a plain type takes; `options` are those that the form shows.
pub(super) fn of(plain: &Plain, options: Vec<Value>) -> Value {
    let schema = base(plain, options);
    if plain.nullable { accepted::one_of(&[json!({"type": "null"}), schema]) } else { schema }
}

fn base(plain: &Plain, options: Vec<Value>) -> Value {
    let edge = |edge: &Option<(serde_json::Number, bool)>| edge.as_ref().and_then(|(edge, is)| Some((edge.as_f64()?, *is)));
    let range = match plain.clamp {
        // What is outside is moved to the edge.
        true => Range::default(),
        false => Range { min: edge(&plain.min), max: edge(&plain.max) },
    };
    match &plain.base {
        Base::String => texts(plain, json!({"type": ["string", "number", "boolean"]})),
        Base::StrictString => texts(plain, json!({"type": "string"})),
        // Anything becomes a text.
        Base::CoerceString => json!({}),
        Base::Date => accepted::day(),
        Base::Datetime => accepted::stamp(),
        Base::Constant(value) => accepted::constant(value),
        Base::Integer => accepted::one_of(&[range.bound(json!("integer")), json!({"enum": range.truths()})]),
        Base::Float => range.bound(json!("number")),
        Base::CoerceInteger => accepted::whole_number(range),
        Base::CoerceFloat => accepted::number(range),
        Base::Boolean => accepted::truth(),
        Base::StrictBoolean => json!({"type": "boolean"}),
        Base::Select(_) | Base::Enumeration(..) => json!({ "enum": options }),
        Base::MultiSelect(_) => json!({"type": "array", "items": {"enum": options}}),
        Base::TimePeriod => accepted::duration(),
    }
}

/// What is asked of a text that is sent as one.
fn texts(plain: &Plain, mut schema: Value) -> Value {
    if plain.text != Some(Text::Strip) {
        for (name, bound) in [("minLength", plain.length.0), ("maxLength", plain.length.1)] {
            if let Some(bound) = bound {
                schema[name] = json!(bound);
            }
        }
        if let (None, Some(Shape::Matches(pattern))) = (plain.text, &plain.shape) {
            schema["pattern"] = json!(format!("^(?:{})", pattern.as_str()));
        }
    }
    schema
}
