//! Fields: a node of the language becomes a field of the core.
//!
//! Defaults, suggestions and options that are computed are given back as nodes, for the step that shows the field to
//! compile them in its place.

mod keys;
mod kind;

use configflow_core::field::{Base, Field, Kind, Marker, Options, Plain, Section};

use super::Lowering;
use crate::diagnostic::Code;
use crate::node::{Node, NodeValue};

pub(crate) const UNKNOWN_TYPE: Code = Code::new("field.unknown_type", "a field has a type that does not exist");
pub(crate) const UNKNOWN_SELECTOR: Code = Code::new("field.unknown_selector", "a field has a selector that does not exist");
pub(crate) const NO_TYPE: Code = Code::new("field.no_type", "a field says neither its type nor its selector");
pub(crate) const DEFAULT_TYPE: Code = Code::new("field.default_type", "a default does not fit its field");
pub(crate) const KEY_NOT_HERE: Code = Code::new("field.key_not_here", "a key has no meaning for a field of this type");

/// Every code of this module.
pub(crate) const CODES: &[Code] = &[UNKNOWN_TYPE, UNKNOWN_SELECTOR, NO_TYPE, DEFAULT_TYPE, KEY_NOT_HERE];

/// A field, and what of it is computed when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct LoweredField {
    pub(crate) field: Field,
    pub(crate) default: Option<Node>,
    pub(crate) suggested: Option<Node>,
    pub(crate) options: Option<Node>,
    /// The settings of its selector.
    pub(crate) settings: Option<Node>,
    pub(crate) section: Vec<LoweredField>,
    /// What it was lowered from, for a step that says something differently.
    source: Node,
}

impl LoweredField {
    /// Stands for a field that cannot be understood.
    pub(crate) fn placeholder(name: &str, node: &Node) -> Self {
        let kind = Kind::Plain(Plain::new(Base::String));
        let field = Field::new(name, kind);
        Self { field, default: None, suggested: None, options: None, settings: None, section: Vec::new(), source: node.clone() }
    }
}

