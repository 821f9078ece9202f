//! `configflow replay`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use configflow_server::{Listen, OneToken, Options, router, serve};
use configflow_testkit::Flows;
use configflow_testkit::recorded::{hub, providers};
use configflow_testkit::replay::{HttpTransport, Person, Recording, Report, replay, script_of};
use configflow_testkit::simulated::Simulated;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{block_on, definition_of};
use crate::outcome::{Outcome, complain, say};

/// The token of a server that lives for one recording.
const TOKEN: &str = "replay";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The recordings, or folders of them.
    #[arg(required = true)]
    transcripts: Vec<PathBuf>,
    /// A running server, such as http://127.0.0.1:8123. Whatever stands in for its provider has to take the recorded codes.
    #[arg(long)]
    url: Option<String>,
    /// The token of the running server.
    #[arg(long, env = "CONFIGFLOW_TOKEN", hide_env_values = true, requires = "url")]
    token: Option<String>,
    /// The folder of definitions for a server of its own; the nearest `flows` beside or above the recording by default.
    #[arg(long, conflicts_with = "url")]
    flows: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut files = Vec::new();
    for path in &arguments.transcripts {
        match files_below(path) {
            Ok(found) => files.extend(found),
            Err(error) => {
                complain(format_args!("error[recording.unreadable]: {}: {error}", path.display()));
                return Outcome::Broken;
            }
        }
    }
    match block_on(all(arguments, &files)) {
        Ok(outcome) => outcome,
        Err(error) => {
            complain(format_args!("error[runtime]: {error}"));
            Outcome::Broken
        }
    }
}

/// The recordings that a path names: itself, or those in the folder that it is.
fn files_below(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for file in std::fs::read_dir(path)? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

async fn all(arguments: &Arguments, files: &[PathBuf]) -> Outcome {
    let (mut outcome, mut matched, mut deliberate, mut total) = (Outcome::Fine, 0, 0, 0);
    for file in files {
        match one(arguments, file).await {
            Ok(report) => {
                say(&report);
                matched += report.matched();
                deliberate += report.deliberate();
                total += report.total();
                outcome = outcome.and(if report.is_fine() { Outcome::Fine } else { Outcome::Differs });
            }
            Err((code, text)) => {
                complain(format_args!("error[{code}]: {text}"));
                outcome = outcome.and(Outcome::Broken);
            }
        }
    }
    if files.len() > 1 {
        say(format_args!("all: {matched}/{total} matched, {deliberate} differ on purpose"));
    }
    outcome
}

type Failed = (&'static str, String);

async fn one(arguments: &Arguments, file: &Path) -> Result<Report, Failed> {
    let recording = Recording::read(file).map_err(|error| (error.code(), error.to_string()))?;
    let unreachable = |error: configflow_testkit::replay::TransportError| (error.code(), error.to_string());
    if let Some(url) = &arguments.url {
        let token = arguments.token.as_deref().unwrap_or_default();
        let mut transport = HttpTransport::new(url, token, Person::Nobody).map_err(unreachable)?;
        return replay(&recording, &mut transport).await.map_err(unreachable);
    }
    let own = Own::start(arguments.flows.as_deref(), file, &recording).await?;
    let person = Person::Simulated(own.provider.person());
    let mut transport = HttpTransport::new(&own.base, TOKEN, person).map_err(unreachable)?;
    replay(&recording, &mut transport).await.map_err(unreachable)
}

/// A server with its provider, for one recording.
struct Own {
    base: String,
    provider: Simulated,
    /// Dropped with the server, which then stops.
    _stop: oneshot::Sender<()>,
}

impl Own {
    async fn start(flows: Option<&Path>, file: &Path, recording: &Recording) -> Result<Self, Failed> {
        let folder = flows.map(Path::to_owned).or_else(|| Flows::near(file).map(|near| near.folder().to_owned()));
        let no_flows = "no folder `flows` beside or above the recording; name one with --flows";
        let folder = folder.ok_or_else(|| ("flows.unknown", no_flows.to_owned()))?;
        let provider = Simulated::start(script_of(recording)).await.map_err(|error| (error.code(), error.to_string()))?;
        let catalogue = providers(&folder.join("../providers")).map_err(|error| (error.code(), error.to_string()))?;
        let listed = std::fs::read_dir(&folder).map_err(|error| ("serve.flows", format!("{}: {error}", folder.display())))?;
        let mut files: Vec<PathBuf> = listed.flatten().map(|file| file.path()).collect();
        files.sort();
        let files = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
        let definitions = files.filter_map(|file| definition_of(file)).collect();
        let engine =
            hub(recording, definitions, catalogue, &provider).build().map_err(|error| (error.code(), error.to_string()))?;
        let unheard = |error: std::io::Error| ("serve.listen", error.to_string());
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(unheard)?;
        let base = format!("http://{}", listener.local_addr().map_err(unheard)?);
        let options = Options::new(Arc::new(OneToken::new(TOKEN, "recorded")));
        let (stop, stopped) = oneshot::channel::<()>();
        let listen = Listen::new(listener, &options);
        tokio::spawn(serve(listen, router(engine, options), async {
            // A dropped server stops as well.
            let _ = stopped.await;
        }));
        Ok(Self { base, provider, _stop: stop })
    }
}
