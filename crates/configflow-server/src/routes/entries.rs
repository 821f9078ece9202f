//! Entries: `/api/config/config_entries/entry`.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use configflow_engine::{Engine, Entry, FlowError, StoreError, entry_view};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Principal;
use crate::refusal::{Refusal, json_body};
use crate::routes::wire;

/// Which entries are asked for.
#[derive(Deserialize, Default)]
pub(crate) struct Wanted {
    /// Of this integration.
    pub(crate) domain: Option<String>,
    /// Of integrations of this type.
    pub(crate) r#type: Option<String>,
}

/// The entries that are asked for, as the API shows them.
pub(crate) async fn views(engine: &Engine, domain: Option<&str>, types: Option<&[String]>) -> Result<Vec<Value>, StoreError> {
    let entries = engine.store().entries(domain).await?;
    let mut views = Vec::with_capacity(entries.len());
    for entry in &entries {
        if is_of(engine, entry, types).await {
            views.push(view(engine, entry).await);
        }
    }
    Ok(views)
}

/// Whether an entry's integration is of one of these types.
pub(crate) async fn is_of(engine: &Engine, entry: &Entry, types: Option<&[String]>) -> bool {
    let Some(types) = types else { return true };
    let own = engine.outline(&entry.domain).await.map_or("hub", |outline| outline.integration_type.as_str());
    types.iter().any(|wanted| wanted == own)
}

/// An entry as the API shows it.
pub(crate) async fn view(engine: &Engine, entry: &Entry) -> Value {
    entry_view(entry, engine.outline(&entry.domain).await.as_deref())
}

/// The entries.
#[utoipa::path(
    get,
    path = "/api/config/config_entries/entry",
    tag = "entries",
    params(
        ("domain" = Option<String>, Query, description = "Only entries of this integration"),
        ("type" = Option<String>, Query, description = "Only entries of integrations of this type")
    ),
    responses((status = 200, description = "The entries, in the order of their making", body = Vec<wire::Entry>), wire::Closed)
)]
pub(super) async fn list(State(app): State<App>, _: Principal, Query(wanted): Query<Wanted>) -> Result<Response, Refusal> {
    let types = wanted.r#type.map(|one| vec![one]);
    Ok(json_body(StatusCode::OK, &views(&app.engine, wanted.domain.as_deref(), types.as_deref()).await?))
}

/// Removes an entry; its token is revoked where the provider can.
#[utoipa::path(
    delete,
    path = "/api/config/config_entries/entry/{entry_id}",
    tag = "entries",
    params(("entry_id" = String, Path, description = "The entry")),
    responses((status = 200, description = "It is gone", body = wire::RequireRestart), wire::NoEntry)
)]
pub(super) async fn remove(State(app): State<App>, _: Principal, Path(entry_id): Path<String>) -> Result<Response, Refusal> {
    app.engine.remove_entry(&entry_id).await.map_err(of_an_entry)?;
    Ok(json_body(StatusCode::OK, &json!({"require_restart": false})))
}

/// Asks the core to reload an entry.
#[utoipa::path(
    post,
    path = "/api/config/config_entries/entry/{entry_id}/reload",
    tag = "entries",
    params(("entry_id" = String, Path, description = "The entry")),
    responses((status = 200, description = "Whoever listens was told", body = wire::RequireRestart), wire::NoEntry)
)]
pub(super) async fn reload(State(app): State<App>, _: Principal, Path(entry_id): Path<String>) -> Result<Response, Refusal> {
    app.engine.reload_entry(&entry_id).await.map_err(of_an_entry)?;
    Ok(json_body(StatusCode::OK, &json!({"require_restart": false})))
}

/// Here an unknown entry is Home Assistant's own answer, which has no code.
fn of_an_entry(error: FlowError) -> Refusal {
    match error {
        FlowError::UnknownEntry => Refusal::unknown_entry(),
        other => other.into(),
    }
}
