//! The file as a whole.

use std::collections::{HashMap, HashSet};

use configflow_core::Name;
use configflow_core::definition::{IntegrationType, Parts};
use configflow_core::expr::Template;
use configflow_core::signature::Signatures;
use indexmap::IndexMap;

use super::budget::MAX_STEPS;
use super::field::LoweredField;
use super::names::{LANGUAGE_NAMES, NAME_TAKEN, NEVER_FIELDS, RESERVED_NAME};
use super::trace::{LetTrace, Sink, Trace};
use super::{DefinedField, FieldName, Lowered, Lowering, Traces};
use crate::diagnostic::{Code, Diagnostics};
use crate::node::{Node, NodeValue, Span};

pub(crate) const DOMAIN: Code = Code::new("file.domain", "`domain` is not a name in lower case");
pub(crate) const NO_DIALOG: Code = Code::new("file.no_dialog", "a file has no dialog");

const FILE_KEYS: [&str; 17] = [
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
pub(crate) fn lower(root: &Node, signatures: Signatures, source: &str) -> (Option<Lowered>, Diagnostics) {
    // The trees of included libraries outlive the lowering that borrows their blocks.
    let mut before = Lowering::new(signatures.clone());
    let included = match &root.value {
        NodeValue::Map(entries) => entries.iter().find(|(key, _)| key.as_str() == Some("include")).map(|(_, value)| value),
        _ => None,
    };
    let libraries = included.map(|node| before.included(node)).unwrap_or_default();
    let mut lowering = Lowering::new(signatures);
    lowering.diagnostics = before.diagnostics;
    let lowered = lowering.file(root, &libraries, source);
    (lowered, lowering.diagnostics)
}

impl<'n> Lowering<'n> {
    fn new(signatures: Signatures) -> Self {
        Self {
            diagnostics: Diagnostics::default(),
            expressions: Default::default(),
            signatures,
            fields: IndexMap::new(),
            lets: IndexMap::new(),
            blocks: IndexMap::new(),
            on_error: Default::default(),
            has_account: false,
            has_once: false,
            used_actions: IndexMap::new(),
            used_blocks: Default::default(),
            used_fields: Default::default(),
            error_keys: Vec::new(),
            results: IndexMap::new(),
            block: None,
            budget: Default::default(),
            open_blocks: Vec::new(),
            locals: Vec::new(),
            trace: Vec::new(),
            extract_keys: Vec::new(),
        }
    }

    fn file(&mut self, root: &'n Node, libraries: &'n [Node], source: &str) -> Option<Lowered> {
        let mut keys = self.keys(root, "a definition", &FILE_KEYS)?;
        let mut parts = Parts { minor_version: 1, source: source.to_owned(), ..Parts::default() };
        if let Some(domain) = keys.require(self, "domain", "the name of the integration") {
            parts.domain = self.domain(domain);
        }
        parts.version = keys.take("version").map_or(1, |node| self.number(node));
        parts.minor_version = keys.take("minor_version").map_or(1, |node| self.number(node));
        if let Some(node) = keys.take("integration_type") {
            match node.as_str().and_then(IntegrationType::of) {
                Some(kind) => parts.integration_type = kind,
                None => self.expected(node, "`hub`, `device`, `service`, `helper`, `entity`, `hardware`, `system` or `virtual`"),
            }
        }
        parts.single_instance = keys.take("single_instance").is_some_and(|node| self.boolean(node));
        parts.local_network = keys.take("network").is_some_and(|node| {
            let local = node.as_str() == Some("local");
            if !local {
                self.expected(node, "`local`");
            }
            local
        });
        keys.take("include");
        // Everything that steps name comes before the steps.
        let trees: Vec<&'n Node> = libraries.iter().chain([root]).collect();
        for tree in &trees {
            if let Some(node) = value_of(tree, "actions") {
                self.declared_actions(node);
            }
        }
        for tree in &trees {
            if let Some(node) = value_of(tree, "fields") {
                self.defined_fields(node, !std::ptr::eq(*tree, root));
            }
        }
        let mut let_traces = Vec::new();
        for tree in &trees {
            if let Some(node) = value_of(tree, "let") {
                self.formulas(node, &mut let_traces);
            }
        }
        let mut block_spans = Vec::new();
        for tree in &trees {
            if let Some(node) = value_of(tree, "blocks") {
                self.defined_blocks(node, &mut block_spans, std::ptr::eq(*tree, root));
            }
        }
        let account = trees.iter().rev().find_map(|tree| value_of(tree, "account"));
        self.has_account = account.is_some();
        parts.account = account.and_then(|node| self.account(node));
        let account_trace = std::mem::take(&mut self.trace);
        if let Some(node) = keys.take("on_error") {
            self.on_error = self.handlers(node, None);
            parts.on_error = self.on_error.clone();
        }
        let on_error_trace = std::mem::take(&mut self.trace);

        let mut traces = Traces { lets: let_traces, account: account_trace, ..Traces::default() };
        let dialog_nodes = |name: &str| -> Vec<(&'n Node, bool)> {
            trees.iter().filter_map(|tree| Some((value_of(tree, name)?, !std::ptr::eq(*tree, root)))).collect()
        };
        let config = dialog_nodes("config");
        if !config.is_empty() {
            let (dialog, trace) = self.dialog(&config, "config");
            parts.config = Some(dialog);
            traces.dialogs.push(trace);
        }
        let options = dialog_nodes("options");
        if !options.is_empty() {
            let (dialog, trace) = self.dialog(&options, "options");
            parts.options = Some(dialog);
            traces.dialogs.push(trace);
        }
        if let Some(NodeValue::Map(entries)) = keys.take("subentries").map(|node| &node.value) {
            for (key, value) in entries {
                let Some(kind) = self.key_text(key) else { continue };
                let (dialog, trace) = self.dialog(&[(value, false)], &format!("subentries.{kind}"));
                parts.subentries.insert(kind, dialog);
                traces.dialogs.push(trace);
            }
        }
        if parts.config.is_none() && parts.options.is_none() {
            self.report(NO_DIALOG, root.span, "expected a dialog: `config:`");
        }
        // What handles any failure can lead to a step from everywhere; each step is named once.
        let mut led: HashSet<Name> = HashSet::new();
        let leads: Vec<Trace> = on_error_trace
            .into_iter()
            .filter(|event| matches!(event, Trace::Leads { to, .. } if led.len() < MAX_STEPS && led.insert(to.clone())))
            .collect();
        for step in traces.dialogs.iter_mut().flat_map(|dialog| &mut dialog.steps) {
            step.events.splice(..0, leads.iter().cloned());
        }
        parts.fields =
            self.fields.iter().map(|(name, field)| (Name::from(name.as_str()), field.lowered.field.clone().into())).collect();
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
                        included: field.included,
                        options: field.lowered.options.is_some() || field.lowered.field.has_options(),
                    },
                )
            })
            .collect();
        traces.results = std::mem::take(&mut self.results);
        traces.error_keys = std::mem::take(&mut self.error_keys);
        traces.used_fields = std::mem::take(&mut self.used_fields);
        traces.unused_blocks = block_spans.into_iter().filter(|(name, _)| !self.used_blocks.contains(name)).collect();
        // What was not lowered cannot be checked.
        self.is_whole().then_some(Lowered { parts, traces })
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

    fn number(&mut self, node: &Node) -> u32 {
        match node.to_json().as_u64().and_then(|number| u32::try_from(number).ok()) {
            Some(number) => number,
            None => {
                self.expected(node, "a whole number");
                1
            }
        }
    }

    fn defined_fields(&mut self, node: &Node, included: bool) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of fields");
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key).filter(|_| self.may_lower(key.span)) else { continue };
            if NEVER_FIELDS.contains(&name.as_str()) {
                self.report(RESERVED_NAME, key.span, &format!("`{name}` is a name of the language; choose another"));
            }
            // A field that cannot be understood is there all the same, so that its uses are not wrong as well.
            let lowered = self.field(&name, value).unwrap_or_else(|| LoweredField::placeholder(&name, value));
            self.fields.insert(name, DefinedField { lowered, span: key.span, included });
        }
    }

    fn formulas(&mut self, node: &Node, traces: &mut Vec<LetTrace>) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of names to formulas");
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
                Trace::Reads { names, span, .. } => Some((names, span)),
                _ => None,
            });
            traces.push(LetTrace { name: name.as_str().into(), reads: reads.collect(), mentions: mentions(&template) });
            self.lets.insert(name.as_str().into(), template);
        }
    }

    fn defined_blocks(&mut self, node: &'n Node, spans: &mut Vec<(String, Span)>, own: bool) {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of names to sequences");
            return;
        };
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            if own {
                spans.push((name.clone(), key.span));
            }
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

fn value_of<'n>(tree: &'n Node, name: &str) -> Option<&'n Node> {
    match &tree.value {
        NodeValue::Map(entries) => entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value),
        _ => None,
    }
}
