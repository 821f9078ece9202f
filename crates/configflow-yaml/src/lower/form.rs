//! `form:` — fields by name, in the order of the screen.

use std::sync::Arc;

use configflow_core::definition::{FormField, FormItem, FormSpec, OptionsSource};
use configflow_core::expr::Template;
use configflow_core::field::Extra;

use super::Lowering;
use super::field::{LoweredField, is_computed, is_field_key};
use super::names::TWICE;
use super::trace::{Sink, Trace};
use crate::node::{Node, NodeValue};

impl Lowering<'_> {
    pub(crate) fn form(&mut self, node: &Node) -> FormSpec {
        let mut spec = FormSpec::default();
        match &node.value {
            NodeValue::String(word) if word == "any" => {
                spec.extra = Extra::Take;
                self.takes_anything = true;
            }
            NodeValue::List(items) => {
                self.shown_once(items);
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
            Some("take") => {
                self.takes_anything = true;
                Extra::Take
            }
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
            NodeValue::Map(entries) if self.is_group(entries) => {
                let mut keys = self.keys(node, "fields under a condition", &["when", "fields"])?;
                let when = keys.require(self, "when", "the condition");
                let when = when.and_then(|when| self.condition(when));
                let shown = keys.require(self, "fields", "the fields that are shown then");
                let Some(NodeValue::List(items)) = shown.map(|node| &node.value) else {
                    if let Some(node) = shown {
                        self.expected(node, "a list of fields");
                    }
                    self.lost_way();
                    return None;
                };
                let mut fields = Vec::with_capacity(items.len());
                for item in items {
                    if let Some(FormItem::Field(field)) = self.form_item(item) {
                        fields.push(*field);
                    }
                }
                Some(FormItem::When { when: when?, fields })
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
                self.lost_way();
                None
            }
        }
    }

    /// Whether a map in a form is fields under a condition: it says `when` or `fields`, and no field is called so.
    fn is_group(&self, entries: &[(Node, Node)]) -> bool {
        let group = |name: &str| matches!(name, "when" | "fields") && !self.fields.contains_key(name);
        entries.iter().filter_map(|(key, _)| key.as_str()).any(group)
    }

    /// Each field is shown once; under conditions it may be named more than once.
    fn shown_once(&mut self, items: &[Node]) {
        let mut seen: Vec<&str> = Vec::new();
        for item in items {
            let key = match item.entries() {
                [(key, _)] => key,
                _ => item,
            };
            let Some(name) = key.as_str() else { continue };
            if seen.contains(&name) {
                self.report(TWICE, key.span, &format!("the form shows `{name}` already"));
            }
            seen.push(name);
        }
    }

    fn form_field(&mut self, key: &Node, name: &str, overrides: Option<&Node>) -> Option<FormField> {
        let meant = self.field_reference(key, name).unwrap_or_else(|| name.to_owned());
        self.trace.push(Trace::Binds { name: meant.as_str().into() });
        self.used_fields.insert(meant);
        let defined = self.fields.get(name)?;
        let (span, unread) = (defined.span, defined.unread);
        let mut field = self.shown_field(&defined.lowered.clone());
        if let Some(overrides) = overrides {
            self.override_field(&mut field, name, overrides);
        }
        // A key that nobody knows may be the options.
        let unknown = |(key, _): &(Node, Node)| key.as_str().is_none_or(|key| !is_field_key(key));
        if !unread && !overrides.map(Node::entries).unwrap_or_default().iter().any(unknown) {
            for inner in &field.section {
                self.choosable(inner, span);
            }
            self.choosable(&field, span);
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
        if let Some((_, node)) = entries.iter().find(|(key, _)| key.as_str() == Some("default"))
            && field.options.is_none()
            && !is_computed(node)
            && !self.fields.get(name).is_some_and(|defined| defined.unread)
        {
            let field = Arc::clone(&field.field);
            self.fits_field(node, &field, &node.to_json(), "the default");
        }
    }

    /// Options that are computed: a text with an expression, or `{in, value, label, when}`.
    fn options(&mut self, node: &Node) -> Option<OptionsSource> {
        match &node.value {
            NodeValue::Map(entries) if node.get("in").is_some() || entries.iter().any(|(_, value)| is_computed(value)) => {
                let mut keys = self.keys(node, "computed `options`", &["in", "value", "label", "when"])?;
                let from = keys.require(self, "in", "the list or map of what to choose from");
                let from =
                    from.map_or(Template::Literal(serde_json::Value::Null), |from| self.template(from, Sink::Shown("an option")));
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
