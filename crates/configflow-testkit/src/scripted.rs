//! An embedder's action that answers what a fixture says.

use std::sync::{Mutex, PoisonError};

use configflow_core::Failure;
use configflow_core::signature::Signature;
use configflow_engine::{Action, ActionCall};
use futures_util::future::{BoxFuture, ready};
use serde_json::{Map, Value};

use crate::fixture::ActionAnswer;

/// Gives its answers one after the other; the last one is repeated.
pub struct Scripted {
    signature: Signature,
    answers: Mutex<Vec<ActionAnswer>>,
}

impl Scripted {
    /// An action with these answers. Without any it gives an empty map.
    #[must_use]
    pub fn new(signature: Signature, mut answers: Vec<ActionAnswer>) -> Self {
        answers.reverse();
        Self { signature, answers: Mutex::new(answers) }
    }

    fn next(&self) -> Option<ActionAnswer> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1 { answers.pop() } else { answers.last().cloned() }
    }
}

impl Action for Scripted {
    fn signature(&self) -> Signature {
        self.signature.clone()
    }

    fn run(&self, _: ActionCall) -> BoxFuture<'_, Result<Value, Failure>> {
        let answer = match self.next() {
            Some(ActionAnswer { fails: Some(code), fields, .. }) => Err(Failure { code, fields }),
            Some(ActionAnswer { gives: Some(result), .. }) => Ok(result),
            Some(_) | None => Ok(Value::Object(Map::new())),
        };
        Box::pin(ready(answer))
    }
}
