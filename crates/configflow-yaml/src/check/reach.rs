//! Every step is reached, leads somewhere, and goes only where a step is.

use std::collections::HashSet;

use super::{Bound, starts};
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::trace::{DialogTrace, Trace};
use crate::lower::{Traces, listed};

pub(crate) const UNKNOWN_STEP: Code = Code::new("step.unknown", "a step is named that its dialog does not have");
pub(crate) const UNREACHABLE: Code = Code::new("step.unreachable", "no way leads to a step");
pub(crate) const DEAD_END: Code = Code::new("step.dead_end", "a step can end without leading anywhere");
pub(crate) const NO_ENTRY: Code = Code::new("dialog.no_entry", "a dialog has no step that a flow can start at");
pub(crate) const UNUSED_BLOCK: Code = Code::new("block.unused", "a block is used by nothing");
pub(crate) const UNUSED_FIELD: Code = Code::new("field.unused", "a field is shown by no form and set by nothing");

pub(super) fn check(dialog: &DialogTrace, bound: &Bound, diagnostics: &mut Diagnostics) {
    let names: HashSet<&str> = dialog.steps.iter().map(|step| &*step.name).collect();
    let starts = starts(dialog);
    let has_start = starts.iter().any(|start| names.contains(start));
    if let Some(first) = dialog.steps.first()
        && !has_start
    {
        diagnostics.error(NO_ENTRY, first.span, &format!("expected a step that a flow starts at: {}", listed(starts)));
    }
    for step in &dialog.steps {
        let (mut depth, mut ends) = (0_usize, step.is_menu);
        for event in &step.events {
            match event {
                Trace::Leads { to, span, block } if !names.contains(&**to) && !diagnostics.is_full() => {
                    let similar =
                        suggest(to, dialog.steps.iter().map(|step| &*step.name)).map(|name| format!("did you mean `{name}`?"));
                    let mut builder = diagnostics
                        .error(UNKNOWN_STEP, *span, &format!("there is no step `{to}` under `{}:`", dialog.name))
                        .maybe_hint(similar);
                    if let Some(block) = block {
                        builder = builder.label(block.used_at, &format!("in block `{}`, used here", block.name));
                    }
                    drop(builder);
                }
                Trace::Guarded => depth += 1,
                Trace::Rejoined => depth = depth.saturating_sub(1),
                Trace::Ends if depth == 0 => ends = true,
                _ => {}
            }
        }
        if step.included {
            continue;
        }
        if has_start && !bound.is_reached(&step.name) {
            diagnostics.error(UNREACHABLE, step.span, &format!("no way leads to step `{}`", step.name)).maybe_hint(
                suggest(&step.name, starts.iter().copied()).map(|name| format!("did you mean `{name}`, where a flow starts?")),
            );
        }
        if !ends {
            diagnostics
                .error(DEAD_END, step.span, &format!("step `{}` can end without leading anywhere", step.name))
                .hint("give it `then:`, whose last outcome has no `when`");
        }
    }
}

pub(super) fn check_unused(traces: &Traces, diagnostics: &mut Diagnostics) {
    for (name, span) in &traces.unused_blocks {
        diagnostics.warning(UNUSED_BLOCK, *span, &format!("nothing uses block `{name}`"));
    }
    for (name, field) in &traces.fields {
        if !traces.used_fields.contains(name) && !field.included {
            diagnostics.warning(UNUSED_FIELD, field.span, &format!("no form shows field `{name}`, and nothing sets it"));
        }
    }
}
