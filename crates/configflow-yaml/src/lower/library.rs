//! `include:` — what is common is a library in the language itself, shipped with the loader and readable by everyone.

use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue, Span};
use crate::parse::{Source, parse};

use super::Lowering;
use super::outcome::listed;

pub(crate) const UNKNOWN_LIBRARY: Code = Code::new("include.unknown", "a library is included that does not exist");
pub(crate) const PARAMETER: Code = Code::new("include.parameter", "a library's parameter is missing or unknown");

/// The libraries by name.
const LIBRARIES: [(&str, &str); 2] =
    [("oauth2", include_str!("../library/oauth2.yaml")), ("link", include_str!("../library/link.yaml"))];
/// Those that `include` takes; the steps of the others are made of one key.
const INCLUDED: [&str; 1] = ["oauth2"];

/// The text of a library.
#[must_use]
pub fn library(name: &str) -> Option<&'static str> {
    LIBRARIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of the libraries.
pub fn libraries() -> impl Iterator<Item = &'static str> {
    LIBRARIES.iter().map(|(name, _)| *name)
}

impl Lowering<'_> {
    /// The trees of the libraries that a file includes, its parameters put in. All of a tree stands where it is included, so that
    /// no diagnostic is at a line that the file does not have.
    pub(crate) fn included(&mut self, node: &Node) -> Vec<Node> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of libraries to their parameters: `{oauth2: {then: STEP}}`");
            self.lost_library();
            return Vec::new();
        };
        let mut trees = Vec::new();
        for (key, parameters) in entries {
            let Some(name) = self.key_text(key) else { continue };
            let Some(text) = library(&name).filter(|_| INCLUDED.contains(&name.as_str())) else {
                let hint = suggest(&name, INCLUDED).map(|name| format!("did you mean `{name}`?"));
                self.report(UNKNOWN_LIBRARY, key.span, &format!("there is no library `{name}`; expected {}", listed(&INCLUDED)))
                    .maybe_hint(hint);
                self.lost_library();
                continue;
            };
            let Ok(mut tree) = parse(&Source::new(&format!("<{name}>"), text)) else {
                self.report(UNKNOWN_LIBRARY, key.span, &format!("the library `{name}` does not load"));
                continue;
            };
            place(&mut tree, key.span);
            self.fill(&mut tree, &name, key, parameters);
            trees.push(tree);
        }
        trees
    }

    /// Puts the parameters into a library.
    fn fill(&mut self, tree: &mut Node, name: &str, key: &Node, parameters: &Node) {
        let wanted = declared(tree);
        let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut given: Vec<(&str, &Node)> = Vec::new();
        let mut reported = false;
        if !matches!(parameters.value, NodeValue::Map(_) | NodeValue::Null) {
            self.expected(parameters, &format!("a map of parameters: {}", listed(&names)));
            reported = true;
        }
        for (parameter, value) in parameters.entries() {
            let known = names.iter().copied().find(|name| parameter.as_str() == Some(name));
            let similar = parameter.as_str().and_then(|parameter| suggest(parameter, names.iter().copied()));
            if known.is_none() {
                let hint = similar.map(|name| format!("did you mean `{name}`?"));
                self.report(PARAMETER, parameter.span, &format!("`{name}` takes {}", listed(&names))).maybe_hint(hint);
                reported = true;
            }
            given.extend(known.or(similar).map(|name| (name, value)));
        }
        for parameter in &names {
            match given.iter().find(|(name, _)| name == parameter) {
                Some((_, value)) => substitute(tree, &format!("${parameter}"), value),
                None => {
                    if !reported {
                        self.report(PARAMETER, key.span, &format!("`{name}` needs `{parameter}`"));
                    }
                    // Where the library leads, nobody knows.
                    self.lost_way();
                    substitute(tree, &format!("${parameter}"), &Node { value: NodeValue::Null, ..key.clone() });
                }
            }
        }
    }

    /// A library that cannot be included: the steps and names that it has are not missed.
    fn lost_library(&mut self) {
        (self.lost.names, self.lost.steps, self.lost.fields) = (true, true, true);
        self.lost_way();
    }
}

/// Puts a tree and all that is in it at one place.
pub(super) fn place(node: &mut Node, span: Span) {
    (node.span, node.defined, node.verbatim) = (span, None, false);
    match &mut node.value {
        NodeValue::List(items) => items.iter_mut().for_each(|item| place(item, span)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            place(key, span);
            place(value, span);
        }),
        _ => {}
    }
}

/// The parameters that a library declares.
fn declared(tree: &Node) -> Vec<String> {
    let NodeValue::Map(entries) = &tree.value else { return Vec::new() };
    let parameters = entries.iter().find(|(key, _)| key.as_str() == Some("parameters"));
    match parameters.map(|(_, value)| &value.value) {
        Some(NodeValue::Map(entries)) => entries.iter().filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Puts a parameter's value wherever the library has its name.
pub(super) fn substitute(node: &mut Node, name: &str, by: &Node) {
    match &mut node.value {
        NodeValue::String(text) if text == name => *node = by.clone(),
        NodeValue::List(items) => items.iter_mut().for_each(|item| substitute(item, name, by)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|(_, value)| substitute(value, name, by)),
        _ => {}
    }
}
