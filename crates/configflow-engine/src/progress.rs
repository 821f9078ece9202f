//! Flows in progress: listed, and given up where they were left alone.

use std::sync::Arc;

use configflow_core::{Context, Definition, Event, FlowResult, Kind, State, render};
use serde_json::{Map, Value, json};

use crate::builder::Engine;
use crate::error::FlowError;
use crate::flows::Flow;

/// A flow in progress, as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct InProgress {
    /// Its id.
    pub flow_id: String,
    /// A domain, an entry id, or an entry id and a sub-entry type.
    pub handler: Value,
    /// Which dialog it runs.
    pub kind: Kind,
    /// Source, entry, unique id and what its card mentions.
    pub context: Context,
    /// The step that it shows, as clients know it.
    pub step_id: String,
    /// Whether lists have it: those that no person began.
    pub listed: bool,
}

impl InProgress {
    fn of(flow: &Flow) -> Option<Self> {
        let state = flow.state();
        let step = flow.definition.dialog(state.kind())?.step(state.shown()?)?;
        Some(Self {
            flow_id: flow.id.clone(),
            handler: state.handler().clone(),
            kind: state.kind().clone(),
            context: state.context().clone(),
            step_id: step.step_id().to_string(),
            listed: is_listed(&state),
        })
    }

    /// The flow in the shape of Home Assistant's API.
    #[must_use]
    pub fn view(&self) -> Value {
        let mut context = match json!(self.context) {
            Value::Object(context) => context,
            _ => Map::new(),
        };
        if self.context.source == "reauth" {
            // A reauth always says which account it is about, even where the account has no unique id.
            context.entry("unique_id").or_insert(Value::Null);
        }
        json!({"flow_id": self.flow_id, "handler": self.handler, "context": context, "step_id": self.step_id})
    }
}

/// Whether lists of flows have it: a setup flow that no person began.
pub(crate) fn is_listed(state: &State) -> bool {
    *state.kind() == Kind::Config && !matches!(state.context().source.as_str(), "user" | "reconfigure")
}

impl Engine {
    /// Every flow in progress that has shown something, in the order of their beginning.
    #[must_use]
    pub fn in_progress(&self) -> Vec<InProgress> {
        let mut flows: Vec<InProgress> = self.inner.flows.all().iter().filter_map(|flow| InProgress::of(flow)).collect();
        flows.sort_by(|one, other| one.flow_id.cmp(&other.flow_id));
        flows
    }

    /// The flows in progress that lists have, those that no person began, in the order of their beginning. However many others
    /// there are, it costs no more.
    #[must_use]
    pub fn listed(&self) -> Vec<InProgress> {
        self.inner.flows.listed().iter().filter_map(|flow| InProgress::of(flow)).collect()
    }

    /// A flow in progress that has shown something.
    #[must_use]
    pub fn flow(&self, flow_id: &str) -> Option<InProgress> {
        InProgress::of(&*self.inner.flows.get(flow_id)?)
    }

    /// Which dialog a flow runs.
    #[must_use]
    pub fn kind_of(&self, flow_id: &str) -> Option<Kind> {
        let flows = &self.inner.flows;
        let stranded = || flows.stranded(flow_id).map(|flow| flow.state.kind().clone());
        flows.get(flow_id).map(|flow| flow.state().kind().clone()).or_else(stranded)
    }

    /// What a flow shows, for whoever only looks: nothing goes on, and nobody is bound to it.
    ///
    /// # Errors
    /// An unknown flow, or one that has shown nothing yet.
    pub fn look(&self, flow_id: &str) -> Result<Arc<FlowResult>, FlowError> {
        let flow = self.inner.flows.get(flow_id).ok_or(FlowError::UnknownFlow)?;
        Ok(Arc::new(render(&flow.definition, &flow.state())?))
    }

    /// The definition that a flow goes by; it may be older than the one that begins flows now.
    #[must_use]
    pub fn definition_of(&self, flow_id: &str) -> Option<Definition> {
        self.inner.flows.get(flow_id).map(|flow| flow.definition.clone())
    }

    /// Gives up the flows that persons began and left alone for longer than they may, and says how many. To be called from time
    /// to time. Discoveries and the like wait for a person as long as it takes.
    pub async fn give_up_abandoned(&self) -> usize {
        let inner = &self.inner;
        let limit = inner.limits.abandoned;
        let now = inner.clock.now();
        let mut count = 0;
        for flow in inner.flows.abandoned(now, limit) {
            match inner.apply(&flow, Event::Cancelled).await {
                Ok(()) => {
                    tracing::info!(flow_id = %flow.id, "the flow was left alone, and is given up");
                    count += 1;
                }
                Err(error) => tracing::debug!(flow_id = %flow.id, code = error.code(), "the flow cannot be given up yet"),
            }
        }
        count
    }
}
