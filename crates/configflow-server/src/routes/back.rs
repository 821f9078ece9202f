//! The way back, which Home Assistant's dialogs do not have.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::auth::Principal;
use crate::refusal::{Refusal, json_body};
use crate::routes::wire;

/// Goes back to the form before, with what was answered there.
#[utoipa::path(
    post,
    path = "/api/configflow/flows/{flow_id}/back",
    tag = "operator",
    params(("flow_id" = String, Path, description = "The flow, of any kind")),
    responses(
        (status = 200, description = "The form before", body = wire::FlowResult),
        (status = 409, description = "There is no form to go back to, or the flow is busy", body = wire::Message),
        wire::NoFlow
    )
)]
pub(super) async fn back(State(app): State<App>, principal: Principal, Path(flow_id): Path<String>) -> Result<Response, Refusal> {
    Ok(json_body(StatusCode::OK, &*app.caller(&principal).back(&flow_id).await?))
}
