//! Sequences: what a step does before it shows something, and after it was answered.

use std::sync::Arc;

use configflow_core::Name;
use configflow_core::definition::{Call, EachSpec, Handlers, Op, Outcome, Rule};
use configflow_core::expr::Template;
use configflow_core::signature::{Repeat, Shape, Signature};

use super::Lowering;
use super::keys::EXPECTED;
use super::outcome::{OUTCOMES, Stands, listed};
use super::trace::{BlockUse, Sink, Trace};
use super::wanted::Wanted;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue, Span};

pub(crate) const EMPTY_ITEM: Code =
    Code::new("sequence.item", "an item of a sequence is none of action, `set`, `use` or outcome");
pub(crate) const UNKNOWN_ACTION: Code = Code::new("action.unknown", "an action is neither built in nor declared");
pub(crate) const UNKNOWN_PARAMETER: Code = Code::new("action.unknown_parameter", "an action has no such parameter");
pub(crate) const MISSING_PARAMETER: Code = Code::new("action.missing_parameter", "an action needs a parameter that is not given");
pub(crate) const PARAMETER_TYPE: Code = Code::new("action.parameter_type", "a parameter has another type than its action takes");
pub(crate) const UNKNOWN_FAILURE: Code = Code::new("action.unknown_failure", "an action cannot fail with this code");
pub(crate) const UNHANDLED: Code = Code::new("action.unhandled", "a failure of an action leads nowhere");
pub(crate) const NO_ACCOUNT: Code = Code::new("action.no_account", "an action of `link` needs `account:`");
pub(crate) const UNKNOWN_BLOCK: Code = Code::new("block.unknown", "a block is used that does not exist");
pub(crate) const BLOCK_CIRCLE: Code = Code::new("block.circle", "a block uses itself");
pub(crate) const RULES_ONLY: Code = Code::new("sequence.rules_only", "`check` and `then` hold outcomes only");

/// Keys that say nothing of what an item is.
const ITEM_KEYS: [&str; 5] = ["when", "placeholders", "as", "on_error", "each"];

/// Which part of a step a sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Before,
    Check,
    Do,
    Then,
}

