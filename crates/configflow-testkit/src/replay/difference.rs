//! Compares what came with what was recorded: without what is made anew in every run, and without what differs everywhere on purpose.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};
use url::Url;

/// The first place where what came is not what was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, as a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What was recorded there; none where nothing was.
    pub recorded: Option<Value>,
    /// What came; none where nothing did.
    pub found: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        let pointer = if self.pointer.is_empty() { "/" } else { &self.pointer };
        write!(f, "at {pointer}: recorded {}, found {}", show(&self.recorded), show(&self.found))
    }
}

/// Keys whose values are never the same twice.
const TIMES: [&str; 5] = ["created_at", "modified_at", "time_fired", "expires_at", "expires_in"];
/// Parameters of addresses that are made anew for every attempt.
const ONE_TIME: [&str; 6] = ["state", "nonce", "code_challenge", "code_verifier", "code", "session_state"];
/// What every authorization request has here, and some have not there.
const OURS: [&str; 3] = ["code_challenge", "code_challenge_method", "nonce"];
/// What stands for a secret in lists.
const SECRET: &str = "**secret**";

/// The first difference. `recorded` has the ids of this run already.
pub(super) fn first(recorded: &Value, found: &Value) -> Option<Difference> {
    compare(recorded, found, "", "")
}

/// The first difference in those keys that were recorded.
pub(super) fn first_of_part(recorded: &Map<String, Value>, found: &Value) -> Option<Difference> {
    recorded.iter().find_map(|(key, recorded)| match found.get(key) {
        Some(found) => compare(recorded, found, &below("", key), key),
        None => Some(Difference { pointer: below("", key), recorded: Some(recorded.clone()), found: None }),
    })
}

fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn compare(recorded: &Value, found: &Value, pointer: &str, key: &str) -> Option<Difference> {
    let differs =
        || Some(Difference { pointer: pointer.to_owned(), recorded: Some(recorded.clone()), found: Some(found.clone()) });
    if TIMES.contains(&key) && recorded.is_null() == found.is_null() {
        return None;
    }
    if found.as_str() == Some(SECRET) && !recorded.is_null() {
        return None;
    }
    match (recorded, found) {
        // Each integration's own choice there: the two mean the same.
        (Value::Null, Value::Object(map)) if key == "errors" && map.is_empty() => None,
        (Value::Object(map), Value::Null) if key == "errors" && map.is_empty() => None,
        (Value::Object(recorded), Value::Object(found)) => objects(recorded, found, pointer),
        (Value::Array(recorded), Value::Array(found)) => {
            for (at, (recorded, found)) in recorded.iter().zip(found).enumerate() {
                if let Some(difference) = compare(recorded, found, &format!("{pointer}/{at}"), "") {
                    return Some(difference);
                }
            }
            let at = recorded.len().min(found.len());
            (recorded.len() != found.len()).then(|| Difference {
                pointer: format!("{pointer}/{at}"),
                recorded: recorded.get(at).cloned(),
                found: found.get(at).cloned(),
            })
        }
        (Value::Number(recorded), Value::Number(found)) if recorded.as_f64() == found.as_f64() => None,
        (Value::String(recorded), Value::String(found)) if same_text(recorded, found) => None,
        (recorded, found) if recorded == found => None,
        _ => differs(),
    }
}

fn objects(recorded: &Map<String, Value>, found: &Map<String, Value>, pointer: &str) -> Option<Difference> {
    if is_kept_secret(recorded, found) {
        return None;
    }
    for (key, value) in recorded {
        let pointer = below(pointer, key);
        match found.get(key) {
            Some(found) => {
                if let Some(difference) = compare(value, found, &pointer, key) {
                    return Some(difference);
                }
            }
            None => return Some(Difference { pointer, recorded: Some(value.clone()), found: None }),
        }
    }
    let more = found.iter().find(|(key, _)| !recorded.contains_key(key.as_str()));
    more.map(|(key, value)| Difference { pointer: below(pointer, key), recorded: None, found: Some(value.clone()) })
}

/// A field whose stored secret was sent as its default there: here it is optional, and empty.
fn is_kept_secret(recorded: &Map<String, Value>, found: &Map<String, Value>) -> bool {
    let name = recorded.get("name").and_then(Value::as_str).unwrap_or_default();
    let secret = ["secret", "password", "token", "api_key"].iter().any(|part| name.contains(part));
    let bare = |field: &Map<String, Value>| {
        let mut field = field.clone();
        for key in ["required", "optional", "default", "description"] {
            field.remove(key);
        }
        field
    };
    let was_sent =
        recorded.contains_key("default") || recorded.get("description").is_some_and(|text| text.get("suggested_value").is_some());
    secret
        && was_sent
        && found.get("optional") == Some(&Value::Bool(true))
        && !found.contains_key("default")
        && bare(recorded) == bare(found)
}

