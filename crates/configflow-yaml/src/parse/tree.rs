//! Events to tree, without recursion, within bounds.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_yaml::granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span as Place, StructureStyle};

use super::anchor::Anchors;
use super::mend::Mended;
use super::{
    DUPLICATE_KEY, MAX_DEPTH, MAX_NODES, SEVERAL_DOCUMENTS, SYNTAX, TAG, TOO_DEEP, TOO_MANY_NODES, pitfall, rejoin, scalar,
};
use crate::diagnostic::Diagnostics;
use crate::node::{Node, NodeValue, Span, Style};

/// A list or map that is not closed yet.
struct Open {
    start: Span,
    anchor: usize,
    is_map: bool,
    is_flow: bool,
    /// Items, or keys and values in turn.
    nodes: Vec<Node>,
}

/// The most expressions that are mended: each takes another reading.
const MAX_MENDED: usize = 50;

/// The first document's tree; `None` where there is none, or it is not to be understood.
pub(super) fn build(text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut mended = Mended::of(text);
    for _ in 0..MAX_MENDED {
        let mut found = Diagnostics::default();
        match read(&mended, &mut found) {
            Ok(root) => {
                diagnostics.extend(found);
                return root;
            }
            Err(Stopped::Refused) => {
                diagnostics.extend(found);
                return None;
            }
            Err(Stopped::Syntax(error)) => match pitfall::behind(mended.text(), place_of(mended.text(), &error)) {
                Some(unquoted) => {
                    unquoted.report(mended.in_file(unquoted.span), diagnostics);
                    if !mended.quote(unquoted.span) {
                        return None;
                    }
                }
                None => {
                    syntax_error(&mended, &error, diagnostics);
                    return None;
                }
            },
        }
    }
    None
}

/// Why a text was not read to its end.
enum Stopped {
    /// It is no YAML.
    Syntax(ScanError),
    /// It asks for too much, which was reported.
    Refused,
}

fn read(mended: &Mended<'_>, diagnostics: &mut Diagnostics) -> Result<Option<Node>, Stopped> {
    let text = mended.text();
    let mut parser = Parser::new_from_str(text);
    let (mut stack, mut anchors, mut root): (Vec<Open>, Anchors, Option<Node>) = (Vec::new(), Anchors::default(), None);
    let (mut nodes, mut documents) = (0_usize, 0_usize);
    while let Some(event) = parser.next_event() {
        let (event, place) = match event {
            Ok(event) => event,
            Err(error) => return Err(Stopped::Syntax(error)),
        };
        let written = span_of(&place);
        let span = mended.in_file(written);
        let finished = match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    diagnostics.error(SEVERAL_DOCUMENTS, span, "a file holds one definition; a second document begins here");
                    return Ok(root);
                }
                continue;
            }
            Event::Scalar(value, style, anchor, tag) => {
                if tag.is_some() {
                    tagged(span, diagnostics);
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
                    verbatim: is_verbatim(text, written, &value, plain) && written == span,
                    span,
                };
                nodes += 1;
                Some((node, anchor))
            }
            Event::SequenceStart(style, anchor, ref tag) | Event::MappingStart(style, anchor, ref tag) => {
                if tag.is_some() {
                    tagged(span, diagnostics);
                }
                let (is_map, is_flow) = (matches!(event, Event::MappingStart(..)), style == StructureStyle::Flow);
                if stack.len() >= MAX_DEPTH {
                    too_deep(span, diagnostics);
                    return Err(Stopped::Refused);
                }
                nodes += 1;
                stack.push(Open { start: span, anchor, is_map, is_flow, nodes: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|open| {
                let anchor = open.anchor;
                (closed(mended, open, span, diagnostics), anchor)
            }),
            Event::Alias(anchor) => match anchors.expand(anchor, span, stack.len(), diagnostics) {
                Some((node, added)) => {
                    nodes += added;
                    Some((node, 0))
                }
                None => return Err(Stopped::Refused),
            },
            _ => continue,
        };
        if nodes > MAX_NODES {
            diagnostics.error(TOO_MANY_NODES, span, &format!("the file may have {MAX_NODES} values, aliases expanded"));
            return Err(Stopped::Refused);
        }
        let Some((node, anchor)) = finished else { continue };
        if anchor > 0 && !anchors.keep(anchor, &node, diagnostics) {
            return Err(Stopped::Refused);
        }
        match stack.last_mut() {
            Some(open) => open.nodes.push(node),
            None => root = Some(node),
        }
    }
    Ok(root)
}

/// A list or map that ends here. One in block style ends where its last value does: the parser's end of it is the next thing
/// in the file, which may be comments further down.
fn closed(mended: &Mended<'_>, open: Open, end: Span, diagnostics: &mut Diagnostics) -> Node {
    let end = if open.is_flow { end } else { open.nodes.last().map_or(open.start, |last| last.span) };
    let value = if open.is_map {
        let mut entries = Vec::with_capacity(open.nodes.len() / 2);
        let mut nodes = open.nodes.into_iter();
        while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
            entries.push((key, value));
        }
        if open.is_flow {
            rejoin::cut_at_commas(mended.file(), &mut entries, diagnostics);
        }
        NodeValue::Map(entries)
    } else {
        NodeValue::List(open.nodes)
    };
    let span = Span { end: end.end, end_line: end.end_line, end_column: end.end_column, ..open.start };
    Node { value, span, defined: None, style: Style::Plain, verbatim: false }
}

