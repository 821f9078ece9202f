//! Transitions as a fixture's run records them: one JSON object each, secrets never in it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use configflow_core::{EffectOutcome, Event};
use configflow_engine::{Observed, Observer};
use serde_json::{Map, Value, json};

use crate::secrets::Secrets;

/// Records every transition of an engine.
pub(crate) struct Recorder {
    secrets: Secrets,
    recorded: Mutex<Vec<Value>>,
}

impl Recorder {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self { secrets, recorded: Mutex::default() }
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<Value>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what is no transition: an answer that was refused.
    pub(crate) fn refused(&self, step: &str, input: &Value, refusal: &Value) {
        self.recorded()
            .push(json!({"event": "answered", "from": step, "input": self.secrets.without(input), "rejected": refusal}));
    }

    /// What was recorded so far.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.recorded())
    }
}

impl Observer for Recorder {
    fn transition(&self, observed: &Observed<'_>) {
        let mut line = Map::new();
        line.insert("event".to_owned(), observed.event.map_or("started", Event::name).into());
        match observed.event {
            None => _ = line.insert("source".to_owned(), observed.after.context().source.clone().into()),
            Some(Event::Answered { input }) => _ = line.insert("input".to_owned(), self.secrets.without(input)),
            Some(Event::EffectDone { outcome, .. }) => {
                line.insert("action".to_owned(), observed.action.into());
                let outcome = match outcome {
                    EffectOutcome::Done { .. } => json!("done"),
                    EffectOutcome::Failed { failure, .. } => {
                        json!({"failed": failure.code, "reason": failure.fields.get("reason")})
                    }
                    EffectOutcome::Abort { reason, .. } => json!({"abort": reason}),
                };
                line.insert("outcome".to_owned(), outcome);
            }
            Some(_) => {}
        }
        line.insert("from".to_owned(), observed.before.and_then(|state| state.step()).into());
        line.insert("to".to_owned(), observed.after.step().into());
        line.insert("show".to_owned(), observed.show.map_or(Value::Null, configflow_core::FlowResult::to_value));
        self.recorded().push(Value::Object(line));
    }
}
