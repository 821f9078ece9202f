//! `flow.unique`: another flow of the same device is in progress.

use configflow_core::EffectOutcome;
use serde_json::{Map, Value, json};

use super::text;
use crate::builder::Inner;
use crate::flows::Flow;

impl Inner {
    /// Ends the flow where another one of the integration has the same values.
    pub(super) fn flow_unique(&self, flow: &Flow, parameters: &Map<String, Value>) -> EffectOutcome {
        // What is compared becomes a claim like a unique id, so no other flow has to be looked at.
        let wanted = parameters.get("match").map(Value::to_string).unwrap_or_default();
        let key = format!("match {wanted}");
        if self.flows.claim(&flow.definition.domain, &key, &flow.id) {
            self.flows.release(&flow.definition.domain, &key, &flow.id);
            let reason = text(parameters, "reason").unwrap_or("already_in_progress").to_owned();
            return EffectOutcome::Abort { reason, placeholders: None };
        }
        flow.claims(&key);
        EffectOutcome::done(json!({}))
    }
}
