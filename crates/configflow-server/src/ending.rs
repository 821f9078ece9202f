//! The end of a server, as its WebSockets learn of it.

use tokio::sync::watch::{self, Receiver, Sender};

/// Says to every WebSocket that the server stops, and waits until each has said goodbye to its client.
#[derive(Debug)]
pub(crate) struct Ending {
    sockets: Sender<bool>,
}

impl Default for Ending {
    fn default() -> Self {
        Self { sockets: watch::channel(false).0 }
    }
}

/// Held by a WebSocket as long as it is served.
pub(crate) struct Ends(Receiver<bool>);

impl Ending {
    /// For a WebSocket: to be held until its client was told.
    pub(crate) fn hear(&self) -> Ends {
        Ends(self.sockets.subscribe())
    }

    /// Says it, and waits until nobody holds what was given out.
    pub(crate) async fn tell(&self) {
        self.sockets.send_replace(true);
        self.sockets.closed().await;
    }
}

impl Ends {
    /// Ready when the server stops.
    pub(crate) async fn wait(&mut self) {
        if self.0.wait_for(|ends| *ends).await.is_err() {
            // Whoever could say it is gone, and a router without a server never ends.
            std::future::pending::<()>().await;
        }
    }
}
