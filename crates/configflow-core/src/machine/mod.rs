//! The machine: an event in, a transition out.
//!
//! [`start`] and [`step`] dispatch on where the flow stands; `run` walks a step's program; `show` makes what is seen; `answer`
//! takes what was typed; `end` closes a flow; `resume` goes on with a stored one. A rejected event leaves the old state as it was: it is borrowed.

mod answer;
mod effects;
mod end;
mod error;
mod outcome;
mod resume;
mod run;
mod show;

pub use error::StepError;
pub use resume::{adopt, rerun};

use crate::definition::{Definition, Dialog, Show};
use crate::effect::Effects;
use crate::event::{Event, Started};
use crate::expr::EvalError;
use crate::result::FlowResult;
use crate::state::{Next, Position, State};
use run::Runner;

/// What an event led to.
#[derive(Debug)]
pub struct Transition {
    /// Where the flow stands now.
    pub state: State,
    /// What to show; none where an effect has to end first, or nothing changed for the client.
    pub show: Option<FlowResult>,
    /// What to do.
    pub effects: Effects,
    /// An expression of the definition that failed and so ended the flow.
    pub fault: Option<EvalError>,
}

/// What a setup flow that was found enters at `user`, where its dialog has no step for how it was found.
pub const DISCOVERIES: [&str; 10] =
    ["bluetooth", "dhcp", "discovery", "hassio", "homekit", "integration_discovery", "mqtt", "ssdp", "usb", "zeroconf"];

/// The first transition of a flow. It enters the step named like the source, or `init` of an options dialog; one that was found enters
/// `user` where there is no such step.
///
/// # Errors
/// [`StepError::UnknownStep`] where the definition has no such dialog or step.
pub fn start(definition: &Definition, started: Started) -> Result<Transition, StepError> {
    let entry_point = match started.kind {
        crate::Kind::Options => "init".to_owned(),
        _ => started.context.source.clone(),
    };
    let dialog = definition.dialog(&started.kind).ok_or_else(|| StepError::UnknownStep { step: entry_point.clone() })?;
    let found = started.kind == crate::Kind::Config && DISCOVERIES.contains(&entry_point.as_str());
    let first = dialog.step(&entry_point).or_else(|| dialog.step("user").filter(|_| found)).cloned();
    if first.is_none() && (started.kind != crate::Kind::Config || entry_point != "user") {
        return Err(StepError::UnknownStep { step: entry_point });
    }
    let mut runner = Runner::new(definition, dialog, State::new(definition, started));
    let Some(first) = first else {
        // What can only be found or imported says so to whoever would add it by hand.
        let shown = runner.abort("not_implemented", None);
        return Ok(runner.finish(Ok(Some(shown))));
    };
    let shown = runner.enter(&first);
    Ok(runner.finish(shown))
}

/// The transition that an event causes.
///
/// # Errors
/// [`StepError`] says why the event does not fit; the state is as usable as before.
pub fn step(definition: &Definition, state: &State, event: Event) -> Result<Transition, StepError> {
    if state.fingerprint() != definition.fingerprint() {
        return Err(StepError::DefinitionChanged);
    }
    if state.is_over() {
        return Err(StepError::Over);
    }
    let dialog = definition.dialog(state.kind()).ok_or(StepError::DefinitionChanged)?;
    let mut runner = Runner::new(definition, dialog, state.clone());
    let shown = match event {
        Event::Answered { input } => match &state.at {
            Position::Showing { step } => answer::answer(&mut runner, step, &input)?,
            Position::Ready { step, next } => runner.go_on_with(step, next, &input),
            Position::Running { step, .. } if runner.shows_progress(step) => Ok(Some(render(definition, state)?)),
            Position::Running { .. } | Position::Finishing { .. } => return Err(StepError::Busy),
            Position::Ended => return Err(StepError::Over),
        },
        Event::Continued => match &state.at {
            Position::Ready { step, next } => runner.go_on(step, next),
            _ => Ok(Some(render(definition, state)?)),
        },
        Event::EffectDone { id, outcome } => effects::done(&mut runner, id, outcome)?,
        Event::Returned { error } => {
            runner.note_error(error);
            match &state.at {
                Position::Showing { step } => runner.returned(step),
                _ => Ok(None),
            }
        }
        Event::Back => return back(definition, dialog, state),
        Event::Cancelled => match &state.at {
            Position::Finishing { .. } => return Err(StepError::Busy),
            _ => {
                runner.effects.cancel = state.effect();
                runner.state_mut().at = Position::Ended;
                Ok(None)
            }
        },
    };
    Ok(runner.finish(shown))
}

/// What a client that asks again sees: from the state alone, without errors, and without what was typed and refused, as in Home
/// Assistant. The state keeps that. What somebody came back to is suggested again.
///
/// # Errors
/// [`StepError::Busy`] while the flow has shown nothing yet, [`StepError::Over`] when it has ended.
pub fn render(definition: &Definition, state: &State) -> Result<FlowResult, StepError> {
    if state.fingerprint() != definition.fingerprint() {
        return Err(StepError::DefinitionChanged);
    }
    let dialog = definition.dialog(state.kind()).ok_or(StepError::DefinitionChanged)?;
    let name = match &state.at {
        Position::Ended => return Err(StepError::Over),
        Position::Showing { step } => step,
        Position::Ready { step, next: Next::Step { .. } | Next::Op { .. } | Next::Failed { .. } | Next::Abort { .. } } => step,
        Position::Running { .. } | Position::Finishing { .. } => state.shown.as_ref().ok_or(StepError::Busy)?,
    };
    let step = dialog.step(name).ok_or(StepError::DefinitionChanged)?.clone();
    let mut asked_again = state.clone();
    if !asked_again.revisited {
        asked_again.input = None;
    }
    let runner = Runner::new(definition, dialog, asked_again);
    runner.shown(&step, crate::Map::new(), None).map_err(StepError::Expression)
}

fn back(definition: &Definition, dialog: &Dialog, state: &State) -> Result<Transition, StepError> {
    if let Position::Running { step, .. } = &state.at
        && !dialog.step(step).is_some_and(|step| matches!(step.show, Show::Progress(_)))
    {
        return Err(StepError::Busy);
    }
    if !state.can_go_back() {
        return Err(StepError::NoWayBack);
    }
    let mut earlier = state.back.as_deref().cloned().ok_or(StepError::NoWayBack)?;
    let typed = earlier.step().and_then(|step| state.bindings.answered().rev().find(|answers| &*answers.step == step));
    earlier.input = typed.map(|answers| answers.values.clone());
    earlier.revisited = true;
    earlier.effects = state.effects;
    earlier.link.clone_from(&state.link);
    earlier.account.clone_from(&state.account);
    let show = render(definition, &earlier)?;
    let effects = Effects { cancel: state.effect(), ..Effects::default() };
    Ok(Transition { state: earlier, show: Some(show), effects, fault: None })
}
