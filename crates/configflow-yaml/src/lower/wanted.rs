//! Values of which the type is known: a map of placeholders, a title, the name of a reason.

use configflow_core::expr::Template;

use super::Lowering;
use super::keys::EXPECTED;
use super::trace::Sink;
use crate::node::{Node, NodeValue};

/// What a value has to be, where it is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Anything.
    Any,
    /// A text; a number is one.
    Text,
    /// A text that is not empty.
    Name,
    /// A map.
    Map,
    /// A list, or what can be gone through like one.
    List,
    /// True, false or nothing.
    Boolean,
    /// A number.
    Number,
}

impl Wanted {
    fn named(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text => "a text",
            Self::Name => "a name",
            Self::Map => "a map",
            Self::List => "a list",
            Self::Boolean => "`true`, `false` or an expression",
            Self::Number => "a number or an expression",
        }
    }

    /// Whether a value that is written out is one. What is computed may be.
    fn is_met_by(self, node: &Node) -> bool {
        let computed = |text: &str| text.contains("{{") || text.contains("{%") || text.contains("{#");
        let whole = |text: &str| {
            let text = text.trim();
            (text.starts_with("{{") && text.ends_with("}}")) || text.contains("{%") || text.contains("{#")
        };
        match (self, &node.value) {
            (Self::Any, _)
            | (Self::Text, NodeValue::String(_) | NodeValue::Int(_) | NodeValue::Float(_))
            | (Self::Map, NodeValue::Map(_))
            | (Self::List, NodeValue::List(_) | NodeValue::Map(_))
            | (Self::Boolean, NodeValue::Bool(_) | NodeValue::Null)
            | (Self::Number, NodeValue::Int(_) | NodeValue::Float(_)) => true,
            (Self::Name, NodeValue::String(text)) => !text.trim().is_empty(),
            (Self::Map | Self::List | Self::Boolean | Self::Number, NodeValue::String(text)) => {
                whole(text) || (computed(text) && text.matches("{{").count() != text.matches("}}").count())
            }
            _ => false,
        }
    }
}

impl Lowering<'_> {
    /// Compiles a value of a known type; what is written out and of another type is reported.
    pub(crate) fn wanted(&mut self, node: &Node, sink: Sink, wanted: Wanted) -> Template {
        if self.unquoted_braces(node) {
            return Template::Literal(serde_json::Value::Null);
        }
        if !wanted.is_met_by(node) {
            let found = match node.as_str() {
                Some("") => "an empty text",
                _ => node.kind_name(),
            };
            self.report(EXPECTED, node.span, &format!("expected {}, found {found}", wanted.named()));
            return Template::Literal(serde_json::Value::Null);
        }
        let stored = matches!(sink, Sink::Private) && wanted == Wanted::Map;
        match &node.value {
            // What is kept under a key is secret there if it was before.
            NodeValue::Map(entries) if stored => {
                let entries = entries.iter().filter_map(|(key, value)| {
                    let key = self.key_text(key)?;
                    Some((key.clone(), self.template(value, Sink::Stored(key))))
                });
                Template::map(entries.collect::<Vec<_>>())
            }
            _ if stored => self.template(node, Sink::StoredAll),
            _ => self.template(node, sink),
        }
    }
}
