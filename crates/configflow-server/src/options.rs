//! Settings of the API.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::Authenticate;
use crate::ending::Ending;
use crate::metrics::Meter;

/// Settings of the API.
#[derive(Clone)]
pub struct Options {
    /// Who may use it.
    pub authenticate: Arc<dyn Authenticate>,
    /// What requests and sockets may take.
    pub limits: ServerLimits,
    /// What is counted; give it to the engine's builder as its observer too, so that flows are counted.
    pub meter: Arc<Meter>,
    /// The end of the server around it.
    pub(crate) ending: Arc<Ending>,
}

impl Options {
    /// The usual settings.
    #[must_use]
    pub fn new(authenticate: Arc<dyn Authenticate>) -> Self {
        Self { authenticate, limits: ServerLimits::default(), meter: Arc::default(), ending: Arc::default() }
    }
}

/// What requests, sockets and connections may take. Each default is documented in docs/limits.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// The largest body of a request in bytes; 2 MiB.
    pub body: usize,
    /// The deepest nesting of a body; 64.
    pub depth: usize,
    /// How long a body may take to arrive; 30 seconds.
    pub body_time: Duration,
    /// How long the head of a request may take to arrive; 10 seconds.
    pub header_time: Duration,
    /// How many connections may be open; 1,024.
    pub connections: usize,
    /// How long requests may take to end when the server stops; 3 seconds.
    pub farewell: Duration,
    /// How many messages may wait for a slow WebSocket client; 512.
    pub socket_queue: usize,
    /// The largest message of a WebSocket client in bytes; 2 MiB.
    pub socket_message: usize,
    /// How many subscriptions one WebSocket may hold; 64.
    pub subscriptions: usize,
    /// How long a WebSocket client may take to say who it is; 10 seconds.
    pub socket_auth: Duration,
    /// How often a silent WebSocket client is asked whether it is still there; 55 seconds.
    pub socket_ping: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            body: 2 << 20,
            depth: 64,
            body_time: Duration::from_secs(30),
            header_time: Duration::from_secs(10),
            connections: 1024,
            farewell: Duration::from_secs(3),
            socket_queue: 512,
            socket_message: 2 << 20,
            subscriptions: 64,
            socket_auth: Duration::from_secs(10),
            socket_ping: Duration::from_secs(55),
        }
    }
}
