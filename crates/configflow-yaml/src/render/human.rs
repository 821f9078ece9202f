//! The human form: the line of the source, a caret under the place, what else explains it, and a hint.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::node::Span;
use crate::parse::Source;

/// Whether to use terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Escape sequences.
    Ansi,
    /// Plain text.
    Plain,
}

/// How much of a line is handed on behind the last thing underlined.
const MAX_BEHIND: usize = 1_000;

/// The diagnostics as a person reads them, one after the other.
#[must_use]
pub fn human(source: &Source, diagnostics: &Diagnostics, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Ansi => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    let text = source.lossy();
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let file = File { name: source.name(), text: &text, lines: &lines };
    let mut rendered: Vec<String> = diagnostics.iter().map(|diagnostic| one(&file, diagnostic, &renderer)).collect();
    if diagnostics.left_out() > 0 {
        rendered.push(format!("and {} more", diagnostics.left_out()));
    }
    let mut all = rendered.join("\n\n");
    all.push('\n');
    all
}

struct File<'t> {
    name: &'t str,
    text: &'t str,
    /// Where each line begins.
    lines: &'t [usize],
}

fn one(file: &File<'_>, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let primary = range(file.text, diagnostic.span);
    let labels: Vec<_> = diagnostic.labels.iter().map(|label| (range(file.text, label.span), label)).collect();
    let all = || labels.iter().map(|(range, _)| range).chain([&primary]);
    // Only the lines that are shown are handed on, so that a diagnostic costs what it shows, not what the file has.
    let first = all().map(|range| range.start).min().unwrap_or_default();
    let last = all().map(|range| range.end).max().unwrap_or_default();
    let line = file.lines.partition_point(|begin| *begin <= first).max(1);
    let begin = file.lines[line - 1];
    let end = file.text[last..].find(['\n', '\r']).map_or(file.text.len(), |at| last + at);
    let end = floor(file.text, end.min(last + MAX_BEHIND));
    let shown = |range: &Range<usize>| range.start - begin..range.end - begin;

    let mut snippet = Snippet::source(&file.text[begin..end])
        .line_start(line)
        .path(file.name)
        .annotation(AnnotationKind::Primary.span(shown(&primary)));
    for (range, label) in &labels {
        snippet = snippet.annotation(AnnotationKind::Context.span(shown(range)).label(label.text.as_str()));
    }
    let mut report: Vec<Group<'_>> =
        vec![level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()).element(snippet)];
    if let Some(hint) = &diagnostic.hint {
        // A hint may name something of the file's, which must not reach the terminal as an escape sequence.
        report.push(Group::with_title(Level::HELP.secondary_title(normalize_untrusted_str(hint))));
    }
    renderer.render(&report).to_string()
}

/// The bytes to underline: never beyond the text, never across lines, never inside a character.
fn range(text: &str, span: Span) -> Range<usize> {
    let start = floor(text, span.start);
    let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
    let end = floor(text, span.end.max(start)).min(line_end);
    if end > start {
        start..end
    } else {
        start..(start + text[start..].chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8))
    }
}

/// The boundary of a character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{Options, load};

    fn shown(text: &str) -> String {
        let source = Source::new("flow.yaml", text);
        let diagnostics = match load(&source, &Options::default()) {
            Ok(loaded) => loaded.warnings,
            Err(diagnostics) => diagnostics,
        };
        human(&source, &diagnostics, Colour::Plain)
    }

    #[test]
    fn wide_characters_and_tabs_line_up() {
        insta::assert_snapshot!(shown(
            "domain: x\nfields:\n  host: { type: string }\nconfig:\n  user:\n    form: [\"日本 😀\", hots, host]\n    then: { abort:\tx, foo:\tbar }\n"
        ));
    }

    #[test]
    fn both_places_of_a_key_are_shown() {
        insta::assert_snapshot!(shown(
            "domain: x\nfields:\n  host: { type: string }\n  port: { type: integer, default: 1 }\n\n\n\n  host: { type: string }\nconfig:\n  user: { form: [host, port], then: { abort: x } }\n"
        ));
    }

    #[test]
    fn the_line_endings_of_windows_change_nothing() {
        let text =
            "domain: x\nfields:\n  host: { type: string }\nconfig:\n  user:\n    form: [hots, host]\n    then: { abort: x }\n";
        assert_eq!(shown(&text.replace('\n', "\r\n")), shown(text));
    }

    #[test]
    fn names_of_the_file_send_nothing_to_the_terminal() {
        let shown = shown(
            "domain: x\nfields:\n  \"ho\\e[31mst\": { type: string }\nconfig:\n  user:\n    form: [\"ho\\e[31mt\"]\n    then: { abort: x }\n",
        );
        assert!(shown.contains("did you mean"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }

    #[test]
    fn a_large_file_is_not_rendered_whole() {
        // Far above what it takes, which is a small part of it; before, each diagnostic cost the whole file.
        let begun = Instant::now();
        assert!(shown(&format!("domain: {}", "a".repeat(10 << 20))).len() < 2_000);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
