//! `/api/config/config_entries/flow_handlers`: which integrations a person can set up.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::app::App;
use crate::auth::Principal;
use crate::refusal::json_body;
use crate::routes::wire;

/// What is asked for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// The type of integration: `helper`, `hub`, `device`, `service`.
    r#type: Option<String>,
}

/// The integrations that have a setup dialog.
#[utoipa::path(
    get,
    path = "/api/config/config_entries/flow_handlers",
    tag = "flows",
    params(("type" = Option<String>, Query, description = "Only integrations of this type")),
    responses((status = 200, description = "Domains, in order", body = Vec<String>), wire::Closed)
)]
pub(super) async fn list(State(app): State<App>, _: Principal, Query(wanted): Query<Wanted>) -> Response {
    let outlines = app.engine.outlines().await;
    let domains: Vec<&str> = outlines
        .iter()
        .filter(|outline| outline.has_config)
        .filter(|outline| wanted.r#type.as_deref().is_none_or(|wanted| outline.integration_type.as_str() == wanted))
        .map(|outline| outline.domain.as_str())
        .collect();
    json_body(StatusCode::OK, &domains)
}
