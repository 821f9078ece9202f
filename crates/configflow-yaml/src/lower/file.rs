//! The file as a whole.

use std::collections::{HashMap, HashSet};

use configflow_core::Name;
use configflow_core::definition::{IntegrationType, Parts};
use configflow_core::expr::Template;
use indexmap::IndexMap;

use super::budget::MAX_STEPS;
use super::field::LoweredField;
use super::keys::EXPECTED;
use super::library::library;
use super::link::Linked;
use super::names::{LANGUAGE_NAMES, NAME_TAKEN, NEVER_FIELDS, RESERVED_NAME};
use super::trace::{LetTrace, Sink, Trace};
use super::{DefinedField, DialogKind, FieldName, Lost, Lowered, Lowering, Traces, value_of};
use crate::Options;
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::node::{Node, NodeValue, Span};

pub(crate) const DOMAIN: Code = Code::new("file.domain", "`domain` is not a name in lower case");
pub(crate) const NO_DIALOG: Code = Code::new("file.no_dialog", "a file has no dialog");

pub(super) const FILE_KEYS: [&str; 17] = [
    "domain",
    "version",
    "minor_version",
    "integration_type",
    "single_instance",
    "network",
    "include",
    "actions",
    "fields",
    "let",
    "blocks",
    "account",
    "on_error",
    "config",
    "options",
    "subentries",
    "parameters",
];

/// Lowers a file. There is a result unless nothing could be understood; whether it is sound, the diagnostics say.
pub(crate) fn lower(root: &Node, options: &Options, source: &str) -> (Option<Lowered>, Diagnostics) {
    // The trees of included libraries outlive the lowering that borrows their blocks.
    let mut before = Lowering::new(options);
    let libraries = included_node(root).map(|node| before.included(node)).unwrap_or_default();
    let links = before.linked(root);
    let mut lowering = Lowering { links: &links, ..Lowering::new(options) };
    (lowering.diagnostics, lowering.lost) = (before.diagnostics, before.lost);
    let lowered = lowering.file(root, &libraries, &with_libraries(root, &links, source));
    (lowered, lowering.diagnostics)
}

impl<'n> Lowering<'n> {
    fn new(options: &Options) -> Self {
        Self {
            diagnostics: Diagnostics::default(),
            expressions: Default::default(),
            signatures: options.signatures.clone(),
            providers: options.providers.clone(),
            methods_of: options.methods_of,
            links: &[],
            fields: IndexMap::new(),
            lets: IndexMap::new(),
            blocks: IndexMap::new(),
            on_error: Default::default(),
            has_account: false,
            has_once: false,
            used_actions: IndexMap::new(),
            used_blocks: Default::default(),
            used_fields: Default::default(),
            places: Default::default(),
            defined_at: Default::default(),
            named_fields: Default::default(),
            error_keys: Vec::new(),
            results: IndexMap::new(),
            block: None,
            budget: Default::default(),
            open_blocks: Vec::new(),
            locals: Vec::new(),
            trace: Vec::new(),
            extract_keys: Vec::new(),
            unknown_codes: 0,
            lost: Default::default(),
            in_library: false,
            dialog_kind: Default::default(),
            declared_actions: Vec::new(),
            called_actions: Default::default(),
            takes_anything: false,
        }
    }

