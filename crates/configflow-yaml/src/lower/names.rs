//! References to fields and names, while a file is lowered.

use configflow_core::Name;
use configflow_core::signature::{Shape, Signature};

use super::{Lowering, ResultName};
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const UNKNOWN_FIELD: Code = Code::new("field.unknown", "a field is named that does not exist");
pub(crate) const NAME_TAKEN: Code = Code::new("name.taken", "a name stands for two things");
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
            return None;
        }
        let similar = suggest(name, self.fields.keys().map(String::as_str)).map(str::to_owned);
        // The field that was meant is not reported as unused as well.
        self.used_fields.extend(similar.clone());
        let hint = similar.as_ref().map(|name| format!("did you mean `{name}`?"));
        self.report(UNKNOWN_FIELD, node.span, &format!("there is no field `{name}` under `fields:`")).maybe_hint(hint);
        similar
    }

    /// A name that `set` gives a value must be a field.
    pub(crate) fn settable(&mut self, node: &Node, name: &str) {
        self.used_fields.insert(name.to_owned());
        self.field_reference(node, name);
    }

    /// A field that an error stands beside must exist, also inside a section.
    pub(crate) fn error_field(&mut self, node: &Node, name: &str) {
        if name != "base" {
            self.field_reference(node, name);
        }
    }

    pub(crate) fn field_names(&self) -> Vec<Name> {
        self.fields.keys().map(|name| name.as_str().into()).collect()
    }

    /// The name of a result: it may hide nothing.
    pub(crate) fn result_name(&mut self, node: &Node, name: &str, signature: &Signature) {
        if LANGUAGE_NAMES.contains(&name) {
            self.report(RESERVED_NAME, node.span, &format!("`{name}` is a name of the language; choose another"));
            return;
        }
        if let Some(first) = self.fields.get(name).map(|field| field.span) {
            self.report(NAME_TAKEN, node.span, &format!("`{name}` is a field already")).label(first, "the field");
            return;
        }
        if self.lets.contains_key(name) {
            self.report(NAME_TAKEN, node.span, &format!("`{name}` is a formula under `let:` already"));
            return;
        }
        let mut keys = std::mem::take(&mut self.extract_keys);
        let shape = signature.gives.clone();
        let is_list = shape == Shape::List;
        match self.results.get_mut(name) {
            // A second action may bind the same name: what either gives can be read.
            Some(known) if known.span != node.span => {
                known.keys.append(&mut keys);
                if known.shape != shape {
                    known.shape = Shape::Open;
                }
            }
            Some(_) => {}
            None => {
                self.results.insert(name.to_owned(), ResultName { span: node.span, shape, keys, is_list });
            }
        }
    }

    /// Notes the keys of `extract`, which become the fields of the result.
    pub(crate) fn note_extract(&mut self, parameters: &Node) {
        let extract = match &parameters.value {
            NodeValue::Map(entries) => entries.iter().find(|(key, _)| key.as_str() == Some("extract")).map(|(_, value)| value),
            _ => None,
        };
        self.extract_keys = match extract.map(|node| &node.value) {
            Some(NodeValue::Map(entries)) => entries.iter().filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
    }
}
