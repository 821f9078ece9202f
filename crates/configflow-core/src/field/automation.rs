//! Conditions and triggers of automations. What each of them takes is for whoever runs automations to say; here their
//! outline is checked, and brought into the form in which it is stored.

use serde_json::json;

use super::fault::{Faults, Path, Step};
use crate::{Map, Value};

/// The list of conditions that an answer becomes: one condition counts as a list, and a template as a condition.
pub(super) fn conditions(value: &Value, path: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    each(value, path, faults, |item, here, faults| match item {
        Value::Object(map) => Some(condition(map.clone())),
        Value::String(text) if is_template(text) => Some(json!({"value_template": text, "condition": "template"})),
        _ => {
            faults.plain(here, "Expected a dictionary");
            None
        }
    })
}

/// The list of triggers that an answer becomes. As recorded, only the first one that lacks its kind is named.
pub(super) fn triggers(value: &Value, path: &Path<'_>, faults: &mut Faults) -> Option<Value> {
    let maps = each(value, path, faults, |item, here, faults| {
        if !item.is_object() {
            faults.plain(here, "expected a dictionary");
        }
        item.as_object().cloned().map(Value::Object)
    })?;
    let Value::Array(mut triggers) = maps else { return None };
    for (at, trigger) in triggers.iter_mut().filter_map(Value::as_object_mut).enumerate() {
        let Some(kind) = trigger.remove("trigger").or_else(|| trigger.remove("platform")) else {
            faults.plain(&path.join(Step::Index(at)).join(Step::Key("trigger")), "required key not provided");
            return None;
        };
        trigger.insert("platform".to_owned(), kind);
    }
    Some(Value::Array(triggers))
}

fn each(
    value: &Value,
    path: &Path<'_>,
    faults: &mut Faults,
    convert: impl Fn(&Value, &Path<'_>, &mut Faults) -> Option<Value>,
) -> Option<Value> {
    let items = match value {
        Value::Null => &[],
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut converted = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        converted.extend(convert(item, &path.join(Step::Index(at)), faults));
    }
    (converted.len() == items.len()).then_some(Value::Array(converted))
}

/// A condition on a state says which entities as a list, and whether all of them have to be in it.
fn condition(mut map: Map) -> Value {
    if map.get("condition").and_then(Value::as_str) == Some("state") {
        if let Some(one) = map.get_mut("entity_id").filter(|entity| entity.is_string()) {
            *one = Value::Array(vec![one.take()]);
        }
        map.entry("match").or_insert("all".into());
    }
    Value::Object(map)
}

fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|opening| text.contains(opening))
}
