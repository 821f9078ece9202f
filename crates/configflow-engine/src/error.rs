//! Why a flow could not be driven.

use configflow_core::StepError;
use configflow_oauth::EntropyError;

use crate::store::StoreError;

/// Why a request about a flow was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// No flow in progress has this id.
    #[error("no flow in progress has this id")]
    UnknownFlow,
    /// No definition handles this.
    #[error("no definition handles `{handler}`")]
    UnknownHandler {
        /// The domain, or the type of sub-entry.
        handler: String,
    },
    /// The entry that the flow should change is not there.
    #[error("the entry is not there")]
    UnknownEntry,
    /// The sub-entry that the flow should change is not there.
    #[error("the sub-entry is not there")]
    UnknownSubentry,
    /// The flow has no unique id by which what it found could be ignored.
    #[error("the flow has no unique id")]
    NoUniqueId,
    /// A callback brought neither a code nor an error.
    #[error("the callback brings neither a code nor an error")]
    EmptyCallback,
    /// Another principal began the flow.
    #[error("another principal began the flow")]
    OtherPrincipal,
    /// As many flows are in progress as may be.
    #[error("too many flows are in progress, at most {limit} may be")]
    TooMany {
        /// How many may be.
        limit: usize,
    },
    /// The event does not fit.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine gives no random bytes, so no id can be made.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closed,
}

impl FlowError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFlow => "flow.unknown",
            Self::UnknownHandler { .. } => "flow.unknown_handler",
            Self::UnknownEntry => "flow.unknown_entry",
            Self::UnknownSubentry => "flow.unknown_subentry",
            Self::NoUniqueId => "flow.no_unique_id",
            Self::EmptyCallback => "flow.empty_callback",
            Self::OtherPrincipal => "flow.other_principal",
            Self::TooMany { .. } => "flow.too_many",
            Self::Step(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Entropy(_) => "engine.no_entropy",
            Self::Closed => "engine.closed",
        }
    }
}
