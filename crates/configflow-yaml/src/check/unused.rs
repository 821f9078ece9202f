//! What is defined is used by something.

use std::collections::HashSet;

use crate::diagnostic::{Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::Trace;

pub(crate) const UNUSED_BLOCK: Code = Code::new("block.unused", "a block is used by nothing");
pub(crate) const UNUSED_FIELD: Code = Code::new("field.unused", "a field is shown by no form and set by nothing");
pub(crate) const UNUSED_FORMULA: Code = Code::new("let.unused", "a formula is read by nothing");
pub(crate) const UNUSED_ACTION: Code = Code::new("action.unused", "an action is declared and called by nothing");

pub(super) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    // What could not be read may have used anything.
    let lost = traces.dialogs.iter().any(|dialog| dialog.unsure());
    if !lost && !traces.lost.blocks {
        for (name, span) in &traces.unused_blocks {
            diagnostics.warning(UNUSED_BLOCK, *span, &format!("nothing uses block `{name}`"));
        }
    }
    // Beside an error, what nothing uses may be its consequence.
    let sure = !lost && !diagnostics.has_errors();
    if sure {
        for (name, span) in &traces.unused_actions {
            diagnostics.warning(UNUSED_ACTION, *span, &format!("nothing calls action `{name}`"));
        }
    }
    if lost {
        return;
    }
    for (name, field) in &traces.fields {
        if !traces.used_fields.contains(name) && !field.included {
            diagnostics.warning(UNUSED_FIELD, field.span, &format!("no form shows field `{name}`, and nothing sets it"));
        }
    }
    // What an unused block would read, nobody looked at.
    if !sure || !traces.unused_blocks.is_empty() {
        return;
    }
    let read = read_roots(traces);
    for (name, span) in &traces.let_spans {
        if !read.contains(name.as_str()) {
            diagnostics.warning(UNUSED_FORMULA, *span, &format!("nothing reads formula `{name}`"));
        }
    }
}

/// The names that something reads.
fn read_roots(traces: &Traces) -> HashSet<&str> {
    let events = traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events);
    let of_events = events.chain(&traces.account).chain(&traces.on_error).filter_map(|event| match event {
        Trace::Reads { reads, .. } => Some(reads),
        _ => None,
    });
    // A formula that reads itself is read: that is what is wrong with it.
    let of_formulas = traces.lets.iter().flat_map(|formula| &formula.reads).map(|(reads, _)| reads);
    of_events.chain(of_formulas).flat_map(|reads| &reads.names).filter_map(|name| name.split('.').next()).collect()
}
