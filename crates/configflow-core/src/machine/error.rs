//! Why an event was rejected.

use crate::expr::EvalError;
use crate::field::Invalid;

/// Why an event does not fit where the flow stands. The flow is as usable as before.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// The answer does not fit the form.
    #[error("the answer does not fit the form")]
    Invalid(Invalid),
    /// An effect runs; only its result, or giving up, fits now.
    #[error("the flow is busy; expected the result of its running effect")]
    Busy,
    /// The flow has ended.
    #[error("the flow has ended")]
    Over,
    /// The result of an effect that the flow does not wait for.
    #[error("the flow waits for effect {expected:?}, not for {found}")]
    UnknownEffect {
        /// The effect that it waits for.
        expected: Option<u32>,
        /// The effect that ended.
        found: u32,
    },
    /// An external page is answered by its provider's callback only.
    #[error("the step waits for the provider's answer, which nobody else can give")]
    WaitsForProvider,
    /// There is no form before this one.
    #[error("there is no form to go back to")]
    NoWayBack,
    /// The definition has no step of this name.
    #[error("the definition has no step `{step}`")]
    UnknownStep {
        /// The name.
        step: String,
    },
    /// The definition is not the one that the state was made under.
    #[error("the definition changed while the flow was in progress")]
    DefinitionChanged,
    /// An expression of the definition failed.
    #[error("{0}")]
    Expression(EvalError),
}

impl StepError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "flow.invalid_answer",
            Self::Busy => "flow.busy",
            Self::Over => "flow.over",
            Self::UnknownEffect { .. } => "flow.unknown_effect",
            Self::WaitsForProvider => "flow.waits_for_provider",
            Self::NoWayBack => "flow.no_way_back",
            Self::UnknownStep { .. } => "flow.unknown_step",
            Self::DefinitionChanged => "flow.definition_changed",
            Self::Expression(_) => "flow.expression_failed",
        }
    }
}