/// Python's way to write a member of an enumeration.
static ENUMERATION: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the first test")]
    Regex::new(r"<\w+\.\w+: ('[^']*')>").expect("a pattern")
});
/// The name of a Python class in an error text.
static HANDLER: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the first test")]
    Regex::new(r"^Handler \S+ doesn't support step").expect("a pattern")
});

/// An id that a hub makes at random.
static UUID: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the first test")]
    Regex::new(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$").expect("a pattern")
});

fn same_text(recorded: &str, found: &str) -> bool {
    if recorded == found {
        return true;
    }
    if UUID.is_match(recorded) && UUID.is_match(found) {
        return true;
    }
    if let (Some(recorded), Some(found)) = (address(recorded), address(found)) {
        return same_address(&recorded, &found);
    }
    let plain = |text: &str| {
        let text = ENUMERATION.replace_all(text, "$1");
        HANDLER.replace(&text, "Handler * doesn't support step").into_owned()
    };
    plain(recorded) == plain(found)
}

fn address(text: &str) -> Option<Url> {
    let is_one = text.starts_with("http://") || text.starts_with("https://");
    Url::parse(text).ok().filter(|url| is_one && url.query().is_some())
}

/// Compared as parsed: the query is a map without its one-time values.
fn same_address(recorded: &Url, found: &Url) -> bool {
    let query = |url: &Url| -> BTreeMap<String, String> {
        let pairs = url.query_pairs().map(|(name, value)| {
            let value = match &*name {
                one if ONE_TIME.contains(&one) => "*".to_owned(),
                // Some separate scopes by commas; RFC 6749 §3.3 has spaces.
                "scope" => value.replace(',', " "),
                _ => value.into_owned(),
            };
            (name.into_owned(), value)
        });
        pairs.collect()
    };
    let bare = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url.to_string()
    };
    let (theirs, mut ours) = (query(recorded), query(found));
    ours.retain(|name, _| theirs.contains_key(name) || !OURS.contains(&name.as_str()));
    bare(recorded) == bare(found) && theirs == ours
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointer(recorded: Value, found: Value) -> Option<String> {
        first(&recorded, &found).map(|difference| difference.pointer)
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        for (recorded, found) in [
            (json!({"errors": null, "n": 1}), json!({"n": 1.0, "errors": {}})),
            (json!({"created_at": 1.5}), json!({"created_at": 2.5})),
            (
                json!(["https://h/a?x=1&state=s&y=2"]),
                json!(["https://h/a?y=2&x=1&state=t&code_challenge=c&code_challenge_method=S256"]),
            ),
            (json!("one of [<A.B: 'x'>, <A.C: 'y'>]"), json!("one of ['x', 'y']")),
            (json!({"client_secret": "s"}), json!({"client_secret": "**secret**"})),
            (
                json!({"name": "client_secret", "type": "string", "required": true, "default": "5678"}),
                json!({"name": "client_secret", "type": "string", "required": false, "optional": true}),
            ),
        ] {
            assert_eq!(pointer(recorded.clone(), found), None, "{recorded}");
        }
    }

    #[test]
    fn the_first_difference_has_a_pointer() {
        assert_eq!(pointer(json!({"a": [1, {"b/c": 2}]}), json!({"a": [1, {"b/c": 3}]})), Some("/a/1/b~1c".to_owned()));
        assert_eq!(pointer(json!({"a": 1}), json!({})), Some("/a".to_owned()));
        assert_eq!(pointer(json!({}), json!({"a": 1})), Some("/a".to_owned()));
        assert_eq!(pointer(json!([1]), json!([1, 2])), Some("/1".to_owned()));
        assert_eq!(pointer(json!("https://h/a?x=1"), json!("https://h/a?x=2")), Some(String::new()));
        assert_eq!(pointer(json!({"errors": {"a": "b"}}), json!({"errors": {}})), Some("/errors/a".to_owned()));
        assert_eq!(pointer(json!({"created_at": 1}), json!({"created_at": null})), Some("/created_at".to_owned()));
    }
}
