//! Sub-entries of an entry: `/api/config/config_entries/subentries/flow`.

use axum::extract::State;
use axum::response::Response;
use configflow_engine::Start;

use super::driven::{self, Family};
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::Refusal;
use crate::request::{Document, boolean, optional_text, type_and_entry};
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

driven::paths!(Family::Subentry, "/api/config/config_entries/subentries/flow/{flow_id}");
