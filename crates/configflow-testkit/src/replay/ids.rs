//! Which ids, states and links of this run stand for the recorded ones.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

/// What is the same here and there.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Recorded ids to ours.
    ids: BTreeMap<String, String>,
    /// The recorded `state` of a link to our link.
    links: BTreeMap<String, String>,
    /// The recorded `state` of a link to ours.
    states: BTreeMap<String, String>,
}

impl Ids {
    /// Learns from what was recorded and what came in its place.
    pub(super) fn learn(&mut self, recorded: &Value, found: &Value) {
        match (recorded, found) {
            (Value::Object(recorded), Value::Object(found)) => {
                for (key, recorded) in recorded {
                    if let Some(found) = found.get(key) {
                        self.learn(recorded, found);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(found)) => {
                recorded.iter().zip(found).for_each(|(recorded, found)| self.learn(recorded, found));
            }
            (Value::String(recorded), Value::String(found)) => self.learn_text(recorded, found),
            _ => {}
        }
    }

    fn learn_text(&mut self, recorded: &str, found: &str) {
        if is_id(recorded) && is_id(found) && recorded.len() == found.len() {
            self.ids.entry(recorded.to_owned()).or_insert_with(|| found.to_owned());
            return;
        }
        if let (Some(theirs), Some(ours)) = (state_of(recorded), state_of(found)) {
            self.links.insert(theirs.clone(), found.to_owned());
            self.states.insert(theirs, ours);
        }
    }

    /// Says that an id of this run stands for a recorded one.
    pub(super) fn is(&mut self, recorded: &str, ours: &str) {
        self.ids.insert(recorded.to_owned(), ours.to_owned());
    }

    /// Our id for a recorded one.
    pub(super) fn ours(&self, recorded: &str) -> Option<&str> {
        self.ids.get(recorded).map(String::as_str)
    }

    /// Whether an id of this run stands for a recorded one.
    pub(super) fn stands_for_any(&self, ours: &str) -> bool {
        self.ids.values().any(|known| known == ours)
    }

    /// A recorded value with the ids of this run.
    pub(super) fn value(&self, recorded: &Value) -> Value {
        match recorded {
            Value::Object(map) => map.iter().map(|(key, value)| (self.text(key), self.value(value))).collect(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            plain => plain.clone(),
        }
    }

    /// A recorded text with the ids and states of this run.
    pub(super) fn text(&self, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for (theirs, ours) in self.ids.iter().chain(&self.states) {
            if text.contains(theirs.as_str()) {
                text = text.replace(theirs.as_str(), ours);
            }
        }
        text
    }

    /// Our link for the one whose `state` a recorded address has, where it brings a code.
    pub(super) fn link(&self, recorded: &str) -> Option<String> {
        let has_code = recorded.contains("?code=") || recorded.contains("&code=");
        self.links.iter().find(|(state, _)| has_code && recorded.contains(state.as_str())).map(|(_, link)| link.clone())
    }
}

/// The `state` of an address.
fn state_of(text: &str) -> Option<String> {
    if !text.starts_with("http") {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let (_, state) = url.query_pairs().find(|(name, _)| name == "state")?;
    (!state.is_empty()).then(|| state.into_owned())
}

/// A ULID, or 32 hex digits.
pub(super) fn is_id(text: &str) -> bool {
    let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let ulid = text.len() == 26
        && text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte)));
    hex || ulid
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_seen_once_is_known() {
        let mut ids = Ids::default();
        ids.learn(
            &json!({"flow_id": "01M83Q0WWSQXG7HP7CPFZR8FMR", "p": {"url": "https://h/a?state=theirs&x=1"}, "title": "T"}),
            &json!({"flow_id": "01K0000000000000000000000A", "p": {"url": "https://h/a?x=1&state=ours"}, "title": "U"}),
        );
        assert_eq!(ids.text("/flow/01M83Q0WWSQXG7HP7CPFZR8FMR"), "/flow/01K0000000000000000000000A");
        assert_eq!(ids.text("code=1&state=theirs"), "code=1&state=ours");
        assert_eq!(ids.text("T"), "T");
        assert_eq!(ids.link("/cb?code=1&state=theirs").as_deref(), Some("https://h/a?x=1&state=ours"));
        assert_eq!(ids.link("/cb?error=denied&state=theirs"), None);
    }
}
