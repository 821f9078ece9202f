//! Calls of actions: their parameters, failures and results against the action's signature.

use std::sync::Arc;

use configflow_core::Name;
use configflow_core::definition::{Call, Handlers, Op};
use configflow_core::expr::Template;
use configflow_core::signature::{Repeat, Shape, Signature};

use super::Lowering;
use super::outcome::listed;
use super::sequence::ITEM_KEYS;
use super::trace::{Sink, Trace};
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue, Span};

pub(crate) const UNKNOWN_ACTION: Code = Code::new("action.unknown", "an action is neither built in nor declared");
pub(crate) const UNKNOWN_PARAMETER: Code = Code::new("action.unknown_parameter", "an action has no such parameter");
pub(crate) const MISSING_PARAMETER: Code = Code::new("action.missing_parameter", "an action needs a parameter that is not given");
pub(crate) const PARAMETER_TYPE: Code = Code::new("action.parameter_type", "a parameter has another type than its action takes");
pub(crate) const UNKNOWN_FAILURE: Code = Code::new("action.unknown_failure", "an action cannot fail with this code");
pub(crate) const UNHANDLED: Code = Code::new("action.unhandled", "a failure of an action leads nowhere");
pub(crate) const NO_ACCOUNT: Code = Code::new("action.no_account", "an action of `link` needs `account:`");

impl Lowering<'_> {
    pub(super) fn call(&mut self, node: &Node, action: &str, ops: &mut Vec<Op>) {
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
        // Of a step with `link` it was said already.
        let is_said = self.in_library && !self.links.is_empty();
        if signature.account && !self.has_account && !is_said {
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
