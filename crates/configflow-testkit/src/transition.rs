//! Transitions as a fixture's run records them: one JSON object each, secrets never in it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use configflow_core::{Definition, EffectOutcome, Event};
use configflow_engine::{Observed, Observer};
use serde_json::{Map, Value, json};

/// Records every transition of an engine.
pub(crate) struct Recorder {
    /// The fields whose answers must not be recorded.
    secret: Vec<String>,
    recorded: Mutex<Vec<Value>>,
}

impl Recorder {
    pub(crate) fn new(definition: &Definition) -> Self {
        let mut secret = Vec::new();
        let mut open: Vec<_> = definition.fields.values().cloned().collect();
        while let Some(field) = open.pop() {
            if field.secret {
                secret.push(field.name.to_string());
            }
            open.extend(field.section().into_iter().flat_map(|section| section.fields.iter().cloned()));
        }
        Self { secret, recorded: Mutex::default() }
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<Value>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what is no transition: an answer that was refused.
    pub(crate) fn refused(&self, step: &str, input: &Value, refusal: &Value) {
        self.recorded()
            .push(json!({"event": "answered", "from": step, "input": self.without_secrets(input), "rejected": refusal}));
    }

    /// What was recorded so far.
    pub(crate) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.recorded())
    }

    fn without_secrets(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let shown = map.iter().map(|(key, value)| {
                    let hidden = self.secret.contains(key) && !value.is_null();
                    (key.clone(), if hidden { "<secret>".into() } else { self.without_secrets(value) })
                });
                Value::Object(shown.collect())
            }
            Value::Array(items) => items.iter().map(|item| self.without_secrets(item)).collect(),
            plain => plain.clone(),
        }
    }
}

impl Observer for Recorder {
    fn transition(&self, observed: &Observed<'_>) {
        let mut line = Map::new();
        line.insert("event".to_owned(), observed.event.map_or("started", Event::name).into());
        match observed.event {
            None => _ = line.insert("source".to_owned(), observed.after.context().source.clone().into()),
            Some(Event::Answered { input }) => _ = line.insert("input".to_owned(), self.without_secrets(input)),
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
