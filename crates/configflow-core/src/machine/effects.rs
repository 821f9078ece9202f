//! Takes the result of an effect.

use std::sync::Arc;

use crate::definition::{Call, Op, Outcome as Way, Rule, Step};
use crate::effect::EffectId;
use crate::event::{Failure, Outcome};
use crate::state::{Next, Position};
use crate::{Definition, Map, Value};

use super::error::StepError;
use super::run::{Called, Runner, Shown};

pub(super) fn done(runner: &mut Runner<'_>, id: EffectId, outcome: Outcome) -> Result<Shown, StepError> {
    let expected = runner.state.effect();
    if expected != Some(id) {
        return Err(StepError::UnknownEffect { expected: expected.map(|id| id.0), found: id.0 });
    }
    if let Position::Finishing { ending, .. } = &runner.state.at {
        let ending = (**ending).clone();
        return Ok(runner.written(ending, outcome));
    }
    Ok(runner.acted(outcome))
}

impl Runner<'_> {
    fn acted(&mut self, outcome: Outcome) -> Shown {
        let Some((name, op, gathered)) = self.running() else { return Ok(None) };
        let step = self.step_named(&name)?;
        let Some(Op::Call(call)) = step.program.ops.get(op).cloned() else { return Ok(None) };
        match outcome {
            Outcome::Done { result, link, account } => {
                if let Some(link) = link {
                    self.state_mut().link = Some(link.into());
                }
                if let Some(account) = account {
                    self.state_mut().account = Some(account.into());
                }
                if &*call.action == "entry.unique"
                    && let Some(Value::String(id)) = result.get("unique_id")
                {
                    Arc::make_mut(&mut self.state_mut().context).unique_id = Some(id.clone());
                }
                match gathered {
                    Some(mut gathered) => {
                        gathered.push(result);
                        match self.call(&step, op, &call, gathered)? {
                            Called::Runs => return Ok(None),
                            Called::NothingToDo => {}
                        }
                    }
                    None => {
                        if let Some(name) = &call.binds {
                            self.bind(name, result);
                        }
                    }
                }
                self.run(&step, op + 1, true_after(&step, op))
            }
            Outcome::Failed { failure, link } => {
                if let Some(link) = link {
                    self.state_mut().link = Some(link.into());
                }
                self.keep(failure);
                self.failed(&step, op)
            }
            Outcome::Abort { reason, placeholders } => self.stop(&step, reason, placeholders),
        }
    }

    /// Goes where the kept failure of an operation leads.
    pub(super) fn failed(&mut self, step: &Arc<Step>, op: usize) -> Shown {
        let Some(Op::Call(call)) = step.program.ops.get(op).cloned() else { return Ok(None) };
        let code = self.state.failure.as_ref().map(|failure| failure.code.clone()).unwrap_or_default();
        let mut rules: Vec<Rule> = handlers(self.definition, &call, &code);
        let scope = self.scope();
        let mut chosen = None;
        for rule in rules.drain(..) {
            if rule.when.as_ref().map_or(Ok(true), |when| when.holds(&scope))? {
                chosen = Some(rule.outcome);
                break;
            }
        }
        let way = chosen.unwrap_or_else(|| self.unhandled(step, &code));
        if matches!(way, Way::Ignore) {
            return self.without_result(step, op, &call);
        }
        if let Way::Error(error) = &way
            && self.state.collected.is_some()
        {
            self.collect(error)?;
            return self.without_result(step, op, &call);
        }
        if self.shows_progress(&step.name) && matches!(self.state.at, Position::Running { .. }) {
            let next = match &way {
                Way::Step(to) => Next::Step { step: to.clone() },
                _ => Next::Failed { op },
            };
            let shown_next = match &way {
                Way::Step(to) => Some(to),
                Way::Error(error) => error.step.as_ref(),
                _ => None,
            };
            let step_id = match shown_next {
                Some(to) => self.step_named(to)?.step_id().to_string(),
                None => step.step_id().to_string(),
            };
            return Ok(Some(self.hold(step, next, step_id)));
        }
        self.take(step, &way)
    }

    /// Goes on after a failure that ends nothing: under `each` with the next item, none being the result of this one.
    fn without_result(&mut self, step: &Arc<Step>, op: usize, call: &Arc<Call>) -> Shown {
        if let Some((_, _, Some(mut gathered))) = self.running() {
            gathered.push(Value::Null);
            if let Called::Runs = self.call(step, op, call, gathered)? {
                return Ok(None);
            }
        } else if let Some(name) = &call.binds {
            self.bind(name, Value::Null);
        }
        self.run(step, op + 1, true_after(step, op))
    }

    /// What a failure that nobody handles leads to: an error of the form that was last shown, so that what was typed can be
    /// mended; where nobody sits behind the flow, its code as the reason.
    fn unhandled(&self, step: &Step, code: &str) -> Way {
        let form =
            |name: &crate::Name| self.dialog.step(name).is_some_and(|step| matches!(step.show, crate::definition::Show::Form(_)));
        let back_to = self.state.shown.clone().filter(|shown| *shown != step.name && form(shown));
        let errors = vec![("base".into(), Some(code.into()))];
        Way::Error(crate::definition::ErrorSpec { errors, step: back_to.filter(|_| !form(&step.name)), placeholders: None })
    }

    fn stop(&mut self, step: &Step, reason: String, placeholders: Option<Map>) -> Shown {
        if self.shows_progress(&step.name) {
            let step_id = step.step_id().to_string();
            return Ok(Some(self.hold(step, Next::Abort { reason, placeholders }, step_id)));
        }
        Ok(Some(self.abort(&reason, placeholders)))
    }
}

/// Whether an operation stands behind the place where its step is shown.
fn true_after(step: &Step, op: usize) -> bool {
    op >= step.program.show_at
}

fn handlers(definition: &Definition, call: &crate::definition::Call, code: &str) -> Vec<Rule> {
    let own = call.on_error.for_code(code);
    let rules = if own.is_empty() { definition.on_error.for_code(code) } else { own };
    rules.to_vec()
}

impl Failure {
    /// The failure of a `once` that a crash interrupted.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::code("interrupted")
    }
}
