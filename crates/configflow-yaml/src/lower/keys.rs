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
    entries: Vec<Entry<'n>>,
    span: Span,
    what: String,
    unknown: bool,
}

/// A key with its value.
struct Entry<'n> {
    /// What it is called; a slip of the finger counts as what was meant.
    name: String,
    key: &'n Node,
    value: &'n Node,
}

impl<'n> Keys<'n> {
    /// The value of a key.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'n Node> {
        self.peek(name)
    }

    /// The value of a key, which somebody else takes.
    pub(crate) fn peek(&self, name: &str) -> Option<&'n Node> {
        self.entry(name).map(|entry| entry.value)
    }

    /// The value of a key that must be there.
    pub(crate) fn require(&mut self, lowering: &mut Lowering<'_>, name: &str, meaning: &str) -> Option<&'n Node> {
        let found = self.take(name);
        // A key that nobody knows may be the one that is missing: it was reported.
        if found.is_none() && !self.unknown {
            lowering.report(MISSING_KEY, self.span, &format!("{} needs `{name}`: {meaning}", self.what));
        }
        found
    }

    /// Whether a key is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Where a key stands.
    pub(crate) fn key_span(&self, name: &str) -> Option<Span> {
        self.entry(name).map(|entry| entry.key.span)
    }

    /// Whether it has a key that nobody knows, and of which nobody knows what was meant.
    pub(crate) fn has_unknown(&self) -> bool {
        self.unknown
    }

    fn entry(&self, name: &str) -> Option<&Entry<'n>> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Lowering<'_> {
    /// The keys of a map of which these are known. Reports every other; a slip of the finger is read as what was meant, so that
    /// it is one mistake.
    pub(crate) fn keys<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Keys<'n>> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, &format!("{what} as a map with {}", listed(known)));
            return None;
        };
        if self.unquoted_braces(node) {
            return None;
        }
        let mut keys =
            Keys { entries: Vec::with_capacity(entries.len()), span: node.span, what: what.to_owned(), unknown: false };
        let mut there: Vec<&str> = entries.iter().filter_map(|(key, _)| key.as_str()).collect();
        for (key, value) in entries {
            let Some(mut name) = self.key_text(key) else { continue };
            if !known.contains(&name.as_str()) {
                if self.cut_expression(key, &name) {
                    continue;
                }
                let similar = suggest(&name, known.iter().copied());
                let hint = similar.map(|name| format!("did you mean `{name}`?"));
                self.report(UNKNOWN_KEY, key.span, &format!("{what} has no key `{name}`; expected {}", listed(known)))
                    .maybe_hint(hint);
                match known.iter().copied().find(|known| Some(*known) == similar) {
                    Some(meant) if !there.contains(&meant) => {
                        there.push(meant);
                        name = meant.to_owned();
                    }
                    // What was meant is there as well.
                    Some(_) => {}
                    None => keys.unknown = true,
                }
            }
            keys.entries.push(Entry { name, key, value });
        }
        Some(keys)
    }

    /// `f(a, b)` without quotes is a key `b)` in a map.
    fn cut_expression(&mut self, key: &Node, name: &str) -> bool {
        let Some(open) = name.strip_suffix(')').filter(|rest| !rest.contains('(')) else { return false };
        self.report(
            UNQUOTED,
            key.span,
            &format!("`{open})` is the rest of an expression with a comma in it, which YAML takes for a key"),
        )
        .hint("quote the expression");
        true
    }

    /// A map one of whose keys is a slip of one of these: reported, and given back as if it had been written right.
    pub(crate) fn slip<'c>(&mut self, node: &Node, what: &str, known: impl Fn(&Node) -> Vec<&'c str>) -> Option<Node> {
        let mut mended = node.clone();
        let NodeValue::Map(entries) = &mut mended.value else { return None };
        for (key, value) in entries {
            let Some(name) = key.as_str().map(str::to_owned) else { continue };
            let Some(meant) = suggest(&name, known(value)) else { continue };
            self.report(UNKNOWN_KEY, key.span, &format!("{what} has no key `{name}`")).hint(&format!("did you mean `{meant}`?"));
            key.value = NodeValue::String(meant.to_owned());
            return Some(mended);
        }
        None
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
