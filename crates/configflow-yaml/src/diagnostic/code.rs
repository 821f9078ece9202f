//! Stable codes of diagnostics.

use std::fmt;

/// A code such as `step.unknown`. It never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code {
    code: &'static str,
    summary: &'static str,
}

impl Code {
    /// A code. Those of this crate are in [`codes`]; others check other files with the same diagnostics.
    #[must_use]
    pub const fn new(code: &'static str, summary: &'static str) -> Self {
        Self { code, summary }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.code
    }

    /// What it stands for, in a sentence.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        self.summary
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// Every code that there is, sorted.
#[must_use]
pub fn codes() -> Vec<Code> {
    let mut codes: Vec<Code> =
        [crate::parse::CODES, crate::lower::CODES, crate::lower::field::CODES, crate::check::CODES].concat();
    codes.sort_unstable_by_key(Code::as_str);
    codes
}
