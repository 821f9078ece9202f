//! Puts together what a fixture runs in: an engine with a store and actions, and a provider.

use std::sync::Arc;
use std::time::Duration;

use configflow_core::Definition;
use configflow_core::definition::HUB;
use configflow_core::signature::builtin;
use configflow_engine::{Engine, Implementation, Limits, MemoryStore};
use configflow_oauth::{Outbound, Secret};
use serde_json::Value;

use super::{DriveError, Provider};
use crate::fixture::Fixture;
use crate::flows::Flows;
use crate::mask::Mask;
use crate::scripted::Scripted;
use crate::secrets::Secrets;
use crate::simulated::Simulated;
use crate::transition::Recorder;

/// What a fixture runs in.
pub(super) struct Prepared {
    pub(super) engine: Engine,
    pub(super) store: Arc<MemoryStore>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) simulated: Option<Simulated>,
    pub(super) mask: Mask,
}

pub(super) async fn prepare(fixture: &Fixture, flows: &Flows, provider: Provider) -> Result<Prepared, DriveError> {
    let definition = flows.get(&fixture.flow)?;
    let limits = fits(fixture, &definition)?;
    let secrets = Secrets::of(&definition);
    let mut mask = Mask::new();
    for text in secrets.texts(fixture) {
        mask.hide(text, "secret");
    }
    let recorder = Arc::new(Recorder::new(secrets));
    let simulated = match provider {
        Provider::Simulated => Some(Simulated::start(fixture.provider.clone()).await?),
        Provider::Live => None,
    };
    let store = Arc::new(MemoryStore::new());
    let mut builder = Engine::builder()
        .store(Arc::<MemoryStore>::clone(&store))
        .hub(Value::Object(fixture.hub.clone()))
        .limits(limits)
        .observer(Arc::<Recorder>::clone(&recorder));
    if let Some(simulated) = &simulated {
        let base = format!("http://127.0.0.1:{}", simulated.port());
        let outbound = Outbound::new().everything_else(&base).map_err(|error| DriveError::step(0, error))?;
        builder = builder.outbound(outbound);
    }
    for (name, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
        let answers = fixture.actions.get(name).cloned().unwrap_or_default();
        builder = builder.action(Scripted::new((**signature).clone(), answers));
    }
    let engine = builder.definition(definition).build()?;
    for credential in &fixture.credentials {
        engine.add_credentials(
            &fixture.flow,
            Implementation {
                id: format!("{}_{}", fixture.flow, credential.client_id),
                name: credential.name.clone(),
                client_id: credential.client_id.clone(),
                client_secret: Secret::new(credential.client_secret.as_str()),
            },
        );
    }
    for (at, entry) in fixture.entries.iter().enumerate() {
        store.insert(entry.stored(at as u64, &fixture.flow));
    }
    Ok(Prepared { engine, store, recorder, simulated, mask })
}

/// What the fixture and its definition must agree on. Gives the time limits.
fn fits(fixture: &Fixture, definition: &Definition) -> Result<Limits, DriveError> {
    let unfit = |reason: String| Err(DriveError::Unfit { reason });
    let own: Vec<&str> = definition.actions.keys().map(String::as_str).filter(|name| builtin(name).is_none()).collect();
    if let Some(name) = fixture.actions.keys().find(|name| !own.contains(&name.as_str())) {
        return unfit(match own.as_slice() {
            [] => format!("`actions` answers `{name}`, but the definition uses no action of an embedder's"),
            own => format!("`actions` answers `{name}`, which the definition does not use; it uses {}", own.join(", ")),
        });
    }
    if let Some(name) = fixture.hub.keys().find(|name| !HUB.contains(&name.as_str())) {
        return unfit(format!("`hub` has no `{name}`; it has {}", HUB.join(", ")));
    }
    let Some(seconds) = fixture.time_limit else { return Ok(Limits::default()) };
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(Limits { action: limit, progress: limit, request: limit / 2, ..Limits::default() }),
        _ => unfit(format!("`time_limit` is {seconds}; expected seconds, above 0")),
    }
}
