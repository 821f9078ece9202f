//! Options of an entry: `/api/config/config_entries/options/flow`.

use axum::extract::{Path, State};
use axum::response::Response;
use configflow_engine::Start;

use super::driven::{self, Family};
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::Refusal;
use crate::request::{Answers, Document, boolean, required_text};
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

/// What the dialog shows now.
#[utoipa::path(
    get,
    path = "/api/config/config_entries/options/flow/{flow_id}",
    tag = "flows",
    params(("flow_id" = String, Path, description = "The flow")),
    responses((status = 200, description = "What the flow shows", body = wire::FlowResult), wire::NoFlow)
)]
pub(in crate::routes) async fn show(
    State(app): State<App>,
    principal: Principal,
    Path(flow_id): Path<String>,
) -> Result<Response, Refusal> {
    driven::show(&app, &principal, Family::Options, &flow_id).await
}

/// Answers what the dialog shows.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/options/flow/{flow_id}",
    tag = "flows",
    params(("flow_id" = String, Path, description = "The flow")),
    request_body = wire::AnswerBody,
    responses(
        (status = 200, description = "What the flow shows next", body = wire::FlowResult),
        wire::RefusedAnswer, wire::NoFlow, wire::Busy
    )
)]
pub(in crate::routes) async fn answer(
    State(app): State<App>,
    principal: Principal,
    Path(flow_id): Path<String>,
    Answers(answers): Answers,
) -> Result<Response, Refusal> {
    driven::answer(&app, &principal, Family::Options, &flow_id, answers).await
}

/// Gives the dialog up.
#[utoipa::path(
    delete,
    path = "/api/config/config_entries/options/flow/{flow_id}",
    tag = "flows",
    params(("flow_id" = String, Path, description = "The flow")),
    responses((status = 200, description = "It is over", body = wire::Message), wire::NoFlow)
)]
pub(in crate::routes) async fn abort(
    State(app): State<App>,
    principal: Principal,
    Path(flow_id): Path<String>,
) -> Result<Response, Refusal> {
    driven::abort(&app, &principal, Family::Options, &flow_id).await
}
