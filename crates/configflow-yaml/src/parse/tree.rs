//! Events to tree, without recursion, within bounds.

use std::collections::HashMap;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span as Place};

use super::{DUPLICATE_KEY, MAX_DEPTH, MAX_NODES, SEVERAL_DOCUMENTS, SYNTAX, TAG, TOO_DEEP, TOO_MANY_NODES, pitfall, scalar};
use crate::diagnostic::Diagnostics;
use crate::node::{Node, NodeValue, Span, Style};

/// A list or map that is not closed yet.
struct Open {
    start: Span,
    anchor: usize,
    is_map: bool,
    /// Items, or keys and values in turn.
    nodes: Vec<Node>,
}

struct Anchored {
    node: Node,
    size: usize,
}

/// The first document's tree; `None` where there is none, or it is not to be understood.
pub(super) fn build(text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut parser = Parser::new_from_str(text);
    let (mut stack, mut anchors, mut root): (Vec<Open>, HashMap<usize, Anchored>, Option<Node>) =
        (Vec::new(), HashMap::new(), None);
    let (mut nodes, mut documents) = (0_usize, 0_usize);
    while let Some(event) = parser.next_event() {
        let (event, place) = match event {
            Ok(event) => event,
            Err(error) => {
                syntax_error(text, &error, diagnostics);
                return None;
            }
        };
        let span = span_of(&place);
        let finished = match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    diagnostics.error(SEVERAL_DOCUMENTS, span, "a file holds one definition; a second document begins here");
                    return root;
                }
                continue;
            }
            Event::Scalar(value, style, anchor, tag) => {
                if tag.is_some() {
                    diagnostics.error(TAG, span, "tags are not part of the language").hint("quote a text that begins with `!`");
                }
                let plain = style == ScalarStyle::Plain;
                let node = Node {
                    value: if plain { scalar::plain(&value) } else { NodeValue::String(value.to_string()) },
                    defined: None,
                    style: match style {
                        ScalarStyle::Plain => Style::Plain,
                        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                        _ => Style::Block,
                    },
                    verbatim: is_verbatim(text, span, &value, plain),
                    span,
                };
                nodes += 1;
                Some((node, anchor))
            }
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                let is_map = matches!(event, Event::MappingStart(..));
                if stack.len() >= MAX_DEPTH {
                    diagnostics.error(TOO_DEEP, span, &format!("lists and maps may be nested {MAX_DEPTH} deep"));
                    return None;
                }
                nodes += 1;
                stack.push(Open { start: span, anchor, is_map, nodes: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|open| {
                let anchor = open.anchor;
                (closed(open, span), anchor)
            }),
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(anchored) => {
                    nodes += anchored.size;
                    let mut node = anchored.node.clone();
                    node.defined = Some(node.span);
                    node.span = span;
                    node.verbatim = false;
                    Some((node, 0))
                }
                None => {
                    diagnostics.error(SYNTAX, span, "the alias stands inside what it repeats, or names no anchor");
                    return None;
                }
            },
            _ => continue,
        };
        if nodes > MAX_NODES {
            diagnostics.error(TOO_MANY_NODES, span, &format!("the file may have {MAX_NODES} values, aliases expanded"));
            return None;
        }
        let Some((node, anchor)) = finished else { continue };
        if anchor > 0 {
            anchors.insert(anchor, Anchored { size: size(&node), node: node.clone() });
        }
        match stack.last_mut() {
            Some(open) => open.nodes.push(node),
            None => root = Some(node),
        }
    }
    root
}

fn closed(open: Open, end: Span) -> Node {
    let value = if open.is_map {
        let mut entries = Vec::with_capacity(open.nodes.len() / 2);
        let mut nodes = open.nodes.into_iter();
        while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
            entries.push((key, value));
        }
        NodeValue::Map(entries)
    } else {
        NodeValue::List(open.nodes)
    };
    let span = Span { end: end.end, end_line: end.end_line, end_column: end.end_column, ..open.start };
    Node { value, span, defined: None, style: Style::Plain, verbatim: false }
}

/// How many nodes an alias of this one adds.
fn size(node: &Node) -> usize {
    let (mut count, mut open) = (0, vec![node]);
    while let Some(node) = open.pop() {
        count += 1;
        match &node.value {
            NodeValue::List(items) => open.extend(items),
            NodeValue::Map(entries) => open.extend(entries.iter().flat_map(|(key, value)| [key, value])),
            _ => {}
        }
    }
    count
}

/// Every key that is there twice, with both places.
pub(super) fn duplicates(root: &Node, diagnostics: &mut Diagnostics) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.value {
            NodeValue::List(items) => open.extend(items),
            NodeValue::Map(entries) => {
                let mut first: HashMap<&str, Span> = HashMap::new();
                for (key, value) in entries {
                    open.extend([key, value]);
                    let Some(name) = key.as_str() else { continue };
                    match first.get(name) {
                        Some(earlier) if node.defined.is_none() => {
                            diagnostics
                                .error(DUPLICATE_KEY, key.span, &format!("the key `{name}` is there twice"))
                                .label(*earlier, "first here");
                        }
                        Some(_) => {}
                        None => _ = first.insert(name, key.span),
                    }
                }
            }
            _ => {}
        }
    }
}

fn span_of(place: &Place) -> Span {
    let bytes = place.byte_range().unwrap_or_default();
    Span {
        start: bytes.start,
        end: bytes.end,
        line: place.start.line(),
        column: place.start.col() + 1,
        end_line: place.end.line(),
        end_column: place.end.col() + 1,
    }
}

/// Whether a scalar stands in the file letter by letter.
fn is_verbatim(text: &str, span: Span, value: &str, plain: bool) -> bool {
    let quote = usize::from(!plain);
    text.get(span.start + quote..(span.end).saturating_sub(quote)).is_some_and(|written| written == value)
}

fn syntax_error(text: &str, error: &ScanError, diagnostics: &mut Diagnostics) {
    let marker = error.marker();
    let start = marker.byte_offset().unwrap_or_default().min(text.len());
    let (line, column) = (marker.line(), marker.col() + 1);
    let span = Span { start, end: start, line, column, end_line: line, end_column: column };
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        diagnostics.error(TOO_DEEP, span, &format!("lists and maps may be nested {MAX_DEPTH} deep"));
        return;
    }
    if pitfall::reported(text, span, diagnostics) {
        return;
    }
    let mut message = error.info();
    if let Some(place) = message.find(" at byte ").or_else(|| message.find(" at line ")) {
        message.truncate(place);
    }
    let tab = text
        .lines()
        .nth(line.saturating_sub(1))
        .is_some_and(|line| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t'));
    let hint = if tab { Some("indent with spaces; YAML does not take tabs".to_owned()) } else { None };
    diagnostics.error(SYNTAX, span, &message).maybe_hint(hint);
}
