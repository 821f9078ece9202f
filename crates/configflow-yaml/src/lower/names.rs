//! References to fields and names, while a file is lowered.

use std::collections::HashMap;

use configflow_core::Name;
use configflow_core::signature::{Shape, Signature, ValueKind};

use super::{Lowering, ResultName};
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, Span};

pub(crate) const UNKNOWN_FIELD: Code = Code::new("field.unknown", "a field is named that does not exist");
pub(crate) const NAME_TAKEN: Code = Code::new("name.taken", "a name stands for two things");
pub(crate) const TWICE: Code = Code::new("structure.twice", "the same thing is listed twice");
pub(crate) const RESERVED_NAME: Code = Code::new("name.reserved", "a name of the language is given another meaning");

/// Names that the language gives a meaning everywhere.
pub(crate) const LANGUAGE_NAMES: [&str; 17] = [
    "answers",
    "answers_of",
    "asked",
    "input",
    "failure",
    "label",
    "entry",
    "subentry",
    "context",
    "init",
    "hub",
    "link",
    "account",
    "flow_id",
    "loop",
    "omit",
    "base",
];

/// Names that no field can have: `base` is where errors stand that belong to none. A field may be called like any other name of the
/// language, since fields are named by whoever stores them; it is read as `answers.NAME`.
pub(crate) const NEVER_FIELDS: [&str; 2] = ["base", "omit"];

impl Lowering<'_> {
    /// A field that is named must exist. Gives the one that was meant where it does not.
    pub(crate) fn field_reference(&mut self, node: &Node, name: &str) -> Option<String> {
        if self.fields.contains_key(name) {
            self.named_fields.insert(name.to_owned());
            return None;
        }
        let similar = suggest(name, self.fields.keys().map(String::as_str)).map(str::to_owned);
        // The field that was meant is not reported as unused as well.
        self.used_fields.extend(similar.clone());
        if similar.is_none() && self.lost.fields {
            return None;
        }
        let hint = similar.as_ref().map(|name| format!("did you mean `{name}`?"));
        let inside = self.fields.iter().find(|(_, field)| field.lowered.section_parts().iter().any(|(part, _)| part == name));
        let (message, hint) = match inside {
            Some((section, _)) => {
                (format!("the field `{name}` stands inside `{section}`"), Some(format!("name the section: `{section}`")))
            }
            None => (format!("there is no field `{name}` under `fields:`"), hint),
        };
        let meant = similar.as_ref().and_then(|name| self.fields.get(name)).map(|field| field.span);
        self.report(UNKNOWN_FIELD, node.span, &message).maybe_hint(hint).maybe_meant(name, meant);
        similar
    }

    /// A name that `set` gives a value must be a field.
    /// Gives the field that is meant.
    pub(crate) fn settable(&mut self, node: &Node, name: &str) -> String {
        self.used_fields.insert(name.to_owned());
        self.field_reference(node, name).unwrap_or_else(|| name.to_owned())
    }

    /// A field that an error stands beside must exist, also inside a section.
    pub(crate) fn error_field(&mut self, node: &Node, name: &str) {
        if name != "base" {
            self.field_reference(node, name);
        }
    }

    /// Remembers where a block, an action, or a part of one is defined.
    pub(crate) fn define(&mut self, key: &Node, name: &str, part: &str) {
        self.defined_at.insert((name.to_owned(), part.to_owned()), key.span);
        self.places.insert(key.span, false);
    }

    /// Where it is defined.
    pub(crate) fn place_of(&self, name: &str, part: &str) -> Option<Span> {
        self.defined_at.get(&(name.to_owned(), part.to_owned())).copied()
    }

    /// It is used by its name.
    pub(crate) fn uses(&mut self, name: &str, part: &str) {
        if let Some(span) = self.place_of(name, part) {
            self.places.insert(span, true);
        }
    }

    pub(crate) fn field_names(&self) -> Vec<Name> {
        self.fields.keys().map(|name| name.as_str().into()).collect()
    }

    /// The name of a result: it may hide nothing.
    pub(crate) fn result_name(&mut self, node: &Node, name: &str, signature: &Signature) {
        if LANGUAGE_NAMES.contains(&name) {
            self.report(RESERVED_NAME, node.span, &format!("`{name}` is a name of the language; choose another"));
            // What was to be called so is read under another name, which is not unknown as well.
            self.lost.names = true;
            return;
        }
        if let Some(first) = self.fields.get(name).map(|field| field.span) {
            self.report(NAME_TAKEN, node.span, &format!("`{name}` is a field already")).label(first, "the field");
            self.lost.names = true;
            return;
        }
        if self.lets.contains_key(name) {
            self.report(NAME_TAKEN, node.span, &format!("`{name}` is a formula under `let:` already"));
            self.lost.names = true;
            return;
        }
        let extracted = std::mem::take(&mut self.extract_keys);
        let mut keys: Vec<String> = extracted.iter().map(|(key, _)| key.clone()).collect();
        let mut parts: HashMap<String, Span> = extracted.into_iter().collect();
        if let Shape::Fields(fields) = &signature.gives {
            parts.extend(fields.iter().filter_map(|(part, _)| Some((part.clone(), self.place_of(&signature.name, part)?))));
        }
        let shape = signature.gives.clone();
        let is_list = shape == Shape::List;
        let mut secrets = match &shape {
            Shape::Fields(fields) => {
                let secret = fields.iter().filter(|(_, kind)| *kind == ValueKind::Secret);
                secret.map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        };
        match self.results.get_mut(name) {
            // A second action may bind the same name: what either gives can be read.
            Some(known) if known.span != node.span => {
                known.keys.append(&mut keys);
                known.parts.extend(parts);
                known.secrets.append(&mut secrets);
                if known.shape != shape {
                    known.shape = Shape::Open;
                }
            }
            Some(_) => {}
            None => {
                self.results.insert(name.to_owned(), ResultName { span: node.span, shape, keys, is_list, parts, secrets });
            }
        }
    }

    /// Notes the keys of `extract`, which become the fields of the result.
    pub(crate) fn note_extract(&mut self, parameters: &Node, signature: &Signature) {
        let slip = |name: &str| signature.parameter(name).is_none() && suggest(name, ["extract"]).is_some();
        let slip = || parameters.entries().iter().find(|(key, _)| key.as_str().is_some_and(slip)).map(|(_, value)| value);
        let keys = parameters.get("extract").or_else(slip).map(Node::entries).unwrap_or_default();
        self.extract_keys = match signature.gives {
            Shape::KeysOf(_) => keys.iter().filter_map(|(key, _)| Some((key.as_str()?.to_owned(), key.span))).collect(),
            _ => Vec::new(),
        };
    }
}
