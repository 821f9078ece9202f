//! What the end of one flow means for others: those that it makes pointless end, the one that it leads to begins.

use std::sync::Arc;

use configflow_core::{Event, Kind};
use serde_json::{Value, json};

use crate::builder::{Engine, Inner};
use crate::caller::{Caller, Start};
use crate::flows::Flow;
use crate::store::Entry;

impl Inner {
    /// Ends the other setup flows that can no longer lead to an entry: those of the same unique id, and all of an integration
    /// that has one entry at most.
    pub(crate) async fn end_others(&self, flow: &Flow, made: &Entry) {
        let domain = &flow.definition.domain;
        let others = match &made.unique_id {
            _ if flow.definition.single_instance => self.flows.of_domain(domain),
            Some(unique_id) => self.flows.of_unique_id(domain, unique_id),
            None => Vec::new(),
        };
        for other in others.iter().filter(|other| other.id != flow.id && *other.state().kind() == Kind::Config) {
            if let Err(error) = self.advance(other, Event::Cancelled, None).await {
                // It is ending by itself, or has ended.
                tracing::debug!(flow_id = %other.id, code = error.code(), "a flow that became pointless goes on");
            }
        }
    }

    /// Starts the flow that a new entry leads to, for whoever drives this one: `["config_flow", FLOW_ID]`, or null.
    pub(crate) async fn start_next(self: &Arc<Self>, flow: &Flow, next: &Value) -> Value {
        let text = |key: &str| next.get(key).and_then(Value::as_str);
        let handler = text("handler").unwrap_or(&flow.definition.domain);
        let init = next.get("data").cloned().unwrap_or_default();
        let caller = Caller::new(Engine { inner: Arc::clone(self) }, &flow.principal());
        match caller.start(Start::source(handler, text("source").unwrap_or("user"), init)).await {
            Ok(shown) => json!(["config_flow", shown.to_value()["flow_id"]]),
            Err(error) => {
                tracing::warn!(flow_id = %flow.id, code = error.code(), "the flow to go on with does not start");
                Value::Null
            }
        }
    }
}
