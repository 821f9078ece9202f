//! Takes the way that a rule leads.

use std::sync::Arc;

use crate::definition::{ErrorSpec, Outcome, Show, Step};
use crate::expr::{EvalError, Template};
use crate::{Map, Name, Value};

use super::run::{Runner, Shown};

impl Runner<'_> {
    /// Takes a way on from a step.
    pub(super) fn take(&mut self, step: &Arc<Step>, outcome: &Outcome) -> Shown {
        match outcome {
            Outcome::Ignore => Ok(None),
            Outcome::Step(to) => {
                let to = self.step_named(to)?;
                self.enter(&to)
            }
            Outcome::Abort { reason, placeholders } => {
                let scope = self.scope();
                let reason = reason.eval_text(&scope)?;
                let placeholders = placeholders.as_ref().map(|map| map.eval_map(&scope)).transpose()?;
                Ok(Some(self.abort(&reason, placeholders)))
            }
            Outcome::Error(error) => {
                let errors = self.errors(error)?;
                self.show_errors(step, errors, error.step.as_ref(), error.placeholders.as_ref())
            }
            Outcome::Create(spec) => self.create(step, spec),
            Outcome::Update(spec) => self.update(step, spec),
        }
    }

    /// Adds errors to those that are collected.
    pub(super) fn collect(&mut self, error: &ErrorSpec) -> Result<(), EvalError> {
        let errors = self.errors(error)?;
        let collected = Arc::make_mut(self.state_mut().collected.get_or_insert_default());
        for (field, key) in errors {
            collected.entry(field).or_insert(key);
        }
        Ok(())
    }

    fn errors(&self, error: &ErrorSpec) -> Result<Map, EvalError> {
        let scope = self.scope();
        let mut errors = Map::new();
        for (field, key) in &error.errors {
            let key = match key {
                Some(key) => key.eval_text(&scope)?,
                None => self.state.failure.as_ref().map(|failure| failure.code.clone()).unwrap_or_default(),
            };
            errors.insert(field.to_string(), Value::String(key));
        }
        Ok(errors)
    }

    /// Shows the form again, or another one, with errors. A step without a form has nobody to show them to: it aborts.
    pub(super) fn show_errors(
        &mut self,
        step: &Arc<Step>,
        errors: Map,
        to: Option<&Name>,
        placeholders: Option<&Template>,
    ) -> Shown {
        let target = match to {
            Some(to) => self.step_named(to)?,
            None => Arc::clone(step),
        };
        let Show::Form(form) = &target.show else {
            let reason = errors.values().find_map(Value::as_str).unwrap_or("unknown").to_owned();
            let placeholders = placeholders.map(|map| map.eval_map(&self.scope())).transpose()?;
            return Ok(Some(self.abort(&reason, placeholders)));
        };
        let shown = self.asked(form)?;
        let mut placed = Map::new();
        for (field, key) in errors {
            // No client can show an error beside a field that is not there.
            let place = if field == "base" || shown.iter().any(|name| **name == *field) { field } else { "base".to_owned() };
            placed.entry(place).or_insert(key);
        }
        if target.name != step.name {
            self.state_mut().each = None;
            self.state_mut().input = None;
        }
        let more = placeholders.map(|map| map.eval_map(&self.scope())).transpose()?;
        self.state_mut().collected = None;
        self.show(&target, placed, more).map(Some)
    }
}
