//! Hides what differs from run to run, the same way everywhere: in what `drive` prints, in snapshots, in transcripts.
//!
//! Ids, times, free ports of this machine and the one-time parameters of URLs become `<flow_id>`, `<entry_id>`, `<time>`, `<state>` and so on; answers of
//! secret fields become `<secret>`.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

/// Query parameters that are made anew for every attempt.
static ONE_TIME: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the first test")]
    Regex::new(r"(?P<name>[?&#](state|nonce|code_challenge|code_verifier|code|session_state)=)(?P<value>[^&#\s]*)")
        .expect("a pattern")
});

/// A port of this machine that was free.
static LOOPBACK: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the first test")]
    Regex::new(r"(?P<host>(127\.0\.0\.1|\[::1\])(:|%3A))\d+").expect("a pattern")
});

/// What to hide beside what is always hidden.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Texts and their names, the longest first: ids that were made in this run, and secrets.
    known: Vec<(String, String)>,
}

impl Mask {
    /// Hides only what is always hidden.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides a text wherever it appears; one of up to three characters only where it is the whole text.
    pub fn hide(&mut self, text: &str, name: &str) {
        if !text.is_empty() && !self.known.iter().any(|(known, _)| known == text) {
            let at = self.known.partition_point(|(known, _)| known.len() > text.len());
            self.known.insert(at, (text.to_owned(), format!("<{name}>")));
        }
    }

    /// The value with everything hidden that differs from run to run.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), volatile(key, value).unwrap_or_else(|| self.value(value)))).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            plain => plain.clone(),
        }
    }

    /// The text with everything hidden that differs from run to run.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if let Some((_, name)) = self.known.iter().find(|(known, _)| known == text) {
            return name.clone();
        }
        let mut text = ONE_TIME
            .replace_all(text, |found: &Captures<'_>| {
                let name = &found["name"];
                format!("{name}<{}>", name.trim_matches(['?', '&', '#', '=']))
            })
            .into_owned();
        text = LOOPBACK.replace_all(&text, "${host}<port>").into_owned();
        for (known, name) in &self.known {
            if known.chars().count() > 3 && text.contains(known) {
                text = text.replace(known, name);
            }
        }
        text
    }
}

/// Keys whose values are never the same twice.
fn volatile(key: &str, value: &Value) -> Option<Value> {
    let name = match key {
        "flow_id" | "entry_id" | "subentry_id" if value.is_string() => key,
        "created_at" | "modified_at" if !value.is_null() => "time",
        "user_code" | "device_code" | "qr_code" if value.is_string() => key,
        _ => return None,
    };
    Some(Value::String(format!("<{name}>")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_longest_text_is_hidden_first_and_a_short_one_only_as_a_whole() {
        let mut mask = Mask::new();
        for secret in ["canary", "canary-long", "on"] {
            mask.hide(secret, "secret");
        }
        let shown = mask.value(&json!(["canary", "https://u:canary-long@host/canaryx", "on", "option"]));
        assert_eq!(shown, json!(["<secret>", "https://u:<secret>@host/<secret>x", "<secret>", "option"]));
    }

    #[test]
    fn what_is_made_anew_is_hidden_and_the_rest_is_not() {
        let mut mask = Mask::new();
        mask.hide("01ABC", "entry_id");
        let shown = mask.value(&json!({
            "flow_id": "x", "handler": "01ABC", "title": "t", "created_at": 1.5,
            "auth_url": "https://h/a?client_id=1&state=abc&nonce=n&client_info=1",
            "redirect_uri": "http://127.0.0.1:50123/", "other": "https://h/a?redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2F&x=1",
        }));
        assert_eq!(
            shown,
            json!({
                "flow_id": "<flow_id>", "handler": "<entry_id>", "title": "t", "created_at": "<time>",
                "auth_url": "https://h/a?client_id=1&state=<state>&nonce=<nonce>&client_info=1",
                "redirect_uri": "http://127.0.0.1:<port>/",
                "other": "https://h/a?redirect_uri=http%3A%2F%2F127.0.0.1%3A<port>%2F&x=1",
            })
        );
    }
}
