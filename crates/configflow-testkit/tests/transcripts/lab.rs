//! What `flow_lab` does in the background: work that says how far it is, and that may fail. In the recordings it takes some
//! tenths of a second; here it goes on whenever the replay has it go on, so that nothing depends on time.

use std::sync::Arc;

use configflow_core::Failure;
use configflow_core::signature::Signature;
use configflow_engine::{Action, ActionCall};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// `lab.work`: says each of `updates` (fractions) in turn, then ends, or fails where `fails` is true.
pub(crate) struct Work {
    signature: Signature,
    go_on: Arc<Semaphore>,
}

impl Work {
    /// Work that takes one permit before each thing that it says, and one before it ends.
    pub(crate) fn new(signature: Signature, go_on: Arc<Semaphore>) -> Self {
        Self { signature, go_on }
    }

    async fn wait(&self) -> Result<(), Failure> {
        self.go_on.acquire().await.map_err(|_| Failure::code("work_failed"))?.forget();
        Ok(())
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
                self.wait().await?;
                call.progress(fraction);
            }
            self.wait().await?;
            match call.parameters.get("fails") {
                Some(Value::Bool(true)) => Err(Failure::code("work_failed")),
                _ => Ok(json!({})),
            }
        })
    }
}
