//! Sequences: what a step does before it shows something, and after it was answered.

use configflow_core::Name;
use configflow_core::definition::{EachSpec, Op, Outcome, Rule};
use configflow_core::expr::Template;

use super::Lowering;
use super::keys::EXPECTED;
use super::outcome::{OUTCOMES, Stands, listed};
use super::trace::{BlockUse, Sink, Trace};
use super::wanted::Wanted;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const EMPTY_ITEM: Code =
    Code::new("sequence.item", "an item of a sequence is none of action, `set`, `use` or outcome");
pub(crate) const UNKNOWN_BLOCK: Code = Code::new("block.unknown", "a block is used that does not exist");
pub(crate) const BLOCK_CIRCLE: Code = Code::new("block.circle", "a block uses itself");
pub(crate) const RULES_ONLY: Code = Code::new("sequence.rules_only", "`check` and `then` hold outcomes only");

/// Keys that say nothing of what an item is.
pub(super) const ITEM_KEYS: [&str; 5] = ["when", "placeholders", "as", "on_error", "each"];

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
    pub(super) fn guarded(&mut self, when: Option<&Node>, ops: &mut Vec<Op>, lower: impl FnOnce(&mut Self, &mut Vec<Op>)) {
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
}
