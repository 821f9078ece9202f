//! Setup dialogs: `/api/config/config_entries/flow`.

use axum::extract::State;
use axum::response::Response;
use configflow_engine::Start;

use super::driven::{self, Family};
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::Refusal;
use crate::request::{Document, boolean, optional_text, required_text};
use crate::routes::wire;

/// Begins a setup dialog; with an entry id, the one that changes that entry.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/flow",
    tag = "flows",
    request_body = wire::StartConfig,
    responses(
        (status = 200, description = "What the flow shows first", body = wire::FlowResult),
        wire::Refused, wire::NoHandler, wire::TooMany
    )
)]
pub(in crate::routes) async fn start(
    State(app): State<App>,
    principal: Principal,
    Document(body): Document,
) -> Result<Response, Refusal> {
    let handler = match body.get("handler") {
        Some(serde_json::Value::Array(_)) => {
            let message = "Message format incorrect: expected str for dictionary value @ data['handler']";
            return Err(Refusal::coded(axum::http::StatusCode::BAD_REQUEST, "request.handler", message));
        }
        _ => required_text(&body, "handler")?,
    };
    let show_advanced_options = boolean(&body, "show_advanced_options")?;
    let entry_id = optional_text(&body, "entry_id")?;
    let start = match entry_id {
        Some(entry_id) => Start::entry(&handler, "reconfigure", &entry_id),
        None => Start::user(&handler),
    };
    driven::start(&app, &principal, Start { show_advanced_options, ..start }).await
}

driven::paths!(Family::Config, "/api/config/config_entries/flow/{flow_id}");
