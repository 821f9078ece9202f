//! Every step is reached, leads somewhere, and goes only where a step is.

use std::collections::{HashMap, HashSet};

use super::starts::{Starts, starts};
use super::{Bound, used_in};
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::trace::{BlockUse, DialogTrace, StepTrace, Trace};
use crate::lower::{Traces, listed};
use crate::node::Span;

pub(crate) const UNKNOWN_STEP: Code = Code::new("step.unknown", "a step is named that its dialog does not have");
pub(crate) const UNREACHABLE: Code = Code::new("step.unreachable", "no way leads to a step");
pub(crate) const DEAD_END: Code = Code::new("step.dead_end", "a step can end without leading anywhere");
pub(crate) const NO_ENTRY: Code = Code::new("dialog.no_entry", "a dialog has no step that a flow can start at");
pub(crate) const AFTER_END: Code =
    Code::new("sequence.after_end", "what stands behind an outcome without a condition never happens");
pub(crate) const ERROR_STEP: Code = Code::new("outcome.error_step", "an error is to be shown at a step that shows no form");

pub(super) fn check(dialog: &DialogTrace, traces: &Traces, known: &Starts<'_>, bound: &Bound<'_>, diagnostics: &mut Diagnostics) {
    let starts = starts(dialog);
    let has_start = dialog.steps.iter().any(|step| starts.contains(&&*step.name));
    if !has_start && !dialog.unsure() {
        let slip = dialog.steps.iter().find_map(|step| Some((step.span, known.meant(&step.name)?)));
        let span = slip.map(|(span, _)| span).or(dialog.steps.first().map(|step| step.span)).unwrap_or(dialog.span);
        let hint = slip.map(|(_, start)| format!("did you mean `{start}`?"));
        diagnostics.error(NO_ENTRY, span, &format!("expected a step that a flow starts at: {}", listed(starts))).maybe_hint(hint);
    }
    targets(dialog, traces, known, diagnostics);
    for step in dialog.steps.iter().filter(|step| !step.included && !step.unsure) {
        ends(step, diagnostics);
    }
    if has_start && !dialog.unsure() {
        for step in unreachable_roots(dialog, known, bound) {
            let hint = known.meant(&step.name);
            diagnostics
                .error(UNREACHABLE, step.span, &format!("no way leads to step `{}`", step.name))
                .maybe_hint(hint.map(|name| format!("did you mean `{name}`, where a flow starts?")));
        }
    }
}

/// Steps that are named are there, and those that an error goes to show a form.
fn targets(dialog: &DialogTrace, traces: &Traces, known: &Starts<'_>, diagnostics: &mut Diagnostics) {
    let steps: HashMap<&str, &StepTrace> = dialog.steps.iter().map(|step| (&*step.name, step)).collect();
    let find = |name: &str| steps.get(name).copied();
    for event in dialog.steps.iter().flat_map(|step| &step.events) {
        if diagnostics.is_full() {
            return;
        }
        match event {
            Trace::Leads { to, span, block } if find(to).is_none() => {
                let similar = suggest(to, dialog.steps.iter().map(|step| &*step.name));
                let is_start = similar.is_some_and(|similar| known.meant(similar) == Some(&**to));
                // That the start is misspelt was said.
                if is_start || (similar.is_none() && traces.lost.steps) {
                    continue;
                }
                let defined = similar.and_then(find).map(|step| step.span);
                let hint = similar.map(|name| format!("did you mean `{name}`?"));
                let message = format!("there is no step `{to}` under `{}:`", dialog.name);
                let builder = diagnostics.error(UNKNOWN_STEP, *span, &message).maybe_hint(hint).maybe_meant(to, defined);
                used_in(builder, block.as_ref());
            }
            Trace::ShowsAt { step, span } if find(step).is_some_and(|step| !step.is_form && !step.unsure) => {
                diagnostics.error(ERROR_STEP, *span, &format!("step `{step}` shows no form, so no error can stand there"));
            }
            Trace::Reads { reads, span, block, .. } => {
                for to in reads.answers_of.iter().filter(|to| find(to).is_none()) {
                    let similar = suggest(to, dialog.steps.iter().map(|step| &*step.name));
                    if similar.is_some_and(|similar| known.meant(similar) == Some(to.as_str())) {
                        continue;
                    }
                    let defined = similar.and_then(find).map(|step| step.span);
                    let hint = similar.map(|name| format!("did you mean `{name}`?"));
                    let message = format!("there is no step `{to}` under `{}:`", dialog.name);
                    let builder = diagnostics.error(UNKNOWN_STEP, *span, &message).maybe_hint(hint).maybe_meant(to, defined);
                    used_in(builder, block.as_ref());
                }
            }
            _ => {}
        }
    }
}

/// A step leads somewhere whatever happens, and nothing stands behind what always ends it.
fn ends(step: &StepTrace, diagnostics: &mut Diagnostics) {
    let (mut depth, mut ended, mut behind) = (0_usize, false, None::<(Span, Option<&BlockUse>)>);
    for event in &step.events {
        match event {
            Trace::Guarded => depth += 1,
            Trace::Rejoined => depth = depth.saturating_sub(1),
            Trace::Ends if depth == 0 => ended = true,
            Trace::Item { span, block } if ended && behind.is_none() => behind = Some((*span, block.as_ref())),
            _ => {}
        }
    }
    if let Some((span, block)) = behind {
        let builder = diagnostics
            .warning(AFTER_END, span, "this never happens: an outcome without `when` stands before it")
            .hint("give the one before it a `when`, or take this away");
        used_in(builder, block);
    }
    if !ended && !step.is_menu {
        diagnostics
            .error(DEAD_END, step.span, &format!("step `{}` can end without leading anywhere", step.name))
            .hint("give it `then:`, whose last outcome has no `when`");
    }
}

/// The steps that no way leads to, without those that only such steps lead to: of a circle the first.
fn unreachable_roots<'t>(dialog: &'t DialogTrace, known: &Starts<'_>, bound: &Bound<'_>) -> Vec<&'t StepTrace> {
    let lost: Vec<&StepTrace> = dialog
        .steps
        .iter()
        .filter(|step| !step.included && (!bound.is_reached(&step.name) || known.meant(&step.name).is_some()))
        .collect();
    let steps: HashMap<&str, &StepTrace> = dialog.steps.iter().map(|step| (&*step.name, step)).collect();
    let leads = |step: &'t StepTrace| {
        step.events.iter().filter_map(|event| match event {
            Trace::Leads { to, .. } => Some(&**to),
            _ => None,
        })
    };
    let led: HashSet<&str> = lost.iter().flat_map(|step| leads(step).filter(|to| *to != &*step.name)).collect();
    let mut covered: HashSet<&str> = HashSet::new();
    let mut roots = Vec::new();
    let (first, circles): (Vec<&StepTrace>, Vec<&StepTrace>) = lost.into_iter().partition(|step| !led.contains(&*step.name));
    for step in first.into_iter().chain(circles) {
        if !covered.insert(&step.name) {
            continue;
        }
        roots.push(step);
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            for to in leads(next) {
                if covered.insert(to) {
                    open.extend(steps.get(to));
                }
            }
        }
    }
    roots
}
