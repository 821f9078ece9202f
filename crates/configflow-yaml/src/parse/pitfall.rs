//! Expressions that were not quoted, where that is no YAML: `{ when: x in ['a', 'b'], … }`.

use super::EXPRESSION_SYNTAX;
use crate::diagnostic::Diagnostics;
use crate::node::Span;

/// Keys whose values are expressions.
const EXPRESSION_KEYS: [&str; 2] = ["when:", "required:"];

/// Reports a syntax error that an expression without quotes explains.
pub(super) fn reported(text: &str, error: Span, diagnostics: &mut Diagnostics) -> bool {
    // The parser notices on the line itself, or on one of the next when a bracket stays open.
    let first = error.line.saturating_sub(3);
    for (at, line) in text.lines().enumerate().take(error.line).skip(first) {
        for key in EXPRESSION_KEYS {
            let Some(found) = line.find(key) else { continue };
            let rest = &line[found + key.len()..];
            let value = rest.trim_start();
            let quoted = value.starts_with(['"', '\'']);
            let breaks = value.contains(['[', '{']) && line[..found].contains('{');
            if quoted || !breaks {
                continue;
            }
            let column = line[..line.len() - value.len()].chars().count() + 1;
            let start = text.lines().take(at).map(|line| line.len() + 1).sum::<usize>() + line.len() - value.len();
            let span = Span {
                start,
                end: start + value.len(),
                line: at + 1,
                column,
                end_line: at + 1,
                end_column: column + value.chars().count(),
            };
            diagnostics
                .error(EXPRESSION_SYNTAX, span, "an expression with brackets inside a map in braces is no YAML")
                .hint("quote the expression");
            return true;
        }
    }
    false
}
