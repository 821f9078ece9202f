//! Whether the server is there and its store answers.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::app::App;
use crate::refusal::{Refusal, json_body};
use crate::routes::wire;

/// Whether the server is there and its store answers. Needs no token, and tells nothing that needs one.
#[utoipa::path(
    get,
    path = "/api/configflow/health",
    tag = "operator",
    security(()),
    responses(
        (status = 200, description = "All is well", body = wire::Health),
        (status = 503, description = "The store does not answer", body = wire::Message)
    )
)]
pub(super) async fn health(State(app): State<App>) -> Result<Response, Refusal> {
    app.engine.store().entry("").await?;
    let body = json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")});
    Ok(json_body(StatusCode::OK, &body))
}
