//! Adds labels and a hint to a diagnostic, which is reported when the builder is dropped.

use super::{Code, Diagnostic, Diagnostics, Label, Severity};
use crate::node::Span;

/// A diagnostic that is being written.
pub(crate) struct Builder<'d> {
    all: &'d mut Diagnostics,
    diagnostic: Option<Diagnostic>,
}

impl<'d> Builder<'d> {
    pub(super) fn new(all: &'d mut Diagnostics, severity: Severity, code: Code, span: Span, message: &str) -> Self {
        let diagnostic =
            Diagnostic { code, severity, message: message.to_owned(), span, labels: Vec::new(), hint: None, misnamed: None };
        Self { all, diagnostic: Some(diagnostic) }
    }

    /// How to mend it.
    pub(crate) fn hint(self, hint: &str) -> Self {
        self.maybe_hint(Some(hint.to_owned()))
    }

    /// How to mend it, where something can be said.
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.hint = hint.or(diagnostic.hint.take());
        }
        self
    }

    /// The name that is unknown, and where the one that was meant is defined: which of the two is the slip, shows when all are
    /// known.
    pub(crate) fn maybe_meant(mut self, name: &str, defined: Option<Span>) -> Self {
        if let (Some(diagnostic), Some(defined)) = (&mut self.diagnostic, defined) {
            diagnostic.misnamed = Some((name.to_owned(), defined));
        }
        self
    }

    /// Another place that explains it.
    pub(crate) fn label(mut self, span: Span, text: &str) -> Self {
        if let Some(diagnostic) = &mut self.diagnostic {
            diagnostic.labels.push(Label { span, text: text.to_owned() });
        }
        self
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        if let Some(diagnostic) = self.diagnostic.take() {
            self.all.add(diagnostic);
        }
    }
}
