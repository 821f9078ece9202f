//! What anchors hold and aliases repeat, within bounds.
//!
//! A small file can ask for a great deal: an alias to an alias multiplies values, one to a long text multiplies bytes, and one
//! inside lists adds their depth to its own. Each is counted before anything is copied.

use std::collections::HashMap;

use super::tree::too_deep;
use super::{MAX_DEPTH, MAX_NODES, MAX_REPEATED, SYNTAX, TOO_MANY_NODES};
use crate::diagnostic::Diagnostics;
use crate::node::{Node, NodeValue, Span};

/// The anchors of a document.
#[derive(Default)]
pub(super) struct Anchors {
    kept: HashMap<usize, (Node, Size)>,
    /// Nodes of all that is kept: anchors inside one another keep the inner ones again.
    nodes: usize,
    /// Bytes of all that was copied, by anchors and by aliases.
    bytes: usize,
}

/// How much an alias adds.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

impl Anchors {
    /// Keeps what has an anchor; false where it is too much.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node, diagnostics: &mut Diagnostics) -> bool {
        let size = size(node);
        self.nodes += size.nodes;
        if self.nodes > MAX_NODES {
            let message = format!("anchors may hold {MAX_NODES} values, those inside one another counted again");
            diagnostics.error(TOO_MANY_NODES, node.span, &message);
            return false;
        }
        if !self.copies(size, node.span, diagnostics) {
            return false;
        }
        self.kept.insert(anchor, (node.clone(), size));
        true
    }

    /// What an alias at this place and depth stands for, and how many nodes that are.
    pub(super) fn expand(
        &mut self,
        anchor: usize,
        span: Span,
        depth: usize,
        diagnostics: &mut Diagnostics,
    ) -> Option<(Node, usize)> {
        let Some((_, size)) = self.kept.get(&anchor) else {
            diagnostics.error(SYNTAX, span, "the alias stands inside what it repeats, or names no anchor");
            return None;
        };
        let size = *size;
        if depth + size.depth > MAX_DEPTH {
            too_deep(span, diagnostics);
            return None;
        }
        if !self.copies(size, span, diagnostics) {
            return None;
        }
        let (node, _) = self.kept.get(&anchor)?;
        let node = Node { span, defined: Some(node.span), verbatim: false, ..node.clone() };
        Some((node, size.nodes))
    }

    fn copies(&mut self, size: Size, span: Span, diagnostics: &mut Diagnostics) -> bool {
        self.bytes += size.bytes;
        if self.bytes > MAX_REPEATED {
            let message = format!("anchors and aliases may repeat {MAX_REPEATED} bytes of text");
            diagnostics.error(TOO_MANY_NODES, span, &message);
        }
        self.bytes <= MAX_REPEATED
    }
}

fn size(node: &Node) -> Size {
    let mut size = Size { nodes: 0, bytes: 0, depth: 0 };
    let mut open = vec![(node, 1)];
    while let Some((node, depth)) = open.pop() {
        size.nodes += 1;
        match &node.value {
            NodeValue::List(items) => {
                size.depth = size.depth.max(depth);
                open.extend(items.iter().map(|item| (item, depth + 1)));
            }
            NodeValue::Map(entries) => {
                size.depth = size.depth.max(depth);
                open.extend(entries.iter().flat_map(|(key, value)| [(key, depth + 1), (value, depth + 1)]));
            }
            NodeValue::String(text) => size.bytes += text.len(),
            _ => {}
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use crate::parse::{MAX_DEPTH, Source, parse};

    fn codes(text: &str) -> Vec<&'static str> {
        match parse(&Source::new("anchors.yaml", text)) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(|one| one.code.as_str()).collect(),
        }
    }

    #[test]
    fn an_alias_to_a_long_text_is_not_repeated_without_end() {
        let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(900_000), vec!["*a"; 2_000].join(","));
        assert_eq!(codes(&text), ["yaml.too_many_nodes"]);
    }

    #[test]
    fn aliases_add_their_depth() {
        let nested = |inner: &str, depth: usize| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
        // Unbounded, 25 of these overflow the stack of whatever walks the tree.
        let mut text = format!("a0: &a0 {}\n", nested("x", 58));
        for n in 1..25 {
            text.push_str(&format!("a{n}: &a{n} {}\n", nested(&format!("*a{}", n - 1), 58)));
        }
        assert_eq!(codes(&text), ["yaml.too_deep"]);
        // As deep as it may be, and one deeper; the map around is one level.
        let fits = MAX_DEPTH - 1 - 10;
        assert_eq!(codes(&format!("a: &a {}\nb: {}\n", nested("x", 10), nested("*a", fits))), [""; 0]);
        assert_eq!(codes(&format!("a: &a {}\nb: {}\n", nested("x", 10), nested("*a", fits + 1))), ["yaml.too_deep"]);
    }

    #[test]
    fn anchors_inside_one_another_are_counted_each() {
        let anchors: String = (0..60).map(|n| format!("&n{n} [")).collect();
        let text = format!("a: {anchors}{}{}", vec!["x"; 9_000].join(","), "]".repeat(60));
        assert_eq!(codes(&text), ["yaml.too_many_nodes"]);
    }

    #[test]
    fn an_alias_names_both_places() {
        let root = parse(&Source::new("anchors.yaml", "a: &a { k: v }\nb: *a\n")).expect("it is sound");
        let b = root.get("b").expect("b is there");
        assert_eq!((b.span.line, b.span.column), (2, 4));
        assert_eq!(b.defined.map(|span| (span.line, span.column)), Some((1, 7)));
        assert_eq!(b.get("k").and_then(|value| value.as_str()), Some("v"));
    }
}
