//! `/metrics`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth::Principal;
use crate::routes::wire;

/// What was counted, in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operator",
    responses((status = 200, description = "Counters and gauges", content_type = "text/plain", body = String), wire::Closed)
)]
pub(super) async fn metrics(State(app): State<App>, _: Principal) -> Response {
    let text = app.options.meter.render(app.engine.flows_in_progress());
    (StatusCode::OK, [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
