//! Where providers send people back: `/auth/external/callback`, and the paths that definitions ask for.
//!
//! Anybody may call it. It only keeps what came back, for the flow whose `state` it has; the page says nothing of the request,
//! cannot be framed, is not stored, and leads nowhere.

use axum::extract::{RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::app::App;

/// Where Home Assistant's own callbacks arrive.
pub(super) const EXTERNAL: &str = "/auth/external/callback";

/// All that the page does.
const SCRIPT: &str = "window.close()";

/// Nothing may be loaded, and no script may run but that one.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy =
        format!("default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
});

/// A provider sends a person back.
#[utoipa::path(
    get,
    path = "/auth/external/callback",
    tag = "callbacks",
    security(()),
    params(
        ("state" = Option<String>, Query, description = "Which login it belongs to"),
        ("code" = Option<String>, Query, description = "What the login gave"),
        ("error" = Option<String>, Query, description = "Why it gave nothing")
    ),
    responses(
        (status = 200, description = "A page that closes itself; or what is missing", content((String = "text/html"), (String = "text/plain"))),
        (status = 400, description = "No login under way has this state", content_type = "text/plain", body = String),
        (status = 503, description = "The store does not answer", content_type = "text/plain", body = String)
    )
)]
pub(super) async fn external(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    arrived(&app, EXTERNAL, query.as_deref().unwrap_or_default()).await
}

/// Keeps what came back, and shows the page.
pub(super) async fn arrived(app: &App, path: &str, query: &str) -> Response {
    let has = |wanted: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == wanted);
    if !has("state") {
        return text(StatusCode::OK, "Missing state parameter");
    }
    match app.engine.callback_at(path, query).await {
        Ok(_) if path == EXTERNAL => page("<script>window.close()</script>"),
        Ok(_) => page("<script>window.close()</script>This window can be closed"),
        Err(configflow_engine::FlowError::Store(error)) => {
            tracing::warn!(code = error.code(), "a callback could not be kept");
            text(StatusCode::SERVICE_UNAVAILABLE, "The answer could not be kept. Please try again.")
        }
        Err(configflow_engine::FlowError::EmptyCallback) => text(StatusCode::OK, "Missing code or error parameter"),
        Err(_) => {
            let invalid = "Invalid state. Is My Home Assistant configured to go to the right instance?";
            text(StatusCode::BAD_REQUEST, invalid)
        }
    }
}

/// Somebody came back from a page elsewhere that an external step showed.
pub(super) async fn came_back(app: &App, path: &str, query: &str) -> Response {
    match app.engine.came_back(path, query).await {
        Ok(_) => page("<script>window.close()</script>"),
        Err(configflow_engine::FlowError::Store(error)) => {
            tracing::warn!(code = error.code(), "an answer from elsewhere could not be kept");
            text(StatusCode::SERVICE_UNAVAILABLE, "The answer could not be kept. Please try again.")
        }
        Err(_) => text(StatusCode::NOT_FOUND, "No flow waits here for an answer."),
    }
}

fn page(body: &'static str) -> Response {
    guarded((StatusCode::OK, [(CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response())
}

fn text(status: StatusCode, body: &'static str) -> Response {
    guarded((status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response())
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}
