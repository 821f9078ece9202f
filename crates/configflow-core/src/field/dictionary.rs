//! Answers that are maps of a known shape: a duration, a location, a target, a media item, a colour.

use super::fault::{Faults, Path, Step};
use super::python;
use crate::{Map, Value};

/// What a key of a map takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// A number; becomes one with a point.
    Float,
    /// A number, kept as it was sent.
    Number,
    /// A text.
    Text,
    /// One text or several; becomes a list.
    Texts,
    /// Anything; forgotten.
    Dropped,
}

/// A key of a map: its name, whether it must be there, what it takes.
pub(super) type Key = (&'static str, bool, Takes);

pub(super) const DURATION: &[Key] = &[
    ("days", false, Takes::Number),
    ("hours", false, Takes::Number),
    ("minutes", false, Takes::Number),
    ("seconds", false, Takes::Number),
    ("milliseconds", false, Takes::Number),
];
pub(super) const LOCATION: &[Key] =
    &[("latitude", true, Takes::Float), ("longitude", true, Takes::Float), ("radius", false, Takes::Float)];
pub(super) const TARGET: &[Key] = &[
    ("entity_id", false, Takes::Texts),
    ("device_id", false, Takes::Texts),
    ("area_id", false, Takes::Texts),
    ("floor_id", false, Takes::Texts),
    ("label_id", false, Takes::Texts),
];
/// A media item of an entity, and one that is chosen by its kind.
pub(super) const MEDIA: &[Key] = &[
    ("entity_id", true, Takes::Text),
    ("media_content_id", true, Takes::Text),
    ("media_content_type", true, Takes::Text),
    ("metadata", false, Takes::Dropped),
];
pub(super) const ACCEPTED_MEDIA: &[Key] =
    &[("media_content_id", true, Takes::Text), ("media_content_type", true, Takes::Text), ("metadata", false, Takes::Dropped)];

/// The map with each value converted; `None` where something is wrong with it.
pub(super) fn checked(map: &Map, keys: &[Key], path: &Path<'_>, faults: &mut Faults) -> Option<Map> {
    let (mut found, mut good) = (Map::new(), true);
    for (name, value) in map {
        let here = path.join(Step::Key(name));
        let Some((_, _, takes)) = keys.iter().find(|(known, ..)| known == name) else {
            faults.extra(&here);
            good = false;
            continue;
        };
        match convert(*takes, value) {
            Ok(Some(value)) => _ = found.insert(name.clone(), value),
            Ok(None) => {}
            Err(text) => {
                faults.value(&here, text);
                good = false;
            }
        }
    }
    for (name, ..) in keys.iter().filter(|(name, required, _)| *required && !map.contains_key(*name)) {
        faults.plain(&path.join(Step::Key(name)), "required key not provided");
        good = false;
    }
    good.then_some(found)
}

fn convert(takes: Takes, value: &Value) -> Result<Option<Value>, &'static str> {
    match takes {
        Takes::Float => python::to_float(value).map(|number| Some(Value::from(number))).ok_or("expected float"),
        Takes::Number => python::to_float(value).map(|_| Some(value.clone())).ok_or("expected float"),
        Takes::Text => {
            if value.is_string() {
                Ok(Some(value.clone()))
            } else {
                Err("expected str")
            }
        }
        Takes::Texts => match value {
            Value::String(_) => Ok(Some(Value::Array(vec![value.clone()]))),
            Value::Array(items) if items.iter().all(Value::is_string) => Ok(Some(value.clone())),
            _ => Err("expected str"),
        },
        Takes::Dropped => Ok(None),
    }
}

/// A duration as it was sent.
pub(super) fn duration(value: &Value, may_be_negative: bool, path: &Path<'_>, faults: &mut Faults) -> Option<Map> {
    let Value::Object(map) = value else {
        faults.value(path, "expected dict");
        return None;
    };
    let known = checked(map, DURATION, path, faults)?;
    if known.is_empty() {
        faults.plain(path, "must contain at least one of days, hours, minutes, seconds, milliseconds.");
        return None;
    }
    if !may_be_negative && seconds(&known) < 0.0 {
        faults.plain(path, "Time period should be positive");
        return None;
    }
    Some(known)
}

/// How long a duration is.
pub(super) fn seconds(duration: &Map) -> f64 {
    let seconds = |name: &str| match name {
        "days" => 86_400.0,
        "hours" => 3_600.0,
        "minutes" => 60.0,
        "milliseconds" => 0.001,
        _ => 1.0,
    };
    duration.iter().filter_map(|(name, value)| Some(python::to_float(value)? * seconds(name))).sum()
}
