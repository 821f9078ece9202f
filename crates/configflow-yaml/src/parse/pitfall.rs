//! Syntax errors that an expression without quotes explains: `{ when: x in ['a', 'b'], … }`, `title: {{ host }}/x`.
//!
//! Only the line of the error up to the error is looked at: everything before it was YAML, so whatever stands there as the
//! value that the error is in is what has to be quoted.

use super::EXPRESSION_SYNTAX;
use crate::diagnostic::Diagnostics;
use crate::node::Span;

/// Keys whose values are expressions.
const EXPRESSION_KEYS: [&str; 2] = ["when", "required"];

/// An expression that is no YAML without quotes.
pub(super) struct Unquoted {
    /// From where it begins to the end of its line.
    pub(super) span: Span,
    message: &'static str,
    hint: &'static str,
}

impl Unquoted {
    /// Reports it, at its place in the file.
    pub(super) fn report(&self, place: Span, diagnostics: &mut Diagnostics) {
        diagnostics.error(EXPRESSION_SYNTAX, place, self.message).hint(self.hint);
    }
}

/// The expression without quotes that explains a syntax error.
pub(super) fn behind(text: &str, error: Span) -> Option<Unquoted> {
    let before = text.get(..error.start)?;
    let begin = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let line = text[begin..].split(['\n', '\r']).next().unwrap_or_default().trim_end();
    let at = (error.start - begin).min(line.len());
    let (value, message, hint) = explained(line, at)?;
    let column = line[..value].chars().count() + 1;
    let span = Span {
        start: begin + value,
        end: begin + line.len(),
        line: error.line,
        column,
        end_line: error.line,
        end_column: column + line[value..].chars().count(),
    };
    Some(Unquoted { span, message, hint })
}

/// Where the expression begins that is no YAML at this byte of a line, what is wrong with it, and what to do.
fn explained(line: &str, error: usize) -> Option<(usize, &'static str, &'static str)> {
    let hint = "quote the expression";
    let here = &line[error..];
    for level in levels(line, error).iter().rev() {
        let Some(value) = level.value.filter(|value| *value <= error) else { continue };
        if level.has_braces {
            let is_all = line[value..].starts_with('{');
            let hint = if is_all {
                "quote the expression: \"{{ … }}\""
            } else {
                "quote the expression and the text around it: \"…{{ … }}…\""
            };
            return Some((value, "an expression in braces is no YAML without quotes", hint));
        }
        if !level.key.is_some_and(|key| EXPRESSION_KEYS.contains(&key)) {
            continue;
        }
        let begins_quoted = line[value..].starts_with(['"', '\'']);
        if begins_quoted {
            // Only where the quotes are closed, and more follows; else it is the quotes that are wrong.
            let quote = &line[value..=value];
            line[value + 1..error.max(value + 1)].find(quote)?;
            return Some((value, "an expression that begins with a quote ends for YAML at the next quote", hint));
        }
        let brackets = here.starts_with(['[', '{']) || line[value..].starts_with(['[', '{']);
        let message = match brackets {
            true => "an expression with brackets inside a map in braces is no YAML",
            false if here.starts_with(':') => "an expression with a colon in it is no YAML",
            false => "the expression is no YAML as it stands",
        };
        return Some((value, message, hint));
    }
    None
}

/// A list or map that is open, as far as the line shows.
#[derive(Default)]
struct Level<'l> {
    is_list: bool,
    key: Option<&'l str>,
    /// Where the value of the key, or the item, begins.
    value: Option<usize>,
    /// Whether that value has `{{` or `{%` outside of quotes.
    has_braces: bool,
    /// How many parentheses are open in it: their commas are not the map's.
    parentheses: usize,
}

/// What is open at a byte of a line, the innermost last.
fn levels(line: &str, end: usize) -> Vec<Level<'_>> {
    let first = begin_of_item(line);
    let mut token = first;
    let mut open = vec![Level { value: Some(token), ..Level::default() }];
    let (mut quote, mut escaped, mut last) = (None, false, ' ');
    for (at, letter) in line.char_indices().skip_while(|(at, _)| *at < first) {
        let before = std::mem::replace(&mut last, letter);
        let is_nested = open.len() > 1;
        let Some(level) = open.last_mut() else { break };
        if let Some(opened) = quote {
            let closes = letter == opened && !escaped;
            escaped = opened == '"' && letter == '\\' && !escaped;
            if closes {
                quote = None;
            }
            if at >= end {
                break;
            }
            continue;
        }
        let next = line[at + letter.len_utf8()..].chars().next();
        if letter == '{' && matches!(next, Some('{' | '%')) {
            level.has_braces = true;
        }
        if at >= end {
            break;
        }
        let behind = at + letter.len_utf8();
        match letter {
            // An apostrophe inside a word is none.
            '"' | '\'' if !before.is_alphanumeric() => quote = Some(letter),
            '(' => level.parentheses += 1,
            ')' => level.parentheses = level.parentheses.saturating_sub(1),
            '{' | '[' => {
                token = begin_of_value(line, behind);
                let is_list = letter == '[';
                open.push(Level { is_list, value: is_list.then_some(token), ..Level::default() });
            }
            '}' | ']' if is_nested => _ = open.pop(),
            ',' if level.parentheses == 0 => {
                token = begin_of_value(line, behind);
                *level = Level { is_list: level.is_list, value: level.is_list.then_some(token), ..Level::default() };
            }
            ':' if next.is_none_or(char::is_whitespace) && level.parentheses == 0 && token <= at => {
                level.key = Some(line[token..at].trim().trim_matches(['"', '\'']));
                token = begin_of_value(line, behind);
                (level.value, level.has_braces) = (Some(token), false);
            }
            '#' if before.is_whitespace() => return Vec::new(),
            _ => {}
        }
    }
    open
}

