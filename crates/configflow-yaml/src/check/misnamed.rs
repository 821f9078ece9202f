//! A name that is written in one way where it is defined and in another wherever it is used: the slip is in the definition,
//! so it is reported there, once.

use std::collections::HashMap;

use crate::diagnostic::Diagnostics;
use crate::lower::Traces;
use crate::lower::trace::Trace;
use crate::node::Span;

pub(super) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    let mut uses: HashMap<(Span, String), usize> = HashMap::new();
    for (name, defined) in diagnostics.iter().filter_map(|diagnostic| diagnostic.misnamed.clone()) {
        *uses.entry((defined, name)).or_default() += 1;
    }
    for ((defined, name), count) in uses {
        if count > 1 && !is_used(traces, defined) {
            diagnostics.at_definition(&name, defined);
        }
    }
}

/// Whether something uses what is defined here by the name that it has there.
fn is_used(traces: &Traces, defined: Span) -> bool {
    let events = || traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events);
    let reads = |root: &str| {
        let of_steps = events().chain(&traces.account).filter_map(|event| match event {
            Trace::Reads { reads, .. } => Some(reads),
            _ => None,
        });
        let of_formulas = traces.lets.iter().flat_map(|formula| &formula.reads).map(|(reads, _)| reads);
        of_steps.chain(of_formulas).flat_map(|reads| &reads.names).any(|name| name.split('.').any(|part| part == root))
    };
    // What a step with `link` makes stands where the step does: the step goes first.
    let steps = traces.dialogs.iter().flat_map(|dialog| dialog.steps.iter().map(move |step| (dialog, step)));
    for (dialog, step) in steps {
        if step.span == defined && !step.included {
            let events = dialog.steps.iter().flat_map(|step| &step.events);
            return events.into_iter().any(|event| matches!(event, Trace::Leads { to, .. } if *to == step.name));
        }
    }
    if let Some((name, _)) = traces.fields.iter().find(|(_, field)| field.span == defined) {
        return traces.named_fields.contains(name) || reads(name);
    }
    if let Some((name, _)) = traces.results.iter().find(|(_, result)| result.span == defined) {
        return reads(name);
    }
    if let Some(formula) = traces.lets.iter().find(|formula| formula.span == defined) {
        return reads(&formula.name);
    }
    if let Some(used) = traces.places.get(&defined) {
        return *used;
    }
    let of_results = traces.results.iter().flat_map(|(name, result)| result.parts.iter().map(move |part| (name, part)));
    for (name, (part, span)) in of_results {
        if *span == defined {
            let path = format!("{name}.{part}");
            let reads = events().chain(&traces.account).any(|event| match event {
                Trace::Reads { reads, .. } => reads.names.iter().any(|name| name.starts_with(&path)),
                _ => false,
            });
            return reads;
        }
    }
    true
}
