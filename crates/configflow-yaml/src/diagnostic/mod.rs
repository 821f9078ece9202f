//! Diagnostics: what is wrong, where, what was expected.

mod builder;
mod code;
mod suggest;

use crate::node::Span;

pub(crate) use builder::Builder;
pub use code::{Code, codes};
pub(crate) use suggest::suggest;

/// The most diagnostics that are kept of one file.
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
    fn add(&mut self, diagnostic: Diagnostic) {
        let place = |other: &Diagnostic| (other.span.start, other.span.line, other.span.column);
        let same = |other: &Diagnostic| {
            other.code == diagnostic.code && other.span == diagnostic.span && other.message == diagnostic.message
        };
        if self.found.iter().any(same) {
            return;
        }
        if self.found.len() >= MAX_DIAGNOSTICS {
            self.left_out += 1;
            return;
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
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
