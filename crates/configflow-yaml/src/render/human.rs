//! The human form: the line of the source, a caret under the place, what else explains it, and a hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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

/// The diagnostics as a person reads them, one after the other.
#[must_use]
pub fn human(source: &Source, diagnostics: &Diagnostics, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Ansi => Renderer::styled(),
        Colour::Plain => Renderer::plain(),
    };
    let text = source.lossy();
    let mut rendered: Vec<String> =
        diagnostics.iter().map(|diagnostic| one(source.name(), &text, diagnostic, &renderer)).collect();
    if diagnostics.left_out() > 0 {
        rendered.push(format!("and {} more", diagnostics.left_out()));
    }
    let mut all = rendered.join("\n\n");
    all.push('\n');
    all
}

fn one(name: &str, text: &str, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut snippet = Snippet::source(text).path(name).annotation(AnnotationKind::Primary.span(range(text, diagnostic.span)));
    for label in &diagnostic.labels {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(text, label.span)).label(label.text.as_str()));
    }
    let mut report: Vec<Group<'_>> =
        vec![level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()).element(snippet)];
    if let Some(hint) = &diagnostic.hint {
        report.push(Group::with_title(Level::HELP.secondary_title(hint.as_str())));
    }
    renderer.render(&report).to_string()
}

/// The bytes to underline: never beyond the text, never across lines, never inside a character.
fn range(text: &str, span: Span) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(span.start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = floor(span.end.max(start)).min(line_end);
    if end > start {
        start..end
    } else {
        start..(start + text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8))
    }
}
