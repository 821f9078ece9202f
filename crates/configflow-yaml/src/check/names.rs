//! Every name that an expression reads must mean something where it stands.

use std::collections::HashSet;

use super::{Bound, Here};
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::trace::{BlockUse, DialogTrace, Trace};
use crate::lower::{Traces, listed, shape_has};
use crate::node::Span;

pub(crate) const UNKNOWN_NAME: Code = Code::new("name.unknown", "an expression reads a name that does not exist");
pub(crate) const UNBOUND: Code = Code::new("name.unbound", "an expression reads a name that no way to here can have set");
pub(crate) const UNKNOWN_RESULT_FIELD: Code =
    Code::new("name.unknown_result_field", "an expression reads a field that a result does not have");
pub(crate) const UNKNOWN_LABEL: Code = Code::new("name.unknown_label", "`label` is read for a field without options");

/// Names that mean something everywhere, with the fields of those that have a fixed set.
const EVERYWHERE: [(&str, &[&str]); 16] = [
    ("answers", &[]),
    ("answers_of", &[]),
    ("asked", &[]),
    ("input", &[]),
    ("failure", &[]),
    ("label", &[]),
    ("entry", &["entry_id", "domain", "title", "unique_id", "source", "data", "options", "subentries"]),
    ("subentry", &["subentry_id", "subentry_type", "title", "data", "unique_id"]),
    (
        "context",
        &[
            "source",
            "entry_id",
            "subentry_id",
            "show_advanced_options",
            "unique_id",
            "title_placeholders",
            "configuration_url",
            "confirm_only",
            "discovery_key",
        ],
    ),
    ("init", &[]),
    (
        "hub",
        &[
            "latitude",
            "longitude",
            "elevation",
            "location_name",
            "country",
            "language",
            "time_zone",
            "currency",
            "onboarded",
            "external_url",
            "unit_system",
        ],
    ),
    ("link", &[]),
    ("account", &[]),
    ("flow_id", &[]),
    ("loop", &["index", "first", "last", "length"]),
    ("omit", &[]),
];

/// The names that a definition gives a meaning.
pub(super) struct Known<'t> {
    traces: &'t Traces,
    lets: HashSet<&'t str>,
    /// The names that some step binds: the `as` of an `each` is bound like a field.
    bound: HashSet<&'t str>,
}

impl<'t> Known<'t> {
    pub(super) fn of(traces: &'t Traces) -> Self {
        let events = traces.dialogs.iter().flat_map(|dialog| &dialog.steps).flat_map(|step| &step.events);
        let bound = events.filter_map(|event| match event {
            Trace::Binds { name } => Some(&**name),
            _ => None,
        });
        Self { traces, lets: traces.lets.iter().map(|formula| &*formula.name).collect(), bound: bound.collect() }
    }

    fn has(&self, name: &str) -> bool {
        self.traces.fields.contains_key(name) || self.traces.results.contains_key(name) || self.bound.contains(name)
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let everywhere = EVERYWHERE.iter().map(|(name, _)| *name);
        let lets = self.traces.lets.iter().map(|formula| &*formula.name);
        let (fields, results) = (self.traces.fields.keys(), self.traces.results.keys());
        everywhere.chain(lets).chain(fields.chain(results).map(String::as_str))
    }
}

struct Checker<'a> {
    known: &'a Known<'a>,
    diagnostics: &'a mut Diagnostics,
}

/// Names in the steps of a dialog.
pub(super) fn check(dialog: &DialogTrace, known: &Known<'_>, bound: &Bound<'_>, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { known, diagnostics };
    for step in &dialog.steps {
        let reached = bound.is_reached(&step.name);
        let mut here = bound.entering(&step.name);
        for event in &step.events {
            match event {
                Trace::Binds { name } => here.insert(name),
                Trace::Reads { names, locals, span, block, .. } => {
                    for name in names {
                        // In a step that nothing leads to, only names that exist nowhere are worth a word.
                        checker.name(name, locals, *span, block.as_ref(), reached.then_some(&here));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Names in formulas and in the account, which are evaluated wherever they are used.
pub(super) fn check_everywhere(known: &Known<'_>, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { known, diagnostics };
    for formula in &known.traces.lets {
        for (names, span) in &formula.reads {
            for name in names {
                checker.name(name, &[], *span, None, None);
            }
        }
    }
    for event in &known.traces.account {
        if let Trace::Reads { names, locals, span, .. } = event {
            for name in names {
                checker.name(name, locals, *span, None, None);
            }
        }
    }
}

impl Checker<'_> {
    fn name(&mut self, path: &str, locals: &[String], span: Span, block: Option<&BlockUse>, bound: Option<&Here<'_, '_>>) {
        let mut parts = path.split('.');
        let root = parts.next().unwrap_or_default();
        let field = parts.next();
        if locals.iter().any(|local| local == root) || self.known.lets.contains(root) || self.diagnostics.is_full() {
            return;
        }
        if let Some((_, fields)) = EVERYWHERE.iter().find(|(name, _)| *name == root) {
            self.fixed(root, fields, field, span, block);
            return;
        }
        if !self.known.has(root) {
            let similar = suggest(root, self.known.all()).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_NAME, span, &format!("nothing is called `{root}`"), block, similar);
            return;
        }
        if bound.is_some_and(|bound| !bound.contains(root)) {
            let hint = Some("it is set on another way only, or later".to_owned());
            self.report(UNBOUND, span, &format!("no way to here can have set `{root}`"), block, hint);
            return;
        }
        if let (Some(result), Some(field)) = (self.known.traces.results.get(root), field)
            && !result.is_list
            && !shape_has(&result.shape, field, &result.keys)
            && !METHODS.contains(&field)
        {
            let names: Vec<&str> = match &result.shape {
                configflow_core::signature::Shape::Fields(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
                _ => result.keys.iter().map(String::as_str).collect(),
            };
            let similar = suggest(field, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            let message = match names.as_slice() {
                [] => format!("the result `{root}` has no fields"),
                names => format!("the result `{root}` has no field `{field}`; it has {}", listed(names)),
            };
            self.report(UNKNOWN_RESULT_FIELD, span, &message, block, similar);
        }
    }

    fn fixed(&mut self, root: &str, fields: &[&str], field: Option<&str>, span: Span, block: Option<&BlockUse>) {
        let Some(field) = field else { return };
        if root == "label" {
            let has_options = self.known.traces.fields.get(field).is_some_and(|field| field.options);
            if !has_options {
                self.report(UNKNOWN_LABEL, span, &format!("`{field}` is no field with options, so it has no label"), block, None);
            }
        } else if !fields.is_empty() && !fields.contains(&field) && !METHODS.contains(&field) {
            let similar = suggest(field, fields.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_NAME, span, &format!("`{root}` has no `{field}`; it has {}", listed(fields)), block, similar);
        }
    }

    fn report(&mut self, code: Code, span: Span, message: &str, block: Option<&BlockUse>, hint: Option<String>) {
        let mut builder = self.diagnostics.error(code, span, message).maybe_hint(hint);
        if let Some(block) = block {
            builder = builder.label(block.used_at, &format!("in block `{}`, used here", block.name));
        }
        drop(builder);
    }
}

/// Methods that Jinja's maps have.
const METHODS: [&str; 4] = ["items", "keys", "values", "get"];
