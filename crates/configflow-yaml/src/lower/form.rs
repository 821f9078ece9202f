//! `form:` — fields by name, in the order of the screen.

use std::sync::Arc;

use configflow_core::definition::{FormField, FormItem, FormSpec, OptionsSource};
use configflow_core::field::Extra;

use super::Lowering;
use super::field::LoweredField;
use super::trace::{Sink, Trace};
use crate::node::{Node, NodeValue};

impl Lowering<'_> {
    pub(crate) fn form(&mut self, node: &Node) -> FormSpec {
        let mut spec = FormSpec::default();
        match &node.value {
            NodeValue::String(word) if word == "any" => spec.extra = Extra::Take,
            NodeValue::List(items) => {
                for item in items {
                    if let Some(item) = self.form_item(item) {
                        spec.items.push(item);
                    }
                }
            }
            _ => {
                self.expected(node, "a list of fields, or `any`");
                // Which fields were meant, nobody knows: none of them is wrong as well.
                for name in self.field_names() {
                    self.used_fields.insert(name.to_string());
                    self.trace.push(Trace::Binds { name });
                }
            }
        }
        spec
    }

    /// `extra: refuse | take | drop`.
    pub(crate) fn extra(&mut self, node: &Node) -> Extra {
        match node.as_str() {
            Some("refuse") => Extra::Refuse,
            Some("take") => Extra::Take,
            Some("drop") => Extra::Drop,
            _ => {
                self.expected(node, "`refuse`, `take` or `drop`");
                Extra::Refuse
            }
        }
    }

    fn form_item(&mut self, node: &Node) -> Option<FormItem> {
        match &node.value {
            NodeValue::String(name) => {
                let name = name.clone();
                self.form_field(node, &name, None).map(|field| FormItem::Field(Box::new(field)))
            }
            NodeValue::Map(entries) if entries.iter().any(|(key, _)| key.as_str() == Some("fields")) => {
                let mut keys = self.keys(node, "fields under a condition", &["when", "fields"])?;
                let when = keys.require(self, "when", "the condition")?;
                let when = self.condition(when)?;
                let NodeValue::List(items) = &keys.take("fields")?.value else {
                    self.expected(node, "`fields` as a list");
                    return None;
                };
                let mut fields = Vec::with_capacity(items.len());
                for item in items {
                    if let Some(FormItem::Field(field)) = self.form_item(item) {
                        fields.push(*field);
                    }
                }
                Some(FormItem::When { when, fields })
            }
            NodeValue::Map(entries) if !self.unquoted_braces(node) => {
                let [(key, overrides)] = entries.as_slice() else {
                    self.expected(node, "one field: `NAME` or `{NAME: {overrides}}`");
                    return None;
                };
                let name = self.key_text(key)?;
                self.form_field(key, &name, Some(overrides)).map(|field| FormItem::Field(Box::new(field)))
            }
            NodeValue::Map(_) => None,
            _ => {
                self.expected(node, "the name of a field");
                None
            }
        }
    }

    fn form_field(&mut self, key: &Node, name: &str, overrides: Option<&Node>) -> Option<FormField> {
        let meant = self.field_reference(key, name).unwrap_or_else(|| name.to_owned());
        self.trace.push(Trace::Binds { name: meant.as_str().into() });
        self.used_fields.insert(meant);
        let defined = &self.fields.get(name)?.lowered;
        let mut field = self.shown_field(&defined.clone());
        if let Some(overrides) = overrides {
            self.override_field(&mut field, name, overrides);
        }
        Some(field)
    }

    /// A field as it is defined, its computed parts compiled.
    fn shown_field(&mut self, lowered: &LoweredField) -> FormField {
        let secret = lowered.field.secret;
        let mut field = FormField::of(Arc::new(lowered.field.clone()));
        let sink = || if secret { Sink::Private } else { Sink::Shown("a form") };
        field.own_default = lowered.default.as_ref().map(|node| self.template(node, sink()));
        field.own_suggested = lowered.suggested.as_ref().map(|node| self.template(node, sink()));
        field.settings = lowered.settings.as_ref().map(|node| self.template(node, Sink::Shown("a form")));
        field.options = lowered.options.as_ref().and_then(|node| self.options(node));
        if !lowered.section.is_empty() {
            field.section = lowered.section.iter().map(|inner| self.shown_field(inner)).collect();
        }
        field
    }

    /// What a step says differently about a field.
    fn override_field(&mut self, field: &mut FormField, name: &str, node: &Node) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "what is different about the field, as a map");
            return;
        };
        if self.unquoted_braces(node) {
            return;
        }
        let sink = || if field.field.secret { Sink::Private } else { Sink::Shown("a form") };
        let (mut rest, mut said) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            said.extend(key.as_str().filter(|key| matches!(*key, "default" | "suggested")));
            match key.as_str() {
                Some("default") => field.default = Some(self.template(value, sink())),
                Some("suggested") => field.suggested = Some(self.template(value, sink())),
                Some("options") => match self.options(value) {
                    Some(options) => field.options = Some(options),
                    None => rest.push((key.clone(), value.clone())),
                },
                Some("required") if matches!(value.value, NodeValue::String(_)) => {
                    field.required = self.expression(value, Sink::Condition)
                }
                _ => rest.push((key.clone(), value.clone())),
            }
        }
        if !rest.is_empty()
            && let Some(changed) = self.overridden(name, &rest, &said)
        {
            field.settings = changed.settings.as_ref().map(|node| self.template(node, Sink::Shown("a form")));
            field.field = Arc::new(changed.field);
        }
    }

    /// Options that are computed: a text with an expression, or `{in, value, label, when}`.
    fn options(&mut self, node: &Node) -> Option<OptionsSource> {
        match &node.value {
            NodeValue::Map(entries) if entries.iter().any(|(key, _)| key.as_str() == Some("in")) => {
                let mut keys = self.keys(node, "options", &["in", "value", "label", "when"])?;
                let from = self.template(keys.take("in")?, Sink::Shown("an option"));
                self.locals.extend(["item".to_owned(), "key".to_owned()]);
                let value = keys.take("value").map(|node| self.template(node, Sink::Shown("an option")));
                let label = keys.take("label").map(|node| self.template(node, Sink::Shown("an option")));
                let when = keys.take("when").and_then(|node| self.condition(node));
                self.locals.truncate(self.locals.len() - 2);
                Some(OptionsSource { from, value, label, when })
            }
            NodeValue::String(text) if text.contains("{{") => {
                Some(OptionsSource { from: self.template(node, Sink::Shown("an option")), value: None, label: None, when: None })
            }
            _ => None,
        }
    }
}
