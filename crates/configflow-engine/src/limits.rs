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
    /// How long a provider may be asked for a new token, again where it does not answer; 30 seconds.
    pub refresh: Duration,
    /// How long before its end a client secret is warned of; 30 days.
    pub secret_warning: Duration,
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
            refresh: Duration::from_secs(30),
            secret_warning: Duration::from_secs(30 * 24 * 60 * 60),
            flows: 100_000,
            flows_of_one: 10_000,
            abandoned: Duration::from_secs(24 * 60 * 60),
        }
    }
}