impl Lowering<'_> {
    /// A field under `fields:`.
    pub(crate) fn field(&mut self, name: &str, node: &Node) -> Option<LoweredField> {
        let mut keys = self.keys(node, &format!("field `{name}`"), &keys::FIELD)?;
        let is_section = keys.has("section") || keys.has("fields");
        let mut lowered = LoweredField {
            field: Field::new(name, Kind::Section(Section { collapsed: false, fields: Vec::new() })),
            default: None,
            suggested: None,
            options: None,
            settings: None,
            section: Vec::new(),
            source: node.clone(),
        };
        for flag in ["required", "secret", "transient", "advanced"] {
            let Some(value) = keys.take(flag).map(|node| self.boolean(node)) else { continue };
            match flag {
                "required" => lowered.field.required = value,
                "secret" => lowered.field.secret = value,
                "transient" => lowered.field.transient = value,
                _ => lowered.field.advanced = value,
            }
        }
        if is_section {
            self.section(&mut keys, &mut lowered);
            return Some(lowered);
        }
        let options = keys.take("options");
        let fixed = match options {
            Some(node) if is_computed(node) => {
                lowered.options = Some(node.clone());
                Options::of_pairs(Vec::new())
            }
            Some(node) => Options::from_value(&node.to_json()),
            None => Options::of_pairs(Vec::new()),
        };
        lowered.settings = keys.peek("selector").and_then(settings_of).filter(|settings| holds_expression(settings)).cloned();
        lowered.field.kind = self.kind(&mut keys, node, name, fixed)?;
        if let Some(node) = keys.take("marker") {
            lowered.field.marker = self.marker(node);
        }
        if let Some(node) = keys.take("description") {
            match node.to_json() {
                value @ (serde_json::Value::String(_) | serde_json::Value::Object(_)) => lowered.field.description = Some(value),
                _ => self.expected(node, "a text or a map"),
            }
        }
        let default = keys.take("default");
        let suggested = keys.take("suggested");
        if let Some(node) = default {
            if is_computed(node) {
                lowered.default = Some(node.clone());
            } else {
                let value = node.to_json();
                self.fits(node, &lowered, &value);
                let may_be_null = matches!(&lowered.field.kind, Kind::Plain(plain) if plain.nullable);
                lowered.field.default = (may_be_null || !value.is_null()).then_some(value);
            }
        }
        if let Some(node) = suggested {
            if is_computed(node) {
                lowered.suggested = Some(node.clone());
            } else {
                lowered.field.suggested = Some(node.to_json());
            }
        }
        Some(lowered)
    }

    fn section(&mut self, keys: &mut super::keys::Keys<'_>, lowered: &mut LoweredField) {
        let mut collapsed = false;
        if let Some(node) = keys.take("section") {
            match &node.value {
                NodeValue::Null => {}
                _ => {
                    if let Some(mut keys) = self.keys(node, "`section`", &["collapsed"]) {
                        collapsed = keys.take("collapsed").is_some_and(|node| self.boolean(node));
                    }
                }
            }
        }
        if let Some(node) = keys.take("fields") {
            match &node.value {
                NodeValue::Map(entries) => {
                    for (key, value) in entries {
                        let Some(name) = self.key_text(key) else { continue };
                        if let Some(inner) = self.field(&name, value) {
                            // A secret inside makes the whole section one that must not be shown as a text.
                            lowered.section.push(inner);
                        }
                    }
                }
                _ => self.expected(node, "a map of fields"),
            }
        }
        let fields = lowered.section.iter().map(|inner| inner.field.clone().into()).collect();
        lowered.field.kind = Kind::Section(Section { collapsed, fields });
    }

    /// How a field is marked: `plain`, `removed`, `{inclusive: GROUP}`, `{exclusive: GROUP}`.
    fn marker(&mut self, node: &Node) -> Marker {
        let group = |entries: &[(Node, Node)]| match entries {
            [(key, group)] => Some((key.as_str()?.to_owned(), group.as_str()?.to_owned())),
            _ => None,
        };
        let found = match &node.value {
            NodeValue::String(word) => match word.as_str() {
                "plain" => Some(Marker::Plain),
                "removed" => Some(Marker::Removed),
                _ => None,
            },
            NodeValue::Map(entries) => group(entries).and_then(|(key, group)| match key.as_str() {
                "inclusive" => Some(Marker::Inclusive(group)),
                "exclusive" => Some(Marker::Exclusive(group)),
                _ => None,
            }),
            _ => None,
        };
        if found.is_none() {
            self.expected(node, "`plain`, `removed`, `{inclusive: GROUP}` or `{exclusive: GROUP}`");
        }
        found.unwrap_or_default()
    }

    /// A default must be an answer that its own field takes.
    fn fits(&mut self, node: &Node, lowered: &LoweredField, default: &serde_json::Value) {
        use configflow_core::field::{Extra, Shown, validate};
        if default.is_null() || lowered.options.is_some() {
            return;
        }
        let mut shown = Shown::of(&lowered.field);
        shown.default = None;
        let input = serde_json::json!({ &*lowered.field.name: default });
        if let Err(invalid) = validate(&[shown], Extra::Refuse, &input) {
            let text = invalid
                .errors()
                .values()
                .next()
                .map(|text| text.as_str().unwrap_or("does not fit").to_owned())
                .unwrap_or_default();
            self.report(DEFAULT_TYPE, node.span, &format!("the default does not fit the field: {text}"));
        }
    }

    /// A field with what one step says differently about it; null takes away what the field says. What the step says by itself
    /// (its default, its suggestion) need not fit the field as it was.
    pub(crate) fn overridden(&mut self, name: &str, changes: &[(Node, Node)], said: &[&str]) -> Option<LoweredField> {
        let mut source = self.fields.get(name)?.lowered.source.clone();
        if let NodeValue::Map(entries) = &mut source.value {
            entries.retain(|(known, _)| known.as_str().is_none_or(|known| !said.contains(&known)));
            for (key, value) in changes {
                entries.retain(|(known, _)| known.as_str() != key.as_str());
                if !matches!(value.value, NodeValue::Null) {
                    entries.push((key.clone(), value.clone()));
                }
            }
        }
        self.field(name, &source)
    }
}

/// The settings of `{KIND: {settings}}`.
fn settings_of(selector: &Node) -> Option<&Node> {
    match &selector.value {
        NodeValue::Map(entries) => entries.first().map(|(_, settings)| settings),
        _ => None,
    }
}

fn holds_expression(node: &Node) -> bool {
    match &node.value {
        NodeValue::String(text) => text.contains("{{"),
        NodeValue::Map(entries) => entries.iter().any(|(_, value)| holds_expression(value)),
        NodeValue::List(items) => items.iter().any(holds_expression),
        _ => false,
    }
}

/// Whether a value is computed: it holds an expression, or says where its items come from.
fn is_computed(node: &Node) -> bool {
    match &node.value {
        NodeValue::String(text) => text.contains("{{"),
        NodeValue::Map(entries) => {
            entries.iter().any(|(key, _)| key.as_str() == Some("in")) || entries.iter().any(|(_, value)| is_computed(value))
        }
        NodeValue::List(items) => items.iter().any(is_computed),
        _ => false,
    }
}
