//! Every name that an expression reads must mean something where it stands.

use std::collections::HashSet;

use configflow_core::Name;

use super::Bound;
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

struct Checker<'a> {
    traces: &'a Traces,
    diagnostics: &'a mut Diagnostics,
}

/// Names in the steps of a dialog.
pub(super) fn check(dialog: &DialogTrace, traces: &Traces, bound: &Bound, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { traces, diagnostics };
    for step in &dialog.steps {
        let reached = bound.is_reached(&step.name);
        let mut here = bound.entering(&step.name);
        for event in &step.events {
            match event {
                Trace::Binds { name } => _ = here.insert(name.clone()),
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
pub(super) fn check_everywhere(traces: &Traces, diagnostics: &mut Diagnostics) {
    let mut checker = Checker { traces, diagnostics };
    for formula in &traces.lets {
        for (names, span) in &formula.reads {
            for name in names {
                checker.name(name, &[], *span, None, None);
            }
        }
    }
    for event in &traces.account {
        if let Trace::Reads { names, locals, span, .. } = event {
            for name in names {
                checker.name(name, locals, *span, None, None);
            }
        }
    }
}

impl Checker<'_> {
    fn name(&mut self, path: &str, locals: &[String], span: Span, block: Option<&BlockUse>, bound: Option<&HashSet<Name>>) {
        let mut parts = path.split('.');
        let root = parts.next().unwrap_or_default();
        let field = parts.next();
        if locals.iter().any(|local| local == root) || self.traces.lets.iter().any(|formula| &*formula.name == root) {
            return;
        }
        if let Some((_, fields)) = EVERYWHERE.iter().find(|(name, _)| *name == root) {
            self.fixed(root, fields, field, span, block);
            return;
        }
        let known = self.traces.fields.contains_key(root) || self.traces.results.contains_key(root) || self.is_item(root);
        if !known {
            let names = self.all_names();
            let similar = suggest(root, names.iter().map(String::as_str)).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_NAME, span, &format!("nothing is called `{root}`"), block, similar);
            return;
        }
        if bound.is_some_and(|bound| !bound.contains(root)) {
            let hint = Some("it is set on another way only, or later".to_owned());
            self.report(UNBOUND, span, &format!("no way to here can have set `{root}`"), block, hint);
            return;
        }
        if let (Some(result), Some(field)) = (self.traces.results.get(root), field)
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
            let has_options = self.traces.fields.get(field).is_some_and(|field| field.options);
            if !has_options {
                self.report(UNKNOWN_LABEL, span, &format!("`{field}` is no field with options, so it has no label"), block, None);
            }
        } else if !fields.is_empty() && !fields.contains(&field) && !METHODS.contains(&field) {
            let similar = suggest(field, fields.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_NAME, span, &format!("`{root}` has no `{field}`; it has {}", listed(fields)), block, similar);
        }
    }

    /// The `as` of a step's `each` is bound like a field.
    fn is_item(&self, name: &str) -> bool {
        let steps = self.traces.dialogs.iter().flat_map(|dialog| &dialog.steps);
        steps.flat_map(|step| &step.events).any(|event| matches!(event, Trace::Binds { name: bound } if &**bound == name))
    }

    fn all_names(&self) -> Vec<String> {
        let everywhere = EVERYWHERE.iter().map(|(name, _)| (*name).to_owned());
        let lets = self.traces.lets.iter().map(|formula| formula.name.to_string());
        everywhere.chain(lets).chain(self.traces.fields.keys().cloned()).chain(self.traces.results.keys().cloned()).collect()
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
