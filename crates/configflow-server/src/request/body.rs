//! Bodies of requests.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::json::{JsonFault, parse};
use crate::app::App;
use crate::refusal::Refusal;

/// The body of a request that begins something: a JSON object. Its content type is not looked at.
pub(crate) struct Document(pub(crate) Map<String, Value>);

/// The body of a request that answers a form: a JSON object. What is no JSON at all counts as an empty one.
pub(crate) struct Answers(pub(crate) Value);

impl FromRequest<App> for Document {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let bytes = read(request, app).await?;
        match parse(&bytes, app.options.limits.depth) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(Value::Null) => Err(Refusal::bad("Invalid JSON.")),
            Ok(_) => Err(Refusal::bad("Message format incorrect: expected a dictionary")),
            Err(fault) => Err(fault.refusal().unwrap_or_else(|| Refusal::bad("Invalid JSON."))),
        }
    }
}

impl FromRequest<App> for Answers {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let bytes = read(request, app).await?;
        match parse(&bytes, app.options.limits.depth) {
            Ok(Value::Null) | Err(JsonFault::Malformed) => Ok(Self(Value::Object(Map::new()))),
            Ok(map @ Value::Object(_)) => Ok(Self(map)),
            Ok(_) => Err(Refusal::bad("Message format incorrect: expected dict")),
            Err(fault) => Err(fault.refusal().unwrap_or_else(|| Refusal::bad("Invalid JSON."))),
        }
    }
}

async fn read(request: Request, app: &App) -> Result<Vec<u8>, Refusal> {
    let limits = &app.options.limits;
    let limit = limits.body;
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        Refusal::coded(StatusCode::PAYLOAD_TOO_LARGE, "request.too_large", message)
    };
    let whole = async {
        let mut bytes = Vec::new();
        let mut chunks = request.into_body().into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let broken = |_| Refusal::coded(StatusCode::BAD_REQUEST, "request.broken_off", "the body broke off");
            let chunk = chunk.map_err(broken)?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    match tokio::time::timeout(limits.body_time, whole).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::coded(StatusCode::REQUEST_TIMEOUT, "request.timeout", "the body took too long to arrive")),
    }
}