fn tagged(span: Span, diagnostics: &mut Diagnostics) {
    diagnostics.error(TAG, span, "tags are not part of the language").hint("quote a text that begins with `!`");
}

pub(super) fn too_deep(span: Span, diagnostics: &mut Diagnostics) {
    diagnostics.error(TOO_DEEP, span, &format!("lists and maps may be nested {MAX_DEPTH} deep"));
}

/// Every key that is there twice, with both places.
pub(super) fn duplicates(root: &Node, diagnostics: &mut Diagnostics) {
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.value {
            NodeValue::List(items) => open.extend(items),
            NodeValue::Map(entries) => {
                let mut first: HashMap<Cow<'_, str>, Span> = HashMap::new();
                for (key, value) in entries {
                    open.extend([key, value]);
                    let Some(name) = name_of(key) else { continue };
                    match first.get(&name) {
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

/// The name under which a key is found: `1` and `"1"` are one.
fn name_of(key: &Node) -> Option<Cow<'_, str>> {
    match &key.value {
        NodeValue::String(text) => Some(Cow::Borrowed(text)),
        NodeValue::List(_) | NodeValue::Map(_) => None,
        _ => Some(Cow::Owned(key.to_json().to_string())),
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

fn place_of(text: &str, error: &ScanError) -> Span {
    let marker = error.marker();
    let start = marker.byte_offset().unwrap_or_default().min(text.len());
    let (line, column) = (marker.line(), marker.col() + 1);
    Span { start, end: start, line, column, end_line: line, end_column: column }
}

fn syntax_error(mended: &Mended<'_>, error: &ScanError, diagnostics: &mut Diagnostics) {
    let place = place_of(mended.text(), error);
    let (line, span) = (place.line, mended.in_file(place));
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        too_deep(span, diagnostics);
        return;
    }
    let mut message = error.info();
    if let Some(place) = message.find(" at byte ").or_else(|| message.find(" at line ")) {
        message.truncate(place);
    }
    let tab = mended
        .text()
        .lines()
        .nth(line.saturating_sub(1))
        .is_some_and(|line| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t'));
    let hint = if tab { Some("indent with spaces; YAML does not take tabs".to_owned()) } else { None };
    diagnostics.error(SYNTAX, span, &message).maybe_hint(hint);
}

#[cfg(test)]
mod tests {
    use crate::node::Node;
    use crate::parse::{Source, parse, parse_with};

    fn codes(text: &str) -> Vec<(&'static str, usize, usize)> {
        let (_, found) = parse_with(&Source::new("tree.yaml", text));
        found.iter().map(|one| (one.code.as_str(), one.span.line, one.span.column)).collect()
    }

    #[test]
    fn places_are_those_of_the_text_in_bytes_and_in_characters() {
        let text = "\u{feff}a:\n  é: {b: [1, 2], 日: 'x' }\n  d:\n    - p: 1\n      \"y\": 2   # c\n\n# c\nn:\n";
        let source = Source::new("tree.yaml", text);
        let root = parse(&source).expect("it is sound");
        let text = source.text().expect("it is UTF-8");
        let cut = |node: &Node| text[node.span.start..node.span.end].to_owned();
        let at = |node: &Node| (node.span.line, node.span.column, node.span.end_line, node.span.end_column);
        let a = root.get("a").expect("a");
        let (key, map) = &a.entries()[0];
        assert_eq!((cut(key).as_str(), at(key)), ("é", (2, 3, 2, 4)));
        assert_eq!((cut(map).as_str(), at(map)), ("{b: [1, 2], 日: 'x' }", (2, 6, 2, 26)));
        let (key, value) = &map.entries()[1];
        assert_eq!((cut(key).as_str(), cut(value).as_str(), at(value)), ("日", "'x'", (2, 21, 2, 24)));
        let list = a.get("d").expect("d");
        assert_eq!(cut(list), "- p: 1\n      \"y\": 2");
        assert_eq!(at(list), (4, 5, 5, 13));
        // A value that is not there is at its colon.
        assert_eq!(at(root.get("n").expect("n")), (8, 2, 8, 2));
    }

    #[test]
    fn keys_are_the_same_that_become_the_same() {
        let twice = |text: &str| codes(text).iter().filter(|(code, ..)| *code == "yaml.duplicate_key").count();
        assert_eq!(twice("a: { 1: x, 1: y }"), 1);
        assert_eq!(twice("a: { 1: x, \"1\": y }"), 1);
        assert_eq!(twice("true: x\ntrue: y\ntrue: z"), 2);
        assert_eq!(twice("a: &a { b: 1, b: 2 }\nc: *a\n"), 1);
        assert_eq!(twice("a: 1\nA: 2\n\"a \": 3"), 0);
    }

    #[test]
    fn a_tag_is_seen_wherever_it_is() {
        assert_eq!(codes("a: !x b")[0].0, "yaml.tag");
        assert_eq!(codes("a: !x { b: c }")[0].0, "yaml.tag");
        assert_eq!(codes("a: !x\n  - b")[0].0, "yaml.tag");
        assert_eq!(codes("a: !!str 12")[0].0, "yaml.tag");
    }
}
