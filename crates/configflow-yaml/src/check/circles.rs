//! Formulas do not use themselves, and steps that show nothing do not lead to each other in a circle.

use std::collections::HashSet;

use crate::diagnostic::{Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::{DialogTrace, LetTrace, Trace};

pub(crate) const FORMULA_CIRCLE: Code = Code::new("let.circle", "a formula under `let:` uses itself");
pub(crate) const STEP_CIRCLE: Code = Code::new("step.circle", "steps that show nothing lead to each other in a circle");

pub(super) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    let mut reported: HashSet<String> = HashSet::new();
    for formula in &traces.lets {
        if let Some(circle) = uses_itself(formula, &traces.lets)
            && circle.iter().all(|name| reported.insert(name.clone()))
            && let Some((_, span)) = formula.reads.first()
        {
            diagnostics.error(FORMULA_CIRCLE, *span, &format!("`{}` is computed from itself", formula.name));
        }
    }
    for dialog in &traces.dialogs {
        let mut reported: HashSet<String> = HashSet::new();
        for step in dialog.steps.iter().filter(|step| !step.shows) {
            if let Some(way) = circle(&step.name, dialog)
                && way[1..].iter().all(|name| reported.insert(name.clone()))
            {
                let message = format!("step `{}` leads back to itself without showing anything: {}", step.name, way.join(" → "));
                diagnostics.warning(STEP_CIRCLE, step.span, &message).hint("let one of them show a form, a menu or a progress");
            }
        }
    }
}

/// The formulas that one is computed from, where it is among them.
fn uses_itself(formula: &LetTrace, all: &[LetTrace]) -> Option<Vec<String>> {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut open: Vec<&LetTrace> = vec![formula];
    while let Some(next) = open.pop() {
        for name in next.reads.iter().flat_map(|(names, _)| names) {
            let root = name.split('.').next().unwrap_or_default();
            if root == &*formula.name {
                return Some(seen.iter().map(|name| (*name).to_owned()).chain([root.to_owned()]).collect());
            }
            if let Some(used) = all.iter().find(|other| &*other.name == root)
                && seen.insert(root)
            {
                open.push(used);
            }
        }
    }
    None
}

/// A way from a step back to itself on which nothing is shown.
fn circle(from: &str, dialog: &DialogTrace) -> Option<Vec<String>> {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut open: Vec<Vec<&str>> = vec![vec![from]];
    while let Some(way) = open.pop() {
        let step = way.last().and_then(|name| dialog.steps.iter().find(|step| &*step.name == *name))?;
        for event in &step.events {
            let Trace::Leads { to, .. } = event else { continue };
            if &**to == from {
                return Some(way.iter().chain([&from]).map(|name| format!("`{name}`")).collect());
            }
            let silent = dialog.steps.iter().find(|step| step.name == *to).filter(|step| !step.shows);
            if let Some(next) = silent
                && seen.insert(&next.name)
            {
                open.push(way.iter().copied().chain([&*next.name]).collect());
            }
        }
    }
    None
}
