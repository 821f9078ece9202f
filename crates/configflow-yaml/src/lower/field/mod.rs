//! Fields: a node of the language becomes a field of the core.
//!
//! Defaults, suggestions and options that are computed are given back as nodes, for the step that shows the field to
//! compile them in its place.

mod keys;
mod kind;
mod settings;
mod sound;

use configflow_core::field::{Base, Field, Kind, Marker, Options, Plain, Section};

use super::Lowering;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const UNKNOWN_TYPE: Code = Code::new("field.unknown_type", "a field has a type that does not exist");
pub(crate) const UNKNOWN_SELECTOR: Code = Code::new("field.unknown_selector", "a field has a selector that does not exist");
pub(crate) const NO_TYPE: Code = Code::new("field.no_type", "a field says neither its type nor its selector");
pub(crate) const DEFAULT_TYPE: Code = Code::new("field.default_type", "a default does not fit its field");
pub(crate) const KEY_NOT_HERE: Code = Code::new("field.key_not_here", "a key has no meaning for a field of this type");

pub(crate) const SETTING: Code = Code::new("field.setting", "a selector has no such setting, or not with such a value");
pub(crate) const RANGE: Code = Code::new("field.range", "the least value of a field is above its greatest");
pub(crate) const NO_OPTIONS: Code = Code::new("field.no_options", "a form shows a choice without options");
pub(crate) const NESTED: Code = Code::new("field.nested_section", "a section stands inside another one");

/// Every code of this module.
pub(crate) const CODES: &[Code] =
    &[UNKNOWN_TYPE, UNKNOWN_SELECTOR, NO_TYPE, DEFAULT_TYPE, KEY_NOT_HERE, SETTING, RANGE, NO_OPTIONS, NESTED];

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

impl LoweredField {
    /// Whether it is a section.
    pub(crate) fn is_section(&self) -> bool {
        matches!(self.field.kind, Kind::Section(_))
    }

    /// Whether it takes one of several options.
    fn is_choice(&self) -> bool {
        match &self.field.kind {
            Kind::Plain(plain) => matches!(plain.base, Base::Select(_) | Base::MultiSelect(_) | Base::Enumeration(..)),
            Kind::Selector { selector, .. } => selector.kind() == "select",
            Kind::Section(_) => false,
        }
    }

    /// The fields of a section, and whether each is secret.
    pub(crate) fn section_parts(&self) -> Vec<(String, bool)> {
        self.section.iter().map(|inner| (inner.field.name.to_string(), inner.field.holds_secret())).collect()
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
        if let Some(node) = options {
            self.distinct(node);
        }
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
        if let Some(span) = keys.key_span("options")
            && lowered.field.options().is_none()
            && !lowered.is_choice()
        {
            self.report(KEY_NOT_HERE, span, "`options` is for choices: `select`, `multi_select`");
        }
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
        if let Some(node) = keys.require(self, "fields", "the fields of the section") {
            match &node.value {
                NodeValue::Map(entries) => {
                    for (key, value) in entries {
                        let Some(name) = self.key_text(key) else { continue };
                        if let Some(inner) = self.field(&name, value) {
                            self.no_section(&inner, key);
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
        let mut found = match node.as_str() {
            Some("plain") => Some(Marker::Plain),
            Some("removed") => Some(Marker::Removed),
            _ => None,
        };
        if matches!(&node.value, NodeValue::Map(entries) if entries.len() == 1) {
            let Some(mut keys) = self.keys(node, "`marker`", &["inclusive", "exclusive"]) else { return Marker::default() };
            if keys.has_unknown() {
                return Marker::default();
            }
            let mut group = |name: &str| keys.take(name).and_then(Node::as_str).map(str::to_owned);
            found = group("inclusive").map(Marker::Inclusive).or_else(|| group("exclusive").map(Marker::Exclusive));
        }
        if found.is_none() {
            self.expected(node, "`plain`, `removed`, `{inclusive: GROUP}` or `{exclusive: GROUP}`");
        }
        found.unwrap_or_default()
    }

    /// A default must be an answer that its own field takes.
    fn fits(&mut self, node: &Node, lowered: &LoweredField, default: &serde_json::Value) {
        if lowered.options.is_none() {
            self.fits_field(node, &lowered.field, default, "the default");
        }
    }

    /// A value must be an answer that a field takes.
    pub(crate) fn fits_field(&mut self, node: &Node, field: &Field, value: &serde_json::Value, what: &str) {
        use configflow_core::field::{Extra, Shown, validate};
        // Of a choice without options, that is what is wrong.
        if value.is_null() || field.options().is_some_and(|options| options.pairs().next().is_none()) {
            return;
        }
        let mut shown = Shown::of(field);
        shown.default = None;
        let input = serde_json::json!({ &*field.name: value });
        if let Err(invalid) = validate(&[shown], Extra::Refuse, &input) {
            let text = invalid
                .errors()
                .values()
                .next()
                .map(|text| text.as_str().unwrap_or("does not fit").to_owned())
                .unwrap_or_default();
            self.report(DEFAULT_TYPE, node.span, &format!("{what} does not fit the field: {text}"));
        }
    }

    /// What is written out of a value that goes to a field by name must be one that the field takes.
    pub(crate) fn fits_named(&mut self, node: &Node, name: &str, what: &str) {
        let Some(defined) = self.fields.get(name) else { return };
        if is_computed(node) || defined.lowered.options.is_some() || defined.lowered.is_section() || defined.unread {
            return;
        }
        let field = defined.lowered.field.clone();
        self.fits_field(node, &field, &node.to_json(), what);
    }

    /// A field with what one step says differently about it; null takes away what the field says. What the step says by itself
    /// (its default, its suggestion) need not fit the field as it was.
    pub(crate) fn overridden(&mut self, name: &str, changes: &[(Node, Node)], said: &[&str]) -> Option<LoweredField> {
        let mut source = self.fields.get(name)?.lowered.source.clone();
        if let NodeValue::Map(entries) = &mut source.value {
            entries.retain(|(known, _)| known.as_str().is_none_or(|known| !said.contains(&known)));
            for (key, value) in changes {
                let meant = key.as_str().filter(|key| !is_field_key(key)).and_then(|key| suggest(key, keys::FIELD));
                let meant = meant.filter(|_| value.value != NodeValue::Null);
                entries.retain(|(known, _)| known.as_str() != key.as_str() && (meant.is_none() || known.as_str() != meant));
                // A key that nobody knows is looked at, whatever its value is.
                if !matches!(value.value, NodeValue::Null) || !key.as_str().is_some_and(is_field_key) {
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
pub(crate) fn is_computed(node: &Node) -> bool {
    match &node.value {
        NodeValue::String(text) => text.contains("{{"),
        NodeValue::Map(entries) => {
            entries.iter().any(|(key, _)| key.as_str() == Some("in")) || entries.iter().any(|(_, value)| is_computed(value))
        }
        NodeValue::List(items) => items.iter().any(is_computed),
        _ => false,
    }
}

/// Whether a field can have a key of this name.
pub(crate) fn is_field_key(name: &str) -> bool {
    keys::FIELD.contains(&name)
}
