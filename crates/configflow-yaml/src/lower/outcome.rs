//! Outcomes: where a rule leads.

use configflow_core::definition::{CreateSpec, ErrorSpec, Handlers, Outcome, Reload, Rule, UpdateSpec};
use configflow_core::expr::Template;
use configflow_core::{Name, Value};

use super::keys::EXPECTED;
use super::trace::{Sink, Trace};
use super::wanted::Wanted;
use super::{DialogKind, Lowering};
use crate::diagnostic::Code;
use crate::node::{Node, NodeValue, Span};

pub(crate) const NO_OUTCOME: Code = Code::new("outcome.missing", "a rule has no outcome");
pub(crate) const TWO_OUTCOMES: Code = Code::new("outcome.two", "a rule has more than one outcome");
pub(crate) const IGNORE_OUTSIDE: Code = Code::new("outcome.ignore", "`ignore` stands elsewhere than in `on_error`");

pub(crate) const NO_LAST: Code = Code::new("outcome.no_last", "all outcomes of a failure have a condition");

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
        let keys = self.keys(
            node,
            "a rule",
            &["when", "placeholders", "error", "abort", "step", "create_entry", "update_entry", "ignore"],
        );
        let Some(mut keys) = keys else {
            self.lost_way();
            return None;
        };
        // A condition that is no expression is still one: what follows it may happen.
        let conditional = keys.has("when");
        let when = keys.take("when").and_then(|node| self.condition(node));
        let placeholders = keys.take("placeholders");
        if keys.has_unknown() {
            self.lost_way();
        }
        let found: Vec<&str> = OUTCOMES.into_iter().filter(|key| keys.has(key)).collect();
        let later = found.iter().filter_map(|key| keys.key_span(key)).max_by_key(|span| span.start);
        let kind = match found.as_slice() {
            [] if keys.has_unknown() => return None,
            [] => {
                self.report(NO_OUTCOME, node.span, &format!("expected exactly one outcome: {}", listed(&OUTCOMES)));
                self.lost_way();
                return None;
            }
            ["error", "step"] | [_] => found[0],
            [first, second, ..] => {
                let span = later.unwrap_or(node.span);
                self.report(TWO_OUTCOMES, span, &format!("expected exactly one outcome, found `{first}` and `{second}`"));
                // Where it may have been meant to lead, it leads.
                if let Some(step) = keys.take("step") {
                    self.step_target(step);
                }
                self.ends(conditional, stands);
                return None;
            }
        };
        let value = keys.take(kind)?;
        self.ends(conditional, stands);
        let outcome = match kind {
            "error" => {
                let step = keys.take("step").and_then(|node| self.error_step(node));
                let mut spec = self.error(value, stands)?;
                spec.placeholders = placeholders.map(|node| self.wanted(node, Sink::Shown("a placeholder"), Wanted::Map));
                spec.step = step;
                Outcome::Error(spec)
            }
            "abort" => Outcome::Abort {
                reason: self.wanted(value, Sink::Shown("an abort reason"), Wanted::Name),
                placeholders: placeholders.map(|node| self.wanted(node, Sink::Shown("a placeholder"), Wanted::Map)),
            },
            "step" => Outcome::Step(self.step_target(value)?),
            "create_entry" => Outcome::Create(Box::new(self.create(value)?)),
            "update_entry" => Outcome::Update(Box::new(self.update(value, keys.key_span(kind).unwrap_or(node.span))?)),
            _ => {
                if stands == Stands::Sequence {
                    self.report(IGNORE_OUTSIDE, value.span, "`ignore` stands only under `on_error`");
                    return None;
                }
                Outcome::Ignore
            }
        };
        Some(Rule { when, outcome })
    }

    /// An outcome without a condition ends the sequence.
    fn ends(&mut self, conditional: bool, stands: Stands) {
        if !conditional && stands == Stands::Sequence {
            self.trace.push(Trace::Ends);
        }
    }

    /// The step whose form shows an error.
    fn error_step(&mut self, node: &Node) -> Option<Name> {
        let step = self.step_target(node)?;
        self.trace.push(Trace::ShowsAt { step: step.clone(), span: node.span });
        Some(step)
    }

    /// A step's name, as a place to go to.
    pub(crate) fn step_target(&mut self, node: &Node) -> Option<Name> {
        let NodeValue::String(name) = &node.value else {
            if !(self.in_library && node.value == NodeValue::Null) {
                self.expected(node, "the name of a step");
            }
            self.lost_way();
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
                    let text = self.wanted(value, Sink::Shown("an error's key"), Wanted::Name);
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
        if self.dialog_kind != DialogKind::Options {
            keys.require(self, "title", "what the entry is called");
        }
        let mut take = |key: &str, sink: Sink, kind: Wanted| keys.take(key).map(|node| (node, sink, kind));
        let parts = [
            take("title", Sink::Shown("a title"), Wanted::Text),
            take("data", Sink::Private, Wanted::Map),
            take("options", Sink::Private, Wanted::Map),
            take("subentries", Sink::Private, Wanted::List),
            take("description", Sink::Shown("a description"), Wanted::Text),
            take("placeholders", Sink::Shown("a placeholder"), Wanted::Map),
            take("next_flow", Sink::Shown("the next flow"), Wanted::Any),
            take("unique_id", Sink::Shown("a unique id"), Wanted::Text),
        ];
        let reload = keys.take("reload").and_then(|node| self.reload(node));
        let [title, data, options, subentries, description, placeholders, next_flow, unique_id] =
            parts.map(|part| part.map(|(node, sink, wanted)| self.wanted(node, sink, wanted)));
        Some(CreateSpec { title, data, options, subentries, description, placeholders, next_flow, unique_id, reload })
    }

    fn update(&mut self, node: &Node, span: Span) -> Option<UpdateSpec> {
        let mut keys = self.keys(node, "`update_entry`", &UPDATE_KEYS)?;
        if !keys.has("entry") {
            self.trace.push(Trace::Updates { span });
        }
        let mut take = |key: &str, sink: Sink, kind: Wanted| keys.take(key).map(|node| (node, sink, kind));
        let parts = [
            take("data", Sink::Private, Wanted::Map),
            take("data_updates", Sink::Private, Wanted::Map),
            take("options", Sink::Private, Wanted::Map),
            take("options_updates", Sink::Private, Wanted::Map),
            take("title", Sink::Shown("a title"), Wanted::Text),
            take("unique_id", Sink::Shown("a unique id"), Wanted::Text),
            take("reason", Sink::Shown("an abort reason"), Wanted::Name),
            take("entry", Sink::Shown("an entry id"), Wanted::Text),
            take("placeholders", Sink::Shown("a placeholder"), Wanted::Map),
        ];
        let reload = keys.take("reload").and_then(|node| self.reload(node));
        let [data, data_updates, options, options_updates, title, unique_id, reason, entry, placeholders] =
            parts.map(|part| part.map(|(node, sink, wanted)| self.wanted(node, sink, wanted)));
        Some(UpdateSpec { data, data_updates, options, options_updates, title, unique_id, reason, entry, placeholders, reload })
    }

    pub(super) fn reload(&mut self, node: &Node) -> Option<Reload> {
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
        if entries.is_empty() {
            self.report(EXPECTED, node.span, "expected at least one failure code with its outcome, found an empty map");
        }
        for (key, value) in entries {
            let Some(code) = self.key_text(key) else { continue };
            let meant = match codes {
                Some(codes) => self.known_failure(key, &code, codes),
                None => None,
            };
            let rules = match &value.value {
                NodeValue::List(rules) => self.handling(value, rules),
                _ => self.rule(value, Stands::OnError).into_iter().collect(),
            };
            let code = meant.unwrap_or(code);
            handlers.by_code.insert(code, rules);
        }
        handlers
    }

    /// The outcomes of one failure, the last of which has no `when`.
    fn handling(&mut self, node: &Node, rules: &[Node]) -> Vec<Rule> {
        match rules.last() {
            None => _ = self.report(EXPECTED, node.span, "expected an outcome, or a list of them, found an empty list"),
            Some(last) if last.get("when").is_some() => {
                self.report(NO_LAST, last.span, "if none of these conditions holds, the failure leads nowhere")
                    .hint("let the last outcome have no `when`");
            }
            Some(_) => {}
        }
        rules.iter().filter_map(|rule| self.rule(rule, Stands::OnError)).collect()
    }

    /// Remembers a literal key of an error, for the check of texts.
    fn error_key(&mut self, text: &Template, span: Span) {
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
