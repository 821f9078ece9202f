//! The process with the engine and the store.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use configflow::{Engine, FlowResult, Limits, Notice, Options, Outbound, Source, Start, load};
use configflow_store::SqliteStore;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::mpsc;

use crate::talk::{Order, Orders, Told};

/// Set for a child: the folder of its store.
pub(crate) const FOLDER: &str = "CONFIGFLOW_REFRESHES_FOLDER";

const DEFINITION: &str = include_str!("account.yaml");

fn tell(told: &Told) {
    let text = serde_json::to_string(told).expect("JSON");
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).expect("told");
}

/// What comes in, read by a thread of its own.
type Incoming = mpsc::UnboundedReceiver<String>;

fn incoming() -> Incoming {
    let (lines, incoming) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if lines.send(line.expect("a line")).is_err() {
                return;
            }
        }
    });
    incoming
}

pub(crate) async fn run(folder: &Path) {
    let mut lines = incoming();
    let orders: Orders = serde_json::from_str(&lines.recv().await.expect("orders")).expect("orders");
    let engine = engine(folder, &orders);
    let mut notices = engine.notices();
    // The flows belong to one of several processes; the others have the tokens all the same.
    if let Err(error) = engine.resume().await {
        assert_eq!(error.code(), "store.in_use");
    }
    let entry = || async {
        let entries = engine.store().entries(None).await.expect("entries");
        assert!(entries.len() <= 1, "one entry, whatever happened");
        entries.into_iter().next().map(|entry| entry.entry_id)
    };
    tell(&Told::Ready { entry: entry().await });
    while let Some(text) = lines.recv().await {
        match serde_json::from_str(&text).expect("an order") {
            Order::Link => {
                let shown = engine.caller("anna").start(Start::user("account")).await.expect("started");
                link(&engine, &shown, &mut lines).await;
                tell(&Told::Linked { entry: entry().await.expect("an entry") });
            }
            Order::LinkAgain => {
                let flow = reauth(&engine, &mut notices).await;
                let confirm = engine.caller("anna").get(&flow).await.expect("the reauth");
                let shown = match id_of(&confirm).1.as_str() {
                    "reauth" => engine.caller("anna").answer(&flow, json!({})).await.expect("begun"),
                    _ => confirm,
                };
                link(&engine, &shown, &mut lines).await;
                tell(&Told::Linked { entry: entry().await.expect("an entry") });
            }
            Order::Back(_) => panic!("nobody is waited for"),
            Order::Ask(count) => {
                let account = engine.account(&entry().await.expect("an entry"));
                let asked = (0..count).map(|_| {
                    let account = account.clone();
                    tokio::spawn(async move { account.access_token().await })
                });
                let (mut tokens, mut failures) = (Vec::new(), Vec::new());
                for asked in asked.collect::<Vec<_>>() {
                    match asked.await.expect("a task") {
                        Ok(token) => tokens.push(token.expose().to_owned()),
                        Err(error) => failures.push(error.code().to_owned()),
                    }
                }
                tokens.sort();
                tokens.dedup();
                tell(&Told::Tokens { tokens, failures });
            }
            Order::Go(count) => {
                let account = engine.account(&entry().await.expect("an entry"));
                for _ in 0..count {
                    match account.access_token().await {
                        Ok(token) => tell(&Told::Got { token: token.expose().to_owned() }),
                        Err(error) => {
                            let (code, detail) = (error.code().to_owned(), error.detail().map(str::to_owned));
                            tell(&Told::Failed { code, detail });
                            break;
                        }
                    }
                }
                tell(&Told::Done);
            }
        }
    }
}

fn engine(folder: &Path, orders: &Orders) -> Engine {
    let store = Arc::new(SqliteStore::open(folder).expect("a store"));
    let text = DEFINITION.replace("PROVIDER", &orders.account);
    let definition = load(&Source::new("account.yaml", &text), &Options::default());
    let definition = definition.map_err(|error| format!("{error:?}")).expect("sound").definition;
    let address = format!("http://127.0.0.1:{}", orders.port);
    let outbound = match &orders.origin {
        Some(origin) => Outbound::new().with(origin, &address),
        None => Outbound::new().everything_else(&address),
    };
    Engine::builder()
        .definition(definition)
        .store(store)
        .outbound(outbound.expect("an address"))
        .limits(Limits::default())
        .hub(json!({"external_url": "https://hub.example"}))
        .build()
        .expect("an engine")
}

/// The flow and the step of what is shown.
fn id_of(shown: &FlowResult) -> (String, String) {
    let shown = json!(shown);
    let text = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
    (text("flow_id"), text("step_id"))
}

/// The reauth that began by itself, or is about to.
async fn reauth(engine: &Engine, notices: &mut Receiver<Notice>) -> String {
    loop {
        let in_progress = engine.in_progress();
        if let Some(flow) = in_progress.first() {
            return flow.flow_id.clone();
        }
        notices.recv().await.expect("the engine is there");
    }
}

/// Sends the person to the provider, and goes on with what comes back.
async fn link(engine: &Engine, shown: &FlowResult, lines: &mut Incoming) {
    let (flow, step) = id_of(shown);
    assert_eq!(step, "wait", "{}", json!(shown));
    let url = json!(shown)["description_placeholders"]["url"].as_str().expect("a link").to_owned();
    tell(&Told::Open { url });
    let back = lines.recv().await.expect("the person comes back");
    let Order::Back(query) = serde_json::from_str(&back).expect("an order") else { panic!("{back}") };
    engine.callback(&query).await.expect("its flow");
    let ended = json!(*engine.caller("anna").answer(&flow, json!({})).await.expect("a result"));
    assert!(ended["type"] == "create_entry" || ended["reason"] == "reauth_successful", "{ended}");
}
