//! Why a fixture cannot be run.

use serde_json::Value;

use crate::flows::FlowsError;
use crate::simulated::StartError;

/// Why a fixture cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// Its definition cannot be had.
    #[error(transparent)]
    Flows(#[from] FlowsError),
    /// The simulated provider did not start.
    #[error(transparent)]
    Provider(#[from] StartError),
    /// The engine did not start.
    #[error(transparent)]
    Engine(#[from] configflow_engine::BuildError),
    /// It does not go with its definition.
    #[error("{reason}")]
    Unfit {
        /// What does not fit, and what was expected.
        reason: String,
    },
    /// A step does something that it cannot.
    #[error("step {step}: {reason}")]
    Step {
        /// Which step, from 0.
        step: usize,
        /// What is wrong.
        reason: String,
        /// The transitions until then, masked.
        transitions: Vec<Value>,
    },
}

impl DriveError {
    pub(super) fn step(step: usize, reason: impl ToString) -> Self {
        Self::Step { step, reason: reason.to_string(), transitions: Vec::new() }
    }

    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Flows(error) => error.code(),
            Self::Provider(error) => error.code(),
            Self::Engine(error) => error.code(),
            Self::Unfit { .. } => "fixture.unfit",
            Self::Step { .. } => "fixture.step",
        }
    }
}
