//! What goes out to one client: a bounded queue, and the task that empties it.

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The queue is full, or the client is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// The way out to a client.
pub(super) struct Outgoing {
    queue: mpsc::Sender<Message>,
    writer: JoinHandle<()>,
}

impl Outgoing {
    pub(super) fn new(mut sink: SplitSink<WebSocket, Message>, limit: usize) -> Self {
        let (queue, mut waiting) = mpsc::channel(limit);
        let writer = tokio::spawn(async move {
            while let Some(message) = waiting.recv().await {
                if sink.send(message).await.is_err() {
                    break;
                }
            }
            // The client may be gone already.
            let _ = sink.close().await;
        });
        Self { queue, writer }
    }

    /// Puts a message into the queue.
    pub(super) fn send(&self, message: &Value) -> Result<(), Lost> {
        self.queue.try_send(Message::text(message.to_string())).map_err(|_| Lost)
    }

    /// The answer to a command.
    pub(super) fn result(&self, id: u64, result: &Value) -> Result<(), Lost> {
        self.send(&json!({"id": id, "type": "result", "success": true, "result": result}))
    }

    /// Why a command was not done.
    pub(super) fn error(&self, id: u64, code: &str, message: &str) -> Result<(), Lost> {
        self.refused(&json!(id), code, message)
    }

    /// The same to what is no command, whatever stands where its id should.
    pub(super) fn refused(&self, id: &Value, code: &str, message: &str) -> Result<(), Lost> {
        self.send(&json!({"id": id, "type": "result", "success": false, "error": {"code": code, "message": message}}))
    }

    /// Asks whether the client is still there.
    pub(super) fn ping(&self) -> Result<(), Lost> {
        self.queue.try_send(Message::Ping(Vec::new().into())).map_err(|_| Lost)
    }

    /// Says why no more comes, and ends. A client that takes nothing any more is left.
    pub(super) async fn close(mut self, code: u16, reason: &'static str) {
        let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let patience = std::time::Duration::from_secs(1);
        let queued = tokio::time::timeout(patience, self.queue.send(frame)).await;
        drop(self.queue);
        if !matches!(queued, Ok(Ok(()))) || tokio::time::timeout(patience, &mut self.writer).await.is_err() {
            self.writer.abort();
        }
    }

    /// Ends where the client ended.
    pub(super) async fn end(self) {
        self.close(close_code::NORMAL, "").await;
    }
}
