//! Checks over a whole definition: names, reachability, secrecy. Each lives in its own file with its codes.
//!
//! They read the traces that the lowering left, never the compiled definition, which has no places in the file.

mod circles;
mod names;
mod reach;
mod secrecy;

use std::collections::{HashMap, HashSet};

use configflow_core::Name;
pub(crate) use configflow_core::definition::SOURCES;

use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::Traces;
use crate::lower::trace::{DialogTrace, Trace};

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
    circles::STEP_CIRCLE,
    secrecy::SHOWN_SECRET,
];

/// Runs every check.
pub(crate) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    circles::check(traces, diagnostics);
    for dialog in &traces.dialogs {
        let bound = Bound::of(dialog);
        reach::check(dialog, &bound, diagnostics);
        names::check(dialog, traces, &bound, diagnostics);
    }
    names::check_everywhere(traces, diagnostics);
    reach::check_unused(traces, diagnostics);
    secrecy::check(traces, diagnostics);
}

/// The names that some way to each step may have set. A step that no way leads to is not in it.
pub(crate) struct Bound {
    entering: HashMap<Name, HashSet<Name>>,
}

impl Bound {
    fn of(dialog: &DialogTrace) -> Self {
        let mut entering: HashMap<Name, HashSet<Name>> = HashMap::new();
        let is_entry = |name: &str| match dialog.name.as_str() {
            "config" => SOURCES.contains(&name),
            "options" => name == "init",
            _ => matches!(name, "user" | "reconfigure"),
        };
        let mut open: Vec<&Name> = dialog.steps.iter().map(|step| &step.name).filter(|name| is_entry(name)).collect();
        for name in &open {
            entering.insert((*name).clone(), HashSet::new());
        }
        // Sets only grow, so this ends.
        while let Some(name) = open.pop() {
            let Some(step) = dialog.steps.iter().find(|step| step.name == *name) else { continue };
            let mut bound = entering.get(name).cloned().unwrap_or_default();
            for event in &step.events {
                match event {
                    Trace::Binds { name } => _ = bound.insert(name.clone()),
                    Trace::Leads { to, .. } => {
                        // A misspelt name leads where it was meant to, so that one mistake is reported once.
                        let named = |name: &str| dialog.steps.iter().find(|step| &*step.name == name);
                        let meant = || suggest(to, dialog.steps.iter().map(|step| &*step.name));
                        let Some(target) = named(to).or_else(|| named(meant()?)) else { continue };
                        let to = &target.name;
                        let known = entering.get(to).map(HashSet::len);
                        let there = entering.entry(to.clone()).or_default();
                        there.extend(bound.iter().cloned());
                        if known != Some(there.len()) {
                            open.push(&target.name);
                        }
                    }
                    _ => {}
                }
            }
        }
        Self { entering }
    }

    pub(crate) fn is_reached(&self, step: &Name) -> bool {
        self.entering.contains_key(step)
    }

    pub(crate) fn entering(&self, step: &Name) -> HashSet<Name> {
        self.entering.get(step).cloned().unwrap_or_default()
    }
}
