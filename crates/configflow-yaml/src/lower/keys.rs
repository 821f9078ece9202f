//! Takes the keys of a map, and reports those that nobody expects.

use super::Lowering;
use super::outcome::listed;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue, Span};

pub(crate) const UNKNOWN_KEY: Code = Code::new("structure.unknown_key", "a map has a key that it cannot have");
pub(crate) const MISSING_KEY: Code = Code::new("structure.missing_key", "a map lacks a key that it needs");
pub(crate) const EXPECTED: Code = Code::new("structure.expected", "something else was expected here");
pub(crate) const UNQUOTED: Code = Code::new("yaml.unquoted_expression", "an expression in braces is not quoted, so it is a map");

/// The keys of a map that were not taken yet.
pub(crate) struct Keys<'n> {
    entries: Vec<(&'n Node, &'n Node, bool)>,
    span: Span,
    what: String,
}

impl<'n> Keys<'n> {
    /// The value of a key.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'n Node> {
        let (_, value, taken) = self.entries.iter_mut().find(|(key, ..)| key.as_str() == Some(name))?;
        *taken = true;
        Some(*value)
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&mut self, lowering: &mut Lowering<'_>, name: &str, meaning: &str) -> Option<&'n Node> {
        let found = self.take(name);
        if found.is_none() {
            lowering.report(MISSING_KEY, self.span, &format!("{} needs `{name}`: {meaning}", self.what));
        }
        found
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(key, ..)| key.as_str() == Some(name))
    }

    /// The value of a key, which somebody else takes.
    pub(crate) fn peek(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, ..)| key.as_str() == Some(name)).map(|(_, value, _)| *value)
    }

    /// Where a key stands.
    pub(crate) fn key_span(&self, name: &str) -> Option<Span> {
        self.entries.iter().find(|(key, ..)| key.as_str() == Some(name)).map(|(key, ..)| key.span)
    }
}

impl Lowering<'_> {
    /// The keys of a map of which these are known. Reports every other.
    pub(crate) fn keys<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Keys<'n>> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, &format!("{what} as a map with {}", listed(known)));
            return None;
        };
        if self.unquoted_braces(node) {
            return None;
        }
        for (key, _) in entries {
            let Some(name) = self.key_text(key) else { continue };
            if known.contains(&name.as_str()) {
                continue;
            }
            if let Some(open) = name.strip_suffix(')').filter(|rest| !rest.contains('(')) {
                self.report(
                    UNQUOTED,
                    key.span,
                    &format!("`{open})` is the rest of an expression with a comma in it, which YAML takes for a key"),
                )
                .hint("quote the expression");
                continue;
            }
            let similar = suggest(&name, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_KEY, key.span, &format!("{what} has no key `{name}`; expected {}", listed(known)))
                .maybe_hint(similar);
        }
        Some(Keys {
            entries: entries.iter().map(|(key, value)| (key, value, false)).collect(),
            span: node.span,
            what: what.to_owned(),
        })
    }

    /// A key's text.
    pub(crate) fn key_text(&mut self, key: &Node) -> Option<String> {
        match &key.value {
            NodeValue::String(text) => Some(text.clone()),
            NodeValue::Int(_) | NodeValue::Float(_) | NodeValue::Bool(_) => Some(key.to_json().to_string()),
            NodeValue::Map(_) | NodeValue::List(_) if self.unquoted_braces(key) => None,
            _ => {
                self.expected(key, "a text as key");
                None
            }
        }
    }

    /// Reports that something else was expected.
    pub(crate) fn expected(&mut self, node: &Node, what: &str) {
        if self.unquoted_braces(node) {
            return;
        }
        let found = node.kind_name();
        self.report(EXPECTED, node.span, &format!("expected {what}, found {found}"));
    }

    /// `{{ x }}` without quotes is a map whose key is a map.
    pub(crate) fn unquoted_braces(&mut self, node: &Node) -> bool {
        let NodeValue::Map(entries) = &node.value else { return false };
        let [(key, value)] = entries.as_slice() else { return false };
        if !matches!(key.value, NodeValue::Map(_)) || !matches!(value.value, NodeValue::Null) {
            return false;
        }
        self.report(UNQUOTED, node.span, "an expression in braces without quotes is a map for YAML")
            .hint("quote the expression: \"{{ … }}\"");
        true
    }
}
