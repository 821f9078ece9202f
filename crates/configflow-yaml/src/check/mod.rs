//! Checks over a whole definition: names, reachability, secrecy. Each lives in its own file with its codes.
//!
//! They read the traces that the lowering left, never the compiled definition, which has no places in the file.

mod bound;
mod circles;
mod here;
mod misnamed;
mod names;
mod reach;
mod secrecy;
mod starts;
mod unused;

pub(crate) use bound::{Bound, Here};
use starts::Starts;

use crate::diagnostic::{Builder, Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::BlockUse;

/// Every code of the checks.
pub(crate) const CODES: &[Code] = &[
    names::UNKNOWN_NAME,
    names::UNBOUND,
    names::UNKNOWN_RESULT_FIELD,
    names::UNKNOWN_LABEL,
    reach::UNKNOWN_STEP,
    reach::UNREACHABLE,
    reach::DEAD_END,
    reach::AFTER_END,
    reach::ERROR_STEP,
    unused::UNUSED_BLOCK,
    unused::UNUSED_FIELD,
    unused::UNUSED_FORMULA,
    unused::UNUSED_ACTION,
    here::NOT_HERE,
    here::NO_ENTRY,
    here::NO_ACCOUNT,
    reach::NO_ENTRY,
    circles::FORMULA_CIRCLE,
    circles::FORMULA_TOO_LARGE,
    circles::STEP_CIRCLE,
    secrecy::SHOWN_SECRET,
];

/// Runs every check.
pub(crate) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    let starts: Vec<Starts<'_>> = traces.dialogs.iter().map(Starts::of).collect();
    let bounds: Vec<Bound<'_>> = traces.dialogs.iter().zip(&starts).map(|(dialog, starts)| Bound::of(dialog, starts)).collect();
    circles::check(traces, &bounds, diagnostics);
    let known = names::Known::of(traces);
    for ((dialog, starts), bound) in traces.dialogs.iter().zip(&starts).zip(&bounds) {
        reach::check(dialog, traces, starts, bound, diagnostics);
        names::check(dialog, &known, bound, diagnostics);
        here::check(dialog, traces, starts, diagnostics);
    }
    names::check_everywhere(&known, diagnostics);
    unused::check(traces, diagnostics);
    secrecy::check(traces, diagnostics);
    misnamed::check(traces, diagnostics);
}

/// Reports what is built, with the block that it is in.
fn used_in(builder: Builder<'_>, block: Option<&BlockUse>) {
    drop(match block {
        Some(block) => builder.label(block.used_at, &format!("in block `{}`, used here", block.name)),
        None => builder,
    });
}
