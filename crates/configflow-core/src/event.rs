//! What can happen to a flow. Everything from outside arrives in one of these.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::effect::EffectId;
use crate::state::{Context, Kind, nothing};
use crate::{Map, Value};

/// What a flow starts from.
#[derive(Clone, Serialize, Deserialize)]
pub struct Started {
    /// The flow's id: a ULID, or 32 hex digits for options and sub-entries.
    pub flow_id: String,
    /// Which dialog.
    pub kind: Kind,
    /// Source, entry and what clients asked for.
    pub context: Context,
    /// The data that started it: a discovery, an import.
    #[serde(default = "nothing")]
    pub init: Arc<Value>,
    /// The entry being changed: `{entry_id, title, unique_id, data, options, …}`.
    #[serde(default = "nothing")]
    pub entry: Arc<Value>,
    /// The sub-entry being changed.
    #[serde(default = "nothing")]
    pub subentry: Arc<Value>,
    /// Location, country, language, time zone, currency, onboarded, external_url.
    #[serde(default = "nothing")]
    pub hub: Arc<Value>,
    /// The public part of the account that the entry is linked to.
    #[serde(default = "nothing")]
    pub account: Arc<Value>,
}

impl Started {
    /// A setup flow of this source, with nothing else known.
    #[must_use]
    pub fn by(source: &str, flow_id: &str) -> Self {
        Self {
            flow_id: flow_id.to_owned(),
            kind: Kind::Config,
            context: Context { source: source.to_owned(), ..Context::default() },
            init: nothing(),
            entry: nothing(),
            subentry: nothing(),
            hub: nothing(),
            account: nothing(),
        }
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("flow_id", &self.flow_id)
            .field("kind", &self.kind)
            .field("source", &self.context.source)
            .finish_non_exhaustive()
    }
}

/// What happens to a flow that has started. `Debug` shows no answer and no result.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody answered what is shown.
    Answered {
        /// The answer as it was sent.
        input: Value,
    },
    /// Somebody asked again after `external_done` or a finished progress.
    Continued,
    /// An effect ended.
    EffectDone {
        /// Which one.
        id: EffectId,
        /// How.
        outcome: Outcome,
    },
    /// A provider's callback came for this flow. What it brought is kept by the engine.
    Returned {
        /// The provider's error code (RFC 6749 §4.1.2.1), where it came instead of a code; `link.error` in expressions.
        #[serde(default)]
        error: Option<String>,
    },
    /// Back to the form before.
    Back,
    /// The flow is given up.
    Cancelled,
}

impl Event {
    /// What the event is called in journals and errors.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answered { .. } => "answered",
            Self::Continued => "continued",
            Self::EffectDone { .. } => "effect_done",
            Self::Returned { .. } => "returned",
            Self::Back => "back",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EffectDone { id, outcome } => f.debug_struct("EffectDone").field("id", id).field("outcome", outcome).finish(),
            other => f.write_str(other.name()),
        }
    }
}

/// How an effect ended.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Well.
    Done {
        /// Its result; public, or handles for what is secret.
        result: Value,
        /// The live attempt's public part (`link`), where the effect changed it.
        #[serde(default)]
        link: Option<Value>,
        /// The account's public part (`account`), where the effect linked one.
        #[serde(default)]
        account: Option<Value>,
    },
    /// Badly; the definition says what that leads to.
    Failed {
        /// How.
        failure: Failure,
        /// As above: a spent attempt is followed by a fresh one.
        #[serde(default)]
        link: Option<Value>,
    },
    /// The action itself ends the flow (`entry.unique`).
    Abort {
        /// The reason.
        reason: String,
        /// What its text mentions.
        #[serde(default)]
        placeholders: Option<Map>,
    },
}

impl Outcome {
    /// A result and nothing else.
    #[must_use]
    pub fn done(result: Value) -> Self {
        Self::Done { result, link: None, account: None }
    }

    /// A failure and nothing else.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self::Failed { failure, link: None }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { .. } => f.write_str("Done"),
            Self::Failed { failure, .. } => f.debug_tuple("Failed").field(failure).finish(),
            Self::Abort { reason, .. } => f.debug_tuple("Abort").field(reason).finish(),
        }
    }
}

/// How an action failed: a code of its signature, and public details.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The code.
    pub code: String,
    /// What `failure` has beside the code. Never a secret.
    #[serde(default)]
    pub fields: Map,
}

impl Failure {
    /// A failure without details.
    #[must_use]
    pub fn code(code: &str) -> Self {
        Self { code: code.to_owned(), fields: Map::new() }
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("code", &self.code).finish_non_exhaustive()
    }
}
