//! Messages from the WebSocket, kept until an exchange wants them.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use super::transport::{Transport, TransportError};

/// How long a message may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Messages that came and were not asked for yet.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: VecDeque<Value>,
}

impl Inbox {
    /// The first message that is of the same kind as the expected one: the answer to the same command, or an event of the same
    /// subscription and type. None where none comes.
    pub(super) async fn like(
        &mut self,
        expected: &Value,
        transport: &mut dyn Transport,
    ) -> Result<Option<Value>, TransportError> {
        if let Some(at) = self.waiting.iter().position(|message| is_like(expected, message)) {
            return Ok(self.waiting.remove(at));
        }
        while let Some(message) = transport.message(PATIENCE).await? {
            if is_like(expected, &message) {
                return Ok(Some(message));
            }
            self.waiting.push_back(message);
        }
        Ok(None)
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

fn is_like(expected: &Value, message: &Value) -> bool {
    expected["type"] == message["type"]
        && expected["id"] == message["id"]
        && expected.pointer("/event/event_type") == message.pointer("/event/event_type")
}
