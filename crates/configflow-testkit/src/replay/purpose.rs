//! Differences that are on purpose wherever they occur, and why: docs/deviations.md at length. What differs in one recording only stands
//! in `known.json`.

use serde_json::Value;

use super::difference::{self, Difference};
use super::recording::Exchange;
use super::transport::Response;

const FAULT: &str = "500 there: a fault of the program; here it is refused, or answered, with a code of its own";
const PREVIEW: &str = "previews are made by an integration's own program; the command is not known here";
const STATE: &str = "an entry is being set up for a while there; setting it up is a core's here";
const DEVICES: &str = "whether devices can be removed is said by an integration's own program; here it is false";
const SEED: &str = "options whose order depends on a hash seed there; here it is stable";
/// The fields whose options are made from sets there.
const SETS: &[&str] = &["state_characteristic", "unit_of_measurement"];
const WAITS: &str = "a login goes on with a POST of anybody there; here only with the callback that belongs to it";
const AGAIN: &str = "a GET runs its step again there; here it shows the same step";

/// What was shown last of a flow: recorded with the ids of this run, and found.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) recorded: Value,
    pub(super) found: Value,
}

/// Why the answer to a request differs on purpose.
pub(super) fn of_response(
    exchange: &Exchange,
    recorded: &Value,
    response: &Response,
    before: Option<&Shown>,
) -> Option<&'static str> {
    if exchange.response.status.is_some_and(|status| status >= 500) {
        let answered = response.status == 200 && response.body.get("flow_id").is_some();
        return (answered || (400..500).contains(&response.status)).then_some(FAULT);
    }
    if response.body["code"] == "flow.waits_for_provider" && recorded["flow_id"].is_string() {
        return Some(WAITS);
    }
    if exchange.response.status.unwrap_or(200) != response.status {
        return None;
    }
    let shows_again = |shown: &Shown| {
        let is_form = matches!(shown.found["type"].as_str(), Some("form" | "menu" | "external"));
        let moved_on = difference::first(&quiet(recorded), &quiet(&shown.recorded)).is_some();
        is_form && moved_on && quiet(&response.body) == quiet(&shown.found)
    };
    if exchange.request.method == "GET" && before.is_some_and(shows_again) {
        return Some(AGAIN);
    }
    of_options(recorded, &response.body).or_else(|| of_entries(recorded, &response.body))
}

/// A form that differs in nothing but the order of options that are made from a set.
fn of_options(recorded: &Value, found: &Value) -> Option<&'static str> {
    let sorted = |options: &Value| {
        let mut texts: Vec<String> = options.as_array()?.iter().map(Value::to_string).collect();
        texts.sort_unstable();
        Some(texts)
    };
    let (mut recorded, mut reason) = (recorded.clone(), None);
    while let Some(difference) = difference::first(&recorded, found) {
        let (field, _) = difference.pointer.split_once("/selector/select/options/")?;
        let is_set = SETS.iter().any(|name| recorded.pointer(field).is_some_and(|field| field["name"] == *name));
        let options = format!("{field}/selector/select/options");
        let (ours, theirs) = (found.pointer(&options)?, recorded.pointer_mut(&options)?);
        if !is_set || sorted(ours)? != sorted(theirs)? || ours == theirs {
            return None;
        }
        theirs.clone_from(ours);
        reason = Some(SEED);
    }
    reason
}

/// Why a message over the WebSocket differs on purpose; none came where nothing is found.
pub(super) fn of_message(command: &Value, recorded: &Value, found: Option<&Value>) -> Option<&'static str> {
    if command["type"].as_str().is_some_and(|name| name.ends_with("/start_preview")) {
        let refused = found.is_none_or(|found| found["error"]["code"] == "unknown_command");
        return refused.then_some(PREVIEW);
    }
    match found {
        Some(found) => of_entries(recorded, found),
        // That its setting up goes on is an event there.
        None => {
            let change = &recorded["event"][0];
            let state = change["entry"]["state"].as_str();
            (change["type"] == "updated" && matches!(state, Some("setup_in_progress" | "loaded"))).then_some(STATE)
        }
    }
}

/// Entries that differ in nothing but what a core would say of them.
fn of_entries(recorded: &Value, found: &Value) -> Option<&'static str> {
    let (mut recorded, mut reason) = (recorded.clone(), None);
    while let Some(difference) = difference::first(&recorded, found) {
        reason = Some(of_key(&difference, &recorded)?);
        *recorded.pointer_mut(&difference.pointer)? = difference.found?;
    }
    reason
}

