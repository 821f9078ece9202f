//! Walks a step's program until something is shown, an effect has to end, or the flow is over.

use std::sync::Arc;

use crate::definition::{Call, Definition, Dialog, Op, Outcome, Show, Step};
use crate::effect::{Account, Effect, EffectId, Effects, Work};
use crate::event::Failure;
use crate::expr::{EvalError, Scope, StateSource};
use crate::result::{ExternalDone, FlowResult, ProgressDone};
use crate::signature::Repeat;
use crate::state::{Next, Position, Repetition, State};
use crate::{Map, Name, Value};

use super::Transition;

/// What is shown after a part of a program ran; none where an effect has to end first.
pub(super) type Shown = Result<Option<FlowResult>, EvalError>;

/// How many operations one event may run: passing through steps in a circle ends here.
const BUDGET: u32 = 10_000;

/// One event's walk: the state that it makes, and what it asks the engine to do.
pub(super) struct Runner<'d> {
    pub(super) definition: &'d Definition,
    pub(super) dialog: &'d Dialog,
    pub(super) state: Arc<State>,
    pub(super) effects: Effects,
    budget: u32,
    /// The client asked to go on: what was done is not announced once more.
    announced: bool,
}

impl<'d> Runner<'d> {
    pub(super) fn new(definition: &'d Definition, dialog: &'d Dialog, state: State) -> Self {
        Self { definition, dialog, state: Arc::new(state), effects: Effects::default(), budget: BUDGET, announced: false }
    }

    /// The state, to be changed. It is copied only while an expression still looks at it.
    pub(super) fn state_mut(&mut self) -> &mut State {
        Arc::make_mut(&mut self.state)
    }

    /// The names as they are now.
    pub(super) fn scope(&self) -> Scope {
        Scope::new(Arc::new(StateSource { definition: self.definition.clone(), state: Arc::clone(&self.state) }))
    }

    /// The transition; an expression that failed ends the flow.
    pub(super) fn finish(mut self, shown: Shown) -> Transition {
        let (show, fault) = match shown {
            Ok(show) => (show, None),
            Err(fault) => {
                self.effects.run = None;
                (Some(self.abort("definition_error", None)), Some(fault))
            }
        };
        Transition { state: Arc::unwrap_or_clone(self.state), show, effects: self.effects, fault }
    }

    pub(super) fn step_named(&self, name: &str) -> Result<Arc<Step>, EvalError> {
        self.dialog
            .step(name)
            .cloned()
            .ok_or_else(|| EvalError { expression: name.to_owned(), reason: "no such step".to_owned() })
    }

    pub(super) fn shows_progress(&self, step: &str) -> bool {
        self.dialog.step(step).is_some_and(|step| matches!(step.show, Show::Progress(_)))
    }

    /// Enters a step: what belonged to the one before is forgotten.
    pub(super) fn enter(&mut self, step: &Arc<Step>) -> Shown {
        self.state_mut().failure = None;
        self.state_mut().input = None;
        self.state_mut().revisited = false;
        self.state_mut().collected = None;
        self.state_mut().each = None;
        self.run(step, 0, false)
    }

    /// Goes on after `external_done` or a finished progress.
    pub(super) fn go_on(&mut self, step: &str, next: &Next) -> Shown {
        let step = self.step_named(step)?;
        self.announced = true;
        match next {
            Next::Step { step } => {
                let step = self.step_named(step)?;
                self.enter(&step)
            }
            Next::Op { op } => self.run(&step, *op, true),
            Next::Failed { op } => self.failed(&step, *op),
            Next::Abort { reason, placeholders } => Ok(Some(self.abort(reason, placeholders.clone()))),
        }
    }

    /// Keeps the error that a callback brought with the attempt that it belongs to.
    pub(super) fn note_error(&mut self, error: Option<String>) {
        if let (Some(error), Some(Value::Object(link))) = (error, self.state_mut().link.as_mut().map(Arc::make_mut)) {
            link.insert("error".to_owned(), Value::String(error));
        }
    }

    /// A callback came while the step was shown. An external page is done with it; any other step is told by a notice.
    pub(super) fn returned(&mut self, step: &str) -> Shown {
        let step = self.step_named(step)?;
        if !matches!(step.show, Show::External(_)) {
            return Ok(None);
        }
        let acts = step.program.ops[step.program.show_at..step.program.then_at].iter().any(|op| matches!(op, Op::Call(_)));
        if acts {
            // The code is redeemed by whoever drives the flow, who is authenticated; a callback is not.
            let next = Next::Op { op: step.program.show_at };
            return Ok(Some(self.hold(&step, next, step.step_id().to_string())));
        }
        self.run(&step, step.program.show_at, true)
    }

