//! What Home Assistant has no path for: flows of any source, and entries with their data.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use configflow_core::Definition;
use configflow_engine::{Start, entry_storage};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::flow;
use crate::app::App;
use crate::auth::Principal;
use crate::refusal::{Refusal, json_body};
use crate::request::{Document, boolean, required_text};
use crate::routes::{view, wire};

/// Begins a dialog from any source: a discovery, an import, a reauth. Whoever drives it first keeps it.
#[utoipa::path(
    post,
    path = "/api/configflow/flows",
    tag = "operator",
    request_body = wire::StartAny,
    responses(
        (status = 200, description = "What the flow shows first", body = wire::FlowResult),
        wire::Refused, wire::NoHandler, wire::TooMany
    )
)]
pub(super) async fn start(
    State(app): State<App>,
    principal: Principal,
    Document(mut body): Document,
) -> Result<Response, Refusal> {
    let handler = required_text(&body, "handler")?;
    let show_advanced_options = boolean(&body, "show_advanced_options")?;
    let context = match body.remove("context") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(context)) => context,
        Some(_) => return Err(bad("request.context", "expected a dictionary for dictionary value @ data['context']")),
    };
    // Home Assistant has the source in the context.
    let source = match (body.get("source"), context.get("source")) {
        (Some(Value::String(source)), _) | (None, Some(Value::String(source))) => source.clone(),
        (None, None) => return Err(bad("request.source", "required key not provided @ data['source']")),
        _ => return Err(bad("request.source", "expected str for dictionary value @ data['source']")),
    };
    let entry_id = match context.get("entry_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(entry_id)) => Some(entry_id.clone()),
        Some(_) => return Err(bad("request.context", "expected str for dictionary value @ data['context']['entry_id']")),
    };
    if matches!(source.as_str(), "reauth" | "reconfigure") && entry_id.is_none() {
        return Err(bad("request.context", "required key not provided @ data['context']['entry_id']"));
    }
    let init = body.remove("data").unwrap_or_default();
    let start = Start { entry_id, context, show_advanced_options, ..Start::source(&handler, &source, init) };
    let is_a_persons = matches!(source.as_str(), "user" | "reconfigure");
    let shown = if is_a_persons { app.caller(&principal).start(start).await } else { app.engine.start(start).await };
    let shown = shown.map_err(|error| flow::unsupported(&handler, error))?;
    Ok(json_body(StatusCode::OK, &*shown))
}

fn bad(code: &'static str, what: &str) -> Refusal {
    Refusal::coded(StatusCode::BAD_REQUEST, code, format!("Message format incorrect: {what}"))
}

/// What is asked for of the entries.
#[derive(Deserialize)]
pub(super) struct Wanted {
    /// `data`: as they are stored.
    include: Option<String>,
    /// Of this integration.
    domain: Option<String>,
}

/// The entries; with `include=data` as Home Assistant stores them, their secrets hidden.
#[utoipa::path(
    get,
    path = "/api/configflow/entries",
    tag = "operator",
    params(
        (
            "include" = Option<String>,
            Query,
            description = "`data`: as Home Assistant stores them; `account`: with how their accounts are, as without `data`"
        ),
        ("domain" = Option<String>, Query, description = "Only entries of this integration")
    ),
    responses((status = 200, description = "The entries", body = Vec<wire::StoredEntry>), wire::Closed)
)]
pub(super) async fn entries(State(app): State<App>, _: Principal, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let includes = |name: &str| wanted.include.iter().flat_map(|include| include.split(',')).any(|part| part.trim() == name);
    let (with_data, with_account) = (includes("data"), includes("account"));
    let entries = app.engine.store().entries(wanted.domain.as_deref()).await?;
    let mut shown = Vec::with_capacity(entries.len());
    for entry in &entries {
        let mut shown_as = if with_data {
            let definition = app.engine.definition(&entry.domain).await;
            entry_storage(entry, |name| is_secret(definition.as_ref(), name))
        } else {
            view(&app.engine, entry).await
        };
        if with_account || !with_data {
            shown_as["account"] = app.engine.account_view(entry).await?;
        }
        shown.push(shown_as);
    }
    Ok(json_body(StatusCode::OK, &shown))
}

/// Whether a key of stored data is secret: its field is, or nobody can say that it is not and it is called like one.
fn is_secret(definition: Option<&Definition>, name: &str) -> bool {
    let field = definition.and_then(|definition| {
        let mut inner = definition.fields.values().filter_map(|field| field.section()).flat_map(|section| &section.fields);
        definition.fields.get(name).or_else(|| inner.find(|field| &*field.name == name))
    });
    match field {
        Some(field) => field.secret,
        None => {
            let name = name.to_ascii_lowercase();
            let parts = ["secret", "password", "passwd", "token", "api_key", "apikey", "credential"];
            name == "pin" || parts.iter().any(|part| name.contains(part))
        }
    }
}
