//! The moment of a kill: so many events after the start, and a little later.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// Counts requests that are sent and answers that come, and says when it is time.
pub(crate) struct Strike {
    left: AtomicU64,
    time: Notify,
    /// How often to give way before.
    later: u64,
}

impl Strike {
    /// After so many events, and after giving way so often: while a request is on its way.
    pub(crate) fn new(events: u64, later: u64) -> Self {
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
        give_way(self.later).await;
    }
}

/// Lets others run so often: a moment that no clock chooses.
pub(crate) async fn give_way(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}
