//! `configflow run`: the dialog in the terminal.

mod ask;
mod dialog;
mod field;
mod interrupt;
mod link;
mod secrets;
mod texts;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use configflow_core::Definition;
use configflow_core::signature::builtin;
use configflow_engine::{Engine, MemoryStore};
use configflow_oauth::Outbound;
use configflow_testkit::Scripted;
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::json;

use super::{block_on, definition_of};
use crate::outcome::{Outcome, complain};
use ask::Ask;
use dialog::Dialog;
use secrets::Secrets;
use texts::Texts;

/// Where the hub would be reached from outside, for the simulated provider's callback.
const HUB: &str = "https://hub.example";

pub(crate) fn run(file: &Path, flows: Option<&Path>, source: &str, live: bool) -> Outcome {
    let file = &found(file, flows);
    let Some(definition) = definition_of(file) else { return Outcome::Broken };
    let texts = Texts::beside(file, &definition.domain);
    match block_on(drive(definition, texts, source, live)) {
        Ok(outcome) => outcome,
        Err(error) => {
            complain(format_args!("error[runtime]: {error}"));
            Outcome::Broken
        }
    }
}

/// The definition's file: as it is named, else below the folder, else the file of that domain in it.
fn found(file: &Path, flows: Option<&Path>) -> PathBuf {
    let below = flows.into_iter().flat_map(|flows| [flows.join(file), flows.join(file).with_extension("yaml")]);
    std::iter::once(file.to_owned()).chain(below).find(|path| path.is_file()).unwrap_or_else(|| file.to_owned())
}

async fn drive(definition: Definition, texts: Texts, source: &str, live: bool) -> Outcome {
    let simulated = if live {
        None
    } else {
        match Simulated::start(Script::default()).await {
            Ok(simulated) => Some(simulated),
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Outcome::Broken;
            }
        }
    };
    let mut builder = Engine::builder().store(Arc::new(MemoryStore::new())).hub(json!({"external_url": HUB, "onboarded": true}));
    if let Some(simulated) = &simulated {
        match Outbound::new().everything_else(&format!("http://127.0.0.1:{}", simulated.port())) {
            Ok(outbound) => builder = builder.outbound(outbound),
            Err(error) => complain(format_args!("error[{}]: {error}", error.code())),
        }
    }
    for (_, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
        builder = builder.action(Scripted::new((**signature).clone(), Vec::new()));
    }
    let engine = match builder.definition(definition.clone()).build() {
        Ok(engine) => engine,
        Err(error) => {
            complain(format_args!("error[{}]: {error}", error.code()));
            return Outcome::Broken;
        }
    };
    Dialog {
        engine,
        domain: definition.domain.clone(),
        texts,
        secrets: Secrets::of(&definition),
        simulated,
        ask: Ask::new(),
        flow_id: String::new(),
        typed: None,
    }
    .run(source)
    .await
}
