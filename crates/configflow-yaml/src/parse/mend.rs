//! A text in which expressions got the quotes that they lack, so that one that is no YAML does not hide what else is wrong.
//!
//! Places are those of the file: whatever is found in the mended text is told where it stands there.

use std::borrow::Cow;

use crate::node::Span;

/// A text, as it is read.
pub(super) struct Mended<'t> {
    file: &'t str,
    text: Cow<'t, str>,
    /// The quotes that were added, in the order of the text.
    added: Vec<Added>,
}

/// A quote that was added.
#[derive(Clone, Copy)]
struct Added {
    /// The byte in the mended text.
    at: usize,
    line: usize,
    column: usize,
}

impl<'t> Mended<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { file: text, text: Cow::Borrowed(text), added: Vec::new() }
    }

    /// As it is written.
    pub(super) fn file(&self) -> &'t str {
        self.file
    }

    /// As it is read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Puts quotes around a value that begins here, as far as it goes in its line; false where it cannot be quoted.
    pub(super) fn quote(&mut self, value: Span) -> bool {
        let line = self.text[value.start..].split(['\n', '\r']).next().unwrap_or_default();
        let is_inside = is_inside_braces(&self.text[..value.start]);
        let Some(end) = end_of_expression(line, is_inside) else { return false };
        let expression = line[..end].trim_end();
        let quote = match (expression.contains('\''), expression.contains(['"', '\\'])) {
            (false, _) => '\'',
            (true, false) => '"',
            (true, true) => return false,
        };
        if expression.is_empty() {
            return false;
        }
        let end = value.start + expression.len();
        let letters = expression.chars().count();
        let text = self.text.to_mut();
        text.insert(end, quote);
        text.insert(value.start, quote);
        for added in self.added.iter_mut().filter(|added| added.at >= value.start) {
            added.at += if added.at >= end { 2 } else { 1 };
            if added.line == value.line {
                added.column += 2;
            }
        }
        self.added.push(Added { at: value.start, line: value.line, column: value.column });
        self.added.push(Added { at: end + 1, line: value.line, column: value.column + letters + 1 });
        self.added.sort_by_key(|added| added.at);
        true
    }

    /// Where a place of the mended text stands in the file.
    pub(super) fn in_file(&self, span: Span) -> Span {
        if self.added.is_empty() {
            return span;
        }
        let bytes = |at: usize| at - self.added.iter().take_while(|added| added.at < at).count();
        let column = |line: usize, column: usize| {
            column - self.added.iter().filter(|added| added.line == line && added.column < column).count()
        };
        Span {
            start: bytes(span.start),
            end: bytes(span.end),
            column: column(span.line, span.column),
            end_column: column(span.end_line, span.end_column),
            ..span
        }
    }
}

/// Whether a list or map in braces is open at the end of a text, as far as its last lines show.
fn is_inside_braces(before: &str) -> bool {
    let mut open = 0_i32;
    let mut quote = None;
    for letter in before[before.rfind(['\n', '\r']).map_or(0, |at| at + 1)..].chars() {
        match (quote, letter) {
            (Some(opened), _) if letter == opened => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{' | '[') => open += 1,
            (None, '}' | ']') => open -= 1,
            _ => {}
        }
    }
    open > 0
}

/// Where an expression ends: at a comma or a closing brace that is not its own, else with the line. None where it goes on in the
/// next one.
fn end_of_expression(line: &str, is_inside: bool) -> Option<usize> {
    let (mut open, mut quote, mut before) = (0_i32, None, ' ');
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (Some(opened), _) if letter == opened => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(letter),
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') if open > 0 => open -= 1,
            (None, ']' | '}') => return Some(at),
            (None, ',') if open == 0 && (is_inside || line[at..].trim_end() == ",") => return Some(at),
            (None, '#') if open == 0 && before.is_whitespace() => return Some(at),
            _ => {}
        }
        before = letter;
    }
    (open == 0 && quote.is_none()).then_some(line.len())
}

#[cfg(test)]
mod tests {
    use crate::parse::{Source, parse_with};

    /// What is found, with its place and the text there.
    fn found(text: &str) -> Vec<(String, usize, usize, String)> {
        let (root, found) = parse_with(&Source::new("mend.yaml", text));
        assert!(root.is_some(), "{text}: {found}");
        let found = found.iter().map(|one| {
            let cut = text[one.span.start..one.span.end].to_owned();
            (one.code.as_str().to_owned(), one.span.line, one.span.column, cut)
        });
        found.collect()
    }

    #[test]
    fn every_expression_without_quotes_is_reported_and_what_follows_is_read() {
        let text = "a:\n  - { when: x in ['a', 'b'], error: y }\n  - { when: z == {'k': 1}.k, error: y } # why\nb: { t: Hello {{ ü }}, ü: Hi {{ v }}, ü: 1 }\nc: 1\nc: 2\n";
        let found = found(text);
        let codes: Vec<(&str, usize, usize)> =
            found.iter().map(|(code, line, column, _)| (code.as_str(), *line, *column)).collect();
        assert_eq!(
            codes,
            [
                ("yaml.expression_syntax", 2, 13),
                ("yaml.expression_syntax", 3, 13),
                ("yaml.expression_syntax", 4, 9),
                ("yaml.expression_syntax", 4, 27),
                ("yaml.duplicate_key", 4, 39),
                ("yaml.duplicate_key", 6, 1),
            ]
        );
        assert_eq!((found[4].3.as_str(), found[5].3.as_str()), ("ü", "c"));
    }

    #[test]
    fn an_expression_is_read_as_it_was_meant() {
        let (root, _) = parse_with(&Source::new("mend.yaml", "a: [{ when: x in ['a', 'b'], error: y }]\nb: {{ c }}/d\n"));
        let root = root.expect("it is read");
        let rule = match &root.get("a").expect("a").value {
            crate::node::NodeValue::List(items) => items[0].clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(rule.get("when").and_then(|node| node.as_str()), Some("x in ['a', 'b']"));
        assert_eq!(rule.get("error").and_then(|node| node.as_str()), Some("y"));
        assert_eq!(root.get("b").and_then(|node| node.as_str()), Some("{{ c }}/d"));
    }

    #[test]
    fn what_cannot_be_mended_ends_the_reading() {
        let (root, found) = parse_with(&Source::new("mend.yaml", "a: [{ when: x in ['a', \"b\"], error: y }]\nb: [\n"));
        assert!(root.is_none());
        assert_eq!(found.len(), 1, "{found}");
    }
}
