//! Makes what a client sees of a step.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::sync::Arc;

use crate::definition::{FormField, FormItem, FormSpec, MenuSpec, OptionsSource, Show, Step};
use crate::expr::{EvalError, Scope, Template};
use crate::field::{self, Options, Shown as ShownField};
use crate::result::{DataSchema, External, FlowResult, Form, Menu, MenuOptions, Progress};
use crate::state::{Kind, Position};
use crate::{Map, Name, Value};

use super::run::Runner;

impl Runner<'_> {
    /// Shows a step and waits for its answer.
    pub(super) fn show(&mut self, step: &Arc<Step>, errors: Map, more: Option<Map>) -> Result<FlowResult, EvalError> {
        self.state_mut().at = Position::Showing { step: step.name.clone() };
        self.state_mut().shown = Some(step.name.clone());
        let came_back = self.state.back.as_ref().is_some_and(|earlier| {
            earlier.step() == Some(&step.name)
                && earlier.each.as_ref().map(|each| each.index) == self.state.each.as_ref().map(|each| each.index)
        });
        if came_back {
            let before = self.state.back.as_ref().and_then(|earlier| earlier.back.clone());
            self.state_mut().back = before;
        }
        if let Show::Form(form) = &step.show {
            self.state_mut().asked = self.asked(form)?;
        }
        self.shown(step, errors, more)
    }

    /// What a step looks like now.
    pub(super) fn shown(&self, step: &Arc<Step>, errors: Map, more: Option<Map>) -> Result<FlowResult, EvalError> {
        // Many steps show nothing that is computed: names are looked up only where an expression asks for them.
        let scope = LazyCell::new(|| self.scope());
        let placeholders = match (&step.placeholders, more, self.names_its_entry(step)) {
            (None, None, false) => None,
            (_, more, _) => self.placeholders(step, &scope, more)?,
        };
        let (flow_id, handler) = (self.state.origin.flow_id.clone(), self.state.origin.handler.clone());
        let step_id = step.step_id().to_string();
        Ok(match &step.show {
            Show::Form(form) => FlowResult::Form(Form {
                flow_id,
                handler,
                data_schema: match &form.fixed.schema {
                    Some(fixed) if !self.state.revisited => fixed.clone(),
                    _ => self.schema(form, &scope)?,
                },
                errors,
                description_placeholders: placeholders,
                last_step: match &step.last_step {
                    None => None,
                    Some(last) => match last.as_literal() {
                        Some(literal) => literal.as_bool(),
                        None => last.eval(&scope)?.as_bool(),
                    },
                },
                preview: step.preview.clone(),
                step_id,
            }),
            Show::Menu(menu) => {
                let options = menu_options(menu, &scope)?;
                FlowResult::Menu(Menu {
                    flow_id,
                    handler,
                    data_schema: menu_schema(&options),
                    menu_options: match menu.labelled {
                        true => {
                            MenuOptions::Labels(options.into_iter().map(|(step, label)| (step, Value::String(label))).collect())
                        }
                        false => MenuOptions::List(options.into_iter().map(|(step, _)| step).collect()),
                    },
                    description_placeholders: placeholders,
                    sort: menu.sort,
                    step_id,
                })
            }
            Show::External(external) => FlowResult::External(External {
                flow_id,
                handler,
                url: external.url.eval_text(&scope)?,
                description_placeholders: placeholders,
                step_id,
            }),
            Show::Progress(progress) => FlowResult::Progress(Progress {
                flow_id,
                handler,
                progress_action: progress.action.eval_text(&scope)?,
                description_placeholders: placeholders,
                step_id,
            }),
            Show::Nothing => {
                return Err(EvalError { expression: step.name.to_string(), reason: "the step shows nothing".to_owned() });
            }
        })
    }

    fn placeholders(&self, step: &Step, scope: &Scope, more: Option<Map>) -> Result<Option<Map>, EvalError> {
        let mut placeholders = match step.placeholders.as_ref().map(|map| map.eval(scope)).transpose()? {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        };
        if let Some(more) = more {
            placeholders.get_or_insert_default().extend(more);
        }
        if self.names_its_entry(step) {
            let title = self.state.origin.entry.get("title").cloned().unwrap_or_default();
            let name = placeholders.get_or_insert_default().entry("name").or_insert(Value::Null);
            if name.is_null() {
                *name = title;
            }
        }
        Ok(placeholders)
    }

    /// The form of a reauth always names its entry, as in Home Assistant.
    fn names_its_entry(&self, step: &Step) -> bool {
        self.state.context.source == "reauth" && self.state.origin.kind == Kind::Config && matches!(step.show, Show::Form(_))
    }

    fn schema(&self, form: &FormSpec, scope: &Scope) -> Result<DataSchema, EvalError> {
        let fields = self.fields(form, scope)?;
        let schema = field::serialize(&fields)
            .map_err(|unshowable| EvalError { expression: "form".to_owned(), reason: unshowable.to_string() })?;
        Ok(DataSchema::Computed(schema))
    }

    /// The fields of a form as it is shown now.
    pub(super) fn fields<'f>(&self, form: &'f FormSpec, scope: &Scope) -> Result<Vec<ShownField<'f>>, EvalError> {
        let overlay = Overlay {
            defaults: self.overlay(form.defaults.as_ref(), scope)?,
            suggested: self.overlay(form.suggested.as_ref(), scope)?,
            typed: if self.state.revisited { self.state.input.as_deref().cloned() } else { None },
        };
        let mut shown = Vec::with_capacity(form.items.len());
        for item in &form.items {
            match item {
                FormItem::Field(field) => self.add(&mut shown, field, &overlay, scope)?,
                FormItem::When { when, fields } => {
                    if when.holds(scope)? {
                        for field in fields {
                            self.add(&mut shown, field, &overlay, scope)?;
                        }
                    }
                }
            }
        }
        Ok(shown)
    }

    fn add<'f>(
        &self,
        shown: &mut Vec<ShownField<'f>>,
        field: &'f FormField,
        overlay: &Overlay,
        scope: &Scope,
    ) -> Result<(), EvalError> {
        if self.shows(field) {
            shown.push(self.field(field, overlay, scope)?);
        }
        Ok(())
    }

    /// Whether this client sees a field: advanced ones are for those who asked for them.
    fn shows(&self, field: &FormField) -> bool {
        !field.field.advanced || self.state.context.show_advanced_options
    }

    fn field<'f>(&self, spec: &'f FormField, overlay: &Overlay, scope: &Scope) -> Result<ShownField<'f>, EvalError> {
        let name = &*spec.field.name;
        let mut shown = ShownField::of(&spec.field);
        if let Some(required) = &spec.required {
            shown.required = required.holds(scope)?;
        }
        let of = |template: &Option<Template>| template.as_ref().map(|template| template.eval(scope)).transpose();
        let step_default = || overlay.defaults.as_ref().and_then(|map| map.get(name)).cloned();
        if let Some(default) = of(&spec.default)?.or_else(step_default) {
            shown.default = (!default.is_null()).then_some(Cow::Owned(default));
        } else if let Some(own) = of(&spec.own_default)? {
            shown.default = (!own.is_null()).then_some(Cow::Owned(own));
        }
        let step_suggested = || overlay.suggested.as_ref().and_then(|map| map.get(name)).cloned();
        let own_suggested = of(&spec.own_suggested)?;
        if let Some(suggested) = of(&spec.suggested)? {
            shown.suggested = Some(Cow::Owned(suggested));
        } else if let Some(suggested) = step_suggested() {
            shown.suggested = Some(Cow::Owned(suggested));
            shown.suggested_by_step = true;
        } else if let Some(suggested) = own_suggested {
            shown.suggested = Some(Cow::Owned(suggested));
        }
        if let Some(typed) = overlay.typed.as_ref().and_then(|map| map.get(name)) {
            shown.suggested = Some(Cow::Owned(typed.clone()));
        }
        if let (Some(settings), field::Kind::Selector { selector, convert }) = (&spec.settings, &spec.field.kind) {
            let selector = field::Selector::new(selector.kind(), settings.eval_map(scope)?);
            shown.kind = Some(Box::new(field::Kind::Selector { selector, convert: convert.clone() }));
        }
        if let Some(options) = &spec.options {
            shown.options = Some(Cow::Owned(computed_options(options, scope)?));
        }
        if !spec.section.is_empty() {
            let inner = overlay.of_section(name);
            shown.section = Vec::with_capacity(spec.section.len());
            for field in &spec.section {
                self.add(&mut shown.section, field, &inner, scope)?;
            }
            shown.default = None;
            shown.suggested = None;
        }
        Ok(shown)
    }

    fn overlay(&self, template: Option<&Template>, scope: &Scope) -> Result<Option<Map>, EvalError> {
        Ok(match template.map(|template| template.eval(scope)).transpose()? {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        })
    }

    /// The names of the fields that a form shows now.
    pub(super) fn asked(&self, form: &FormSpec) -> Result<Arc<[Name]>, EvalError> {
        if let Some(fixed) = &form.fixed.asked {
            return Ok(Arc::clone(fixed));
        }
        let mut asked = Vec::with_capacity(form.items.len());
        let mut scope = None;
        for item in &form.items {
            let fields = match item {
                FormItem::Field(field) => std::slice::from_ref(&**field),
                FormItem::When { when, fields } if when.holds(scope.get_or_insert_with(|| self.scope()))? => fields,
                FormItem::When { .. } => continue,
            };
            let shown = fields.iter().filter(|field| self.shows(field));
            asked.extend(shown.map(|field| field.field.name.clone()));
        }
        Ok(asked.into())
    }
}

