//! The form that a flow shows, as JSON Schema.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use configflow_core::FlowResult;

use crate::app::App;
use crate::auth::Principal;
use crate::form_schema;
use crate::refusal::Refusal;
use crate::routes::wire;

/// What answers the current form, as JSON Schema 2020-12.
#[utoipa::path(
    get,
    path = "/api/configflow/flows/{flow_id}/schema",
    tag = "operator",
    params(("flow_id" = String, Path, description = "The flow")),
    responses(
        (status = 200, description = "The schema", content_type = "application/schema+json", body = Object),
        (status = 409, description = "The flow shows no form", body = wire::Message),
        wire::NoFlow
    )
)]
pub(super) async fn form(State(app): State<App>, _: Principal, Path(flow_id): Path<String>) -> Result<Response, Refusal> {
    let shown = app.engine.look(&flow_id)?;
    let (fields, title) = match &*shown {
        FlowResult::Form(form) => (form.data_schema.to_value(), &form.step_id),
        FlowResult::Menu(menu) => (menu.data_schema.to_value(), &menu.step_id),
        other => {
            let message = format!("the flow shows no form but `{}`", other.type_name());
            return Err(Refusal::coded(StatusCode::CONFLICT, "flow.no_form", message));
        }
    };
    // A menu has one field, which no definition names.
    let definition = app.engine.definition_of(&flow_id);
    let known = |name: &str| definition.as_ref().and_then(|definition| form_schema::plain_of(definition, name));
    let schema = form_schema::of(title, &fields, &known);
    let body = serde_json::to_vec(&schema).unwrap_or_default();
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/schema+json")], body).into_response())
}
