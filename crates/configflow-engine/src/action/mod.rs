//! Actions: what a definition calls by name. Built-in ones live here; an embedder registers its own.

mod entry;
mod flow;
mod http;
mod link;
mod reach;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use configflow_core::signature::{Signature, Signatures};
use configflow_core::{Account, EffectOutcome, Failure};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use tokio::sync::broadcast;

pub(crate) use http::{Http, Network};
pub use link::Implementation;
pub(crate) use link::Link;

use crate::builder::Inner;
use crate::flows::Flow;
use crate::notice::Notice;

/// An action of the embedder's: a device's own protocol, a store of its own.
pub trait Action: Send + Sync + 'static {
    /// What it takes, gives, and can fail with. The checker holds definitions to it.
    fn signature(&self) -> Signature;

    /// Does it. Cancelled when the flow is given up, and at its time limit.
    fn run<'a>(&'a self, call: ActionCall) -> BoxFuture<'a, Result<Value, Failure>>;
}

/// A call of an embedder's action. `Debug` shows no parameter.
pub struct ActionCall {
    /// The flow that calls.
    pub flow_id: String,
    /// The integration.
    pub domain: String,
    /// The parameters, evaluated; may be secret.
    pub parameters: Map<String, Value>,
    handler: String,
    notices: broadcast::Sender<Notice>,
}

impl std::fmt::Debug for ActionCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActionCall").field("flow_id", &self.flow_id).finish_non_exhaustive()
    }
}

impl ActionCall {
    /// Tells clients how far the action is, from 0.0 to 1.0.
    pub fn progress(&self, fraction: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000 before")]
        let thousandths = (fraction.clamp(0.0, 1.0) * 1000.0).round() as u16;
        let notice = Notice::FlowProgress { flow_id: self.flow_id.clone(), handler: self.handler.clone(), thousandths };
        // Nobody listening is no fault.
        let _ = self.notices.send(notice);
    }

    /// A text parameter; empty where it was not given.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.parameters.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The embedder's actions by name.
#[derive(Default)]
pub(crate) struct Actions {
    own: RwLock<HashMap<String, Arc<dyn Action>>>,
}

impl Actions {
    pub(crate) fn register(&self, action: Arc<dyn Action>) {
        self.own.write().unwrap_or_else(PoisonError::into_inner).insert(action.signature().name, action);
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn Action>> {
        self.own.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn signatures(&self) -> Signatures {
        let mut signatures = Signatures::default();
        for action in self.own.read().unwrap_or_else(PoisonError::into_inner).values() {
            signatures.register(action.signature());
        }
        signatures
    }
}

impl Inner {
    /// Runs an action by name.
    pub(crate) async fn act(
        &self,
        flow: &Flow,
        action: &str,
        parameters: Map<String, Value>,
        account: Option<Account>,
    ) -> EffectOutcome {
        match action {
            "entry.unique" => self.entry_unique(flow, &parameters).await,
            "entry.list" => self.entry_list(flow, &parameters).await,
            "flow.unique" => self.flow_unique(flow, &parameters),
            "http.request" => self.http_request(flow, &parameters).await,
            link if link.starts_with("link.") => self.link_action(flow, link, &parameters, account).await,
            own => {
                let Some(action) = self.actions.get(own) else {
                    return EffectOutcome::failed(Failure::code("unknown_action").with("action", own));
                };
                let call = ActionCall {
                    flow_id: flow.id.clone(),
                    domain: flow.definition.domain.clone(),
                    parameters,
                    handler: flow.state().handler().to_string(),
                    notices: self.notices.clone(),
                };
                match action.run(call).await {
                    Ok(result) => EffectOutcome::done(result),
                    Err(failure) => EffectOutcome::failed(failure),
                }
            }
        }
    }
}

/// A parameter that is a text.
fn text<'p>(parameters: &'p Map<String, Value>, name: &str) -> Option<&'p str> {
    parameters.get(name).and_then(Value::as_str)
}
