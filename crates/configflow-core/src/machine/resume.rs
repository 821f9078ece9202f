//! Goes on with a stored state: under the definition that it was made under, or under a later one where that is sound.

use crate::definition::{Call, Definition, Dialog, FormField, Op, Show, Step};
use crate::effect::Effect;
use crate::field::{self, Extra, Options, Shown as ShownField};
use crate::signature::Shape;
use crate::state::{Next, Position, STATE_VERSION, State};
use crate::{Map, Value};

use super::error::StepError;
use super::render;
use super::run::{Called, Runner};

/// The state as it goes on under a definition, which may be a later one than it was made under.
///
/// Under a later one it goes on where its step still waits for the same, and every name that is bound still exists and fits
/// its type. A running effect belongs to an operation, which only its own definition knows. What one could go back to is
/// forgotten where it does not fit.
///
/// # Errors
/// [`StepError::DefinitionChanged`] where it cannot go on.
pub fn adopt(definition: &Definition, state: State) -> Result<State, StepError> {
    if state.v != STATE_VERSION {
        return Err(StepError::DefinitionChanged);
    }
    if state.fingerprint == definition.fingerprint() {
        return Ok(state);
    }
    let dialog = definition.dialog(state.kind()).ok_or(StepError::DefinitionChanged)?;
    let back = state.back.clone();
    let mut state = under(definition, dialog, State { back: None, ..state }).ok_or(StepError::DefinitionChanged)?;
    state.back = way_back(definition, dialog, back.as_deref()).map(std::sync::Arc::new);
    Ok(state)
}

/// The effect that a stored state waits for, as it was begun; none where it waits for none, or for the store.
///
/// # Errors
/// [`StepError::DefinitionChanged`] where the state is of another definition; an expression that fails now.
pub fn rerun(definition: &Definition, state: &State) -> Result<Option<Effect>, StepError> {
    if state.fingerprint != definition.fingerprint() {
        return Err(StepError::DefinitionChanged);
    }
    let Position::Running { step, op, effect, gathered } = &state.at else { return Ok(None) };
    let dialog = definition.dialog(state.kind()).ok_or(StepError::DefinitionChanged)?;
    let step = dialog.step(step).ok_or(StepError::DefinitionChanged)?;
    let Some(Op::Call(call)) = step.program.ops.get(*op) else { return Err(StepError::DefinitionChanged) };
    let mut runner = Runner::new(definition, dialog, state.clone());
    runner.state_mut().effects = effect.0;
    match runner.call(step, *op, call, gathered.clone().unwrap_or_default()).map_err(StepError::Expression)? {
        Called::Runs => Ok(runner.effects.run),
        Called::NothingToDo => Ok(None),
    }
}

/// The forms behind a state, as far as they fit.
fn way_back(definition: &Definition, dialog: &Dialog, earlier: Option<&State>) -> Option<State> {
    let earlier = earlier?;
    let mut state = under(definition, dialog, State { back: None, ..earlier.clone() })?;
    state.back = way_back(definition, dialog, earlier.back.as_deref()).map(std::sync::Arc::new);
    Some(state)
}

fn under(definition: &Definition, dialog: &Dialog, mut state: State) -> Option<State> {
    let stands = match &state.at {
        Position::Showing { step } => {
            matches!(dialog.step(step)?.show, Show::Form(_) | Show::Menu(_) | Show::External(_))
        }
        Position::Ready { step, next } => {
            let goes_on = match next {
                Next::Step { step } => dialog.step(step).is_some(),
                Next::Abort { .. } => true,
                Next::Op { .. } | Next::Failed { .. } => false,
            };
            goes_on && matches!(dialog.step(step)?.show, Show::Progress(_) | Show::External(_))
        }
        Position::Running { .. } | Position::Finishing { .. } | Position::Ended => false,
    };
    let repeats = state.each.as_ref().is_none_or(|each| {
        dialog.step(&each.step).and_then(|step| step.each.as_ref()).is_some_and(|spec| spec.name == each.name)
    });
    let links = definition.account.is_some() || state.link.is_none();
    let bound = state.bindings.all().into_iter().all(|(name, value)| value.is_null() || fits(definition, dialog, name, value));
    if !(stands && repeats && links && bound) {
        return None;
    }
    state.fingerprint = definition.fingerprint();
    let step = dialog.step(state.step()?)?;
    if let Show::Form(form) = &step.show {
        let asked = Runner::new(definition, dialog, state.clone()).asked(form).ok()?;
        state.asked = asked;
    }
    render(definition, &state).ok()?;
    Some(state)
}

/// Whether a name can still hold a value: as a field of a type that takes it, or as something that a step binds.
fn fits(definition: &Definition, dialog: &Dialog, name: &str, value: &Value) -> bool {
    let as_field = definition.fields.get(name).is_some_and(|field| {
        let mut shown = ShownField::of(field);
        let computed = |of: &FormField| &*of.field.name == name && of.options.is_some();
        let fields = |step: &Step| match &step.show {
            Show::Form(form) => form.fields().any(computed),
            _ => false,
        };
        if dialog.steps().any(|step| fields(step)) {
            // Which options there are is only known when the form is shown; that its value was one of them is known.
            let chosen = match value {
                Value::Array(items) => items.clone(),
                one => vec![one.clone()],
            };
            shown.options = Some(std::borrow::Cow::Owned(Options::from_value(&Value::Array(chosen))));
        }
        let answer = Value::Object(Map::from_iter([(name.to_owned(), value.clone())]));
        field::validate(&[shown], Extra::Refuse, &answer).is_ok()
    });
    as_field || dialog.steps().any(|step| binds(step, name, value))
}

fn binds(step: &Step, name: &str, value: &Value) -> bool {
    let by_op = step.ops().any(|op| match op {
        Op::Set(values) => match values {
            crate::expr::Template::Map(entries) => entries.iter().any(|(key, _)| key == name),
            crate::expr::Template::Literal(Value::Object(map)) => map.contains_key(name),
            _ => false,
        },
        Op::Call(call) => call.binds.as_deref() == Some(name) && gives(call, value),
        _ => false,
    });
    by_op || step.each.as_ref().is_some_and(|each| &*each.name == name)
}

fn gives(call: &Call, value: &Value) -> bool {
    if call.each.is_some() {
        return value.is_array();
    }
    match &call.signature.gives {
        Shape::List => value.is_array(),
        Shape::Fields(_) | Shape::KeysOf(_) | Shape::Open => value.is_object(),
    }
}
