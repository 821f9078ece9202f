//! Sub-entries of an entry: `/api/config/config_entries/subentries/flow`.

use axum::extract::{Path, State};
use axum::response::Response;
use configflow_engine::Start;

use super::driven::{self, Family};
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::Refusal;
use crate::request::{Answers, Document, boolean, optional_text, type_and_entry};
use crate::routes::wire;

/// Begins the dialog that makes a sub-entry; with a sub-entry id, the one that changes it.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/subentries/flow",
    tag = "flows",
    request_body = wire::StartSubentry,
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
    let (entry_id, subentry_type) = type_and_entry(&body)?;
    let show_advanced_options = boolean(&body, "show_advanced_options")?;
    let subentry_id = optional_text(&body, "subentry_id")?;
    let start = Start::subentry(&entry_id, &subentry_type, subentry_id.as_deref());
    driven::start(&app, &principal, Start { show_advanced_options, ..start }).await
}

/// What the dialog shows now.
#[utoipa::path(
    get,
    path = "/api/config/config_entries/subentries/flow/{flow_id}",
    tag = "flows",
    params(("flow_id" = String, Path, description = "The flow")),
    responses((status = 200, description = "What the flow shows", body = wire::FlowResult), wire::NoFlow)
)]
pub(in crate::routes) async fn show(
    State(app): State<App>,
    principal: Principal,
    Path(flow_id): Path<String>,
) -> Result<Response, Refusal> {
    driven::show(&app, &principal, Family::Subentry, &flow_id).await
}

/// Answers what the dialog shows.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/subentries/flow/{flow_id}",
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
    driven::answer(&app, &principal, Family::Subentry, &flow_id, answers).await
}

/// Gives the dialog up.
#[utoipa::path(
    delete,
    path = "/api/config/config_entries/subentries/flow/{flow_id}",
    tag = "flows",
    params(("flow_id" = String, Path, description = "The flow")),
    responses((status = 200, description = "It is over", body = wire::Message), wire::NoFlow)
)]
pub(in crate::routes) async fn abort(
    State(app): State<App>,
    principal: Principal,
    Path(flow_id): Path<String>,
) -> Result<Response, Refusal> {
    driven::abort(&app, &principal, Family::Subentry, &flow_id).await
}
