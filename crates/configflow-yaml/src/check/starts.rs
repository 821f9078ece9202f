//! Where flows start, and which of them come to which step.

use std::collections::{HashMap, HashSet};

use configflow_core::definition::SOURCES;

use crate::diagnostic::suggest;
use crate::lower::trace::{DialogTrace, Trace};

/// The steps that a flow of a dialog can start at.
pub(crate) fn starts(dialog: &DialogTrace) -> &'static [&'static str] {
    match dialog.name.as_str() {
        "config" => &SOURCES,
        "options" => &["init"],
        _ => &["user", "reconfigure"],
    }
}

/// The starts of a dialog, and the flows that come to each step.
pub(crate) struct Starts<'t> {
    /// Steps whose name is a slip of a start that the dialog lacks, and to which nothing leads.
    slips: HashMap<&'t str, &'static str>,
    starts: &'static [&'static str],
    come_to: HashMap<&'t str, Vec<&'static str>>,
}

impl<'t> Starts<'t> {
    pub(super) fn of(dialog: &'t DialogTrace) -> Self {
        let starts = starts(dialog);
        let names: HashSet<&str> = dialog.steps.iter().map(|step| &*step.name).collect();
        let mut leads: HashMap<&str, HashSet<&str>> = HashMap::new();
        let mut led: HashSet<&str> = HashSet::new();
        for step in &dialog.steps {
            for event in &step.events {
                let Trace::Leads { to, .. } = event else { continue };
                // A misspelt name leads where it was meant to.
                let meant = || suggest(to, dialog.steps.iter().map(|step| &*step.name));
                let Some(to) = names.get(&**to).copied().or_else(meant) else { continue };
                leads.entry(&*step.name).or_default().insert(to);
                if to != &*step.name {
                    led.insert(to);
                }
            }
        }
        let lacking = || starts.iter().copied().filter(|start| !names.contains(start));
        let lost = dialog.steps.iter().map(|step| &*step.name).filter(|name| !led.contains(name) && !starts.contains(name));
        let slips: HashMap<&str, &'static str> = lost.filter_map(|name| Some((name, suggest(name, lacking())?))).collect();
        let mut come_to: HashMap<&str, Vec<&'static str>> = HashMap::new();
        let own = starts.iter().filter_map(|start| Some((*names.get(start)?, *start)));
        for (first, start) in own.chain(slips.iter().map(|(name, start)| (*name, *start))) {
            let (mut seen, mut open) = (HashSet::from([first]), vec![first]);
            while let Some(step) = open.pop() {
                come_to.entry(step).or_default().push(start);
                open.extend(leads.get(step).into_iter().flatten().copied().filter(|to| seen.insert(to)));
            }
        }
        Self { slips, starts, come_to }
    }

    /// Whether a flow starts at a step, also by a slip of the finger.
    pub(super) fn begins(&self, step: &str) -> bool {
        self.starts.contains(&step) || self.slips.contains_key(step)
    }

    /// The start that was meant by a step's name.
    pub(super) fn meant(&self, step: &str) -> Option<&'static str> {
        self.slips.get(step).copied()
    }

    /// The starts of the flows that come to a step.
    pub(super) fn come_to(&self, step: &str) -> &[&'static str] {
        self.come_to.get(step).map_or(&[], Vec::as_slice)
    }
}
