//! The names of the language: what each means where a flow stands.

use std::sync::Arc;

use minijinja::Value as Jinja;

use super::expression::EvalError;
use super::json::{from_json, from_map};
use super::scope::{Scope, Source};
use crate::bindings::Bindings;
use crate::definition::Definition;
use crate::state::State;
use crate::{Map, Name, Value};

/// A flow's state under its definition, as a source of names.
pub(crate) struct StateSource {
    pub(crate) definition: Definition,
    pub(crate) state: Arc<State>,
}

impl Source for StateSource {
    fn resolve(&self, name: &str, scope: &Scope) -> Result<Option<Jinja>, EvalError> {
        let state = &self.state;
        Ok(Some(match name {
            "answers" => from_map(&answers(&self.definition, &state.bindings, None)),
            "answers_of" => self.answers_of(),
            "asked" => state.asked.iter().map(|name| Jinja::from(&**name)).collect(),
            "input" => state.input.as_deref().map_or_else(|| Jinja::from(()), from_map),
            "failure" => self.failure(),
            "label" => from_map(&state.labels),
            "entry" => from_json(&state.origin.entry),
            "subentry" => from_json(&state.origin.subentry),
            "init" => from_json(&state.origin.init),
            "hub" => from_json(&state.origin.hub),
            "context" => from_json(&serde_json::to_value(&*state.context).unwrap_or_default()),
            "flow_id" => Jinja::from(state.origin.flow_id.as_str()),
            "link" => state.link.as_deref().map_or_else(|| Jinja::from(()), from_json),
            "account" => state.account.as_deref().map_or_else(|| Jinja::from(()), from_json),
            "loop" => return Ok(self.repetition()),
            // What the language names goes first: a field of the same name is read as `answers.NAME`.
            _ => return self.named(name, scope),
        }))
    }

    fn json(&self, name: &str) -> Option<&Value> {
        let state = &self.state;
        match name {
            "entry" => Some(&state.origin.entry),
            "subentry" => Some(&state.origin.subentry),
            "init" => Some(&state.origin.init),
            "hub" => Some(&state.origin.hub),
            "link" => state.link.as_deref(),
            "account" => state.account.as_deref(),
            "answers" | "answers_of" | "asked" | "input" | "failure" | "label" | "context" | "flow_id" | "loop" => None,
            _ => state.bindings.get(name),
        }
    }
}

impl StateSource {
    /// What the definition names: an answer, a result, a formula.
    fn named(&self, name: &str, scope: &Scope) -> Result<Option<Jinja>, EvalError> {
        if let Some(value) = self.state.bindings.get(name) {
            return Ok(Some(from_json(value)));
        }
        let Some(formula) = self.definition.lets.get(name) else { return Ok(None) };
        let value = formula.eval(&scope.deeper(name)?)?;
        Ok(Some(from_json(&value)))
    }

    fn failure(&self) -> Jinja {
        let mut map = Map::new();
        if let Some(failure) = &self.state.failure {
            map.insert("code".to_owned(), failure.code.clone().into());
            map.extend(failure.fields.clone());
        }
        from_map(&map)
    }

    fn repetition(&self) -> Option<Jinja> {
        let each = self.state.each.as_ref()?;
        Some(from_json(&serde_json::json!({
            "index": each.index + 1,
            "first": each.index == 0,
            "last": each.index + 1 == each.items.len(),
            "length": each.items.len(),
        })))
    }

    fn answers_of(&self) -> Jinja {
        let (definition, bindings) = (self.definition.clone(), self.state.bindings.clone());
        Jinja::from_function(move |steps: minijinja::value::Rest<String>| {
            let repeated = |step: &str| {
                let dialogs = definition.config.iter().chain(&definition.options).chain(definition.subentries.values());
                dialogs.filter_map(|dialog| dialog.step(step)).any(|step| step.each.is_some())
            };
            if let [step] = steps.as_slice()
                && repeated(step)
            {
                let each = bindings.answered().filter(|answers| &*answers.step == step.as_str());
                return each.map(|answers| from_map(&kept(&definition, &answers.values))).collect::<Jinja>();
            }
            from_map(&self::answers(&definition, &bindings, Some(&steps)))
        })
    }
}

/// All answers in order, the later wins, without transient ones; only those of some steps where they are named.
pub(crate) fn answers(definition: &Definition, bindings: &Bindings, steps: Option<&[String]>) -> Map {
    let mut all = Map::new();
    for answers in bindings.answered() {
        if steps.is_none_or(|steps| steps.iter().any(|step| step.as_str() == &*answers.step)) {
            all.extend(kept(definition, &answers.values));
        }
    }
    all
}

fn kept(definition: &Definition, values: &Map) -> Map {
    let transient = |name: &str| definition.fields.get(&Name::from(name)).is_some_and(|field| field.transient);
    values.iter().filter(|(name, _)| !transient(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}
