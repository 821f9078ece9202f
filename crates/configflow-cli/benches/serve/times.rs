//! How long things took.

use std::time::Duration;

/// How long each of many things took.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn join(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which so many of a thousand were done.
    pub(crate) fn within(&mut self, thousandths: usize) -> Duration {
        self.0.sort_unstable();
        self.0[(self.0.len() * thousandths / 1000).min(self.0.len() - 1)]
    }
}
