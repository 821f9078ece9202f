//! What is secret is not shown: not in a title, a placeholder, a URL, a reason or a unique id.

use std::collections::{BTreeSet, HashSet};

use crate::diagnostic::{Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::{Sink, Trace};

pub(crate) const SHOWN_SECRET: Code = Code::new("secrecy.shown", "an expression shows a secret");

pub(super) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    let secrets = Secrets::of(traces);
    let steps = traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events);
    for event in steps.chain(&traces.account) {
        let Trace::Reads { names, span, sink: Sink::Shown(place), block, .. } = event else { continue };
        if let Some(name) = names.iter().find(|name| secrets.contains(name)) {
            let message = format!("`{name}` is secret and would be shown in {place}");
            let mut builder = diagnostics
                .error(SHOWN_SECRET, *span, &message)
                .hint("a secret may go to parameters of actions, to the account and to an entry's data");
            if let Some(block) = block {
                builder = builder.label(block.used_at, &format!("in block `{}`, used here", block.name));
            }
            drop(builder);
        }
    }
}

/// The names that are secret: fields that say so, and whatever is computed from them.
struct Secrets<'a> {
    names: HashSet<&'a str>,
}

impl<'a> Secrets<'a> {
    fn of(traces: &'a Traces) -> Self {
        let names = traces.fields.iter().filter(|(_, field)| field.secret).map(|(name, _)| name.as_str()).collect();
        let mut secrets = Self { names };
        loop {
            let before = secrets.names.len();
            for formula in &traces.lets {
                if formula.reads.iter().any(|(names, _)| secrets.any(names)) {
                    secrets.names.insert(&formula.name);
                }
            }
            for event in traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events) {
                if let Trace::Reads { names, sink: Sink::Name(name), .. } = event
                    && secrets.any(names)
                {
                    secrets.names.insert(name);
                }
            }
            if secrets.names.len() == before {
                return secrets;
            }
        }
    }

    fn any(&self, paths: &BTreeSet<String>) -> bool {
        paths.iter().any(|path| self.contains(path))
    }

    /// Whether the value at a path is secret, or holds something secret.
    fn contains(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            ["answers" | "input" | "answers_of"] | ["entry" | "subentry"] | ["entry" | "subentry", "data" | "options"] => {
                !self.names.is_empty()
            }
            ["answers" | "input", field, ..] | ["entry" | "subentry", "data" | "options", field, ..] => {
                self.names.contains(field)
            }
            [root, ..] => self.names.contains(root),
            [] => false,
        }
    }
}
