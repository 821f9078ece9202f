//! An entry as the API shows it: never its data.

use configflow_core::Definition;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::store::Entry;

/// The entry in the shape of Home Assistant's API. The definition says what it supports.
#[must_use]
pub fn entry_view(entry: &Entry, definition: Option<&Definition>) -> Value {
    let subentry_types: Map<String, Value> = definition
        .into_iter()
        .flat_map(|definition| &definition.subentries)
        .map(|(kind, dialog)| (kind.clone(), json!({"supports_reconfigure": dialog.step("reconfigure").is_some()})))
        .collect();
    let state = if entry.disabled_by.is_some() || entry.source == "ignore" { "not_loaded" } else { "loaded" };
    json!({
        "created_at": seconds(entry.created_at),
        "entry_id": entry.entry_id,
        "domain": entry.domain,
        "modified_at": seconds(entry.modified_at),
        "title": entry.title,
        "source": entry.source,
        "state": state,
        "supports_options": definition.is_some_and(|definition| definition.options.is_some()),
        "supports_remove_device": false,
        "supports_unload": true,
        "supports_reconfigure": definition.is_some_and(Definition::supports_reconfigure),
        "supported_subentry_types": subentry_types,
        "pref_disable_new_entities": false,
        "pref_disable_polling": false,
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
