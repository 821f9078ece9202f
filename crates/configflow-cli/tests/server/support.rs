//! A running `configflow serve`, and clients of it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The token of every server here.
pub(crate) const TOKEN: &str = "canary-operator-token-Hk3v9QpZ";

pub(crate) const FLOW: &str = "/api/config/config_entries/flow";

/// Longer than anything here takes; only what hangs meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// A server to be.
pub(crate) struct Setup {
    command: Command,
    said: PathBuf,
}

impl Setup {
    /// With these definitions, this folder of data, and what it says on standard error written to a file beside it.
    pub(crate) fn new(flows: &Path, data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_configflow"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--flows").arg(flows).arg("--data").arg(data);
        command.env("CONFIGFLOW_TOKEN", TOKEN).env_remove("CONFIGFLOW_KEY").env("CONFIGFLOW_LOG", "info");
        Self { command, said: data.with_extension("stderr") }
    }

    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The server's own requests go to the simulated provider.
    pub(crate) fn provider(self, port: u16) -> Self {
        let rewrite = format!("https://=http://127.0.0.1:{port}/https/");
        self.arguments(&["--outbound-rewrite", &rewrite])
    }

    fn spawn(self) -> (tokio::process::Child, PathBuf) {
        let said = std::fs::OpenOptions::new().create(true).append(true).open(&self.said).expect("a file");
        let mut command = tokio::process::Command::from(self.command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said).kill_on_drop(true);
        (command.spawn().expect("it starts"), self.said)
    }

    /// Starts it, and kills it after so long, wherever it is then.
    pub(crate) async fn start_and_kill(self, after: Duration) {
        let (mut child, _) = self.spawn();
        tokio::time::sleep(after).await;
        child.kill().await.expect("killed");
    }

    pub(crate) async fn start(self) -> Served {
        let (mut child, said_in) = self.spawn();
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("a line in time").expect("text");
        let said = || std::fs::read_to_string(&said_in).unwrap_or_default();
        let line = line.unwrap_or_else(|| panic!("it ended: {}", said()));
        let base = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Served { child, base, said: said_in, client: client.build().expect("a client") }
    }
}

/// A running server; killed when it is dropped.
pub(crate) struct Served {
    child: tokio::process::Child,
    pub(crate) base: String,
    /// The file that has what it says on standard error.
    pub(crate) said: PathBuf,
    pub(crate) client: reqwest::Client,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) status: u16,
    /// JSON where it is some, else the text.
    pub(crate) body: Value,
    /// Head and body as text.
    pub(crate) whole: String,
}

impl Served {
    /// `kill -9`, and waits for the end.
    pub(crate) async fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().expect("it runs");
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status().expect("a shell");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("a status")
    }

    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// Sends a request with the token.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> reqwest::Result<Came> {
        send(&self.client, &self.base, method, path, body).await
    }

    /// A client on the WebSocket that has said who it is.
    pub(crate) async fn socket(&self) -> Socket {
        let (inner, _) = connect_async(format!("ws://{}/api/websocket", self.address())).await.expect("a socket");
        let mut socket = Socket { inner, id: 0 };
        assert_eq!(socket.next().await["type"], "auth_required");
        socket.send(&json!({"type": "auth", "access_token": TOKEN})).await;
        assert_eq!(socket.next().await["type"], "auth_ok");
        socket
    }
}

/// Sends a request with the token.
pub(crate) async fn send(
    client: &reqwest::Client,
    base: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> reqwest::Result<Came> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
    let mut request = client.request(method, format!("{base}{path}")).bearer_auth(TOKEN);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let response = request.send().await?;
    let status = response.status().as_u16();
    let head = format!("{:?}", response.headers());
    let text = response.text().await?;
    let whole = format!("{head}\n{text}\n");
    Ok(Came { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), whole })
}

/// A client on the WebSocket.
pub(crate) struct Socket {
    pub(crate) inner: WebSocketStream<MaybeTlsStream<TcpStream>>,
    id: u64,
}

impl Socket {
    pub(crate) async fn send(&mut self, message: &Value) {
        self.inner.send(Message::text(message.to_string())).await.expect("sent");
    }

    /// The next message; null where the socket is closed.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match tokio::time::timeout(PATIENCE, self.inner.next()).await.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(text.as_str()).expect("JSON"),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Value::Null,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The code and the reason with which the server closes it.
    pub(crate) async fn closed(&mut self) -> Option<(u16, String)> {
        loop {
            match tokio::time::timeout(PATIENCE, self.inner.next()).await.expect("an end in time") {
                Some(Ok(Message::Close(Some(frame)))) => return Some((frame.code.into(), frame.reason.to_string())),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Sends a command, and gives its answer with every message that came before it.
    pub(crate) async fn ask(&mut self, mut command: Value) -> (Value, Vec<Value>) {
        self.id += 1;
        command["id"] = json!(self.id);
        self.send(&command).await;
        let mut before = Vec::new();
        loop {
            let message = self.next().await;
            assert!(!message.is_null(), "the socket was closed before the answer to {command}");
            if message["id"] == json!(self.id) && message["type"] != json!("event") {
                return (message, before);
            }
            before.push(message);
        }
    }
}
