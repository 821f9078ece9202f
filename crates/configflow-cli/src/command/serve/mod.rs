//! `configflow serve`: the flow API over HTTP and WebSocket.

mod definitions;
mod failure;
mod log;
mod signals;
mod token;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use configflow_engine::{DefinitionSource, Engine, Limits};
use configflow_oauth::{Catalogue, Outbound};
use configflow_server::{Listen, OneToken, Options, router, serve};
use configflow_store::SqliteStore;
use configflow_testkit::recorded::providers;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval};

use crate::outcome::{Outcome, complain, say};
use definitions::Folder;
use failure::Failure;
use signals::{Signal, Signals};

/// How often flows that were left alone are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// How long a compiled definition is kept at least that nobody asks for.
const REST: Duration = Duration::from_secs(600);

/// Who has the one token.
const OPERATOR: &str = "operator";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The folder of definitions. Read again on SIGHUP.
    #[arg(long)]
    flows: PathBuf,
    /// The folder of entries, tokens and flows in progress; made where it is missing.
    #[arg(long)]
    data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8123")]
    listen: SocketAddr,
    /// The hub's address as the world sees it: where providers send people back.
    #[arg(long)]
    external_url: Option<String>,
    /// Sends the hub's own requests whose address begins with FROM to TO instead, plus the rest.
    #[arg(long, value_name = "FROM=TO")]
    outbound_rewrite: Vec<String>,
    /// A folder of providers beside the built-in ones.
    #[arg(long)]
    providers: Option<PathBuf>,
    /// What definitions know of the hub, such as `country=NL`, `language=en`, `time_zone=Europe/Amsterdam`.
    #[arg(long, value_name = "KEY=VALUE")]
    hub: Vec<String>,
    /// How to log, on standard error. What is logged, CONFIGFLOW_LOG says (`info` where it is not set).
    #[arg(long, value_enum, default_value_t = log::Format::Text)]
    log_format: log::Format,
    /// Never reaches private addresses, whatever a definition says.
    #[arg(long)]
    no_local: bool,
    /// A host that every definition may reach, wherever its address is: a name or an address.
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// How many connections may be open.
    #[arg(long, default_value_t = 1024)]
    max_connections: usize,
    /// How many flows may be in progress.
    #[arg(long, default_value_t = 100_000)]
    max_flows: usize,
    /// How many of them one client may drive.
    #[arg(long, default_value_t = 10_000)]
    max_flows_per_client: usize,
    /// After how many hours a flow that a person left alone is given up.
    #[arg(long, default_value_t = 24)]
    abandoned_after: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    log::to_stderr(arguments.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(format_args!("error[runtime]: {error}"));
            return Outcome::Broken;
        }
    };
    let served = runtime.block_on(served(arguments));
    // What still runs in the background is not waited for: everything that was acknowledged is stored.
    runtime.shutdown_timeout(Duration::from_millis(500));
    match served {
        Ok(()) => Outcome::Fine,
        Err(failure) => {
            complain(format_args!("error[{}]: {failure}", failure.code()));
            Outcome::Broken
        }
    }
}

async fn served(arguments: &Arguments) -> Result<(), Failure> {
    // Before anything else, so that a signal that comes early is not lost.
    let mut signals = Signals::listen()?;
    let token = token::of(&arguments.data)?;
    let mut options = Options::new(Arc::new(OneToken::new(&token, OPERATOR)));
    options.limits.connections = arguments.max_connections;
    let folder = Arc::new(Folder::open(&arguments.flows)?);
    let engine = engine(arguments, &options, &folder)?;
    let resumed = engine.resume().await.map_err(Failure::Store)?;
    if resumed.flows > 0 {
        tracing::info!(flows = resumed.flows, "flows go on where they stood");
    }
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.map_err(|error| Failure::Listen { address: arguments.listen, error })?;
    let address = listener.local_addr().map_err(|error| Failure::Listen { address: arguments.listen, error })?;
    let listen = Listen::new(listener, &options);
    let app = router(engine.clone(), options);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listen, app, async {
        // Whoever could stop it is gone: that is an end as well.
        let _ = stopped.await;
    }));
    say(format_args!("listening on http://{address}"));
    let (first, checking) = (Arc::clone(&folder), engine.clone());
    tokio::task::spawn_blocking(move || first.check(&checking));
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rest = interval(REST);
    rest.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::Reload => {
                    let (again, reading) = (Arc::clone(&folder), engine.clone());
                    tokio::task::spawn_blocking(move || {
                        tracing::info!("definitions are read again");
                        if let Err(failure) = again.read_again(&reading) {
                            complain(format_args!("error[{}]: {failure}", failure.code()));
                        }
                    });
                }
                Signal::Stop => break,
            },
            _ = sweep.tick() => {
                engine.give_up_abandoned().await;
            }
            _ = rest.tick() => folder.rest(),
        }
    }
    tracing::info!("stopping");
    let _ = stop.send(());
    match serving.await {
        Ok(ended) => ended.map_err(|error| Failure::Listen { address, error }),
        Err(error) => Err(Failure::Listen { address, error: std::io::Error::other(error) }),
    }
}

fn engine(arguments: &Arguments, options: &Options, folder: &Arc<Folder>) -> Result<Engine, Failure> {
    let store = SqliteStore::open(&arguments.data).map_err(Failure::Open)?;
    let mut outbound = Outbound::new();
    for rewrite in &arguments.outbound_rewrite {
        let no_rewrite = || Failure::NoRewrite { text: rewrite.clone() };
        let (from, to) = rewrite.split_once('=').ok_or_else(no_rewrite)?;
        outbound = outbound.with(from, to).map_err(|error| Failure::Rewrite { text: rewrite.clone(), error })?;
    }
    let catalogue = match &arguments.providers {
        Some(folder) => providers(folder).map_err(Failure::Providers)?,
        None => Catalogue::builtin(),
    };
    let mut hub = json!({"external_url": arguments.external_url, "onboarded": true});
    for setting in &arguments.hub {
        let (key, value) = setting.split_once('=').ok_or_else(|| Failure::NoSetting { text: setting.clone() })?;
        hub[key] = json!(value);
    }
    let limits = Limits {
        flows: arguments.max_flows,
        flows_of_one: arguments.max_flows_per_client,
        abandoned: Duration::from_secs(arguments.abandoned_after.saturating_mul(3600)),
        ..Limits::default()
    };
    let mut builder = Engine::builder()
        .source(Arc::clone(folder) as Arc<dyn DefinitionSource>)
        .store(Arc::new(store))
        .hub(hub)
        .catalogue(catalogue)
        .outbound(outbound)
        .limits(limits)
        .observer(Arc::clone(&options.meter) as Arc<dyn configflow_engine::Observer>);
    if arguments.no_local {
        builder = builder.refuse_local();
    }
    for host in &arguments.allow_host {
        builder = builder.allow_host(host);
    }
    builder.build().map_err(Failure::Build)
}
