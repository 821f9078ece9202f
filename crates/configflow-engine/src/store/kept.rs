//! A flow in progress as a store keeps it.

use std::fmt;
use std::sync::Arc;

use configflow_core::{EffectId, EffectOutcome, State};
use configflow_oauth::Secret;
use serde::{Deserialize, Serialize};

/// A flow as it is kept; all of it may be secret. `Debug` shows no answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptFlow {
    /// The integration.
    pub domain: String,
    /// Who drives it.
    pub principal: Option<String>,
    /// What it claims beside its unique id.
    pub claims: Vec<String>,
    /// Where it stands.
    pub state: Arc<State>,
}

/// A flow that was kept, with what belongs to it.
#[derive(Clone)]
pub struct StoredFlow {
    /// The flow.
    pub flow: KeptFlow,
    /// What it did towards linking, in the engine's own form.
    pub link: Option<Secret>,
    /// The last effect of its that may run only once.
    pub once: Option<Once>,
}

/// An effect that may run only once.
#[derive(Clone)]
pub struct Once {
    /// Which.
    pub effect: EffectId,
    /// What came of it; none where nobody can know, since the process ended while it ran.
    pub outcome: Option<EffectOutcome>,
}

/// Everything about flows that was kept.
#[derive(Clone, Default)]
pub struct Kept {
    /// The flows.
    pub flows: Vec<StoredFlow>,
    /// The ids of flows that are there but cannot be read. They are left as they are.
    pub unreadable: Vec<String>,
}

impl KeptFlow {
    /// The flow's id.
    #[must_use]
    pub fn flow_id(&self) -> &str {
        self.state.flow_id()
    }
}

impl fmt::Debug for KeptFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptFlow").field("domain", &self.domain).field("state", &self.state).finish_non_exhaustive()
    }
}

impl fmt::Debug for StoredFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredFlow").field("flow", &self.flow).field("once", &self.once).finish_non_exhaustive()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("effect", &self.effect).field("ended", &self.outcome.is_some()).finish()
    }
}
