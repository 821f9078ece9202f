//! `include:` — what is common is a library in the language itself, shipped with the loader and readable by everyone.

use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};
use crate::parse::{Source, parse};

use super::Lowering;
use super::outcome::listed;

pub(crate) const UNKNOWN_LIBRARY: Code = Code::new("include.unknown", "a library is included that does not exist");
pub(crate) const PARAMETER: Code = Code::new("include.parameter", "a library's parameter is missing or unknown");

/// The libraries by name.
const LIBRARIES: [(&str, &str); 1] = [("oauth2", include_str!("../library/oauth2.yaml"))];

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
    /// The trees of the libraries that a file includes, its parameters put in.
    pub(crate) fn included(&mut self, node: &Node) -> Vec<Node> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of libraries to their parameters");
            return Vec::new();
        };
        let mut trees = Vec::new();
        for (key, parameters) in entries {
            let Some(name) = self.key_text(key) else { continue };
            let Some(text) = library(&name) else {
                let similar = suggest(&name, libraries()).map(|name| format!("did you mean `{name}`?"));
                let known: Vec<&str> = libraries().collect();
                self.report(UNKNOWN_LIBRARY, key.span, &format!("there is no library `{name}`; expected {}", listed(&known)))
                    .maybe_hint(similar);
                continue;
            };
            let Ok(mut tree) = parse(&Source::new(&format!("<{name}>"), text)) else {
                self.report(UNKNOWN_LIBRARY, key.span, &format!("the library `{name}` does not load"));
                continue;
            };
            let wanted = declared(&tree);
            let given = match &parameters.value {
                NodeValue::Map(entries) => entries.as_slice(),
                _ => &[],
            };
            for (parameter, _) in given {
                let known = parameter.as_str().is_some_and(|name| wanted.iter().any(|wanted| wanted == name));
                if !known {
                    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
                    self.report(PARAMETER, parameter.span, &format!("`{name}` takes {}", listed(&names)));
                }
            }
            for parameter in &wanted {
                match given.iter().find(|(key, _)| key.as_str() == Some(parameter)) {
                    Some((_, value)) => substitute(&mut tree, &format!("${parameter}"), value),
                    None => {
                        self.report(PARAMETER, key.span, &format!("`{name}` needs `{parameter}`"));
                    }
                }
            }
            trees.push(tree);
        }
        trees
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
fn substitute(node: &mut Node, name: &str, by: &Node) {
    match &mut node.value {
        NodeValue::String(text) if text == name => *node = by.clone(),
        NodeValue::List(items) => items.iter_mut().for_each(|item| substitute(item, name, by)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|(_, value)| substitute(value, name, by)),
        _ => {}
    }
}
