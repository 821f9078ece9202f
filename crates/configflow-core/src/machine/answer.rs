//! Takes what somebody answered.

use std::sync::Arc;

use crate::bindings::Answers;
use crate::definition::{FormSpec, MenuSpec, Show, Step};
use crate::field::{self, Invalid};
use crate::result::FlowResult;
use crate::state::{Next, Position, State};
use crate::{Map, Value};

use super::error::StepError;
use super::run::{Runner, Shown};
use super::show::menu_options;

/// How many forms one can go back.
const BACK: usize = 8;

pub(super) fn answer(runner: &mut Runner<'_>, step: &str, input: &Value) -> Result<Shown, StepError> {
    let step = runner.step_named(step).map_err(StepError::Expression)?;
    match &step.show {
        Show::Form(form) => runner.answer_form(&step, form, input),
        Show::Menu(menu) => runner.answer_menu(&step, menu, input),
        Show::External(_) if runner.state.link.is_some() => Err(StepError::WaitsForProvider),
        Show::External(_) => {
            let values = dictionary(input)?;
            runner.state_mut().input = Some(Arc::new(values));
            runner.run(&step, step.program.show_at, true).map(Ok).map_err(StepError::Expression)
        }
        Show::Progress(_) | Show::Nothing => Err(StepError::Busy),
    }
}

/// An answer as a map: null and nothing count as an empty one.
fn dictionary(input: &Value) -> Result<Map, StepError> {
    match input {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map.clone()),
        _ => Err(StepError::Invalid(Invalid::not_a_dictionary())),
    }
}

impl Runner<'_> {
    /// Goes on after `external_done` or a finished progress, with an answer in hand: it is the answer to the form that follows, as in
    /// Home Assistant. Where it does not fit, or no form follows, it is let go.
    pub(super) fn go_on_with(&mut self, step: &str, next: &Next, input: &Value) -> Shown {
        let shown = self.go_on(step, next)?;
        if !matches!(shown, Some(FlowResult::Form(_))) {
            return Ok(shown);
        }
        let Position::Showing { step } = self.state.at.clone() else { return Ok(shown) };
        match answer(self, &step, input) {
            Ok(further) => further,
            // An answer that is refused has changed nothing.
            Err(_) => Ok(shown),
        }
    }

    fn answer_form(&mut self, step: &Arc<Step>, form: &FormSpec, input: &Value) -> Result<Shown, StepError> {
        let fields = match form.fixed_fields() {
            Some(fields) if !self.state.revisited => fields,
            _ => self.fields(form, &self.scope()).map_err(StepError::Expression)?,
        };
        let empty = Value::Object(Map::new());
        let input = if input.is_null() { &empty } else { input };
        let values = field::validate(&fields, form.extra, input).map_err(StepError::Invalid)?;
        let before = self.remembered();

        let labels: Vec<(String, Value)> = fields
            .iter()
            .filter_map(|shown| {
                let name = &*shown.field.name;
                let label = shown.options()?.label(values.get(name)?)?;
                Some((name.to_owned(), Value::String(label.to_owned())))
            })
            .collect();
        if !labels.is_empty() {
            Arc::make_mut(&mut self.state_mut().labels).extend(labels);
        }
        drop(fields);

        let values = Arc::new(values);
        self.state_mut().input = Some(Arc::clone(&values));
        self.state_mut().revisited = false;
        self.state_mut().failure = None;
        let repetition = self.state.each.as_ref().filter(|each| each.step == step.name).map(|each| each.index);
        let asked = Arc::clone(&self.state.asked);
        self.state_mut().bindings.answer(Answers { step: step.name.clone(), repetition, asked, values });
        self.state_mut().back = before;
        self.run(step, step.program.show_at, true).map(Ok).map_err(StepError::Expression)
    }

    fn answer_menu(&mut self, step: &Arc<Step>, menu: &MenuSpec, input: &Value) -> Result<Shown, StepError> {
        let values = dictionary(input)?;
        let options = menu_options(menu, &self.scope()).map_err(StepError::Expression)?;
        if let Some(extra) = values.keys().find(|key| *key != "next_step_id") {
            return Err(StepError::Invalid(Invalid::extra_key(extra)));
        }
        let Some(chosen) = values.get("next_step_id") else {
            return self.show(step, Map::new(), None).map(|shown| Ok(Some(shown))).map_err(StepError::Expression);
        };
        let Some((next, _)) = options.iter().find(|(option, _)| chosen == option.as_str()) else {
            let steps = options.iter().map(|(option, _)| option.as_str()).collect::<Vec<_>>();
            return Err(StepError::Invalid(Invalid::not_an_option("next_step_id", &steps)));
        };
        let next = self.step_named(next).map_err(StepError::Expression)?;
        self.state_mut().back = self.remembered();
        self.enter(&next).map(Ok).map_err(StepError::Expression)
    }

    /// The way back with the form that is being answered on top. The oldest form is forgotten when the way gets long.
    fn remembered(&self) -> Option<Arc<State>> {
        let mut way = Vec::with_capacity(BACK);
        let mut earlier = self.state.back.as_ref();
        while let Some(state) = earlier {
            way.push(state);
            earlier = state.back.as_ref();
        }
        if way.len() < BACK {
            return Some(Arc::clone(&self.state));
        }
        let mut shortened = None;
        for state in way[..BACK - 1].iter().rev() {
            shortened = Some(Arc::new(State { back: shortened, ..State::clone(state) }));
        }
        Some(Arc::new(State { back: shortened, ..State::clone(&self.state) }))
    }
}
