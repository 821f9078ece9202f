//! Requests that are refused: each with its status and its text, or a code where Home Assistant has no text of its own.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use configflow_core::StepError;
use configflow_engine::{FlowError, StoreError};
use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// No token, or one that is not good.
    #[error("no good token")]
    Unauthorized,
    /// A recorded answer: nothing but a message.
    #[error("{message}")]
    Recorded {
        /// Its status.
        status: StatusCode,
        /// Its text.
        message: String,
    },
    /// What no recording has: a message and a code.
    #[error("{message}")]
    Coded {
        /// Its status.
        status: StatusCode,
        /// The stable code.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
    /// An answer that does not fit its form.
    #[error("the answer does not fit the form")]
    Answer(Value),
}

impl Refusal {
    /// A recorded 400.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::Recorded { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// A recorded 404.
    pub(crate) fn missing(message: &str) -> Self {
        Self::Recorded { status: StatusCode::NOT_FOUND, message: message.to_owned() }
    }

    pub(crate) fn coded(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Coded { status, code, message: message.into() }
    }

    pub(crate) fn unknown_flow() -> Self {
        Self::missing("Invalid flow specified")
    }

    /// An entry that is asked for by its address.
    pub(crate) fn unknown_entry() -> Self {
        Self::missing("Invalid entry specified")
    }
}

impl From<FlowError> for Refusal {
    fn from(error: FlowError) -> Self {
        let code = error.code();
        let coded = |status| Self::coded(status, code, error.to_string());
        match &error {
            FlowError::UnknownFlow | FlowError::Step(StepError::Over) => Self::unknown_flow(),
            FlowError::UnknownHandler { .. } => Self::missing("Invalid handler specified"),
            FlowError::UnknownEntry => Self::coded(StatusCode::NOT_FOUND, code, "Invalid entry specified"),
            FlowError::UnknownSubentry => Self::coded(StatusCode::NOT_FOUND, code, "Invalid subentry specified"),
            FlowError::OtherPrincipal => coded(StatusCode::FORBIDDEN),
            FlowError::TooManyOfOne { .. } => coded(StatusCode::TOO_MANY_REQUESTS),
            FlowError::Step(StepError::Invalid(invalid)) => Self::Answer(invalid.body()),
            FlowError::Step(StepError::Expression(_)) => coded(StatusCode::INTERNAL_SERVER_ERROR),
            FlowError::Step(_) | FlowError::NoUniqueId => coded(StatusCode::CONFLICT),
            FlowError::Store(error) => error.clone().into(),
            // Too many flows, no entropy, shutting down: it is not the client's fault, and may pass.
            _ => coded(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match error {
            StoreError::AlreadyConfigured => StatusCode::CONFLICT,
            StoreError::NoEntry | StoreError::NoFlow => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        tracing::warn!(code = error.code(), "the store refused: {error}");
        Self::coded(status, error.code(), error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => plain(StatusCode::UNAUTHORIZED, "401: Unauthorized"),
            Self::Recorded { status, message } => json_body(status, &json!({"message": message})),
            Self::Coded { status, code, message } => {
                let mut response = json_body(status, &json!({"message": message, "code": code}));
                if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
                    response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static("5"));
                }
                response
            }
            Self::Answer(body) => json_body(StatusCode::BAD_REQUEST, &body),
        }
    }
}

/// A text as Home Assistant sends it.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// A JSON answer.
pub(crate) fn json_body(status: StatusCode, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, TROUBLE),
    }
}

/// What Home Assistant says when it does not know what happened.
pub(crate) const TROUBLE: &str = "500 Internal Server Error\n\nServer got itself in trouble";
