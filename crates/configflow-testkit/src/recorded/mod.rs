//! The hub of the recordings: what its definitions leave to a core, with the provider simulated.

mod knowledge;
mod work;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::Definition;
use configflow_core::signature::{Signature, builtin};
use configflow_engine::{Builder, Engine, Limits, MemoryStore};
use configflow_oauth::{Catalogue, CatalogueError, Outbound};
use serde_json::json;

pub use knowledge::AtOnce;
pub use work::Work;

use crate::Scripted;
use crate::replay::{Recording, hangs};
use crate::simulated::Simulated;

/// How long each step of work in the background takes.
const PACE: Duration = Duration::from_millis(200);

/// The providers in a folder, beside the built-in ones. A folder that is not there has none.
///
/// # Errors
/// Where a file is no provider.
pub fn providers(folder: &Path) -> Result<Catalogue, CatalogueError> {
    let mut catalogue = Catalogue::builtin();
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml")) {
        catalogue = catalogue.with(&std::fs::read_to_string(file).unwrap_or_default())?;
    }
    Ok(catalogue)
}

/// A hub as it was recorded, before it is built: its definitions, its own actions, its provider.
#[must_use]
pub fn hub(recording: &Recording, definitions: Vec<Definition>, catalogue: Catalogue, provider: &Simulated) -> Builder {
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{}", provider.port())).unwrap_or_default();
    // A provider that hangs should not hold up a replay.
    let limits = match hangs(recording) {
        true => Limits { action: Duration::from_secs(1), ..Limits::default() },
        false => Limits::default(),
    };
    let mut builder = Engine::builder()
        .store(Arc::new(MemoryStore::new()))
        .hub(json!({
            "external_url": "https://ha.example.org", "onboarded": true, "country": "NL", "language": "en",
            "time_zone": "Europe/Amsterdam",
        }))
        .catalogue(catalogue)
        .limits(limits)
        .outbound(outbound);
    for definition in definitions {
        for (name, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
            let signature = (**signature).clone();
            builder = match AtOnce::of(signature.clone()) {
                Some(action) => builder.action(action),
                None if name == "lab.work" => builder.action(Work::timed(signature, PACE)),
                None => builder.action(Scripted::new(signature, Vec::new())),
            };
        }
        builder = builder.definition(definition);
    }
    builder
}

/// Registers an action in place of a core's: as it was recorded where it was, else one that does nothing.
pub fn stand_in_for(engine: &Engine, signature: &Signature) {
    match AtOnce::of(signature.clone()) {
        Some(action) => engine.set_action(action),
        None if signature.name == "lab.work" => engine.set_action(Work::timed(signature.clone(), PACE)),
        None => engine.set_action(Scripted::new(signature.clone(), Vec::new())),
    }
}
