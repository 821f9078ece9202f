//! `configflow run`: the dialog in the terminal.

mod ask;
mod dialog;
mod errors;
mod field;
mod interrupt;
mod link;
mod secrets;
mod texts;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use configflow_core::Definition;
use configflow_core::signature::builtin;
use configflow_engine::{Engine, Implementation, MemoryStore};
use configflow_oauth::{Outbound, Secret};
use configflow_testkit::Scripted;
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::{Value, json};

use super::{block_on, definition_of};
use crate::outcome::{Outcome, complain};
use ask::Ask;
use dialog::Dialog;
use secrets::Secrets;
use texts::Texts;

/// Where the hub would be reached from outside, where nothing is said.
const HUB: &str = "https://hub.example";

/// How a dialog is run.
#[derive(clap::Args)]
pub(crate) struct Run {
    /// The definition: a file, or a domain in the folder of definitions.
    file: PathBuf,
    /// The folder of definitions.
    #[arg(long)]
    flows: Option<PathBuf>,
    /// How the flow starts.
    #[arg(long, default_value = "user")]
    source: String,
    /// A JSON file with the data that starts the flow: a discovery, an import.
    #[arg(long)]
    init: Option<PathBuf>,
    /// Where the hub is reached from outside.
    #[arg(long, default_value = HUB)]
    external_url: String,
    /// The browser is on another machine: no listener on this one is offered.
    #[arg(long)]
    remote_browser: bool,
    /// A JSON file with what the simulated provider does: the `provider` of a fixture.
    #[arg(long, conflicts_with = "live")]
    provider: Option<PathBuf>,
    /// The client id that the operator stored for the integration (`application_credentials`); a made-up one by default.
    #[arg(long)]
    client_id: Option<String>,
    /// Its secret.
    #[arg(long, env = "CONFIGFLOW_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// Meets the real provider instead of the simulated one.
    #[arg(long)]
    live: bool,
}

pub(crate) fn run(mut arguments: Run) -> Outcome {
    arguments.file = found(&arguments.file, arguments.flows.as_deref());
    let Some(definition) = definition_of(&arguments.file) else { return Outcome::Broken };
    let init = match arguments.init.as_deref().map(json_of).transpose() {
        Ok(init) => init.unwrap_or_default(),
        Err(reason) => {
            complain(format_args!("error[file.unreadable]: {reason}"));
            return Outcome::Broken;
        }
    };
    let texts = Texts::beside(&arguments.file, &definition.domain);
    match block_on(drive(definition, texts, init, arguments)) {
        Ok(outcome) => outcome,
        Err(error) => {
            complain(format_args!("error[runtime]: {error}"));
            Outcome::Broken
        }
    }
}

fn json_of(file: &Path) -> Result<Value, String> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn script_of(file: &Path) -> Result<Script, String> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// The definition's file: as it is named, else below the folder, else the file of that domain in it.
fn found(file: &Path, flows: Option<&Path>) -> PathBuf {
    let below = flows.into_iter().flat_map(|flows| [flows.join(file), flows.join(file).with_extension("yaml")]);
    std::iter::once(file.to_owned()).chain(below).find(|path| path.is_file()).unwrap_or_else(|| file.to_owned())
}

async fn drive(definition: Definition, texts: Texts, init: Value, arguments: Run) -> Outcome {
    let simulated = if arguments.live {
        None
    } else {
        let script = match arguments.provider.as_deref().map(script_of).transpose() {
            Ok(script) => script.unwrap_or_default(),
            Err(reason) => {
                complain(format_args!("error[file.unreadable]: {reason}"));
                return Outcome::Broken;
            }
        };
        match Simulated::start(script).await {
            Ok(simulated) => Some(simulated),
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Outcome::Broken;
            }
        }
    };
    let mut builder = Engine::builder()
        .store(Arc::new(MemoryStore::new()))
        // Whoever sits at this terminal has a browser on this machine.
        .hub(json!({"external_url": arguments.external_url, "onboarded": true, "local_browser": !arguments.remote_browser}));
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
    if let Some(implementation) = stored(&definition, &arguments) {
        engine.add_credentials(&definition.domain, implementation);
    }
    Dialog {
        engine,
        domain: definition.domain.clone(),
        texts,
        secrets: Secrets::of(&definition),
        logs_in: simulated.is_some() && definition.account.is_some(),
        simulated,
        init,
        ask: Ask::new(),
        flow_id: String::new(),
        typed: None,
    }
    .run(&arguments.source)
    .await
}

/// The credentials that the operator would have stored, where the account asks for some.
fn stored(definition: &Definition, arguments: &Run) -> Option<Implementation> {
    definition.account.as_ref()?.credentials.as_ref()?;
    let made_up = |given: &Option<String>, name: &str| given.clone().or((!arguments.live).then(|| name.to_owned()));
    let client_id = made_up(&arguments.client_id, "client")?;
    let secret = made_up(&arguments.client_secret, "made-up").unwrap_or_default();
    let id = format!("{}_{client_id}", definition.domain);
    Some(Implementation { id, name: client_id.clone(), client_id, client_secret: Secret::new(secret.as_str()) })
}