    fn file(&mut self, root: &'n Node, libraries: &'n [Node], source: &str) -> Option<Lowered> {
        let mut keys = self.keys(root, "a definition", &FILE_KEYS)?;
        let mut parts = Parts { minor_version: 1, source: source.to_owned(), ..Parts::default() };
        if let Some(domain) = keys.require(self, "domain", "the name of the integration") {
            parts.domain = self.domain(domain);
        }
        parts.version = keys.take("version").map_or(1, |node| self.number(node, 1));
        parts.minor_version = keys.take("minor_version").map_or(1, |node| self.number(node, 0));
        if let Some(node) = keys.take("integration_type") {
            match node.as_str().and_then(IntegrationType::of) {
                Some(kind) => parts.integration_type = kind,
                None => self.expected(node, "`hub`, `device`, `service`, `helper`, `entity`, `hardware`, `system` or `virtual`"),
            }
        }
        parts.single_instance = keys.take("single_instance").is_some_and(|node| self.boolean(node));
        parts.local_network = keys.take("network").is_some_and(|node| self.local_network(node));
        if keys.has_unknown() {
            // Whatever it was to define is not missed.
            self.lost = Lost { names: true, fields: true, blocks: true, actions: true, actions_called: true, ..self.lost };
        }
        let links = self.links;
        // Everything that steps name comes before the steps; what a library brings before what is the file's own.
        let parts_of = |name: &str| -> Vec<(&'n Node, bool)> {
            let brought = libraries.iter().filter_map(|tree| Some((value_of(tree, name)?, true)));
            let of_links = links.iter().enumerate().filter_map(|(at, linked)| match name {
                "fields" => Some((&linked.fields, true)),
                // All of them read the same formulas.
                "let" if at == 0 => Some((&linked.lets, true)),
                _ => None,
            });
            brought.chain(of_links).chain(keys.peek(name).map(|node| (node, false))).collect()
        };
        for (node, _) in parts_of("actions") {
            self.declared_actions(node);
        }
        for (node, included) in parts_of("fields") {
            self.defined_fields(node, included);
        }
        let mut let_traces = Vec::new();
        for (node, included) in parts_of("let") {
            self.formulas(node, &mut let_traces, included);
        }
        let mut block_spans = Vec::new();
        for (node, included) in parts_of("blocks") {
            self.defined_blocks(node, &mut block_spans, !included);
        }
        let account = keys.peek("account");
        self.has_account = account.is_some();
        parts.account = account.and_then(|node| self.account(node));
        let account_trace = std::mem::take(&mut self.trace);
        if let Some(node) = keys.peek("on_error") {
            let codes = self.all_failures();
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            self.on_error = self.handlers(node, Some(&codes));
            parts.on_error = self.on_error.clone();
        }
        let on_error_trace = std::mem::take(&mut self.trace);
        let no_way_lost = !std::mem::take(&mut self.lost.ways);

        let mut traces = Traces { account: account_trace, ..Traces::default() };
        for (name, kind) in [("config", DialogKind::Config), ("options", DialogKind::Options)] {
            let nodes = parts_of(name);
            let Some(span) = keys.key_span(name).or_else(|| nodes.first().map(|(node, _)| node.span)) else { continue };
            self.dialog_kind = kind;
            let (dialog, trace) = self.dialog(&nodes, name, span);
            match kind {
                DialogKind::Options => parts.options = Some(dialog),
                _ => parts.config = Some(dialog),
            }
            traces.dialogs.push(trace);
        }
        self.dialog_kind = DialogKind::Subentry;
        match keys.peek("subentries").map(|node| (node, &node.value)) {
            Some((_, NodeValue::Map(entries))) => {
                for (key, value) in entries {
                    let Some(kind) = self.key_text(key) else { continue };
                    let (dialog, trace) = self.dialog(&[(value, false)], &format!("subentries.{kind}"), key.span);
                    parts.subentries.insert(kind, dialog);
                    traces.dialogs.push(trace);
                }
            }
            Some((node, _)) => self.expected(node, "a map of types to dialogs"),
            None => {}
        }
        if parts.config.is_none() && parts.options.is_none() && !keys.has_unknown() {
            self.report(NO_DIALOG, root.span, "expected a dialog: `config:`");
        }
        // What handles any failure can lead to a step from everywhere; each step is named once.
        let mut led: HashSet<Name> = HashSet::new();
        let leads: Vec<Trace> = on_error_trace
            .iter()
            .filter(|event| matches!(event, Trace::Leads { to, .. } if led.len() < MAX_STEPS && led.insert(to.clone())))
            .cloned()
            .collect();
        for step in traces.dialogs.iter_mut().flat_map(|dialog| &mut dialog.steps) {
            step.events.splice(..0, leads.iter().cloned());
        }
        traces.on_error = on_error_trace;
        parts.fields =
            self.fields.iter().map(|(name, field)| (Name::from(name.as_str()), field.lowered.field.clone().into())).collect();
        if !no_way_lost {
            traces.dialogs.iter_mut().for_each(|dialog| dialog.unsure = true);
        }
        parts.lets = std::mem::take(&mut self.lets);
        parts.actions = std::mem::take(&mut self.used_actions);
        traces.fields = self
            .fields
            .iter()
            .map(|(name, field)| {
                (
                    name.clone(),
                    FieldName {
                        span: field.span,
                        secret: field.lowered.field.holds_secret(),
                        section: field.lowered.is_section().then(|| field.lowered.section_parts()),
                        included: field.included,
                        options: field.lowered.options.is_some() || field.lowered.field.has_options(),
                    },
                )
            })
            .collect();
        traces.let_spans = let_traces
            .iter()
            .filter(|formula| !formula.included)
            .map(|formula| (formula.name.to_string(), formula.span))
            .collect();
        traces.lets = let_traces;
        let called = |name: &String| parts.actions.contains_key(name) || self.called_actions.contains(name);
        traces.unused_actions =
            std::mem::take(&mut self.declared_actions).into_iter().filter(|(name, _)| !called(name)).collect();
        traces.failure_fields =
            parts.actions.values().flat_map(|action| &action.fails).flat_map(|failure| failure.fields.clone()).collect();
        traces.lost = self.lost;
        traces.has_account = self.has_account;
        traces.takes_anything = self.takes_anything;
        traces.results = std::mem::take(&mut self.results);
        traces.error_keys = std::mem::take(&mut self.error_keys);
        traces.used_fields = std::mem::take(&mut self.used_fields);
        traces.places = std::mem::take(&mut self.places);
        traces.named_fields = std::mem::take(&mut self.named_fields);
        traces.unused_blocks = block_spans.into_iter().filter(|(name, _)| !self.used_blocks.contains(name)).collect();
        // What was not lowered cannot be checked.
        self.is_whole().then_some(Lowered { parts, traces })
    }

