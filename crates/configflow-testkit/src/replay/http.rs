//! The way to a real server: HTTP and a WebSocket.

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::transport::{Request, Response, Transport, TransportError};
use crate::simulated;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Who logs in.
#[derive(Debug, Clone)]
pub enum Person {
    /// The person of the simulated provider that the server meets.
    Simulated(simulated::Person),
    /// Nobody: whatever stands in for the provider takes the recorded code.
    Nobody,
}

/// The way to a server.
pub struct HttpTransport {
    client: reqwest::Client,
    base: String,
    token: String,
    socket: Option<Box<Socket>>,
    person: Person,
}

impl HttpTransport {
    /// The way to the server at `base`, such as `http://127.0.0.1:8123`.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(base: &str, token: &str, person: Person) -> Result<Self, TransportError> {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        let client = client.map_err(|error| unreachable(&error))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client, base, token: token.to_owned(), socket: None, person })
    }

    async fn open(&self) -> Result<Box<Socket>, TransportError> {
        let (_, rest) = self.base.split_once("://").unwrap_or(("http", &self.base));
        let scheme = if self.base.starts_with("https") { "wss" } else { "ws" };
        let (mut socket, _) =
            connect_async(format!("{scheme}://{rest}/api/websocket")).await.map_err(|error| unreachable(&error))?;
        // `auth_required` comes first.
        read(&mut socket).await?;
        let auth = json!({"type": "auth", "access_token": self.token});
        socket.send(Message::text(auth.to_string())).await.map_err(|error| unreachable(&error))?;
        let answer = read(&mut socket).await?.unwrap_or_default();
        if answer["type"] != "auth_ok" {
            return Err(TransportError::Unauthorized);
        }
        Ok(Box::new(socket))
    }
}

async fn read(socket: &mut Socket) -> Result<Option<Value>, TransportError> {
    while let Some(message) = socket.next().await {
        match message.map_err(|error| unreachable(&error))? {
            Message::Text(text) => return Ok(serde_json::from_str(text.as_str()).ok()),
            Message::Close(_) => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

fn unreachable(error: &dyn std::error::Error) -> TransportError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    TransportError::Unreachable(text)
}

impl Transport for HttpTransport {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        async move {
            let method = reqwest::Method::from_bytes(request.method.as_bytes())
                .map_err(|_| TransportError::Unreachable(format!("`{}` is no verb of HTTP", request.method)))?;
            let mut sent = self.client.request(method, format!("{}{}", self.base, request.path));
            // Whoever is sent back by a provider has no token.
            if request.path.starts_with("/api/config") || request.path.starts_with("/metrics") {
                sent = sent.bearer_auth(&self.token);
            }
            for (name, value) in &request.headers {
                sent = sent.header(name, value);
            }
            if let Some(body) = request.body {
                if !request.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
                    sent = sent.header("content-type", "application/json");
                }
                sent = sent.body(body);
            }
            let response = sent.send().await.map_err(|error| unreachable(&error))?;
            let status = response.status().as_u16();
            let text = response.text().await.map_err(|error| unreachable(&error))?;
            let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
            Ok(Response { status, body })
        }
        .boxed()
    }

    fn command(&mut self, command: Value) -> BoxFuture<'_, Result<(), TransportError>> {
        async move {
            let socket = match self.socket.take() {
                Some(socket) => socket,
                None => self.open().await?,
            };
            let socket = self.socket.insert(socket);
            socket.send(Message::text(command.to_string())).await.map_err(|error| unreachable(&error))
        }
        .boxed()
    }

    fn message(&mut self, patience: Duration) -> BoxFuture<'_, Result<Option<Value>, TransportError>> {
        async move {
            let Some(socket) = &mut self.socket else { return Ok(None) };
            match tokio::time::timeout(patience, read(socket)).await {
                Ok(read) => read,
                Err(_) => Ok(None),
            }
        }
        .boxed()
    }

    fn hang_up(&mut self) -> BoxFuture<'_, ()> {
        async move {
            if let Some(mut socket) = self.socket.take() {
                // The server may be gone already.
                let _ = SinkExt::close(&mut *socket).await;
            }
        }
        .boxed()
    }

    fn log_in<'a>(&'a mut self, link: &'a str) -> BoxFuture<'a, Result<Option<String>, TransportError>> {
        async move {
            match &self.person {
                Person::Nobody => Ok(None),
                Person::Simulated(person) => match person.log_in(link).await {
                    Ok(returned) => Ok(Some(returned)),
                    Err(error) => Err(TransportError::LogIn(error.to_string())),
                },
            }
        }
        .boxed()
    }
}
