//! Outcomes: where a rule leads.

use configflow_core::definition::{CreateSpec, ErrorSpec, Handlers, Outcome, Reload, Rule, UpdateSpec};
use configflow_core::expr::Template;
use configflow_core::{Name, Value};

use super::Lowering;
use super::trace::{Sink, Trace};
use crate::diagnostic::Code;
use crate::node::{Node, NodeValue};

pub(crate) const NO_OUTCOME: Code = Code::new("outcome.missing", "a rule has no outcome");
pub(crate) const TWO_OUTCOMES: Code = Code::new("outcome.two", "a rule has more than one outcome");
pub(crate) const IGNORE_OUTSIDE: Code = Code::new("outcome.ignore", "`ignore` stands elsewhere than in `on_error`");

/// The keys that are outcomes.
pub(crate) const OUTCOMES: [&str; 6] = ["error", "abort", "step", "create_entry", "update_entry", "ignore"];
const CREATE_KEYS: [&str; 9] =
    ["title", "data", "options", "subentries", "description", "placeholders", "next_flow", "unique_id", "reload"];
const UPDATE_KEYS: [&str; 10] =
    ["data", "data_updates", "options", "options_updates", "title", "unique_id", "reason", "entry", "placeholders", "reload"];

/// Where an outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// In a sequence.
    Sequence,
    /// Under `on_error`.
    OnError,
}