impl Lowering<'_> {
    /// A sequence: a list of items, or one item.
    pub(crate) fn sequence(&mut self, node: &Node, part: Part) -> Vec<Op> {
        let mut ops = Vec::new();
        match &node.value {
            NodeValue::List(items) => {
                for item in items {
                    self.item(item, part, &mut ops);
                }
            }
            NodeValue::Map(_) => self.item(node, part, &mut ops),
            NodeValue::String(_) if part == Part::Then => {
                if let Some(to) = self.step_target(node) {
                    ops.push(Op::Decide(Rule::always(Outcome::Step(to))));
                }
                self.trace.push(Trace::Ends);
            }
            NodeValue::Null if self.in_library => self.lost_way(),
            _ => {
                let what = match part {
                    Part::Then => "the name of a step, or outcomes",
                    Part::Check => "a list of outcomes",
                    Part::Before | Part::Do => "a list of actions, `set`, `use` and outcomes",
                };
                self.expected(node, what);
                self.lost_way();
            }
        }
        ops
    }

    fn item(&mut self, node: &Node, part: Part, ops: &mut Vec<Op>) {
        if !self.may_lower(node.span) {
            return;
        }
        self.trace.push(Trace::Item { span: node.span, block: self.block.clone() });
        let NodeValue::Map(entries) = &node.value else {
            let bare = node.as_str().filter(|name| self.blocks.contains_key(*name)).map(|name| format!("write `use: {name}`"));
            let found = node.kind_name();
            self.report(EXPECTED, node.span, &format!("expected an action, `set`, `use` or an outcome, found {found}"))
                .maybe_hint(bare);
            self.lost_way();
            return;
        };
        let keys: Vec<&str> = entries.iter().filter_map(|(key, _)| key.as_str()).collect();
        if let Some(action) = keys.iter().find(|key| key.contains('.')) {
            let action = (*action).to_owned();
            if self.outcomes_only(node, part) {
                self.call(node, &action, ops);
            }
        } else if keys.contains(&"set") {
            if self.outcomes_only(node, part) {
                self.set(node, ops);
            }
        } else if keys.contains(&"use") {
            self.use_block(node, part, ops);
        } else if keys.iter().any(|key| OUTCOMES.contains(key)) {
            if let Some(rule) = self.rule(node, Stands::Sequence) {
                ops.push(Op::Decide(rule));
            }
        } else if !self.unquoted_braces(node) {
            self.unknown_item(node, part, ops);
        }
    }

    /// An item of which no key says what it is: a slip of the finger is read as what was meant.
    fn unknown_item(&mut self, node: &Node, part: Part, ops: &mut Vec<Op>) {
        let actions: Vec<String> = self.signatures.names().map(str::to_owned).collect();
        // What its value is, tells `set` from `step`.
        let fits = |name: &str, value: &Node| match value.value {
            NodeValue::Map(_) => !matches!(name, "step" | "abort" | "use" | "ignore"),
            NodeValue::String(_) => matches!(name, "step" | "abort" | "use" | "set" | "error"),
            _ => true,
        };
        let known = |value: &Node| -> Vec<&str> {
            let words = OUTCOMES.into_iter().chain(["set", "use"]).filter(|name| fits(name, value));
            words.chain(actions.iter().map(String::as_str)).collect()
        };
        if let Some(mended) = self.slip(node, "an item of a sequence", known) {
            return self.item(&mended, part, ops);
        }
        let expected = format!("expected an action (`namespace.name`), `set`, `use`, or one of {}", listed(&OUTCOMES));
        let strange = node.entries().iter().find(|(key, _)| !key.as_str().is_some_and(|key| ITEM_KEYS.contains(&key)));
        let span = strange.map_or(node.span, |(key, _)| key.span);
        self.report(EMPTY_ITEM, span, &expected);
        self.lost_way();
    }

    fn outcomes_only(&mut self, node: &Node, part: Part) -> bool {
        let name = match part {
            Part::Check => "check",
            Part::Then => "then",
            Part::Before | Part::Do => return true,
        };
        self.report(
            RULES_ONLY,
            node.span,
            &format!("`{name}` holds outcomes only; actions and `set` stand under `before` or `do`"),
        );
        false
    }

    /// Wraps what an item does in its `when`.
    fn guarded(&mut self, when: Option<&Node>, ops: &mut Vec<Op>, lower: impl FnOnce(&mut Self, &mut Vec<Op>)) {
        let condition = when.and_then(|node| self.condition(node));
        let Some(when) = condition else { return lower(self, ops) };
        let guard = ops.len();
        ops.push(Op::Unless { when, skip_to: usize::MAX });
        self.trace.push(Trace::Guarded);
        lower(self, ops);
        self.trace.push(Trace::Rejoined);
        let end = ops.len();
        if let Some(Op::Unless { skip_to, .. }) = ops.get_mut(guard) {
            *skip_to = end;
        }
    }

    fn set(&mut self, node: &Node, ops: &mut Vec<Op>) {
        let Some(mut keys) = self.keys(node, "`set`", &["set", "when"]) else { return };
        let when = keys.take("when");
        let Some(value) = keys.take("set") else { return };
        self.guarded(when, ops, |this, ops| {
            let template = match &value.value {
                NodeValue::Map(entries) => {
                    let mut values = Vec::with_capacity(entries.len());
                    for (key, value) in entries {
                        let Some(name) = this.key_text(key) else { continue };
                        let name = this.settable(key, &name);
                        this.fits_named(value, &name, "what is set");
                        values.push((name.clone(), this.template(value, Sink::Name(name.clone()))));
                        this.trace.push(Trace::Binds { name: name.as_str().into() });
                    }
                    Template::map(values)
                }
                _ => {
                    // A map of values: which of them are fields, only the flow knows.
                    let template = this.wanted(value, Sink::Private, Wanted::Map);
                    for name in this.field_names() {
                        this.trace.push(Trace::Binds { name });
                    }
                    template
                }
            };
            ops.push(Op::Set(template));
        });
    }

    fn use_block(&mut self, node: &Node, part: Part, ops: &mut Vec<Op>) {
        let Some(mut keys) = self.keys(node, "`use`", &["use", "when"]) else { return };
        let when = keys.take("when");
        let Some(target) = keys.take("use") else { return };
        let Some(name) = target.as_str().map(str::to_owned) else {
            self.expected(target, "the name of a block");
            self.lost_way();
            self.lost.blocks = true;
            return;
        };
        let Some(block) = self.blocks.get(&name).copied() else {
            let meant = suggest(&name, self.blocks.keys().map(String::as_str)).map(str::to_owned);
            if meant.is_none() && self.lost.blocks {
                self.lost_way();
                return;
            }
            let hint = meant.as_ref().map(|name| format!("did you mean `{name}`?"));
            let place = meant.as_ref().and_then(|name| self.place_of(name, ""));
            self.report(UNKNOWN_BLOCK, target.span, &format!("there is no block `{name}` under `blocks:`"))
                .maybe_hint(hint)
                .maybe_meant(&name, place);
            // A slip of the finger uses what was meant.
            return match meant {
                Some(meant) if !self.open_blocks.contains(&meant) => {
                    let mut mended = node.clone();
                    if let NodeValue::Map(entries) = &mut mended.value {
                        let target = entries.iter_mut().find(|(key, _)| key.as_str() == Some("use"));
                        if let Some((_, value)) = target {
                            value.value = NodeValue::String(meant);
                        }
                    }
                    let used = self.places.clone();
                    self.use_block(&mended, part, ops);
                    self.places = used;
                }
                _ => {
                    self.lost.blocks = true;
                    self.lost_way();
                }
            };
        };
        self.uses(&name, "");
        self.used_blocks.insert(name.clone());
        if self.open_blocks.contains(&name) {
            self.report(BLOCK_CIRCLE, target.span, &format!("block `{name}` uses itself"));
            self.lost_way();
            return;
        }
        if !self.may_open_block(target.span) {
            return;
        }
        self.open_blocks.push(name.clone());
        let outer = self.block.replace(BlockUse { name, used_at: target.span });
        self.guarded(when, ops, |this, ops| {
            let base = ops.len();
            for op in this.sequence(block, part) {
                ops.push(match op {
                    Op::Unless { when, skip_to } => Op::Unless { when, skip_to: base + skip_to },
                    other => other,
                });
            }
        });
        self.block = outer;
        self.open_blocks.pop();
    }

    fn call(&mut self, node: &Node, action: &str, ops: &mut Vec<Op>) {
        let Some(mut keys) = self.keys(node, "an action", &[action, "as", "on_error", "when", "each"]) else { return };
        let when = keys.take("when");
        let Some(parameters) = keys.take(action) else { return };
        let action_span = keys.key_span(action).unwrap_or(node.span);
        let (binds, on_error, each) = (keys.take("as"), keys.take("on_error"), keys.take("each"));
        // What stands under the action and should stand beside it is read as if it did.
        let beside = |name: &str| parameters.get(name).filter(|_| ITEM_KEYS.contains(&name));
        let binds = binds.or_else(|| beside("as"));
        let on_error = on_error.or_else(|| beside("on_error"));
        let signature = match self.signatures.get(action) {
            Some(signature) => signature,
            None => self.unknown_action(action, action_span),
        };
        let known = self.signatures.get(action).is_some();
        self.uses(action, "");
        if signature.account && !self.has_account {
            let message = if self.in_library {
                "what is included needs `account:` in the file".to_owned()
            } else {
                format!("`{action}` needs `account:` in the file")
            };
            self.report(NO_ACCOUNT, action_span, &message);
        }
        if known {
            self.used_actions.insert(action.to_owned(), Arc::clone(&signature));
        }
        self.guarded(when, ops, |this, ops| {
            let each = each.and_then(|node| this.each(node));
            if let Some(each) = &each {
                this.locals.push(each.name.to_string());
            }
            this.note_extract(parameters, &signature);
            let node = parameters;
            let parameters =
                if known { this.parameters(parameters, &signature) } else { this.template(parameters, Sink::Private) };
            this.built_in(&signature, node);
            if each.is_some() {
                this.locals.pop();
            }
            if action == "flow.describe" {
                ops.push(Op::Describe(parameters));
                return;
            }
            let codes: Vec<&str> = signature.fails.iter().map(|failure| failure.code.as_str()).collect();
            let found = this.unknown_codes;
            let on_error = on_error.map(|node| this.handlers(node, known.then_some(codes.as_slice()))).unwrap_or_default();
            // A code that nobody knows may be the one that is missing.
            if found == this.unknown_codes {
                this.all_handled(&signature, &on_error, action_span);
            }
            let binds = binds.and_then(|node| this.bound(node, &signature));
            if let Some(name) = &binds {
                this.trace.push(Trace::Binds { name: name.clone() });
                // Under `each` it is the list of all results.
                if let Some(result) = this.results.get_mut(&**name).filter(|_| each.is_some()) {
                    result.is_list = true;
                }
            }
            ops.push(Op::Call(Arc::new(Call {
                action: action.into(),
                signature: Arc::clone(&signature),
                parameters,
                binds,
                each,
                on_error,
                block: this.block.as_ref().map(|block| block.name.as_str().into()),
            })));
        });
    }

    /// Reports an action that does not exist. Nothing is known of its result, so nothing is said about that.
    fn unknown_action(&mut self, action: &str, span: Span) -> Arc<Signature> {
        let known: Vec<String> = self.signatures.names().map(str::to_owned).collect();
        let similar = suggest(action, known.iter().map(String::as_str)).map(str::to_owned);
        if similar.is_some() || !self.lost.actions {
            let hint = similar.as_ref().map(|name| format!("did you mean `{name}`?"));
            let place = similar.as_ref().and_then(|name| self.place_of(name, ""));
            self.report(UNKNOWN_ACTION, span, &format!("there is no action `{action}`"))
                .maybe_meant(action, place)
                .maybe_hint(hint.or_else(|| Some("declare an embedder's own action under `actions:`".to_owned())));
        }
        match similar {
            Some(meant) => _ = self.called_actions.insert(meant),
            None => self.lost.actions_called = true,
        }
        Arc::new(Signature {
            name: action.to_owned(),
            summary: String::new(),
            takes: Vec::new(),
            gives: Shape::Open,
            fails: Vec::new(),
            repeat: Repeat::Repeatable,
            account: false,
        })
    }

    /// `each: {in: LIST, as: NAME}`.
    pub(crate) fn each(&mut self, node: &Node) -> Option<EachSpec> {
        let mut keys = self.keys(node, "`each`", &["in", "as"])?;
        let items = keys.require(self, "in", "the list to go through")?;
        let name = keys.require(self, "as", "the name of each item")?;
        let Some(name) = name.as_str().map(Name::from) else {
            self.expected(name, "a name");
            return None;
        };
        Some(EachSpec { items: self.wanted(items, Sink::Private, Wanted::List), name })
    }

    /// The name that a result gets.
    fn bound(&mut self, node: &Node, signature: &Signature) -> Option<Name> {
        let Some(name) = node.as_str() else {
            self.expected(node, "a name for the result");
            self.lost.names = true;
            return None;
        };
        let name = name.to_owned();
        self.result_name(node, &name, signature);
        Some(name.as_str().into())
    }

    fn parameters(&mut self, node: &Node, signature: &Signature) -> Template {
        let empty = Vec::new();
        let entries = match &node.value {
            NodeValue::Map(entries) => entries,
            NodeValue::Null => &empty,
            _ => {
                self.expected(node, "a map of parameters");
                return Template::Literal(serde_json::Value::Null);
            }
        };
        let mut values = Vec::with_capacity(entries.len());
        let (mut meant, mut lost) = (Vec::new(), false);
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            let Some(parameter) = signature.parameter(&name) else {
                if ITEM_KEYS.contains(&name.as_str()) {
                    self.report(UNKNOWN_PARAMETER, key.span, &format!("`{}` has no parameter `{name}`", signature.name))
                        .hint(&format!("`{name}` stands beside the action, not under it"));
                    continue;
                }
                let similar = suggest(&name, signature.takes.iter().map(|parameter| parameter.name.as_str()));
                // A parameter that nobody knows may be any that is missing.
                lost |= similar.is_none();
                meant.extend(similar.map(str::to_owned));
                let hint = similar.map(|name| format!("did you mean `{name}`?"));
                let place = similar.and_then(|meant| self.place_of(&signature.name, meant));
                self.report(UNKNOWN_PARAMETER, key.span, &format!("`{}` has no parameter `{name}`", signature.name))
                    .maybe_hint(hint)
                    .maybe_meant(&name, place);
                self.template(value, Sink::Private);
                continue;
            };
            self.uses(&signature.name, &name);
            let sink = match (signature.name.as_str(), name.as_str()) {
                ("entry.unique", "id" | "match" | "configured" | "other") => Sink::Shown("a unique id"),
                ("flow.describe", _) => Sink::Shown("the card of a flow"),
                _ => Sink::Private,
            };
            let template = match (signature.name.as_str(), name.as_str()) {
                ("entry.unique", "configured" | "other") => self.consequence(&name, value, sink),
                _ => self.template(value, sink),
            };
            self.parameter_type(&template, parameter, value);
            values.push((name, template));
        }
        for parameter in signature.takes.iter().filter(|parameter| parameter.required) {
            let given = values.iter().map(|(name, _)| name).chain(&meant).any(|name| *name == parameter.name);
            if !given && !lost {
                self.report(MISSING_PARAMETER, node.span, &format!("`{}` needs `{}`", signature.name, parameter.name));
            }
        }
        Template::map(values)
    }

    fn parameter_type(&mut self, template: &Template, parameter: &configflow_core::signature::Parameter, node: &Node) {
        use configflow_core::signature::ValueKind;
        let Some(value) = template.as_literal() else { return };
        let (fits, wanted) = match &parameter.kind {
            ValueKind::Any => (true, String::new()),
            ValueKind::String | ValueKind::Secret => (value.is_string() || value.is_number(), "a text".to_owned()),
            ValueKind::Integer => (value.is_i64() || value.is_u64(), "a whole number".to_owned()),
            ValueKind::Number => (value.is_number(), "a number".to_owned()),
            ValueKind::Boolean => (value.is_boolean(), "`true` or `false`".to_owned()),
            ValueKind::List => (value.is_array(), "a list".to_owned()),
            ValueKind::Map => (value.is_object(), "a map".to_owned()),
            ValueKind::OneOf(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                (value.as_str().is_some_and(|value| names.contains(&value)), listed(&names))
            }
        };
        if !fits && !value.is_null() {
            self.report(PARAMETER_TYPE, node.span, &format!("`{}` takes {wanted}", parameter.name));
        }
    }

    /// A failure code under `on_error`. Gives the one that was meant where there is none of this name.
    pub(crate) fn known_failure(&mut self, key: &Node, code: &str, codes: &[&str]) -> Option<String> {
        if matches!(code, "any" | "interrupted" | "timeout") || codes.contains(&code) {
            return None;
        }
        let meant = suggest(code, codes.iter().copied().chain(["any"])).map(str::to_owned);
        let hint = meant.as_ref().map(|name| format!("did you mean `{name}`?"));
        let message = match codes {
            [] => format!("the action cannot fail with `{code}`: it has no failures"),
            codes => format!("the action cannot fail with `{code}`, only with {}", listed(codes)),
        };
        self.report(UNKNOWN_FAILURE, key.span, &message).maybe_hint(hint);
        if meant.is_none() {
            self.unknown_codes += 1;
        }
        meant
    }

    /// Every failure must lead somewhere.
    fn all_handled(&mut self, signature: &Signature, on_error: &Handlers, span: Span) {
        let open: Vec<&str> = signature
            .fails
            .iter()
            .map(|failure| failure.code.as_str())
            .filter(|code| ![on_error, &self.on_error].iter().any(|handlers| handlers.names(code)))
            .collect();
        if !open.is_empty() {
            self.report(UNHANDLED, span, &format!("`{}` can fail with {}, which nothing handles", signature.name, listed(&open)))
                .hint("add the code, or `any`, under `on_error`");
        }
        if signature.repeat == Repeat::Once {
            self.has_once = true;
        }
    }
}

/// Whether results of this shape have a field.
pub(crate) fn shape_has(shape: &Shape, field: &str, keys: &[String]) -> bool {
    match shape {
        Shape::Fields(fields) => fields.iter().any(|(name, _)| name == field),
        Shape::KeysOf(_) => keys.iter().any(|key| key == field),
        Shape::List => false,
        Shape::Open => true,
    }
}
