//! What happened between two exchanges without being recorded, as far as it can be told from what was: a reauth that a program began,
//! a sub-entry whose id it looked up, a subscription that was there before the first exchange.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::ids;
use super::recording::{Exchange, Recording};

/// A reauth that somebody began.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reauth {
    /// The recorded id of its flow.
    pub(super) flow_id: String,
    /// The recorded id of its entry, where that is told.
    pub(super) entry_id: Option<String>,
    /// The integration.
    pub(super) handler: String,
}

/// Commands that were sent before the first exchange: somebody listened to events for which no recorded command asked.
pub(super) fn subscriptions(recording: &Recording) -> Vec<Value> {
    let commands: BTreeSet<u64> =
        recording.exchanges.iter().filter_map(|exchange| exchange.request.body.get("id")?.as_u64()).collect();
    let mut wanted: Vec<(u64, String)> = messages(&recording.exchanges)
        .filter_map(|message| {
            let id = message["id"].as_u64().filter(|id| !commands.contains(id))?;
            Some((id, message.pointer("/event/event_type")?.as_str()?.to_owned()))
        })
        .collect();
    wanted.sort();
    wanted.dedup();
    let command = |(id, name): (u64, String)| json!({"id": id, "type": "subscribe_events", "event_type": name});
    wanted.into_iter().map(command).collect()
}

/// The reauths that began before an exchange: the exchange shows, or asks for, a flow of theirs that nothing recorded has begun.
pub(super) fn reauths(recording: &Recording, at: usize, is_known: &dyn Fn(&str) -> bool) -> Vec<Reauth> {
    let exchange = &recording.exchanges[at];
    let mut found = Vec::new();
    collect(&exchange.response.body, &mut found);
    // The answer to a command may have been written down later.
    if exchange.request.method == "WS"
        && let Some(id) = exchange.request.body.get("id")
    {
        let answers = messages(&recording.exchanges[at..]).filter(|message| message["type"] == "result" && message["id"] == *id);
        answers.for_each(|message| collect(message, &mut found));
    }
    if let Some(flow_id) = flow_in(&exchange.request.path)
        && let Some(handler) = exchange.response.body["handler"].as_str()
        && leads_to_reauth(recording, at, flow_id)
    {
        found.push(Reauth { flow_id: flow_id.to_owned(), entry_id: None, handler: handler.to_owned() });
    }
    found.retain(|reauth| !is_known(&reauth.flow_id));
    found.dedup_by(|one, other| one.flow_id == other.flow_id);
    found
}

/// Whether the recording shows a flow at a step of a reauth, or meets it on its way to a login.
fn leads_to_reauth(recording: &Recording, at: usize, flow_id: &str) -> bool {
    let of_flow = recording.exchanges[at..].iter().map(|exchange| &exchange.response.body);
    let mut of_flow = of_flow.filter(|body| body["flow_id"] == flow_id);
    if of_flow.clone().next().is_some_and(|body| body["type"] == "external") {
        return true;
    }
    let says = |body: &Value, key: &str| body[key].as_str().is_some_and(|text| text.contains("reauth"));
    of_flow.any(|body| says(body, "step_id") || says(body, "reason"))
}

/// The flow that a path names.
pub(super) fn flow_in(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once("/flow/")?;
    let id = rest.split(['?', '/']).next()?;
    ids::is_id(id).then_some(id)
}

/// The entry of the flow that is reconfigured, and the sub-entry, where a request names one by an id that nothing recorded has told.
pub(super) fn subentry(exchange: &Exchange) -> Option<(&str, &str)> {
    let body = &exchange.request.body;
    let entry_id = body["handler"][0].as_str().or_else(|| body["entry_id"].as_str())?;
    body["subentry_id"].as_str().filter(|id| ids::is_id(id)).map(|subentry_id| (entry_id, subentry_id))
}

