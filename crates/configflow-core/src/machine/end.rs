//! Ends a flow: by an abort at once, by an entry once the store has written it.

use std::sync::Arc;

use crate::definition::{CreateSpec, Reload, Step, UpdateSpec};
use crate::effect::{Change, Effect, EffectId, Finish, Work};
use crate::event::Outcome;
use crate::expr::{EvalError, Scope, Template};
use crate::result::{Abort, CreateEntry, FlowResult};
use crate::state::{Ending, Kind, Position};
use crate::{Map, Value};

use super::run::{Runner, Shown};

impl Runner<'_> {
    pub(super) fn abort(&mut self, reason: &str, placeholders: Option<Map>) -> FlowResult {
        self.state_mut().at = Position::Ended;
        FlowResult::Abort(Abort {
            flow_id: self.state.origin.flow_id.clone(),
            handler: self.state.origin.handler.clone(),
            reason: reason.to_owned(),
            description_placeholders: placeholders,
            translation_domain: None,
        })
    }

    pub(super) fn create(&mut self, step: &Arc<Step>, spec: &CreateSpec) -> Shown {
        let scope = self.scope();
        let title = text(spec.title.as_ref(), &scope)?;
        let data = map(spec.data.as_ref(), &scope)?.unwrap_or_default();
        let description = text(spec.description.as_ref(), &scope)?;
        let placeholders = map(spec.placeholders.as_ref(), &scope)?;
        let (finish, ending) = match &self.state.origin.kind {
            Kind::Config => {
                let options = map(spec.options.as_ref(), &scope)?.unwrap_or_default();
                let subentries = match spec.subentries.as_ref().map(|list| list.eval(&scope)).transpose()? {
                    Some(Value::Array(list)) => list,
                    _ => Vec::new(),
                };
                let finish = Finish::CreateEntry {
                    title: title.clone().unwrap_or_default(),
                    version: self.definition.version,
                    minor_version: self.definition.minor_version,
                    data,
                    options: options.clone(),
                    subentries: subentries.clone(),
                    next_flow: spec.next_flow.as_ref().map(|next| next.eval(&scope)).transpose()?,
                };
                let title = Some(title.unwrap_or_default());
                let (options, subentries) = (Some(options), Some(subentries));
                (finish, Ending::Create { description, placeholders, title, options, subentries, unique_id: None })
            }
            Kind::Options => {
                let finish = Finish::SetOptions { options: data, reload: spec.reload.unwrap_or(Reload::Never) };
                (finish, Ending::Create { description, placeholders, title, options: None, subentries: None, unique_id: None })
            }
            Kind::Subentry { .. } => {
                let unique_id = text(spec.unique_id.as_ref(), &scope)?;
                let finish =
                    Finish::CreateSubentry { title: title.clone().unwrap_or_default(), data, unique_id: unique_id.clone() };
                let (title, unique_id) = (Some(title.unwrap_or_default()), Some(unique_id.map_or(Value::Null, Value::String)));
                (finish, Ending::Create { description, placeholders, title, options: None, subentries: None, unique_id })
            }
        };
        self.write(step, finish, ending);
        Ok(None)
    }

    pub(super) fn update(&mut self, step: &Arc<Step>, spec: &UpdateSpec) -> Shown {
        let scope = self.scope();
        let change = Change {
            data: map(spec.data.as_ref(), &scope)?,
            data_updates: map(spec.data_updates.as_ref(), &scope)?,
            options: map(spec.options.as_ref(), &scope)?,
            options_updates: map(spec.options_updates.as_ref(), &scope)?,
            title: text(spec.title.as_ref(), &scope)?,
            unique_id: text(spec.unique_id.as_ref(), &scope)?,
        };
        let reason = match text(spec.reason.as_ref(), &scope)? {
            Some(reason) => reason,
            None if self.state.context.source == "reauth" => "reauth_successful".to_owned(),
            None => "reconfigure_successful".to_owned(),
        };
        let placeholders = map(spec.placeholders.as_ref(), &scope)?;
        let finish = match self.state.origin.kind {
            Kind::Subentry { .. } => Finish::UpdateSubentry { change },
            _ => Finish::UpdateEntry {
                entry: text(spec.entry.as_ref(), &scope)?,
                change,
                reload: spec.reload.unwrap_or(Reload::Always),
            },
        };
        self.write(step, finish, Ending::Abort { reason, placeholders });
        Ok(None)
    }

    fn write(&mut self, step: &Step, finish: Finish, ending: Ending) {
        let effect = EffectId(self.state.effects);
        self.state_mut().effects += 1;
        self.state_mut().at = Position::Finishing { step: step.name.clone(), effect, ending: Box::new(ending) };
        self.effects.run = Some(Effect { id: effect, work: Work::Finish(Box::new(finish)) });
    }

    /// The store answered.
    pub(super) fn written(&mut self, ending: Ending, outcome: Outcome) -> Shown {
        match outcome {
            Outcome::Done { result, .. } => Ok(Some(self.ended(ending, result))),
            Outcome::Abort { reason, placeholders } => Ok(Some(self.abort(&reason, placeholders))),
            Outcome::Failed { failure, .. } => {
                // Nothing was written. Whoever drives the flow sees why, and can send the last form again.
                let code = failure.code.clone();
                self.keep(failure);
                let Some(shown) = self.state.shown.clone() else { return Ok(Some(self.abort(&code, None))) };
                let step = self.step_named(&shown)?;
                let errors = Map::from_iter([("base".to_owned(), Value::String(code))]);
                self.show_errors(&step, errors, None, None)
            }
        }
    }

    fn ended(&mut self, ending: Ending, mut result: Value) -> FlowResult {
        match ending {
            Ending::Abort { reason, placeholders } => self.abort(&reason, placeholders),
            Ending::Create { description, placeholders, title, options, subentries, unique_id } => {
                self.state_mut().at = Position::Ended;
                let is_config = self.state.origin.kind == Kind::Config;
                let mut take = |key: &str| result.get_mut(key).map(Value::take).filter(|value| !value.is_null());
                FlowResult::CreateEntry(CreateEntry {
                    flow_id: self.state.origin.flow_id.clone(),
                    handler: self.state.origin.handler.clone(),
                    description,
                    description_placeholders: placeholders,
                    title,
                    minor_version: is_config.then_some(self.definition.minor_version),
                    options,
                    subentries,
                    version: is_config.then_some(self.definition.version),
                    next_flow: take("next_flow"),
                    unique_id,
                    result: if is_config { take("entry") } else { None },
                })
            }
        }
    }
}

fn text(template: Option<&Template>, scope: &Scope) -> Result<Option<String>, EvalError> {
    let value = template.map(|template| template.eval(scope)).transpose()?;
    Ok(match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

fn map(template: Option<&Template>, scope: &Scope) -> Result<Option<Map>, EvalError> {
    Ok(match template.map(|template| template.eval(scope)).transpose()? {
        Some(Value::Object(map)) => Some(map),
        _ => None,
    })
}
