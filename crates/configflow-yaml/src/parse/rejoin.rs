//! Expressions that YAML cuts at a comma without a word: `{ when: f(a, b) > 1, … }` is a map with a key `b) > 1`.
//!
//! The cut is reported, and the expression put together again, so that nothing that follows from the cut is reported too.

use crate::diagnostic::{Code, Diagnostics};
use crate::node::{Node, NodeValue, Span, Style};

/// The same code as that of `{{ x }}` without quotes, which the lowering reports and lists.
pub(crate) const UNQUOTED: Code = Code::new("yaml.unquoted_expression", "an expression in braces is not quoted, so it is a map");

/// Mends the entries of a map in braces.
pub(super) fn cut_at_commas(text: &str, entries: &mut Vec<(Node, Node)>, diagnostics: &mut Diagnostics) {
    let mut at = 0;
    while at < entries.len() {
        if let Some(last) = end_of_cut(text, entries, at) {
            let (start, end) = (entries[at].1.span, entries[last].0.span);
            let rest = entries[last].0.span;
            let span = Span { end: end.end, end_line: end.end_line, end_column: end.end_column, ..start };
            let written = text.get(span.start..span.end).unwrap_or_default();
            let rest = text.get(rest.start..rest.end).unwrap_or_default();
            let message = format!("YAML cuts this expression at its comma and takes `{rest}` for a key");
            diagnostics.error(UNQUOTED, span, &message).hint("quote the expression");
            let verbatim = !written.contains(['\n', '\r']);
            let value = written.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            entries[at].1 = Node { value: NodeValue::String(value), span, defined: None, style: Style::Plain, verbatim };
            entries.drain(at + 1..=last);
        }
        at += 1;
    }
}

/// The entry with the end of the expression that begins as the value of this one and is cut.
fn end_of_cut(text: &str, entries: &[(Node, Node)], at: usize) -> Option<usize> {
    let value = &entries[at].1;
    if !is_plain(value) || value.as_str().is_none() {
        return None;
    }
    let mut open = unclosed(text, value.span);
    if open <= 0 {
        return None;
    }
    for (after, (key, value)) in entries.iter().enumerate().skip(at + 1) {
        let is_alone = matches!(value.value, NodeValue::Null) && value.span.start == value.span.end;
        if !is_alone || !is_plain(key) {
            return None;
        }
        open += unclosed(text, key.span);
        if open <= 0 {
            return Some(after);
        }
    }
    None
}

fn is_plain(node: &Node) -> bool {
    let is_scalar = !matches!(node.value, NodeValue::List(_) | NodeValue::Map(_));
    is_scalar && node.style == Style::Plain && node.defined.is_none()
}

/// How many more parentheses open than close.
fn unclosed(text: &str, span: Span) -> isize {
    let step = |letter: u8| match letter {
        b'(' => 1,
        b')' => -1,
        _ => 0,
    };
    text.get(span.start..span.end).unwrap_or_default().bytes().map(step).sum()
}

#[cfg(test)]
mod tests {
    use super::UNQUOTED;
    use crate::diagnostic::codes;
    use crate::parse::{Source, parse_with};

    #[test]
    fn an_expression_that_is_cut_is_reported_and_whole_again() {
        for (text, value, place) in [
            ("a: { when: f(a, b), error: x }", "f(a, b)", (12, 19)),
            ("a: { when: max(a, b) > 1, error: x }", "max(a, b) > 1", (12, 25)),
            ("a: { when: f(g(a, b), h(c), 1), error: x }", "f(g(a, b), h(c), 1)", (12, 31)),
            ("é: { when: f(a,\n  b), error: x }", "f(a, b)", (12, 5)),
        ] {
            let (root, found) = parse_with(&Source::new("cut.yaml", text));
            let one = found.iter().next().unwrap_or_else(|| panic!("{text} is cut"));
            assert_eq!((found.len(), one.code.as_str()), (1, "yaml.unquoted_expression"), "{text}");
            assert_eq!((one.span.column, one.span.end_column), place, "{text}");
            assert_eq!(one.hint.as_deref(), Some("quote the expression"));
            let root = root.expect("there is a tree");
            let map = &root.entries()[0].1;
            let keys: Vec<_> = map.entries().iter().filter_map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, ["when", "error"], "{text}");
            assert_eq!(map.get("when").and_then(|node| node.as_str()), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_cut_is_left_alone() {
        for text in [
            "a: { when: f(a), error: x }",
            "a: { when: \"f(a, b)\", error: x }",
            "a: { smile: ':(', b: }",
            "a: { smile: x(, b: , c: 1 }",
            "a: { when: f(a, b: c), error: x }",
            "when: f(a, b)",
        ] {
            let (_, found) = parse_with(&Source::new("whole.yaml", text));
            assert!(found.is_empty(), "{text}: {found}");
        }
    }

    #[test]
    fn the_code_is_the_one_that_is_listed() {
        assert_eq!(codes().iter().filter(|code| **code == UNQUOTED).count(), 1);
    }
}
