//! An answer before it is sent: what an endpoint makes, and what a fault may change.
//!
//! Not HTTP yet: `serve` sends it.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

use super::aadsts;
use super::place::Flavour;
use super::script::Effect;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) content: Content,
}

/// What an answer holds.
pub(crate) enum Content {
    Empty,
    Json(Value),
    Text(String),
    /// A redirect, with parameters that are added to its query.
    Redirect(Box<Url>, Map<String, Value>),
}

/// Why a request is refused: the error of the protocol, and Entra's number for it.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) aadsts: Option<u32>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<u16>,
}

impl Refusal {
    pub(crate) fn new(error: &str, aadsts: u32) -> Self {
        Self { error: error.to_owned(), aadsts: Some(aadsts), description: None, status: None }
    }

    /// What of the request it is about.
    pub(crate) fn about(mut self, what: impl Into<String>) -> Self {
        self.description = Some(what.into());
        self
    }

    /// The text that a person or a log gets to see.
    pub(crate) fn text(&self, flavour: Flavour) -> String {
        let sentence = match (&self.description, self.aadsts) {
            (Some(description), _) => description.as_str(),
            (None, Some(number)) => aadsts::sentence(number),
            (None, None) => "The request failed.",
        };
        match (flavour, self.aadsts) {
            (Flavour::Entra, Some(number)) => format!("AADSTS{number}: {sentence}"),
            _ => sentence.to_owned(),
        }
    }

    /// The answer of an endpoint that speaks JSON (RFC 6749 §5.2), as the provider would give it.
    pub(crate) fn answer(&self, flavour: Flavour, number: u32) -> Answer {
        let text = self.text(flavour);
        let mut body = Map::new();
        body.insert("error".to_owned(), json!(self.error));
        match flavour {
            Flavour::Entra => {
                let trace = format!("00000000-0000-4000-8000-{number:012}");
                let correlation = format!("00000000-0000-4000-9000-{number:012}");
                let time = "2026-01-01 00:00:00Z";
                let text = format!("{text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}");
                body.insert("error_description".to_owned(), json!(text));
                body.insert("error_codes".to_owned(), json!(Vec::from_iter(self.aadsts)));
                body.insert("timestamp".to_owned(), json!(time));
                body.insert("trace_id".to_owned(), json!(trace));
                body.insert("correlation_id".to_owned(), json!(correlation));
            }
            _ => {
                body.insert("error_description".to_owned(), json!(text));
            }
        }
        let usual = match (flavour, self.error.as_str()) {
            (Flavour::GitHub, _) => 200,
            (_, "invalid_client") => 401,
            _ => 400,
        };
        let mut answer = Answer::json(Value::Object(body)).with_status(self.status.unwrap_or(usual)).unstored();
        if answer.status == 401 && flavour == Flavour::Plain {
            answer = answer.with_header("www-authenticate", "Basic realm=\"sim\"");
        }
        answer
    }

    /// A page for the person, without a way back.
    pub(crate) fn page(&self, flavour: Flavour) -> Answer {
        let text = self.text(flavour).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let page = format!("<!doctype html><title>Sign in</title><p>{text}</p>");
        Answer { status: self.status.unwrap_or(400), headers: Vec::new(), content: Content::Text(page) }
            .with_header("content-type", "text/html; charset=utf-8")
    }

    /// The way back with an error (RFC 6749 §4.1.2.1).
    pub(crate) fn redirect(&self, flavour: Flavour, to: Url, state: Option<&str>) -> Answer {
        let mut parameters = Map::new();
        parameters.insert("error".to_owned(), json!(self.error));
        parameters.insert("error_description".to_owned(), json!(self.text(flavour)));
        if let Some(state) = state {
            parameters.insert("state".to_owned(), json!(state));
        }
        Answer::redirect(to, parameters)
    }
}

impl Answer {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    pub(crate) fn json(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), content: Content::Json(body) }
    }

    pub(crate) fn text(body: impl Into<String>) -> Self {
        Self { status: 200, headers: Vec::new(), content: Content::Text(body.into()) }
    }

    pub(crate) fn redirect(to: Url, parameters: Map<String, Value>) -> Self {
        Self { status: 302, headers: Vec::new(), content: Content::Redirect(Box::new(to), parameters) }
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets a header, instead of one of the same name.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What answers with tokens or about them have (RFC 6749 §5.1).
    pub(crate) fn unstored(self) -> Self {
        self.with_header("cache-control", "no-store").with_header("pragma", "no-cache")
    }

    /// What the faults `set` and `omit` make of it.
    pub(crate) fn changed(mut self, effects: &[Effect]) -> Self {
        let fields = match &mut self.content {
            Content::Json(Value::Object(fields)) | Content::Redirect(_, fields) => fields,
            _ => return self,
        };
        for effect in effects {
            match effect {
                Effect::Set(others) => fields.extend(others.clone()),
                Effect::Omit(names) => fields.retain(|name, _| !names.contains(name)),
                _ => {}
            }
        }
        self
    }

    /// The answer as it goes out.
    pub(crate) fn into_response(self) -> Response<Body> {
        let (default_type, body) = match self.content {
            Content::Empty => (None, Body::empty()),
            Content::Json(value) => (Some("application/json; charset=utf-8".to_owned()), Body::from(value.to_string())),
            Content::Text(text) => (Some("text/plain; charset=utf-8".to_owned()), Body::from(text)),
            Content::Redirect(mut to, parameters) => {
                if !parameters.is_empty() {
                    let mut query = to.query_pairs_mut();
                    for (name, value) in &parameters {
                        query.append_pair(name, &plain(value));
                    }
                }
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::FOUND;
                if let Ok(location) = HeaderValue::from_str(to.as_str()) {
                    response.headers_mut().insert(header::LOCATION, location);
                }
                return response;
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(value) = default_type.and_then(|text| HeaderValue::try_from(text).ok()) {
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// A value as a parameter of a URL.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
