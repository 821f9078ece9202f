//! A running server with its provider, and clients of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use configflow_core::Definition;
use configflow_core::signature::builtin;
use configflow_engine::{Engine, Limits, MemoryStore};
use configflow_oauth::Outbound;
use configflow_server::{Listen, OneToken, Options, ServerLimits, router, serve};
use configflow_testkit::simulated::{Script, Simulated};
use configflow_testkit::{Flows, Scripted};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The operator's token.
pub(crate) const TOKEN: &str = "canary-operator-token";

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The definitions of the fixtures, read once.
pub(crate) fn definitions() -> Vec<Definition> {
    static READ: LazyLock<Vec<Definition>> = LazyLock::new(|| {
        let flows = Flows::in_folder(&fixtures().join("flows"));
        let files = std::fs::read_dir(fixtures().join("flows")).expect("the folder");
        let domains = files.filter_map(|file| {
            let path = file.expect("a file").path();
            (path.extension()? == "yaml").then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
        });
        domains.map(|domain| flows.get(&domain).expect("the definition loads")).collect()
    });
    READ.clone()
}

/// How a server is to be.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) script: Script,
    pub(crate) limits: ServerLimits,
    pub(crate) engine: Limits,
    /// More definitions: YAML texts.
    pub(crate) definitions: Vec<&'static str>,
    pub(crate) clock: Option<Arc<dyn configflow_oauth::Clock>>,
}

/// A running server; dropping it stops it.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) provider: Simulated,
    pub(crate) base: String,
    client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) ended: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// JSON where it is some, else the text.
    pub(crate) body: Value,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let provider = Simulated::start(setup.script).await.expect("the provider starts");
        let outbound =
            Outbound::new().everything_else(&format!("http://127.0.0.1:{}", provider.port())).expect("a loopback address");
        let mut options = Options::new(Arc::new(OneToken::new(TOKEN, "admin")));
        options.limits = setup.limits;
        let mut builder = Engine::builder()
            .store(Arc::new(MemoryStore::new()))
            .hub(json!({"external_url": "https://ha.example.org", "onboarded": true}))
            .outbound(outbound)
            .limits(setup.engine)
            .observer(Arc::clone(&options.meter) as Arc<dyn configflow_engine::Observer>);
        if let Some(clock) = setup.clock {
            builder = builder.clock(clock);
        }
        let mut definitions = definitions();
        for text in setup.definitions {
            let source = configflow_yaml::Source::new("test.yaml", text);
            let loaded = configflow_yaml::load(&source, &configflow_yaml::Options::default());
            definitions.push(loaded.expect("the definition loads").definition);
        }
        let mut known = std::collections::BTreeSet::new();
        for definition in definitions {
            for (name, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
                if known.insert(name.clone()) {
                    builder = builder.action(Scripted::new((**signature).clone(), Vec::new()));
                }
            }
            builder = builder.definition(definition);
        }
        let engine = builder.build().expect("the engine starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let listen = Listen::new(listener, &options);
        let app = router(engine.clone(), options);
        let ended = tokio::spawn(serve(listen, app, async {
            // A dropped server stops as well.
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { engine, provider, base, client, stop: Some(stop), ended: Some(ended) }
    }

    pub(crate) fn address(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
    }

    /// A request that is ready to be sent, with the token.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.bare(method, path).bearer_auth(TOKEN)
    }

    /// A request without the token.
    pub(crate) fn bare(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Came {
        came(self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Came {
        came(self.request("POST", path).body(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Came {
        came(self.request("DELETE", path)).await
    }

    /// Begins a setup flow; its id and what it shows.
    pub(crate) async fn begin(&self, handler: &str) -> (String, Value) {
        let shown = self.post(FLOW, json!({"handler": handler})).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        (shown.body["flow_id"].as_str().expect("an id").to_owned(), shown.body)
    }

    /// Sets a threshold helper up, and gives the id of its entry.
    pub(crate) async fn threshold(&self, name: &str) -> String {
        let (flow_id, _) = self.begin("threshold").await;
        let answer = json!({"name": name, "entity_id": "sensor.power", "lower": 10});
        let made = self.post(&format!("{FLOW}/{flow_id}"), answer).await;
        made.body["result"]["entry_id"].as_str().unwrap_or_else(|| panic!("{}", made.body)).to_owned()
    }

    /// A client on the WebSocket that has said who it is.
    pub(crate) async fn socket(&self) -> Client {
        let mut client = self.stranger().await;
        client.send(json!({"type": "auth", "access_token": TOKEN})).await;
        assert_eq!(client.next().await["type"], "auth_ok");
        client
    }

    /// A client on the WebSocket that was asked who it is.
    pub(crate) async fn stranger(&self) -> Client {
        let (socket, _) = connect_async(format!("ws://{}/api/websocket", self.address())).await.expect("a socket");
        let mut client = Client { socket, id: 0 };
        let asked = client.next().await;
        assert_eq!(asked, json!({"type": "auth_required", "ha_version": "2026.2.3"}));
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) const FLOW: &str = "/api/config/config_entries/flow";

pub(crate) async fn came(request: reqwest::RequestBuilder) -> Came {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let content_type =
        response.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let text = response.text().await.expect("a text");
    let body = if content_type.contains("json") { serde_json::from_str(&text).expect("JSON") } else { Value::String(text) };
    Came { status, content_type, body }
}

/// A client on the WebSocket.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    id: u64,
}

impl Client {
    pub(crate) async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("sent");
    }

    /// The next message; `null` where the socket is closed.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await.expect("a message in time");
            match message {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(text.as_str()).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Value::Null,
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    /// Why the socket is closed.
    pub(crate) async fn closed(&mut self) -> String {
        loop {
            match tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.reason.to_string(),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return String::new(),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Sends a command with the next id, and gives the id.
    pub(crate) async fn command(&mut self, mut command: Value) -> u64 {
        self.id += 1;
        command["id"] = json!(self.id);
        self.send(command).await;
        self.id
    }

    /// Sends a command, and gives its answer, which is the next message.
    pub(crate) async fn ask(&mut self, command: Value) -> Value {
        let id = self.command(command).await;
        let answer = self.next().await;
        assert_eq!((answer["id"].as_u64(), &answer["type"]), (Some(id), &json!("result")), "{answer}");
        if answer["success"] == json!(true) { answer["result"].clone() } else { json!({"error": answer["error"]}) }
    }
}