fn begin_of_value(line: &str, from: usize) -> usize {
    line.len() - line[from..].trim_start().len()
}

/// Behind the indentation and the dashes of a line.
fn begin_of_item(line: &str) -> usize {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    line.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use crate::parse::{Source, parse_with};

    /// The code and what the diagnostic underlines.
    fn found(text: &str) -> (&'static str, String, String) {
        let (_, found) = parse_with(&Source::new("pitfall.yaml", text));
        assert_eq!(found.len(), 1, "{text}: {found}");
        let one = found.iter().next().expect("there is one");
        let cut = text.get(one.span.start..one.span.end).unwrap_or_default();
        let line = text.lines().nth(one.span.line - 1).unwrap_or_default();
        let by_column: String = line.chars().skip(one.span.column - 1).take(cut.chars().count()).collect();
        assert_eq!(by_column, cut, "column and byte name one place: {text}");
        (one.code.as_str(), cut.to_owned(), one.hint.clone().unwrap_or_default())
    }

    #[test]
    fn an_expression_without_quotes_is_told_from_its_beginning() {
        for (text, begins) in [
            ("a: [{ when: x in ['a', 'b'], error: y }]", "x in ["),
            ("a: [{ when: x, abort: y }, { when: x in ['a'], abort: y }]", "x in ["),
            ("a:\n  - {\n      when: x in ['a'],\n      abort: y }", "x in ["),
            ("a: [{ when: x in [\n  'a'], abort: y }]", "x in ["),
            ("é: [{ when: x[0], abort: y }]", "x[0]"),
            ("a: [{ when: {b: 1}.b, abort: y }]", "{b: 1}.b"),
            ("a: [{ when: f(x, y['a']), abort: y }]", "f(x, y["),
            ("- when: 'a' in x\n  abort: y", "'a' in x"),
            ("a: [{ when: \"a\" in x, abort: y }]", "\"a\" in x"),
            ("- when: x == 'a: b'\n  abort: y", "x == 'a: b'"),
            ("a: { required: x in ['a'] }", "x in ["),
            ("a: { abort: {{ x }}/y }", "{{ x }}/y"),
            ("abort: {{ x }}/y", "{{ x }}/y"),
            ("abort: {{ 'a' if x else 'b' }}", "{{ 'a' if"),
            ("a: { abort: y.{{ x }} }", "y.{{ x }}"),
            ("abort: {{ x['a'] }}", "{{ x["),
            ("abort: {{ x | join(', ') }}", "{{ x | join"),
            ("abort: {% if x %}", "{% if"),
            ("a: [b, {{ x }}/y]", "{{ x }}/y"),
            ("- {{ x }}/y", "{{ x }}/y"),
        ] {
            let (code, cut, hint) = found(text);
            assert_eq!(code, "yaml.expression_syntax", "{text}");
            assert!(cut.starts_with(begins), "{text}: `{cut}`");
            assert!(hint.starts_with("quote the expression"), "{text}: {hint}");
        }
    }

    #[test]
    fn lines_that_end_as_on_windows_are_counted_right() {
        let text = "a: 1\r\nb: 2\r\nc: [{ when: x in ['a'], error: y }]\r\n";
        assert!(found(text).1.starts_with("x in ["));
        assert!(!found(text).1.ends_with('\r'));
    }

    #[test]
    fn other_syntax_errors_are_not_taken_for_expressions() {
        for text in [
            "a: [b",
            "a: { when: x, abort: y: z }",
            "when: 'x\nb: c",
            "a: { t: \"{{ x }}\", b: [c }",
            "t: \"{{ x }}\" y",
            "# {{ x }}\na: b: c",
            "a: b: c # {{ x }}",
        ] {
            assert_eq!(found(text).0, "yaml.syntax", "{text}");
        }
    }
}
