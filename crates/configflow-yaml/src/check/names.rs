//! Every name that an expression reads must mean something where it stands.

use std::collections::{HashMap, HashSet};

use configflow_core::definition::HUB;

use super::{Bound, Here, used_in};
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::trace::{BlockUse, DialogTrace, LetTrace, Trace};
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
    ("hub", &HUB),
    ("link", &["url", "redirect_uri", "method", "error"]),
    ("account", &["provider", "api", "key", "username", "name", "unique_id", "scopes"]),
    ("flow_id", &[]),
    ("loop", &["index", "first", "last", "length"]),
    ("omit", &[]),
];

/// The names that a definition gives a meaning.
pub(super) struct Known<'t> {
    traces: &'t Traces,
    lets: HashMap<&'t str, &'t LetTrace>,
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
        Self { traces, lets: traces.lets.iter().map(|formula| (&*formula.name, formula)).collect(), bound: bound.collect() }
    }

    fn has(&self, name: &str) -> bool {
        self.traces.fields.contains_key(name) || self.traces.results.contains_key(name) || self.bound.contains(name)
    }

    /// Where the file defines a name.
    fn defined(&self, name: &str) -> Option<Span> {
        let traces = self.traces;
        let field = traces.fields.get(name).map(|field| field.span);
        field
            .or_else(|| traces.results.get(name).map(|result| result.span))
            .or_else(|| self.lets.get(name).map(|formula| formula.span))
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
        let reached = bound.is_reached(&step.name) && !dialog.unsure();
        let mut here = bound.entering(&step.name);
        for event in &step.events {
            match event {
                Trace::Binds { name } => here.insert(name),
                Trace::Reads { reads, locals, span, block, .. } => {
                    for name in &reads.names {
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
        for (reads, span) in &formula.reads {
            for name in &reads.names {
                checker.name(name, &[], *span, None, None);
            }
        }
    }
    for event in known.traces.account.iter().chain(&known.traces.on_error) {
        if let Trace::Reads { reads, locals, span, .. } = event {
            for name in &reads.names {
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
        if locals.iter().any(|local| local == root) || self.diagnostics.is_full() {
            return;
        }
        if self.known.lets.contains_key(root) {
            if let Some(here) = bound {
                self.formula(root, here, span, block);
            }
            return;
        }
        if let Some((_, fields)) = EVERYWHERE.iter().find(|(name, _)| *name == root) {
            self.fixed(root, fields, field, span, block);
            return;
        }
        if !self.known.has(root) {
            self.unknown(root, span, block);
            return;
        }
        if bound.is_some_and(|bound| !bound.contains(root)) {
            let hint = Some("it is set on another way only, or later".to_owned());
            self.report(UNBOUND, span, &format!("no way to here can have set `{root}`"), block, hint);
            return;
        }
        if let (Some(section), Some(field)) = (self.known.traces.fields.get(root).and_then(|known| known.section.as_ref()), field)
            && !section.iter().any(|(part, _)| part == field)
            && !METHODS.contains(&field)
        {
            let names: Vec<&str> = section.iter().map(|(name, _)| name.as_str()).collect();
            let hint = suggest(field, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            self.report(
                UNKNOWN_NAME,
                span,
                &format!("the section `{root}` has no field `{field}`; it has {}", listed(&names)),
                block,
                hint,
            );
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
            let meant = suggest(field, names.iter().copied());
            let similar = meant.map(|name| format!("did you mean `{name}`?"));
            let message = match names.as_slice() {
                [] => format!("the result `{root}` has no fields"),
                names => format!("the result `{root}` has no field `{field}`; it has {}", listed(names)),
            };
            let meant = meant.and_then(|name| result.parts.get(name)).copied();
            let builder = self.diagnostics.error(UNKNOWN_RESULT_FIELD, span, &message);
            used_in(builder.maybe_hint(similar).maybe_meant(field, meant), block);
        }
    }

    /// A name that nothing defines.
    fn unknown(&mut self, root: &str, span: Span, block: Option<&BlockUse>) {
        let fields = &self.known.traces.fields;
        let inside = fields.iter().find(|(_, field)| field.section.iter().flatten().any(|(part, _)| part == root));
        let similar = suggest(root, self.known.all());
        if similar.is_none() && inside.is_none() && self.known.traces.lost.names {
            return;
        }
        let hint = match inside {
            Some((section, _)) => Some(format!("did you mean `{section}.{root}`?")),
            None => similar.map(|name| format!("did you mean `{name}`?")),
        };
        let meant = similar.filter(|_| inside.is_none()).and_then(|name| self.known.defined(name));
        let builder = self.diagnostics.error(UNKNOWN_NAME, span, &format!("nothing is called `{root}`")).maybe_hint(hint);
        let builder = builder.maybe_meant(root, meant);
        used_in(builder, block);
    }

    /// A formula that reads a name by itself that no way to here can have set.
    fn formula(&mut self, name: &str, here: &Here<'_, '_>, span: Span, block: Option<&BlockUse>) {
        let (mut seen, mut open) = (HashSet::from([name.to_owned()]), vec![name.to_owned()]);
        while let Some(formula) = open.pop().and_then(|name| self.known.lets.get(&*name).copied()) {
            for (reads, _) in &formula.reads {
                let roots: Vec<&str> = reads.names.iter().filter_map(|name| name.split('.').next()).collect();
                open.extend(
                    roots
                        .iter()
                        .filter(|root| self.known.lets.contains_key(**root))
                        .filter(|root| seen.insert((**root).to_owned()))
                        .map(|root| (*root).to_owned()),
                );
                let unbound = |root: &str| self.known.has(root) && !here.contains(root);
                if let Some(first) = roots.first().filter(|_| reads.bare && roots.iter().all(|root| unbound(root))) {
                    let message = format!("no way to here can have set `{first}`, which formula `{name}` reads");
                    let builder = self.diagnostics.warning(UNBOUND, span, &message).label(formula.span, "the formula");
                    used_in(builder, block);
                    return;
                }
            }
        }
    }

    fn fixed(&mut self, root: &str, fields: &[&str], field: Option<&str>, span: Span, block: Option<&BlockUse>) {
        let Some(field) = field.filter(|field| !METHODS.contains(field)) else { return };
        let traces = self.known.traces;
        match root {
            "label" => {
                let has_options = traces.fields.get(field).is_some_and(|field| field.options);
                let is_field = traces.fields.contains_key(field);
                if !has_options && (is_field || !traces.lost.fields) {
                    let message = format!("`{field}` is no field with options, so it has no label");
                    let choices = traces.fields.iter().filter(|(_, field)| field.options).map(|(name, _)| name.as_str());
                    let meant = suggest(field, choices);
                    let similar = meant.map(|name| format!("did you mean `{name}`?"));
                    let meant = if is_field { None } else { meant.and_then(|name| self.known.defined(name)) };
                    let builder = self.diagnostics.error(UNKNOWN_LABEL, span, &message);
                    used_in(builder.maybe_hint(similar).maybe_meant(field, meant), block);
                }
            }
            "answers" | "answers_of" | "input" if !traces.fields.contains_key(field) && !traces.takes_anything => {
                let similar = suggest(field, traces.fields.keys().map(String::as_str));
                if similar.is_some() || !traces.lost.fields {
                    let hint = similar.map(|name| format!("did you mean `{name}`?"));
                    let meant = similar.and_then(|name| self.known.defined(name));
                    let builder = self.diagnostics.error(
                        UNKNOWN_NAME,
                        span,
                        &format!("no field is called `{field}`, so `{root}` has none"),
                    );
                    let builder = builder.maybe_hint(hint).maybe_meant(field, meant);
                    used_in(builder, block);
                }
            }
            "failure" if field != "code" && !traces.failure_fields.contains(field) && !traces.lost.actions_called => {
                let known: Vec<&str> = ["code"].into_iter().chain(traces.failure_fields.iter().map(String::as_str)).collect();
                let similar = suggest(field, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
                let message = format!("no failure of the file's actions has `{field}`; they have {}", listed(&known));
                self.report(UNKNOWN_NAME, span, &message, block, similar);
            }
            _ if !fields.is_empty() && !fields.contains(&field) => {
                let similar = suggest(field, fields.iter().copied()).map(|name| format!("did you mean `{name}`?"));
                self.report(UNKNOWN_NAME, span, &format!("`{root}` has no `{field}`; it has {}", listed(fields)), block, similar);
            }
            _ => {}
        }
    }

    fn report(&mut self, code: Code, span: Span, message: &str, block: Option<&BlockUse>, hint: Option<String>) {
        used_in(self.diagnostics.error(code, span, message).maybe_hint(hint), block);
    }
}

/// Methods that Jinja's maps have.
const METHODS: [&str; 4] = ["items", "keys", "values", "get"];