/// How many fields of a form suggest what a sub-entry has.
pub(super) fn likeness(subentry: &Value, form: &Value) -> usize {
    let fields = form["data_schema"].as_array().into_iter().flatten();
    let suggests = |field: &&Value| {
        let suggested = field.pointer("/description/suggested_value").or_else(|| field.get("default"));
        let name = field["name"].as_str().unwrap_or_default();
        suggested.is_some_and(|suggested| subentry["data"].get(name) == Some(suggested))
    };
    fields.filter(suggests).count()
}

/// Flows in progress whose source is a reauth, wherever they stand in an answer.
fn collect(value: &Value, found: &mut Vec<Reauth>) {
    match value {
        Value::Object(map) => {
            if let (Some(flow_id), Some("reauth"), Some(handler)) =
                (value["flow_id"].as_str(), value.pointer("/context/source").and_then(Value::as_str), value["handler"].as_str())
            {
                let entry_id = value.pointer("/context/entry_id").and_then(Value::as_str).map(str::to_owned);
                found.push(Reauth { flow_id: flow_id.to_owned(), entry_id, handler: handler.to_owned() });
            }
            map.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// The messages from the WebSocket.
fn messages(exchanges: &[Exchange]) -> impl Iterator<Item = &Value> {
    let from_socket = exchanges.iter().filter(|exchange| exchange.request.method.starts_with("WS"));
    from_socket.flat_map(|exchange| match &exchange.response.body {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = "01M83RA7JNH3TXMD632YERRSES";

    fn recording(exchanges: Value) -> Recording {
        serde_json::from_value(json!({"name": "new", "exchanges": exchanges})).expect("a recording")
    }

    #[test]
    fn a_reauth_is_told_by_its_step_or_its_source() {
        let listed = json!({"flow_id": FLOW, "handler": "lab", "step_id": "reauth_confirm", "context": {"source": "reauth", "entry_id": "e"}});
        let recording = recording(json!([
            {"request": {"method": "WS", "path": "/", "body": {"id": 3, "type": "x"}}, "response": {"body": {"id": 2, "type": "event"}}},
            {"request": {"method": "WS", "path": "/", "body": {"id": 4, "type": "x"}}, "response": {"body": {"id": 3, "type": "result", "result": [listed]}}},
            {"request": {"method": "GET", "path": format!("/flow/{FLOW}")}, "response": {"status": 200, "body": {"flow_id": FLOW, "handler": "lab", "step_id": "reauth_confirm"}}},
        ]));
        let ids = |at, known: bool| {
            let found = reauths(&recording, at, &|_| known);
            found.into_iter().map(|reauth| (reauth.flow_id, reauth.entry_id)).collect::<Vec<_>>()
        };
        let by_list = vec![(FLOW.to_owned(), Some("e".to_owned()))];
        assert_eq!((ids(0, false), ids(1, false)), (by_list.clone(), by_list), "its answer came later");
        assert_eq!(ids(2, false), [(FLOW.to_owned(), None)]);
        assert!(ids(2, true).is_empty());
    }

    #[test]
    fn a_form_tells_whose_it_is() {
        let form = json!({"data_schema": [
            {"name": "a", "description": {"suggested_value": 1}}, {"name": "b", "default": "x"}, {"name": "c"},
        ]});
        let of = |data: Value| likeness(&json!({ "data": data }), &form);
        assert_eq!((of(json!({"a": 1, "b": "x", "c": 2})), of(json!({"a": 1, "b": "y"})), of(json!({}))), (2, 1, 0));
    }

    #[test]
    fn who_hears_events_has_asked_for_them() {
        let event = json!({"id": 1, "type": "event", "event": {"event_type": "data_entry_flow_progressed", "data": {}}});
        let recording = recording(json!([
            {"request": {"method": "WS", "path": "/", "body": {"id": 2, "type": "subscribe_events"}}, "response": {"body": {"id": 2, "type": "result"}}},
            {"request": {"method": "WS-EVENT", "path": "/"}, "response": {"body": event}},
        ]));
        assert_eq!(
            subscriptions(&recording),
            [json!({"id": 1, "type": "subscribe_events", "event_type": "data_entry_flow_progressed"})]
        );
    }
}
