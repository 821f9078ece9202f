//! Scripted answers of an API behind the provider.
//!
//! Not the endpoints of OAuth, but an answer that names one of their URLs goes before them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

/// What a request is answered. Of several answers to the same request, each serves once, in order; the last serves ever after.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Wire")]
pub struct ApiAnswer {
    /// The method, in capitals.
    pub method: String,
    /// The URL as the definition has it. Without a query it stands for any query; with one, for the same parameters in any order.
    pub url: Url,
    /// Whether a valid access token is asked for.
    pub authorized: bool,
    /// The status.
    pub status: u16,
    /// Headers beside the content type (or instead of it).
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: ApiBody,
}

impl JsonSchema for ApiAnswer {
    fn schema_name() -> Cow<'static, str> {
        "ApiAnswer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Wire::json_schema(generator)
    }
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ApiBody {
    /// None.
    Empty,
    /// A JSON document.
    Json(Value),
    /// Plain text.
    Text(String),
}

impl ApiAnswer {
    /// An answer with status 200 to a GET.
    #[must_use]
    pub fn get(url: Url, body: ApiBody) -> Self {
        Self { method: "GET".to_owned(), url, authorized: false, status: 200, headers: BTreeMap::new(), body }
    }

    /// Whether the method, origin and path are those of a request.
    pub(crate) fn is_at(&self, method: &str, url: &Url) -> bool {
        self.method == method && self.url.origin() == url.origin() && self.url.path() == url.path()
    }

    /// Whether the answer names a query, and this one.
    pub(crate) fn has_query_of(&self, url: &Url) -> bool {
        let sorted = |url: &Url| {
            let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            pairs.sort();
            pairs
        };
        self.url.query().is_some() && sorted(&self.url) == sorted(url)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default = "get")]
    method: String,
    #[schemars(with = "String", extend("format" = "uri"))]
    url: Url,
    #[serde(default)]
    authorized: bool,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    json: Option<Value>,
    text: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

impl TryFrom<Wire> for ApiAnswer {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        if !(200..=599).contains(&wire.status) {
            return Err("`status` of an answer of the API is from 200 to 599".to_owned());
        }
        if !matches!(wire.url.scheme(), "https" | "http") || !wire.url.has_host() || wire.url.fragment().is_some() {
            return Err("`url` of an answer of the API is a whole address such as https://host/path".to_owned());
        }
        let body = match (wire.json, wire.text) {
            (Some(_), Some(_)) => return Err("an answer of the API has `json` or `text`, not both".to_owned()),
            (Some(json), None) => ApiBody::Json(json),
            (None, Some(text)) => ApiBody::Text(text),
            (None, None) => ApiBody::Empty,
        };
        Ok(Self {
            method: wire.method.to_ascii_uppercase(),
            url: wire.url,
            authorized: wire.authorized,
            status: wire.status,
            headers: wire.headers,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_compared_in_any_order() {
        let answer: ApiAnswer = serde_json::from_str(r#"{"url": "https://api.example/x?a=1&b=2"}"#).unwrap();
        let asked = Url::parse("https://api.example/x?b=2&a=1").unwrap();
        assert!(answer.is_at("GET", &asked) && answer.has_query_of(&asked));
        assert!(!answer.has_query_of(&Url::parse("https://api.example/x?a=1").unwrap()));
        assert!(!answer.is_at("POST", &asked));
    }

    #[test]
    fn bad_answers_are_refused() {
        for (json, part) in [
            (r#"{"url": "/x"}"#, "relative URL"),
            (r#"{"url": "mailto:x@y"}"#, "whole address"),
            (r#"{"url": "https://a.example", "json": {}, "text": ""}"#, "not both"),
            (r#"{"url": "https://a.example", "status": 99}"#, "200 to 599"),
            (r#"{"url": "https://a.example", "jsn": {}}"#, "`jsn`"),
        ] {
            let error = serde_json::from_str::<ApiAnswer>(json).unwrap_err().to_string();
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
