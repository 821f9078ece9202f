//! What is none of the paths, or one of them with another verb.

use std::any::Any;

use axum::extract::{RawQuery, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;

use super::callback;
use crate::app::App;
use crate::refusal::{TROUBLE, plain};

/// A path that is there, but not with this verb.
pub(super) async fn wrong_verb(method: Method) -> Response {
    if method == Method::OPTIONS {
        return preflight();
    }
    plain(StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed")
}

/// A path that is not there, unless a definition wants its callbacks at it.
pub(super) async fn elsewhere(State(app): State<App>, method: Method, uri: Uri, RawQuery(query): RawQuery) -> Response {
    let path = uri.path();
    if app.engine.callback_paths().await.iter().any(|known| known == path) {
        return match method {
            Method::GET | Method::HEAD => callback::arrived(&app, path, query.as_deref().unwrap_or_default()).await,
            _ => wrong_verb(method).await,
        };
    }
    plain(StatusCode::NOT_FOUND, "404: Not Found")
}

/// No origin but the API's own may use it from a browser.
fn preflight() -> Response {
    plain(StatusCode::FORBIDDEN, "CORS preflight request failed: origin header is not specified in the request")
}

/// A handler that panicked: the fault is ours, and what it was about is nobody's business.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, TROUBLE)
}
