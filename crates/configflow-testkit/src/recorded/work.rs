//! What `flow_lab` does in the background: work that says how far it is, and that may fail.

use std::time::Duration;

use configflow_core::Failure;
use configflow_core::signature::Signature;
use configflow_engine::{Action, ActionCall};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

/// `lab.work`: says each of `updates` (fractions) in turn, then ends, or fails where `fails` is true.
pub struct Work {
    signature: Signature,
    pace: Duration,
}

impl Work {
    /// Work that takes so long before each thing that it says, and before it ends.
    #[must_use]
    pub fn timed(signature: Signature, pace: Duration) -> Self {
        Self { signature, pace }
    }

    async fn wait(&self) {
        tokio::time::sleep(self.pace).await;
    }
}

impl Action for Work {
    fn signature(&self) -> Signature {
        self.signature.clone()
    }

    fn run(&self, call: ActionCall) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async move {
            let updates = call.parameters.get("updates").and_then(Value::as_array).cloned().unwrap_or_default();
            for fraction in updates.iter().filter_map(Value::as_f64) {
                self.wait().await;
                call.progress(fraction);
            }
            self.wait().await;
            match call.parameters.get("fails") {
                Some(Value::Bool(true)) => Err(Failure::code("work_failed")),
                _ => Ok(json!({})),
            }
        })
    }
}
