//! An entry as the API shows it: never its data.

use configflow_core::definition::Outline;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::store::Entry;

/// The entry in the shape of Home Assistant's API. The outline of its definition says what it supports.
#[must_use]
pub fn entry_view(entry: &Entry, outline: Option<&Outline>) -> Value {
    let subentry_types: Map<String, Value> = outline
        .into_iter()
        .flat_map(|outline| &outline.subentries)
        .map(|(kind, reconfigure)| (kind.clone(), json!({"supports_reconfigure": reconfigure})))
        .collect();
    let state = if entry.disabled_by.is_some() || entry.source == "ignore" { "not_loaded" } else { "loaded" };
    let preference = |name: &str| entry.more.get(name).cloned().unwrap_or(Value::Bool(false));
    json!({
        "created_at": seconds(entry.created_at),
        "entry_id": entry.entry_id,
        "domain": entry.domain,
        "modified_at": seconds(entry.modified_at),
        "title": entry.title,
        "source": entry.source,
        "state": state,
        "supports_options": outline.is_some_and(|outline| outline.has_options),
        "supports_remove_device": false,
        "supports_unload": entry.source != "ignore",
        "supports_reconfigure": outline.is_some_and(|outline| outline.has_reconfigure),
        "supported_subentry_types": subentry_types,
        "pref_disable_new_entities": preference("pref_disable_new_entities"),
        "pref_disable_polling": preference("pref_disable_polling"),
        "disabled_by": entry.disabled_by,
        "reason": null,
        "error_reason_translation_key": null,
        "error_reason_translation_placeholders": null,
        "num_subentries": entry.subentries.len(),
    })
}

/// Seconds since 1970 with microseconds, as the API writes times.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 fit a double exactly until the year 2255")]
fn seconds(at: OffsetDateTime) -> f64 {
    (at.unix_timestamp_nanos() / 1_000) as f64 / 1e6
}

/// The entry as Home Assistant stores it in `core.config_entries`. `is_secret` says which keys of its data and options are secret:
/// they are `"**secret**"` here.
#[must_use]
pub fn entry_storage(entry: &Entry, is_secret: impl Fn(&str) -> bool) -> Value {
    let hidden = |map: &Map<String, Value>| hide(map, &is_secret);
    let more = |name: &str, usual: Value| entry.more.get(name).cloned().unwrap_or(usual);
    let subentries: Vec<Value> = entry
        .subentries
        .iter()
        .map(|subentry| {
            json!({
                "data": hidden(&subentry.data),
                "subentry_id": subentry.subentry_id,
                "subentry_type": subentry.subentry_type,
                "title": subentry.title,
                "unique_id": subentry.unique_id,
            })
        })
        .collect();
    json!({
        "created_at": moment(entry.created_at),
        "data": hidden(&entry.data),
        "disabled_by": entry.disabled_by,
        "discovery_keys": more("discovery_keys", json!({})),
        "domain": entry.domain,
        "entry_id": entry.entry_id,
        "minor_version": entry.minor_version,
        "modified_at": moment(entry.modified_at),
        "options": hidden(&entry.options),
        "pref_disable_new_entities": more("pref_disable_new_entities", json!(false)),
        "pref_disable_polling": more("pref_disable_polling", json!(false)),
        "source": entry.source,
        "subentries": subentries,
        "title": entry.title,
        "unique_id": entry.unique_id,
        "version": entry.version,
    })
}

/// The map with its secrets hidden, however deep they are.
fn hide(map: &Map<String, Value>, is_secret: &impl Fn(&str) -> bool) -> Value {
    let hidden = |value: &Value| match value {
        Value::Object(inner) => hide(inner, is_secret),
        plain => plain.clone(),
    };
    map.iter()
        .map(|(name, value)| {
            (name.clone(), if is_secret(name) && !value.is_null() { "**secret**".into() } else { hidden(value) })
        })
        .collect()
}

/// A time as Home Assistant stores it: ISO 8601 with microseconds and an offset.
fn moment(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond()
    )
}
