//! What a flow may take.

use std::time::Duration;

/// Time limits of effects. Each default is documented in docs/limits.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest that an action may run while somebody waits for its answer; 60 seconds.
    pub action: Duration,
    /// The longest that an action of a progress step may run; 20 minutes.
    pub progress: Duration,
    /// The longest that one request of `http.request` may take where the definition says nothing; 10 seconds.
    pub request: Duration,
    /// The largest answer of `http.request` in bytes; 4 MiB.
    pub answer: usize,
    /// How many flows may be in progress; 100,000.
    pub flows: usize,
    /// How many of them one principal may drive; 10,000.
    pub flows_of_one: usize,
    /// How long a flow that a person began may be left alone; 24 hours.
    pub abandoned: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            action: Duration::from_secs(60),
            progress: Duration::from_secs(20 * 60),
            request: Duration::from_secs(10),
            answer: 4 << 20,
            flows: 100_000,
            flows_of_one: 10_000,
            abandoned: Duration::from_secs(24 * 60 * 60),
        }
    }
}
