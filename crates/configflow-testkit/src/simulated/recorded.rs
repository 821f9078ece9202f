//! The requests that came in, for assertions: secrets are removed before they are kept.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::incoming::Incoming;
use super::ledger::MARKS;
use super::place::Place;
use super::script::ClientSecret;

/// What stands for a secret.
const REDACTED: &str = "[redacted]";

/// A request that came in, without its secrets: these show as `[redacted]`, so that a test sees that they were there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// The kind of endpoint.
    pub at: Place,
    /// The method.
    pub method: String,
    /// The URL that the client meant, before the rewrite.
    pub url: String,
    /// The scheme of its `authorization` header, such as `Bearer`.
    pub authorization: Option<String>,
    /// The parameters of its body, if that is a form.
    pub form: BTreeMap<String, String>,
    /// Its body, if that is JSON.
    pub json: Option<Value>,
    /// The status it was answered with; none if there was no answer (yet).
    pub status: Option<u16>,
}

impl Recorded {
    pub(crate) fn new(at: Place, incoming: &Incoming, secret: Option<&ClientSecret>) -> Self {
        let scrub = Scrub { secret };
        let form = if incoming.has_type("application/x-www-form-urlencoded") {
            form_urlencoded::parse(&incoming.body).map(|(name, value)| (name.to_string(), scrub.value(&name, &value))).collect()
        } else {
            BTreeMap::new()
        };
        let mut json = incoming.has_type("application/json").then(|| serde_json::from_slice(&incoming.body).ok()).flatten();
        if let Some(json) = &mut json {
            scrub.json(json);
        }
        Self {
            at,
            method: incoming.method.clone(),
            url: scrub.url(&incoming.url),
            authorization: incoming.authorization_scheme().map(str::to_owned),
            form,
            json,
            status: None,
        }
    }
}

struct Scrub<'a> {
    secret: Option<&'a ClientSecret>,
}

impl Scrub<'_> {
    fn is_secret(&self, name: &str, value: &str) -> bool {
        is_secret_name(name)
            || MARKS.iter().any(|mark| value.contains(mark))
            || self.secret.is_some_and(|secret| secret.is(value))
    }

    fn value(&self, name: &str, value: &str) -> String {
        if self.is_secret(name, value) { REDACTED.to_owned() } else { value.to_owned() }
    }

    fn url(&self, url: &Url) -> String {
        let mut shown = url.clone();
        shown.set_query(None);
        let segments: Vec<&str> =
            shown.path().split('/').map(|part| if self.is_secret("", part) { REDACTED } else { part }).collect();
        let mut text = format!("{}{}", shown.origin().ascii_serialization(), segments.join("/"));
        for (index, (name, value)) in url.query_pairs().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.extend(form_urlencoded::byte_serialize(name.as_bytes()));
            text.push('=');
            if self.is_secret(&name, &value) {
                text.push_str(REDACTED);
            } else {
                text.extend(form_urlencoded::byte_serialize(value.as_bytes()));
            }
        }
        text
    }

    fn json(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    if is_secret_name(name) && !value.is_null() {
                        *value = Value::from(REDACTED);
                    } else {
                        self.json(value);
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(value)),
            Value::String(text) if self.is_secret("", text) => *value = Value::from(REDACTED),
            _ => {}
        }
    }
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    match name.as_str() {
        "token_type" | "token_type_hint" | "tokens" => false,
        "code" | "state" | "nonce" | "code_verifier" | "device_code" | "user_code" | "pin" | "key" | "client_assertion"
        | "assertion" => true,
        _ => ["secret", "password", "passwd", "token", "api_key", "apikey", "credential"].iter().any(|part| name.contains(part)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::*;

    #[test]
    fn secrets_are_removed_wherever_they_are() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer canary-b"));
        let incoming = Incoming {
            method: "POST".to_owned(),
            url: Url::parse("https://api.example/sim-access-0001-x/y?state=canary-s&page=2&x=canary-c").unwrap(),
            headers,
            body: br#"{"login": {"password": "canary-p", "user": "ada"}, "list": ["sim-refresh-0002-x", 3]}"#.to_vec(),
        };
        let recorded = Recorded::new(Place::Api, &incoming, Some(&ClientSecret::new("canary-c")));
        let text = format!("{recorded:?}");
        assert!(!text.contains("canary") && !text.contains("sim-"), "{text}");
        assert_eq!(recorded.url, "https://api.example/[redacted]/y?state=[redacted]&page=2&x=[redacted]");
        assert_eq!(recorded.json.unwrap()["login"]["user"], "ada");
        assert_eq!(recorded.authorization.as_deref(), Some("Bearer"));
    }
}
