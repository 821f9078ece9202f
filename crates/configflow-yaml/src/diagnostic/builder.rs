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
        let diagnostic = Diagnostic { code, severity, message: message.to_owned(), span, labels: Vec::new(), hint: None };
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
