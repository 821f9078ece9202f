//! `account:` — what `link.*` links.

use configflow_core::definition::{AccountSpec, ScopeSpec};
use configflow_core::expr::Template;

use super::Lowering;
use super::outcome::listed;
use super::trace::Sink;
use super::wanted::Wanted;
use crate::KnownProvider;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const UNKNOWN_PROVIDER: Code =
    Code::new("account.unknown_provider", "an account names a provider that the catalogue does not have");
pub(crate) const PARAMETER: Code =
    Code::new("account.parameter", "a provider has no such parameter, or not with such a value, or needs one");

impl Lowering<'_> {
    pub(crate) fn account(&mut self, node: &Node) -> Option<AccountSpec> {
        let known = [
            "provider",
            "parameters",
            "client_id",
            "client_secret",
            "client_secret_expires",
            "key",
            "scopes",
            "credentials",
            "identity",
            "other",
        ];
        let mut keys = self.keys(node, "`account`", &known)?;
        let provider = keys.require(self, "provider", "the provider's name in the catalogue")?;
        self.provider(provider, keys.peek("parameters"));
        let provider = self.wanted(provider, Sink::Private, Wanted::Name);
        if let Some(at) = keys.peek("client_secret_expires")
            && at.as_str().is_some_and(|text| !text.contains("{{") && !begins_with_a_day(text))
        {
            self.expected(at, "a day such as `2027-11-25`, or an expression that gives one");
        }
        let mut part =
            |this: &mut Self, name: &str| -> Option<Template> { keys.take(name).map(|node| this.template(node, Sink::Private)) };
        let [parameters, client_id, client_secret, key, credentials] =
            ["parameters", "client_id", "client_secret", "key", "credentials"].map(|name| part(self, name));
        let client_secret_expires = part(self, "client_secret_expires");
        let scopes = keys.take("scopes").map(|node| self.scopes(node)).unwrap_or_default();
        let identity = keys.take("identity").map(|node| self.identity(node));
        let other = keys.take("other").map(|node| self.other(node));
        Some(AccountSpec {
            provider,
            parameters,
            client_id,
            client_secret,
            key,
            scopes,
            credentials,
            identity,
            other,
            client_secret_expires,
        })
    }

    /// `identity: {url, field}`: the request that says whose account it is.
    fn identity(&mut self, node: &Node) -> Template {
        if let Some(mut keys) = self.keys(node, "`identity`", &["url", "field", "username", "display_name"]) {
            for (name, about) in [("url", "the address of the profile"), ("field", "the field that tells accounts apart")] {
                keys.require(self, name, about);
            }
        }
        self.template(node, Sink::Private)
    }

    /// `other: {abort, placeholders}`: how a flow ends where the person logged in with another account.
    fn other(&mut self, node: &Node) -> Template {
        if let Some(mut keys) = self.keys(node, "`other`", &["abort", "placeholders"]) {
            keys.require(self, "abort", "the reason with which the flow ends");
        }
        self.template(node, Sink::Shown("how a flow ends"))
    }

    /// The provider and its parameters, as far as they are written out.
    fn provider(&mut self, node: &Node, parameters: Option<&Node>) {
        let Some(all) = self.providers.clone() else { return };
        let Some(name) = node.as_str().filter(|name| !name.contains("{{")) else { return };
        let names: Vec<&str> = all.iter().map(|provider| provider.name.as_str()).collect();
        let Some(provider) = all.iter().find(|provider| provider.name == name) else {
            let message = format!("the catalogue has no provider `{name}`; it has {}", listed(&names));
            match suggest(name, names.iter().copied()) {
                Some(meant) => {
                    self.report(UNKNOWN_PROVIDER, node.span, &message).hint(&format!("did you mean `{meant}`?"));
                }
                // Whoever embeds the engine may add it.
                None => {
                    self.warn(UNKNOWN_PROVIDER, node.span, &message);
                }
            }
            return;
        };
        let given = parameters.map(Node::entries).unwrap_or_default();
        let is_written = parameters.is_none_or(|node| matches!(node.value, NodeValue::Map(_)));
        for required in provider.required.iter().filter(|_| is_written) {
            // One that is misspelt is reported as such.
            let misspelt = |name: &str| !names_of(provider).contains(&name) && suggest(name, [required.as_str()]).is_some();
            if !given.iter().filter_map(|(key, _)| key.as_str()).any(|name| name == required || misspelt(name)) {
                let span = parameters.map_or(node.span, |parameters| parameters.span);
                self.report(PARAMETER, span, &format!("the provider `{}` needs the parameter `{required}`", provider.name));
            }
        }
        for (key, value) in given {
            let Some(name) = key.as_str() else { continue };
            let names = names_of(provider);
            let Some((_, choices)) = provider.parameters.iter().find(|(parameter, _)| parameter == name) else {
                let hint = suggest(name, names.iter().copied()).map(|name| format!("did you mean `{name}`?"));
                let message = match names.as_slice() {
                    [] => format!("the provider `{}` has no parameters", provider.name),
                    names => format!("the provider `{}` has no parameter `{name}`; it has {}", provider.name, listed(names)),
                };
                self.report(PARAMETER, key.span, &message).maybe_hint(hint);
                continue;
            };
            let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
            if let Some(given) = value.as_str().filter(|given| !given.contains("{{"))
                && !choices.is_empty()
                && !choices.contains(&given)
            {
                let hint = suggest(given, choices.iter().copied()).map(|name| format!("did you mean `{name}`?"));
                self.report(PARAMETER, value.span, &format!("`{name}` takes {}", listed(&choices))).maybe_hint(hint);
            }
        }
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

/// The names of a provider's parameters.
fn names_of(provider: &KnownProvider) -> Vec<&str> {
    provider.parameters.iter().map(|(name, _)| name.as_str()).collect()
}

/// Whether a text is a day, `2027-11-25`, or a moment that begins with one.
fn begins_with_a_day(text: &str) -> bool {
    let (day, rest) = text.split_at_checked(10).unwrap_or((text, ""));
    let parts: Vec<Option<u16>> = day.split('-').map(|part| part.parse().ok()).collect();
    let is_day = matches!(parts.as_slice(), [Some(_), Some(1..=12), Some(1..=31)]);
    is_day && (rest.is_empty() || rest.starts_with(['T', 't']))
}