/// Why one key of an entry differs.
fn of_key(difference: &Difference, recorded: &Value) -> Option<&'static str> {
    let (entry, key) = difference.pointer.rsplit_once('/')?;
    let entry = recorded.pointer(entry)?;
    entry.get("entry_id")?;
    let found = difference.found.as_ref()?;
    match (key, difference.recorded.as_ref()?.as_str()) {
        // What has not been set up yet cannot be unloaded.
        ("supports_unload", _) if *found == Value::Bool(true) => Some(STATE),
        ("state", Some("not_loaded" | "setup_in_progress" | "setup_retry" | "setup_error")) if found == "loaded" => Some(STATE),
        // Why it could not be set up is said there until it is.
        ("reason" | "error_reason_translation_key" | "error_reason_translation_placeholders", _) if found.is_null() => {
            Some(STATE)
        }
        ("supports_remove_device", _) if *found == Value::Bool(false) => Some(DEVICES),
        _ => None,
    }
}

/// A result as somebody sees it who asks again.
fn quiet(shown: &Value) -> Value {
    let mut shown = shown.clone();
    if let Some(errors) = shown.get_mut("errors") {
        *errors = Value::Null;
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_may_differ_in_what_a_core_says() {
        let unloaded = json!({"entry_id": "e", "state": "not_loaded", "supports_unload": false});
        assert_eq!(of_entries(&unloaded, &json!({"entry_id": "e", "state": "loaded", "supports_unload": true})), Some(STATE));
        let entry = |state: &str, devices: bool, title: &str| json!({"result": [{"entry_id": "e", "state": state, "supports_remove_device": devices, "title": title}]});
        let ours = entry("loaded", false, "T");
        assert_eq!(of_entries(&entry("setup_in_progress", false, "T"), &ours), Some(STATE));
        assert_eq!(of_entries(&entry("loaded", true, "T"), &ours), Some(DEVICES));
        assert!(of_entries(&entry("setup_in_progress", true, "T"), &ours).is_some());
        assert_eq!(of_entries(&entry("setup_in_progress", true, "U"), &ours), None, "the title is ours to say");
        assert_eq!(of_entries(&entry("loaded", false, "T"), &entry("setup_error", false, "T")), None);
        let retried = |state: &str, reason: Value| json!({"entry_id": "e", "state": state, "reason": reason});
        assert_eq!(of_entries(&retried("setup_retry", json!("no answer")), &retried("loaded", Value::Null)), Some(STATE));
    }

    #[test]
    fn options_from_a_set_have_any_order() {
        let form =
            |name: &str, options: Value| json!({"data_schema": [{"name": name, "selector": {"select": {"options": options}}}]});
        let units = |options| form("unit_of_measurement", options);
        assert_eq!(of_options(&units(json!(["W", "kW"])), &units(json!(["kW", "W"]))), Some(SEED));
        assert_eq!(of_options(&units(json!(["W", "kW"])), &units(json!(["kW", "V"]))), None, "another option");
        assert_eq!(of_options(&form("mode", json!(["a", "b"])), &form("mode", json!(["b", "a"]))), None, "a list has an order");
        assert_eq!(of_options(&units(json!(["W"])), &units(json!(["W"]))), None, "nothing differs");
    }

    #[test]
    fn a_login_is_not_gone_on_with_by_anybody() {
        let exchange: Exchange = serde_json::from_value(json!({
            "request": {"method": "POST", "path": "/flow/f"}, "response": {"status": 200, "body": {"type": "external_done", "flow_id": "f"}}
        }))
        .expect("an exchange");
        let refused = Response { status: 409, body: json!({"message": "m", "code": "flow.waits_for_provider"}) };
        assert_eq!(of_response(&exchange, &exchange.response.body, &refused, None), Some(WAITS));
        assert_eq!(of_response(&exchange, &json!({"message": "m"}), &refused, None), None);
    }

    #[test]
    fn a_fault_there_is_none_here() {
        let exchange: Exchange = serde_json::from_value(json!({
            "request": {"method": "POST", "path": "/x"}, "response": {"status": 500, "body": "500"}
        }))
        .expect("an exchange");
        let answer = |status, body| of_response(&exchange, &json!("500"), &Response { status, body }, None);
        assert_eq!(answer(404, json!({"message": "m", "code": "c"})), Some(FAULT));
        assert_eq!(answer(200, json!({"flow_id": "f", "type": "form"})), Some(FAULT));
        assert_eq!(answer(503, json!({})), None, "a fault of ours is never on purpose");
        assert_eq!(answer(200, json!({"message": "m"})), None);
    }
}
