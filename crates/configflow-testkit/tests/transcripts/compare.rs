//! What counts as the same: everything but what differs from run to run, and what differs on purpose everywhere.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use configflow_testkit::Mask;
use regex::Regex;
use serde_json::{Map, Value, json};
use url::Url;

/// A Python enumeration in an error text: `<Colour.RED: 'red'>`.
static ENUMERATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<[A-Za-z0-9]+\.[A-Za-z0-9_]+: ('[^']*'|[0-9]+)>").expect("a pattern"));

/// The name of a Python class, where ours says which handler.
static CLASS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^Handler \w+ doesn't").expect("a pattern"));

/// An id that is made anew each time.
static UUID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").expect("a pattern"));

/// The parts of a token that are handles here.
const TOKEN: [&str; 5] = ["access_token", "refresh_token", "token_type", "expires_in", "expires_at"];

/// Both bodies in the form in which they are equal where they mean the same.
pub(crate) fn comparable(mask: &Mask, recorded: &Value, found: &Value) -> (Value, Value) {
    let (mut recorded, mut found) = (recorded.clone(), found.clone());
    links(&mut recorded, &mut found);
    (plain(mask, &recorded), plain(mask, &found))
}

/// What a flow that was started in process shows: recorded is a part of it.
pub(crate) fn comparable_part(mask: &Mask, recorded: &Value, found: &Value) -> (Value, Value) {
    let (mut recorded, mut found) = comparable(mask, recorded, found);
    if let (Some(recorded), Some(found)) = (recorded.as_object_mut(), found.as_object_mut()) {
        // Inside the hub a result has more than on the wire, and a form has no fields.
        recorded.retain(|key, _| key != "data" && key != "context");
        found.retain(|key, _| recorded.contains_key(key));
    }
    (recorded, found)
}

fn plain(mask: &Mask, body: &Value) -> Value {
    let mut body = mask.value(body);
    if let Some(map) = body.as_object_mut() {
        // Each integration's own choice there: the two mean the same.
        if map.get("errors").is_some_and(Value::is_null) {
            map.insert("errors".to_owned(), json!({}));
        }
        if let Some(Value::Array(fields)) = map.get_mut("data_schema") {
            for field in fields.iter_mut().filter(|field| field["name"] == "client_secret") {
                if field.get("default").is_some() || field.get("optional").is_some() {
                    // A stored secret is never sent back.
                    *field = json!({"name": "client_secret"});
                }
            }
        }
    }
    if let Some(Value::Object(entry)) = body.get_mut("result") {
        // Whether devices can be removed is the integration's code to say, which is not here.
        entry.remove("supports_remove_device");
    }
    texts(&mut body);
    body
}

/// The plain values of an enumeration instead of Python's names for them; a handler instead of its class; no random id.
fn texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if text.contains('<') {
                *text = ENUMERATION.replace_all(text, "$1").into_owned();
            }
            if UUID.is_match(text) {
                *text = UUID.replace_all(text, "<uuid>").into_owned();
            }
            if CLASS.is_match(text) {
                *text = CLASS.replace(text, "Handler _ doesn't").into_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(texts),
        Value::Object(map) => map.values_mut().for_each(texts),
        _ => {}
    }
}

/// Links are compared as parsed. Ours always have PKCE, theirs not.
fn links(recorded: &mut Value, found: &mut Value) {
    let link = |body: &Value| Url::parse(body["url"].as_str()?).ok();
    let (Some(theirs), Some(ours)) = (link(recorded), link(found)) else { return };
    let with_pkce = theirs.query_pairs().any(|(name, _)| name == "code_challenge");
    for (body, url) in [(recorded, theirs), (found, ours)] {
        let query: BTreeMap<String, String> = url
            .query_pairs()
            .filter(|(name, _)| with_pkce || !name.starts_with("code_challenge"))
            .map(|(name, value)| {
                let value = match &*name {
                    "state" | "code_challenge" => "…".into(),
                    // Ours are separated as in RFC 6749 §3.3, spotify's not.
                    "scope" => value.replace(',', " ").into(),
                    _ => value,
                };
                (name.into_owned(), value.into_owned())
            })
            .collect();
        let mut base = url;
        base.set_query(None);
        body["url"] = json!({"base": base.as_str(), "query": query});
    }
}

/// What is compared of stored entries.
pub(crate) fn entry(mask: &Mask, entry: &Value) -> Value {
    let mut kept = Map::new();
    for key in ["title", "domain", "data", "options", "unique_id", "source", "version", "minor_version", "disabled_by"] {
        kept.insert(key.to_owned(), entry[key].clone());
    }
    if let Some(Value::Object(token)) = kept.get_mut("data").and_then(|data| data.get_mut("token")) {
        token.retain(|key, _| !TOKEN.contains(&key.as_str()));
    }
    let part = |subentry: &Value| {
        json!({
            "subentry_type": subentry["subentry_type"], "title": subentry["title"],
            "data": subentry["data"], "unique_id": subentry["unique_id"],
        })
    };
    let subentries = entry["subentries"].as_array().map(|all| all.iter().map(part).collect::<Vec<_>>());
    kept.insert("subentries".to_owned(), subentries.unwrap_or_default().into());
    let mut kept = mask.value(&Value::Object(kept));
    texts(&mut kept);
    kept
}
