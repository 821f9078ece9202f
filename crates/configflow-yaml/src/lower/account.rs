//! `account:` — what `link.*` links.

use configflow_core::definition::{AccountSpec, ScopeSpec};
use configflow_core::expr::Template;

use super::Lowering;
use super::trace::Sink;
use crate::node::{Node, NodeValue};

impl Lowering<'_> {
    pub(crate) fn account(&mut self, node: &Node) -> Option<AccountSpec> {
        let known = ["provider", "parameters", "client_id", "client_secret", "key", "scopes", "credentials"];
        let mut keys = self.keys(node, "`account`", &known)?;
        let provider = keys.require(self, "provider", "the provider's name in the catalogue")?;
        let provider = self.template(provider, Sink::Private);
        let mut part =
            |this: &mut Self, name: &str| -> Option<Template> { keys.take(name).map(|node| this.template(node, Sink::Private)) };
        let [parameters, client_id, client_secret, key, credentials] =
            ["parameters", "client_id", "client_secret", "key", "credentials"].map(|name| part(self, name));
        let scopes = keys.take("scopes").map(|node| self.scopes(node)).unwrap_or_default();
        Some(AccountSpec { provider, parameters, client_id, client_secret, key, scopes, credentials })
    }

    fn scopes(&mut self, node: &Node) -> Vec<ScopeSpec> {
        let NodeValue::List(items) = &node.value else {
            self.expected(node, "a list of scopes");
            return Vec::new();
        };
        let mut scopes = Vec::with_capacity(items.len());
        for item in items {
            if !matches!(item.value, NodeValue::Map(_)) {
                scopes.push(ScopeSpec { when: None, scope: self.template(item, Sink::Shown("a scope")) });
                continue;
            }
            let Some(mut keys) = self.keys(item, "a scope", &["when", "scope"]) else { continue };
            let when = keys.take("when").and_then(|node| self.condition(node));
            if let Some(scope) = keys.require(self, "scope", "its short name") {
                scopes.push(ScopeSpec { when, scope: self.template(scope, Sink::Shown("a scope")) });
            }
        }
        scopes
    }
}