    /// The codes with which any action of the file can fail.
    fn all_failures(&self) -> Vec<String> {
        let names: Vec<&str> = self.signatures.names().collect();
        let signatures = names.into_iter().filter_map(|name| self.signatures.get(name));
        let mut codes: Vec<String> = signatures
            .flat_map(|signature| signature.fails.iter().map(|failure| failure.code.clone()).collect::<Vec<_>>())
            .collect();
        codes.sort();
        codes.dedup();
        codes
    }

    fn domain(&mut self, node: &Node) -> String {
        let domain = node.as_str().unwrap_or_default();
        let plain =
            !domain.is_empty() && domain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !plain {
            self.report(DOMAIN, node.span, "expected a name of lower-case letters, digits and `_`");
        }
        domain.to_owned()
    }

    fn number(&mut self, node: &Node, least: u32) -> u32 {
        match node.to_json().as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number >= least) {
            Some(number) => number,
            None => {
                let found = match &node.value {
                    NodeValue::Int(number) => format!("`{number}`"),
                    NodeValue::Float(number) => format!("`{number}`"),
                    _ => node.kind_name().to_owned(),
                };
                self.report(EXPECTED, node.span, &format!("expected a whole number from {least}, found {found}"));
                least.max(1)
            }
        }
    }

    fn local_network(&mut self, node: &Node) -> bool {
        match node.as_str() {
            Some("local") => return true,
            Some(word) => {
                let hint = suggest(word, ["local"]).map(|name| format!("did you mean `{name}`?"));
                self.report(EXPECTED, node.span, &format!("expected `local`, found `{word}`")).maybe_hint(hint);
            }
            None => self.expected(node, "`local`"),
        }
        false
    }

    fn defined_fields(&mut self, node: &Node, included: bool) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of fields");
            (self.lost.fields, self.lost.names) = (true, true);
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key).filter(|_| self.may_lower(key.span)) else { continue };
            if NEVER_FIELDS.contains(&name.as_str()) {
                self.report(RESERVED_NAME, key.span, &format!("`{name}` is a name of the language; choose another"));
                // What is wrong is its name, not that nothing uses it.
                self.used_fields.insert(name.clone());
            }
            // A field that cannot be understood is there all the same, so that its uses are not wrong as well.
            let lowered = self.field(&name, value);
            let unread = lowered.is_none();
            let lowered = lowered.unwrap_or_else(|| LoweredField::placeholder(&name, value));
            self.fields.insert(name, DefinedField { lowered, unread, span: key.span, included });
        }
    }

    fn formulas(&mut self, node: &Node, traces: &mut Vec<LetTrace>, included: bool) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of names to formulas");
            self.lost.names = true;
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            self.free_name(key, &name);
            if let Some(first) = self.fields.get(&name).map(|field| field.span) {
                self.report(NAME_TAKEN, key.span, &format!("`{name}` is a field already")).label(first, "the field");
            }
            self.trace.clear();
            let template = self.template(value, Sink::Private);
            let reads = std::mem::take(&mut self.trace).into_iter().filter_map(|event| match event {
                Trace::Reads { reads, span, .. } => Some((reads, span)),
                _ => None,
            });
            let mentions = mentions(&template);
            traces.push(LetTrace { name: name.as_str().into(), span: key.span, reads: reads.collect(), mentions, included });
            self.lets.insert(name.as_str().into(), template);
        }
    }

    fn defined_blocks(&mut self, node: &'n Node, spans: &mut Vec<(String, Span)>, own: bool) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of names to sequences");
            self.lost.blocks = true;
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            if own {
                spans.push((name.clone(), key.span));
            }
            self.define(key, &name, "");
            self.blocks.insert(name, value);
        }
    }

    fn free_name(&mut self, key: &Node, name: &str) {
        if LANGUAGE_NAMES.contains(&name) {
            self.report(RESERVED_NAME, key.span, &format!("`{name}` is a name of the language; choose another"));
        }
    }
}

/// How often each word is in the expressions of a template; a word inside a text literal counts too.
fn mentions(template: &Template) -> HashMap<String, usize> {
    let mut mentions = HashMap::new();
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    for word in template.expressions().into_iter().flat_map(|expr| expr.source().split(|letter| !is_part(letter))) {
        *mentions.entry(word.to_owned()).or_default() += 1;
    }
    mentions
}

/// The text that a definition is made of: with a library that changes, the definition does.
fn with_libraries(root: &Node, links: &[Linked], source: &str) -> String {
    let included = included_node(root).map(Node::entries).unwrap_or_default().iter().filter_map(|(key, _)| key.as_str());
    let texts = included.chain((!links.is_empty()).then_some("link")).filter_map(library);
    texts.fold(source.to_owned(), |whole, text| whole + text)
}

/// What the file includes, also behind a slip of the finger.
fn included_node(root: &Node) -> Option<&Node> {
    let known = |key: &Node| key.as_str().is_some_and(|name| FILE_KEYS.contains(&name));
    let slip = |key: &Node| !known(key) && key.as_str().and_then(|name| suggest(name, FILE_KEYS)) == Some("include");
    root.get("include").or_else(|| root.entries().iter().find(|(key, _)| slip(key)).map(|(_, value)| value))
}
