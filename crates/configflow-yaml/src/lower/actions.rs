//! `actions:` — signatures of an embedder's actions.

use configflow_core::signature::{FailureCode, Parameter, RESERVED_NAMESPACES, Repeat, Shape, Signature, ValueKind};

use super::Lowering;
use super::outcome::listed;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const RESERVED: Code = Code::new("action.reserved", "an embedder's action uses a namespace of the engine's");
pub(crate) const NAME: Code = Code::new("action.name", "an action's name is not `namespace.name`");
pub(crate) const UNKNOWN_TYPE: Code = Code::new("action.unknown_type", "a signature names a type that does not exist");

impl Lowering<'_> {
    pub(crate) fn declared_actions(&mut self, node: &Node) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of `namespace.name` to signatures");
            (self.lost.actions, self.lost.names) = (true, true);
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            let Some((namespace, _)) = name.split_once('.') else {
                self.report(NAME, key.span, &format!("expected `namespace.name`, found `{name}`"));
                self.lost.actions = true;
                continue;
            };
            if RESERVED_NAMESPACES.contains(&namespace) {
                self.report(RESERVED, key.span, &format!("the namespace `{namespace}` is the engine's; choose another"));
                self.lost.actions = true;
                continue;
            }
            self.declared_actions.push((name.clone(), key.span));
            self.define(key, &name, "");
            for part in ["takes", "gives"].into_iter().filter_map(|part| value.get(part)) {
                for (part, _) in part.entries() {
                    if let Some(part_name) = part.as_str() {
                        self.define(part, &name, part_name);
                    }
                }
            }
            match self.declared(&name, value) {
                Some(signature) => self.signatures.register(signature),
                None => self.lost.actions = true,
            }
        }
    }

    fn declared(&mut self, name: &str, node: &Node) -> Option<Signature> {
        let mut keys = self.keys(node, "a signature", &["takes", "gives", "fails", "once", "about", "account"])?;
        let takes = keys.take("takes").map(|node| self.types(node)).unwrap_or_default();
        let takes = takes.into_iter().map(|(name, kind, optional)| Parameter { name, kind, required: !optional }).collect();
        let gives = match keys.take("gives") {
            None => Shape::Fields(Vec::new()),
            Some(node) if node.as_str() == Some("list") => Shape::List,
            Some(node) if node.as_str() == Some("any") => Shape::Open,
            Some(node) => Shape::Fields(self.types(node).into_iter().map(|(name, kind, _)| (name, kind)).collect()),
        };
        let fails = keys.take("fails").map(|node| self.failures(node)).unwrap_or_default();
        let once = keys.take("once").is_some_and(|node| self.boolean(node));
        let account = keys.take("account").is_some_and(|node| self.boolean(node));
        let summary = keys.take("about").and_then(|node| node.as_str().map(str::to_owned)).unwrap_or_default();
        let repeat = if once { Repeat::Once } else { Repeat::Repeatable };
        Some(Signature { name: name.to_owned(), summary, takes, gives, fails, repeat, account })
    }

    /// Names and types; a `?` behind a type makes it optional.
    fn types(&mut self, node: &Node) -> Vec<(String, ValueKind, bool)> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of names to types");
            return Vec::new();
        };
        let mut types = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            let kind = match &value.value {
                NodeValue::String(word) => {
                    let plain = word.trim_end_matches('?');
                    let kind = ValueKind::named(plain);
                    if kind.is_none() {
                        let similar = suggest(plain, ValueKind::NAMES).map(|name| format!("did you mean `{name}`?"));
                        let message = format!("there is no type `{plain}`; expected {}", listed(&ValueKind::NAMES));
                        self.report(UNKNOWN_TYPE, value.span, &message).maybe_hint(similar);
                    }
                    // What cannot be understood takes anything, so that its uses are not wrong as well.
                    Some((kind.unwrap_or(ValueKind::Any), word.ends_with('?')))
                }
                NodeValue::List(choices) => Some((
                    ValueKind::OneOf(choices.iter().filter_map(|choice| choice.as_str().map(str::to_owned)).collect()),
                    false,
                )),
                _ => {
                    self.expected(value, "a type");
                    None
                }
            };
            if let Some((kind, optional)) = kind {
                types.push((name, kind, optional));
            }
        }
        types
    }

    /// Codes, or codes with the fields that `failure` has then.
    fn failures(&mut self, node: &Node) -> Vec<FailureCode> {
        match &node.value {
            NodeValue::List(codes) => {
                codes.iter().filter_map(|code| Some(FailureCode { code: self.failure_name(code)?, fields: Vec::new() })).collect()
            }
            NodeValue::Map(entries) => {
                let mut codes = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let Some(code) = self.failure_name(key) else { continue };
                    let fields = match &value.value {
                        NodeValue::Null => Vec::new(),
                        NodeValue::List(fields) => fields.iter().filter_map(|field| self.failure_name(field)).collect(),
                        _ => self.types(value).into_iter().map(|(name, ..)| name).collect(),
                    };
                    codes.push(FailureCode { code, fields });
                }
                codes
            }
            _ => {
                self.expected(node, "a list of failure codes, or a map of them to their fields");
                Vec::new()
            }
        }
    }

    fn failure_name(&mut self, node: &Node) -> Option<String> {
        let name = node.as_str().filter(|name| !name.is_empty());
        if name.is_none() {
            self.expected(node, "a name");
        }
        name.map(str::to_owned)
    }
}
