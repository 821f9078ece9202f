//! Diagnostics: what is wrong, where, what was expected.

mod builder;
mod code;
mod suggest;

use crate::node::Span;

pub(crate) use builder::Builder;
pub use code::{Code, codes};
pub use suggest::suggest;

/// The most diagnostics that are kept of one file. Where there are more, errors are kept before warnings, and both forms of
/// output for people end with how many were left out.
pub const MAX_DIAGNOSTICS: usize = 200;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definition cannot be used.
    Error,
    /// It can, but something in it is probably not meant.
    Warning,
}

/// A place with a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what was expected.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Other places that explain it.
    pub labels: Vec<Label>,
    /// How to mend it.
    pub hint: Option<String>,
    /// A name that is unknown, and where the one that was probably meant is defined.
    pub(crate) misnamed: Option<(String, Span)>,
}

impl Diagnostic {
    /// A mistake that was found by a check of somebody else's.
    #[must_use]
    pub fn new(code: Code, severity: Severity, span: Span, message: impl Into<String>, hint: Option<String>) -> Self {
        Self { code, severity, message: message.into(), span, labels: Vec::new(), hint, misnamed: None }
    }
}

/// The mistakes in a file, in the order of their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    found: Vec<Diagnostic>,
    /// How many were found beyond those that are kept.
    left_out: usize,
}

impl Diagnostics {
    /// Reports an error; the builder adds to it.
    pub(crate) fn error(&mut self, code: Code, span: Span, message: &str) -> Builder<'_> {
        Builder::new(self, Severity::Error, code, span, message)
    }

    /// Reports a warning; the builder adds to it.
    pub(crate) fn warning(&mut self, code: Code, span: Span, message: &str) -> Builder<'_> {
        Builder::new(self, Severity::Warning, code, span, message)
    }

    /// Adds a diagnostic, unless the same one is there: a block that is used twice has its mistakes once.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let place = |other: &Diagnostic| (other.span.start, other.span.line, other.span.column);
        let same = |other: &Diagnostic| {
            other.code == diagnostic.code && other.span == diagnostic.span && other.message == diagnostic.message
        };
        if self.found.iter().any(same) {
            return;
        }
        if self.found.len() >= MAX_DIAGNOSTICS {
            self.left_out += 1;
            // Warnings give way: a definition whose only error was left out would pass for a good one.
            let warning = self.found.iter().rposition(|other| other.severity == Severity::Warning);
            match warning {
                Some(at) if diagnostic.severity == Severity::Error => _ = self.found.remove(at),
                _ => return,
            }
        }
        let at = self.found.partition_point(|other| place(other) <= place(&diagnostic));
        self.found.insert(at, diagnostic);
    }

    /// Adds all of another file's pass.
    pub(crate) fn extend(&mut self, other: Self) {
        self.left_out += other.left_out;
        for diagnostic in other.found {
            self.add(diagnostic);
        }
    }

    /// Reports what is written in one way where it is defined and in another wherever it is used, there and once.
    pub(crate) fn at_definition(&mut self, name: &str, defined: Span) {
        let is_one =
            |diagnostic: &Diagnostic| diagnostic.misnamed.as_ref().is_some_and(|(used, at)| used == name && *at == defined);
        let (uses, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.found).into_iter().partition(is_one);
        self.found = rest;
        let Some(first) = uses.first() else { return };
        let labels = uses.iter().map(|one| Label { span: one.span, text: format!("`{name}` here") }).collect();
        let message = format!("all that seems to use this calls it `{name}`");
        let hint = Some(format!("did you mean `{name}`?"));
        self.add(Diagnostic { code: first.code, severity: first.severity, message, span: defined, labels, hint, misnamed: None });
    }

    /// In the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.found.iter()
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether the definition cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is no room for another error: looking for more is in vain.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MAX_DIAGNOSTICS && self.found.iter().all(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many were found beyond [`MAX_DIAGNOSTICS`].
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, diagnostic) in self.found.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}: {}: {}", diagnostic.span.line, diagnostic.span.column, diagnostic.code, diagnostic.message)?;
        }
        if self.left_out > 0 {
            write!(f, "\nand {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code = Code::new("test.code", "a code of this test");

    fn at(line: usize) -> Span {
        Span { start: line, end: line, line, column: 1, end_line: line, end_column: 1 }
    }

    #[test]
    fn they_are_in_order_and_none_is_there_twice() {
        let mut all = Diagnostics::default();
        for line in [3, 1, 2, 1] {
            all.error(CODE, at(line), "wrong");
        }
        all.error(CODE, at(1), "wrong in another way");
        let lines: Vec<usize> = all.iter().map(|one| one.span.line).collect();
        assert_eq!(lines, [1, 1, 2, 3]);
    }

    #[test]
    fn many_warnings_do_not_hide_an_error() {
        let mut all = Diagnostics::default();
        for line in 1..=MAX_DIAGNOSTICS + 10 {
            all.warning(CODE, at(line), "odd");
        }
        assert!(!all.has_errors());
        all.error(CODE, at(1_000), "wrong");
        assert!(all.has_errors());
        assert_eq!((all.len(), all.left_out()), (MAX_DIAGNOSTICS, 11));
        assert!(all.to_string().ends_with("wrong\nand 11 more"), "{all}");
    }

    #[test]
    fn many_errors_leave_out_the_last_ones_found() {
        let mut all = Diagnostics::default();
        for line in 1..=MAX_DIAGNOSTICS + 1 {
            all.error(CODE, at(line), "wrong");
        }
        all.warning(CODE, at(1), "odd");
        assert_eq!((all.len(), all.left_out()), (MAX_DIAGNOSTICS, 2));
        assert!(all.iter().all(|one| one.severity == Severity::Error));
    }
}