    /// Runs a step's program from an operation on; `shown` says whether the step was shown already.
    pub(super) fn run(&mut self, step: &Arc<Step>, op: usize, shown: bool) -> Shown {
        let (mut step, mut op, mut shown) = (Arc::clone(step), op, shown);
        let mut progress = None;
        loop {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                return Err(EvalError {
                    expression: step.name.to_string(),
                    reason: "its steps lead in a circle without end".to_owned(),
                });
            }
            if op == step.program.show_at && !shown {
                shown = true;
                if !self.repeat(&step)? {
                    op = step.program.then_at;
                    continue;
                }
                match step.show {
                    Show::Nothing => {}
                    Show::Progress(_) => progress = Some(self.show(&step, Map::new(), None)?),
                    _ => return self.show(&step, Map::new(), None).map(Some),
                }
            }
            if op == step.program.then_at && shown {
                if self.next_repetition(&step) {
                    (op, shown) = (step.program.show_at, false);
                    continue;
                }
                if let Some(done) = self.announce(&step)? {
                    return Ok(Some(progress.unwrap_or(done)));
                }
            }
            let Some(operation) = step.program.ops.get(op) else {
                return Err(EvalError { expression: step.name.to_string(), reason: "the step leads nowhere".to_owned() });
            };
            match operation {
                Op::Unless { when, skip_to } => op = if when.holds(&self.scope())? { op + 1 } else { *skip_to },
                Op::Set(values) => {
                    let values = values.eval_map(&self.scope())?;
                    self.bind_all(values);
                    op += 1;
                }
                Op::Describe(card) => {
                    let card = card.eval_map(&self.scope())?;
                    self.describe(card);
                    op += 1;
                }
                Op::CollectErrors => {
                    self.state_mut().collected = Some(Arc::default());
                    op += 1;
                }
                Op::ShowErrors => match self.state_mut().collected.take() {
                    Some(errors) if !errors.is_empty() => return self.show_errors(&step, (*errors).clone(), None, None),
                    _ => op += 1,
                },
                Op::Call(call) => match self.call(&step, op, call, Vec::new())? {
                    Called::Runs => return Ok(progress),
                    Called::NothingToDo => op += 1,
                },
                Op::Decide(rule) => {
                    let holds = rule.when.as_ref().map_or(Ok(true), |when| when.holds(&self.scope()))?;
                    match (&rule.outcome, holds) {
                        (_, false) | (Outcome::Ignore, true) => op += 1,
                        (Outcome::Error(error), true) if self.state.collected.is_some() => {
                            self.collect(error)?;
                            op += 1;
                        }
                        (Outcome::Step(to), true) => {
                            step = self.step_named(to)?;
                            (op, shown) = (0, false);
                            self.leave();
                        }
                        (outcome, true) => return self.take(&step, outcome),
                    }
                }
            }
        }
    }

    fn leave(&mut self) {
        self.state_mut().failure = None;
        self.state_mut().input = None;
        self.state_mut().revisited = false;
        self.state_mut().collected = None;
        self.state_mut().each = None;
    }

    pub(super) fn bind(&mut self, name: &str, value: Value) {
        self.state_mut().bindings.bind([(name.to_owned(), value)]);
    }

    fn bind_all(&mut self, values: Map) {
        self.state_mut().bindings.bind(values);
    }

    fn describe(&mut self, mut card: Map) {
        let context = Arc::make_mut(&mut self.state_mut().context);
        if let Some(Value::Object(placeholders)) = card.remove("title_placeholders") {
            context.title_placeholders = Some(placeholders);
        }
        if let Some(Value::String(url)) = card.remove("configuration_url") {
            context.configuration_url = Some(url);
        }
        if let Some(Value::Bool(confirm_only)) = card.remove("confirm_only") {
            context.confirm_only = confirm_only;
        }
    }

    /// Begins the repetitions of a step under `each`; false where there is nothing to repeat for.
    fn repeat(&mut self, step: &Step) -> Result<bool, EvalError> {
        let Some(each) = &step.each else { return Ok(true) };
        if self.state.each.as_ref().is_none_or(|running| running.step != step.name) {
            let items = match each.items.eval(&self.scope())? {
                Value::Array(items) => items,
                Value::Null => Vec::new(),
                one => vec![one],
            };
            if items.is_empty() {
                return Ok(false);
            }
            let repetition = Repetition { step: step.name.clone(), name: each.name.clone(), items: Arc::new(items), index: 0 };
            self.state_mut().each = Some(Arc::new(repetition));
        }
        if let Some(running) = self.state.each.clone() {
            self.bind(&running.name, running.items[running.index].clone());
        }
        Ok(true)
    }

    fn next_repetition(&mut self, step: &Step) -> bool {
        let Some(running) = &mut self.state_mut().each else { return false };
        if step.each.is_none() || running.step != step.name || running.index + 1 >= running.items.len() {
            return false;
        }
        Arc::make_mut(running).index += 1;
        self.state_mut().input = None;
        self.state_mut().failure = None;
        true
    }

    /// What a progress or an external page is followed by is only done when the client asks again.
    fn announce(&mut self, step: &Arc<Step>) -> Result<Option<FlowResult>, EvalError> {
        let answered = matches!(self.state.at, Position::Showing { .. });
        let waits = match step.show {
            Show::Progress(_) => true,
            Show::External(_) => answered,
            _ => false,
        };
        if !waits || self.announced {
            return Ok(None);
        }
        let next = self.next_step(step)?;
        let step_id = next.as_ref().map_or_else(|| step.step_id(), |next| next.step_id()).to_string();
        let next = next.map_or(Next::Op { op: step.program.then_at }, |next| Next::Step { step: next.name.clone() });
        Ok(Some(self.hold(step, next, step_id)))
    }

    /// Waits until somebody asks again.
    pub(super) fn hold(&mut self, step: &Step, next: Next, step_id: String) -> FlowResult {
        self.state_mut().at = Position::Ready { step: step.name.clone(), next };
        let (flow_id, handler) = (self.state.origin.flow_id.clone(), self.state.origin.handler.clone());
        match step.show {
            Show::External(_) => FlowResult::ExternalDone(ExternalDone { flow_id, handler, step_id }),
            _ => FlowResult::ProgressDone(ProgressDone { flow_id, handler, step_id }),
        }
    }

    /// The step that `then` would lead to, where it leads to one.
    fn next_step(&self, step: &Step) -> Result<Option<Arc<Step>>, EvalError> {
        let mut op = step.program.then_at;
        while let Some(operation) = step.program.ops.get(op) {
            match operation {
                Op::Unless { when, skip_to } if !when.holds(&self.scope())? => op = *skip_to,
                Op::Unless { .. } => op += 1,
                Op::Decide(rule) if rule.when.as_ref().map_or(Ok(true), |when| when.holds(&self.scope()))? => {
                    return match &rule.outcome {
                        Outcome::Step(to) => self.step_named(to).map(Some),
                        _ => Ok(None),
                    };
                }
                Op::Decide(_) => op += 1,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Starts an action.
    pub(super) fn call(
        &mut self,
        step: &Arc<Step>,
        op: usize,
        call: &Arc<Call>,
        gathered: Vec<Value>,
    ) -> Result<Called, EvalError> {
        let mut scope = self.scope();
        let mut so_far = None;
        if let Some(each) = &call.each {
            let items = match each.items.eval(&scope)? {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            let Some(item) = items.get(gathered.len()) else {
                if let Some(name) = &call.binds {
                    self.bind(name, Value::Array(gathered));
                }
                return Ok(Called::NothingToDo);
            };
            scope = scope.with(&each.name, item);
            so_far = Some(gathered);
        }
        let parameters = call.parameters.eval_map(&scope)?;
        let account = if call.signature.account { self.account(&scope)? } else { None };
        let id = EffectId(self.state.effects);
        self.state_mut().effects += 1;
        if call.signature.repeat == Repeat::Once {
            self.state_mut().back = None;
        }
        self.state_mut().at = Position::Running { step: step.name.clone(), op, effect: id, gathered: so_far };
        let work = Work::Action {
            action: call.action.clone(),
            parameters,
            account: account.map(Box::new),
            repeat: call.signature.repeat,
        };
        self.effects.run = Some(Effect { id, work });
        Ok(Called::Runs)
    }

    fn account(&self, scope: &Scope) -> Result<Option<Account>, EvalError> {
        let Some(spec) = &self.definition.account else { return Ok(None) };
        let text = |template: &Option<crate::expr::Template>| -> Result<Option<String>, EvalError> {
            let text = template.as_ref().map(|template| template.eval_text(scope)).transpose()?;
            Ok(text.filter(|text| !text.is_empty()))
        };
        let map = |template: &Option<crate::expr::Template>| {
            template.as_ref().map_or(Ok(Map::new()), |template| template.eval_map(scope))
        };
        let mut scopes = Vec::with_capacity(spec.scopes.len());
        for asked in &spec.scopes {
            if asked.when.as_ref().map_or(Ok(true), |when| when.holds(scope))? {
                scopes.push(asked.scope.eval_text(scope)?);
            }
        }
        Ok(Some(Account {
            provider: spec.provider.eval_text(scope)?,
            parameters: map(&spec.parameters)?,
            client_id: text(&spec.client_id)?,
            client_secret: text(&spec.client_secret)?,
            key: text(&spec.key)?,
            scopes,
            credentials: text(&spec.credentials)?,
            identity: map(&spec.identity)?,
            other: map(&spec.other)?,
            client_secret_expires: text(&spec.client_secret_expires)?,
        }))
    }

    /// Keeps a failure for `failure` and for what it leads to.
    pub(super) fn keep(&mut self, failure: Failure) {
        self.state_mut().failure = Some(Arc::new(failure));
    }

    /// The name of the step where an effect belongs, and the operation.
    pub(super) fn running(&self) -> Option<(Name, usize, Option<Vec<Value>>)> {
        match &self.state.at {
            Position::Running { step, op, gathered, .. } => Some((step.clone(), *op, gathered.clone())),
            _ => None,
        }
    }
}

/// What calling an action came to.
pub(super) enum Called {
    /// It runs.
    Runs,
    /// Its list has no (more) items.
    NothingToDo,
}
