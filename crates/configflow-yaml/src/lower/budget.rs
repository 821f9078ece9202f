//! How much one definition may ask for. A small file can ask for a great deal: blocks that use blocks multiply.

use super::Lowering;
use crate::diagnostic::Code;
use crate::node::Span;

pub(crate) const TOO_LARGE: Code = Code::new("definition.too_large", "a definition is too large once its blocks are put in");

/// The most values and expressions, those of a block counted wherever it is used.
const MAX_VALUES: u32 = 50_000;
/// How deep blocks may use each other.
const MAX_BLOCKS: usize = 32;
/// The most steps of a file.
pub(super) const MAX_STEPS: usize = 1_000;

/// What was lowered so far.
#[derive(Default)]
pub(crate) struct Budget {
    values: u32,
    steps: usize,
    reported: bool,
}

impl Lowering<'_> {
    /// Counts a value; false where there are too many, or too many mistakes already.
    pub(crate) fn may_lower(&mut self, span: Span) -> bool {
        self.budget.values = self.budget.values.saturating_add(1);
        if self.budget.values > MAX_VALUES {
            self.too_large(span, &format!("a definition may have {MAX_VALUES} values, those of a block counted at each use"));
            return false;
        }
        !self.diagnostics.is_full()
    }

    /// Whether a block may be opened inside those that are.
    pub(super) fn may_open_block(&mut self, span: Span) -> bool {
        let may = self.open_blocks.len() < MAX_BLOCKS;
        if !may {
            self.too_large(span, &format!("blocks may use each other {MAX_BLOCKS} deep"));
        }
        may
    }

    /// Counts a step; false where there are too many.
    pub(super) fn may_add_step(&mut self, span: Span) -> bool {
        self.budget.steps += 1;
        let may = self.budget.steps <= MAX_STEPS;
        if !may {
            self.too_large(span, &format!("a definition may have {MAX_STEPS} steps"));
        }
        may && !self.diagnostics.is_full()
    }

    /// Whether all of the file was lowered.
    pub(super) fn is_whole(&self) -> bool {
        !self.budget.reported
    }

    fn too_large(&mut self, span: Span, message: &str) {
        if !std::mem::replace(&mut self.budget.reported, true) {
            self.report(TOO_LARGE, span, message);
        }
    }
}