impl Lowering<'_> {
    /// A rule: an outcome with `when`.
    pub(crate) fn rule(&mut self, node: &Node, stands: Stands) -> Option<Rule> {
        let mut keys = self.keys(
            node,
            "a rule",
            &["when", "placeholders", "error", "abort", "step", "create_entry", "update_entry", "ignore"],
        )?;
        // A condition that is no expression is still one: what follows it may happen.
        let conditional = keys.has("when");
        let when = keys.take("when").and_then(|node| self.condition(node));
        let placeholders = keys.take("placeholders");
        let found: Vec<&str> = OUTCOMES.into_iter().filter(|key| keys.has(key)).collect();
        let kind = match found.as_slice() {
            [] => {
                self.report(NO_OUTCOME, node.span, &format!("expected exactly one outcome: {}", listed(&OUTCOMES)));
                return None;
            }
            ["error", "step"] | [_] => found[0],
            [first, second, ..] => {
                let span = keys.key_span(second).unwrap_or(node.span);
                self.report(TWO_OUTCOMES, span, &format!("expected exactly one outcome, found `{first}` and `{second}`"));
                return None;
            }
        };
        let value = keys.take(kind)?;
        let outcome = match kind {
            "error" => {
                let step = keys.take("step").and_then(|node| self.step_target(node));
                let mut spec = self.error(value, stands)?;
                spec.placeholders = placeholders.map(|node| self.template(node, Sink::Shown("a placeholder")));
                spec.step = step;
                Outcome::Error(spec)
            }
            "abort" => Outcome::Abort {
                reason: self.template(value, Sink::Shown("an abort reason")),
                placeholders: placeholders.map(|node| self.template(node, Sink::Shown("a placeholder"))),
            },
            "step" => Outcome::Step(self.step_target(value)?),
            "create_entry" => Outcome::Create(Box::new(self.create(value)?)),
            "update_entry" => Outcome::Update(Box::new(self.update(value)?)),
            _ => {
                if stands == Stands::Sequence {
                    self.report(IGNORE_OUTSIDE, value.span, "`ignore` stands only under `on_error`");
                    return None;
                }
                Outcome::Ignore
            }
        };
        if !conditional && stands == Stands::Sequence {
            self.trace.push(Trace::Ends);
        }
        Some(Rule { when, outcome })
    }

    /// A step's name, as a place to go to.
    pub(crate) fn step_target(&mut self, node: &Node) -> Option<Name> {
        let NodeValue::String(name) = &node.value else {
            self.expected(node, "the name of a step");
            return None;
        };
        let name: Name = name.as_str().into();
        self.trace.push(Trace::Leads { to: name.clone(), span: node.span, block: self.block.clone() });
        Some(name)
    }

    fn error(&mut self, node: &Node, stands: Stands) -> Option<ErrorSpec> {
        let mut spec = ErrorSpec::default();
        match &node.value {
            NodeValue::String(field) if stands == Stands::OnError => {
                self.error_field(node, field);
                spec.errors.push((field.as_str().into(), None));
            }
            NodeValue::Map(entries) => {
                for (key, value) in entries {
                    let field = self.key_text(key)?;
                    self.error_field(key, &field);
                    let text = self.template(value, Sink::Shown("an error's key"));
                    self.error_key(&text, value.span);
                    spec.errors.push((field.as_str().into(), Some(text)));
                }
            }
            _ if stands == Stands::OnError => {
                self.expected(node, "`FIELD` or `base`, or a map `{FIELD: KEY}`");
                return None;
            }
            _ => {
                self.expected(node, "a map `{FIELD: KEY}`");
                return None;
            }
        }
        Some(spec)
    }

    fn create(&mut self, node: &Node) -> Option<CreateSpec> {
        let mut keys = self.keys(node, "`create_entry`", &CREATE_KEYS)?;
        let mut take = |key: &str, sink: Sink| keys.take(key).map(|node| (node, sink));
        let parts = [
            take("title", Sink::Shown("a title")),
            take("data", Sink::Private),
            take("options", Sink::Private),
            take("subentries", Sink::Private),
            take("description", Sink::Shown("a description")),
            take("placeholders", Sink::Shown("a placeholder")),
            take("next_flow", Sink::Shown("the next flow")),
            take("unique_id", Sink::Shown("a unique id")),
        ];
        let reload = keys.take("reload").and_then(|node| self.reload(node));
        let [title, data, options, subentries, description, placeholders, next_flow, unique_id] =
            parts.map(|part| part.map(|(node, sink)| self.template(node, sink)));
        Some(CreateSpec { title, data, options, subentries, description, placeholders, next_flow, unique_id, reload })
    }

    fn update(&mut self, node: &Node) -> Option<UpdateSpec> {
        let mut keys = self.keys(node, "`update_entry`", &UPDATE_KEYS)?;
        let mut take = |key: &str, sink: Sink| keys.take(key).map(|node| (node, sink));
        let parts = [
            take("data", Sink::Private),
            take("data_updates", Sink::Private),
            take("options", Sink::Private),
            take("options_updates", Sink::Private),
            take("title", Sink::Shown("a title")),
            take("unique_id", Sink::Shown("a unique id")),
            take("reason", Sink::Shown("an abort reason")),
            take("entry", Sink::Shown("an entry id")),
            take("placeholders", Sink::Shown("a placeholder")),
        ];
        let reload = keys.take("reload").and_then(|node| self.reload(node));
        let [data, data_updates, options, options_updates, title, unique_id, reason, entry, placeholders] =
            parts.map(|part| part.map(|(node, sink)| self.template(node, sink)));
        Some(UpdateSpec { data, data_updates, options, options_updates, title, unique_id, reason, entry, placeholders, reload })
    }

    fn reload(&mut self, node: &Node) -> Option<Reload> {
        match node.as_str() {
            Some("always") => Some(Reload::Always),
            Some("if_changed") => Some(Reload::IfChanged),
            Some("never") => Some(Reload::Never),
            _ => {
                self.expected(node, "`always`, `if_changed` or `never`");
                None
            }
        }
    }

    /// `on_error:` — rules by failure code. `codes` are those that the action can fail with; none where they are unknown.
    pub(crate) fn handlers(&mut self, node: &Node, codes: Option<&[&str]>) -> Handlers {
        let mut handlers = Handlers::default();
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a map of failure codes to outcomes");
            return handlers;
        };
        for (key, value) in entries {
            let Some(code) = self.key_text(key) else { continue };
            if let Some(codes) = codes {
                self.known_failure(key, &code, codes);
            }
            let rules = match &value.value {
                NodeValue::List(rules) => rules.iter().filter_map(|rule| self.rule(rule, Stands::OnError)).collect(),
                _ => self.rule(value, Stands::OnError).into_iter().collect(),
            };
            handlers.by_code.insert(code, rules);
        }
        handlers
    }

    /// Remembers a literal key of an error, for the check of texts.
    fn error_key(&mut self, text: &Template, span: crate::node::Span) {
        if let Some(Value::String(key)) = text.as_literal() {
            self.error_keys.push((key.clone(), span));
        }
    }
}

/// Names for a message: `a`, `b` or `c`.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [all @ .., last] => {
            let all: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", all.join(", "))
        }
    }
}
