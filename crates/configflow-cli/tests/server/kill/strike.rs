//! The moment of a kill: so many events after the start, and a little later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// Counts requests that are sent and answers that come, and says when it is time.
pub(crate) struct Strike {
    left: AtomicU64,
    time: Notify,
    later: Duration,
}

impl Strike {
    /// After so many events, and so much later: while a request is on its way.
    pub(crate) fn new(events: u64, later: Duration) -> Self {
        Self { left: AtomicU64::new(events + 1), time: Notify::new(), later }
    }

    pub(crate) fn event(&self) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.time.notify_one();
        }
    }

    /// Ready when it is time.
    pub(crate) async fn wait(&self) {
        self.time.notified().await;
        tokio::time::sleep(self.later).await;
    }
}
