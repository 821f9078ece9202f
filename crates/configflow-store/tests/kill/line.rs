//! What the killed process tells, a line each. A line that was cut off was not told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Line {
    /// An entry is there, with this data and this token's own text.
    Entry { id: String, data: Value, linked: bool },
    /// After a restart: what a flow shows; none where it is unknown.
    Now { number: u64, flow: String, shown: Option<Value> },
    /// About to start a flow.
    Starts { number: u64 },
    /// About to answer a step.
    Tries { number: u64, step: String },
    /// An answer, or a start, was acknowledged.
    Shown { number: u64, flow: String, shown: Value },
    /// A callback is under way.
    CallsBack { number: u64 },
    /// A callback was acknowledged.
    CalledBack { number: u64 },
    /// Everything that was to be done is done.
    Done,
}

/// What the killed process is to go on with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Where the token endpoint is.
    pub(crate) port: u16,
    /// Flows that were acknowledged and not ended, and whether their callback was.
    pub(crate) open: Vec<(u64, String, bool)>,
    /// The numbers of flows to start.
    pub(crate) fresh: Vec<u64>,
}

impl Line {
    /// The flow that it is about.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Now { number, .. }
            | Self::Starts { number }
            | Self::Tries { number, .. }
            | Self::Shown { number, .. }
            | Self::CallsBack { number }
            | Self::CalledBack { number } => Some(*number),
            Self::Entry { .. } | Self::Done => None,
        }
    }
}
