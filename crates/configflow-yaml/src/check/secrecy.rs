//! What is secret is not shown: not in a title, a placeholder, a URL, a reason or a unique id.

use std::collections::{BTreeSet, HashMap, HashSet};

use indexmap::IndexMap;

use super::used_in;
use crate::diagnostic::{Code, Diagnostics};
use crate::lower::trace::{Sink, Trace};
use crate::lower::{FieldName, Traces};

pub(crate) const SHOWN_SECRET: Code = Code::new("secrecy.shown", "an expression shows a secret");

/// What shows a name that nobody has set, or that does not exist, is wrong for that reason first.
const FIRST: [&str; 5] = ["name.unbound", "name.unknown_label", "name.not_here", "name.unknown", "step.unknown"];

pub(super) fn check(traces: &Traces, diagnostics: &mut Diagnostics) {
    let secrets = Secrets::of(traces);
    for event in events(traces).chain(&traces.account).chain(&traces.on_error) {
        let Trace::Reads { reads, span, sink: Sink::Shown(place), block, .. } = event else { continue };
        if let Some(name) = reads.names.iter().find(|name| secrets.contains(name)) {
            if diagnostics.iter().any(|other| other.span == *span && FIRST.contains(&other.code.as_str())) {
                continue;
            }
            let message = if name.contains('.') || !secrets.is_partly(name) {
                format!("`{name}` is secret and would be shown in {place}")
            } else {
                format!("`{name}` holds a secret and would be shown in {place}")
            };
            let builder = diagnostics
                .error(SHOWN_SECRET, *span, &message)
                .hint("a secret may go to parameters of actions, to the account and to an entry's data");
            used_in(builder, block.as_ref());
        }
    }
}

fn events(traces: &Traces) -> impl Iterator<Item = &Trace> {
    traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events)
}

/// The names that are secret: fields and results that say so, and whatever is computed from them.
struct Secrets<'a> {
    names: HashSet<&'a str>,
    /// Sections and results of which only some fields are secret.
    partly: HashMap<&'a str, HashSet<&'a str>>,
    fields: &'a IndexMap<String, FieldName>,
    /// Keys under which entries keep a secret.
    stored: HashSet<&'a str>,
}

impl<'a> Secrets<'a> {
    fn of(traces: &'a Traces) -> Self {
        let (mut names, mut partly) = (HashSet::new(), HashMap::new());
        for (name, field) in traces.fields.iter().filter(|(_, field)| field.secret) {
            match &field.section {
                Some(parts) => {
                    let secret = parts.iter().filter(|(_, secret)| *secret).map(|(part, _)| part.as_str());
                    _ = partly.insert(name.as_str(), secret.collect::<HashSet<_>>());
                }
                None => _ = names.insert(name.as_str()),
            }
        }
        for (name, result) in traces.results.iter().filter(|(_, result)| !result.secrets.is_empty()) {
            partly.insert(name.as_str(), result.secrets.iter().map(String::as_str).collect());
        }
        let mut secrets = Self { names, partly, fields: &traces.fields, stored: HashSet::new() };
        loop {
            let before = (secrets.names.len(), secrets.stored.len());
            for formula in &traces.lets {
                if formula.reads.iter().any(|(reads, _)| secrets.any(&reads.names)) {
                    secrets.names.insert(&formula.name);
                }
            }
            for event in events(traces) {
                match event {
                    Trace::Reads { reads, sink: Sink::Name(name), .. } if secrets.any(&reads.names) => {
                        _ = secrets.names.insert(name)
                    }
                    Trace::Reads { reads, sink: Sink::Stored(key), .. } if secrets.any(&reads.names) => {
                        _ = secrets.stored.insert(key)
                    }
                    Trace::Reads { reads, sink: Sink::StoredAll, .. } => {
                        // A result that is kept as it is.
                        let whole = reads.names.iter().filter_map(|name| traces.results.get(name.as_str()));
                        secrets.stored.extend(whole.flat_map(|result| &result.secrets).map(String::as_str));
                    }
                    _ => {}
                }
            }
            if (secrets.names.len(), secrets.stored.len()) == before {
                return secrets;
            }
        }
    }

    fn any(&self, paths: &BTreeSet<String>) -> bool {
        paths.iter().any(|path| self.contains(path))
    }

    fn is_partly(&self, name: &str) -> bool {
        self.partly.contains_key(name) || matches!(name, "answers" | "answers_of" | "input" | "entry" | "subentry")
    }

    /// Whether the value at a path is secret, or holds something secret.
    fn contains(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            ["answers" | "input" | "answers_of"] => self.some_field(),
            ["entry" | "subentry"] | ["entry" | "subentry", "data" | "options"] => self.some_field() || !self.stored.is_empty(),
            ["entry" | "subentry", "data" | "options", rest @ ..] => self.stored.contains(rest[0]) || self.named(rest),
            ["init", "data" | "options", rest @ ..] if !rest.is_empty() => self.named(rest),
            ["answers" | "input" | "answers_of" | "label" | "init", rest @ ..] if !rest.is_empty() => self.named(rest),
            parts => self.named(parts),
        }
    }

    /// Whether some field is secret, or holds something secret.
    fn some_field(&self) -> bool {
        self.names.iter().chain(self.partly.keys()).any(|name| self.fields.contains_key(*name))
    }

    /// Whether a name, or what is read of it, is secret.
    fn named(&self, parts: &[&str]) -> bool {
        let Some((root, rest)) = parts.split_first() else { return false };
        self.names.contains(root)
            || self.partly.get(root).is_some_and(|secret| rest.first().is_none_or(|field| secret.contains(field)))
    }
}
