//! What `flow_lab` does in the background: work that says how far it is, and that may fail.

use std::sync::Arc;
use std::time::Duration;

use configflow_core::Failure;
use configflow_core::signature::Signature;
use configflow_engine::{Action, ActionCall};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// `lab.work`: says each of `updates` (fractions) in turn, then ends, or fails where `fails` is true.
pub struct Work {
    signature: Signature,
    pace: Pace,
}

/// When the work goes on.
enum Pace {
    /// With each permit, so that nothing depends on time.
    Stepped(Arc<Semaphore>),
    /// After so long, as in the recordings.
    Timed(Duration),
}

impl Work {
    /// Work that takes one permit before each thing that it says, and one before it ends.
    #[must_use]
    pub fn new(signature: Signature, go_on: Arc<Semaphore>) -> Self {
        Self { signature, pace: Pace::Stepped(go_on) }
    }

    /// Work that takes its time, for whoever cannot step it.
    #[must_use]
    pub fn timed(signature: Signature, each: Duration) -> Self {
        Self { signature, pace: Pace::Timed(each) }
    }

    async fn wait(&self) -> Result<(), Failure> {
        match &self.pace {
            Pace::Stepped(go_on) => go_on.acquire().await.map_err(|_| Failure::code("work_failed"))?.forget(),
            Pace::Timed(each) => tokio::time::sleep(*each).await,
        }
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