/// What a step says about defaults and suggestions as a whole.
struct Overlay {
    defaults: Option<Map>,
    suggested: Option<Map>,
    typed: Option<Map>,
}

impl Overlay {
    fn of_section(&self, name: &str) -> Self {
        let inner = |map: &Option<Map>| map.as_ref().and_then(|map| map.get(name)).and_then(Value::as_object).cloned();
        Self { defaults: inner(&self.defaults), suggested: inner(&self.suggested), typed: inner(&self.typed) }
    }
}

fn computed_options(spec: &OptionsSource, scope: &Scope) -> Result<Options, EvalError> {
    let from = spec.from.eval(scope)?;
    if spec.value.is_none() && spec.label.is_none() && spec.when.is_none() {
        return Ok(Options::from_value(&from));
    }
    let items: Vec<(Value, Value)> = match from {
        Value::Array(items) => items.into_iter().enumerate().map(|(at, item)| (Value::from(at), item)).collect(),
        Value::Object(map) => map.into_iter().map(|(key, item)| (Value::String(key), item)).collect(),
        _ => Vec::new(),
    };
    let is_map = items.first().is_some_and(|(key, _)| key.is_string());
    let mut pairs = Vec::with_capacity(items.len());
    for (key, item) in items {
        let scope = scope.with("item", &item).with("key", &key);
        if spec.when.as_ref().map_or(Ok(true), |when| when.holds(&scope))? {
            let plain = if is_map { key } else { item };
            let value = spec.value.as_ref().map_or(Ok(plain), |value| value.eval(&scope))?;
            let label = match &spec.label {
                Some(label) => label.eval_text(&scope)?,
                None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            };
            pairs.push((value, label));
        }
    }
    Ok(Options::of_pairs(pairs))
}

/// The steps of a menu that can be chosen now, in their order, with what they are called on the wire.
pub(super) fn menu_options(menu: &MenuSpec, scope: &Scope) -> Result<Vec<(String, String)>, EvalError> {
    let mut options = Vec::with_capacity(menu.items.len());
    for item in &menu.items {
        if item.when.as_ref().map_or(Ok(true), |when| when.holds(scope))? {
            let label = item.label.as_ref().map_or_else(|| Ok(item.step.to_string()), |label| label.eval_text(scope))?;
            let rank = item.rank.as_ref().map(|rank| rank.eval(scope)).transpose()?;
            options.push((rank.as_ref().and_then(Value::as_f64).unwrap_or(f64::INFINITY), item.step.to_string(), label));
        }
    }
    // Those of one rank stay in the order of the screen.
    options.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    Ok(options.into_iter().map(|(_, step, label)| (step, label)).collect())
}

fn menu_schema(options: &[(String, String)]) -> DataSchema {
    DataSchema::Computed(serde_json::json!([{
        "type": "select",
        "options": options,
        "name": "next_step_id",
        "required": false,
    }]))
}
