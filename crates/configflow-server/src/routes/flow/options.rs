//! Options of an entry: `/api/config/config_entries/options/flow`.

use axum::extract::State;
use axum::response::Response;
use configflow_engine::Start;

use super::driven::{self, Family};
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::Refusal;
use crate::request::{Document, boolean, required_text};
use crate::routes::wire;

/// Begins the options dialog of an entry.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/options/flow",
    tag = "flows",
    request_body = wire::StartOptions,
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
    let entry_id = required_text(&body, "handler")?;
    let show_advanced_options = boolean(&body, "show_advanced_options")?;
    driven::start(&app, &principal, Start { show_advanced_options, ..Start::options(&entry_id) }).await
}

driven::paths!(Family::Options, "/api/config/config_entries/options/flow/{flow_id}");
