//! The way to a server.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;

/// A request over HTTP.
#[derive(Debug, Clone)]
pub struct Request {
    /// The verb.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Headers beside the token.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<String>,
}

/// What came.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body: JSON where it is some, else a text.
    pub body: Value,
}

/// Why nothing came.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The server cannot be reached, or broke off.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// It does not take the token.
    #[error("the server does not take the token")]
    Unauthorized,
    /// The person could not log in.
    #[error("the person could not log in: {0}")]
    LogIn(String),
}

impl TransportError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "replay.unreachable",
            Self::Unauthorized => "replay.unauthorized",
            Self::LogIn(_) => "replay.log_in",
        }
    }
}

/// The way to a server, and to the person who logs in at its provider.
pub trait Transport: Send {
    /// Sends a request over HTTP, with the token.
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// Sends a command over the WebSocket, which is opened for the first one.
    fn command(&mut self, command: Value) -> BoxFuture<'_, Result<(), TransportError>>;

    /// The next message from the WebSocket; none where none comes in time.
    fn message(&mut self, patience: Duration) -> BoxFuture<'_, Result<Option<Value>, TransportError>>;

    /// The entries as they are stored, secrets hidden; none where the server has no path for that.
    fn stored(&mut self) -> BoxFuture<'_, Result<Option<Value>, TransportError>> {
        Box::pin(async move {
            let (method, path) = ("GET".to_owned(), "/api/configflow/entries?include=data".to_owned());
            let response = self.send(Request { method, path, headers: BTreeMap::new(), body: None }).await?;
            Ok((response.status == 200).then_some(response.body))
        })
    }

    /// Closes the WebSocket, so that the next command opens a new one.
    fn hang_up(&mut self) -> BoxFuture<'_, ()>;

    /// Logs in where a link leads, and gives the address at which that ends; none where nobody can. Then the recorded address is used,
    /// with the `state` of this run.
    fn log_in<'a>(&'a mut self, link: &'a str) -> BoxFuture<'a, Result<Option<String>, TransportError>>;
}
