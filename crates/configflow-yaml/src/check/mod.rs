//! Checks over a whole definition: names, reachability, secrecy. Each lives in its own file with its codes.
//!
//! They read the traces that the lowering left, never the compiled definition, which has no places in the file.

mod bound;
mod circles;
mod names;
mod reach;
mod secrecy;

pub(crate) use bound::{Bound, Here};
pub(crate) use configflow_core::definition::SOURCES;

use crate::diagnostic::{Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::DialogTrace;

/// Every code of the checks.
pub(crate) const CODES: &[Code] = &[
    names::UNKNOWN_NAME,
    names::UNBOUND,
    names::UNKNOWN_RESULT_FIELD,
    names::UNKNOWN_LABEL,
    reach::UNKNOWN_STEP,
    reach::UNREACHABLE,
    reach::DEAD_END,
    reach::UNUSED_BLOCK,
    reach::UNUSED_FIELD,
    reach::NO_ENTRY,
    circles::FORMULA_CIRCLE,
    circles::FORMULA_TOO_LARGE,
    circles::STEP_CIRCLE,
    secrecy::SHOWN_SECRET,
];

/// Runs every check.
pub(crate) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    circles::check(traces, diagnostics);
    let known = names::Known::of(traces);
    for dialog in &traces.dialogs {
        let bound = Bound::of(dialog);
        reach::check(dialog, &bound, diagnostics);
        names::check(dialog, &known, &bound, diagnostics);
    }
    names::check_everywhere(&known, diagnostics);
    reach::check_unused(traces, diagnostics);
    secrecy::check(traces, diagnostics);
}

/// The steps that a flow of a dialog can start at.
pub(crate) fn starts(dialog: &DialogTrace) -> &'static [&'static str] {
    match dialog.name.as_str() {
        "config" => &SOURCES,
        "options" => &["init"],
        _ => &["user", "reconfigure"],
    }
}

fn is_start(dialog: &DialogTrace, step: &str) -> bool {
    starts(dialog).contains(&step)
}
