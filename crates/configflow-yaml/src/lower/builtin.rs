//! What the built-in actions take beyond the types of their parameters.

use configflow_core::expr::Template;
use configflow_core::signature::Signature;
use serde_json_path::JsonPath;

use super::Lowering;
use super::call::MISSING_PARAMETER;
use super::outcome::listed;
use super::trace::Sink;
use super::wanted::Wanted;
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const PARAMETER_VALUE: Code =
    Code::new("action.parameter_value", "an action cannot do anything with a value that it is given");
pub(crate) const CLASH: Code = Code::new("action.parameters_clash", "an action is given two parameters of which it takes one");

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

impl Lowering<'_> {
    /// Checks the parameters of a built-in action.
    pub(crate) fn built_in(&mut self, signature: &Signature, parameters: &Node) {
        match signature.name.as_str() {
            "http.request" => self.request(parameters),
            "entry.unique" => self.unique(signature, parameters),
            _ => {}
        }
    }

    fn request(&mut self, parameters: &Node) {
        if let Some(node) = parameters.get("method")
            && let Some(method) = node.as_str().filter(|method| !method.contains("{{"))
            && !METHODS.contains(&method.to_ascii_uppercase().as_str())
        {
            let similar = suggest(method, METHODS).map(|name| format!("did you mean `{name}`?"));
            self.report(PARAMETER_VALUE, node.span, &format!("there is no method `{method}`; expected {}", listed(&METHODS)))
                .maybe_hint(similar);
        }
        if let Some(node) = parameters.get("url")
            && let Some(url) = node.as_str()
            && !may_be_web(url)
        {
            self.report(PARAMETER_VALUE, node.span, "expected a URL that begins with `https://` or `http://`");
        }
        for (_, node) in parameters.get("extract").map(Node::entries).unwrap_or_default() {
            match node.as_str() {
                Some(path) if path.contains("{{") => {}
                Some(path) => {
                    if let Err(error) = JsonPath::parse(path) {
                        self.report(PARAMETER_VALUE, node.span, &format!("expected a JSONPath such as `$.name`: {error}"));
                    }
                }
                None => self.expected(node, "a JSONPath such as `$.name`"),
            }
        }
    }

    fn unique(&mut self, signature: &Signature, parameters: &Node) {
        if !matches!(parameters.value, NodeValue::Map(_) | NodeValue::Null) {
            return;
        }
        let known = |key: &Node| key.as_str().is_some_and(|name| signature.parameter(name).is_some());
        let all_known = parameters.entries().iter().all(|(key, _)| known(key));
        match (parameters.get("id"), parameters.get("match")) {
            (None, None) if all_known => {
                self.report(MISSING_PARAMETER, parameters.span, "`entry.unique` needs `id` or `match`");
            }
            (Some(id), Some(by)) => {
                self.report(CLASH, by.span, "`entry.unique` takes `id` or `match`, not both").label(id.span, "the `id`");
            }
            _ => {}
        }
    }

    /// `configured:` and `other:` of `entry.unique`: how the flow ends. What `update` says goes into entry data, which may be
    /// secret.
    pub(super) fn consequence(&mut self, name: &str, node: &Node, sink: Sink) -> Template {
        let known: &[&str] =
            if name == "other" { &["abort", "placeholders"] } else { &["abort", "update", "reload", "placeholders"] };
        if !matches!(node.value, NodeValue::Map(_)) {
            return self.template(node, sink);
        }
        let Some(mut keys) = self.keys(node, &format!("`{name}`"), known) else {
            return Template::Literal(serde_json::Value::Null);
        };
        let mut values = Vec::new();
        for key in known {
            let Some(value) = keys.take(key) else { continue };
            let value = match *key {
                "update" => self.wanted(value, Sink::Private, Wanted::Map),
                "abort" => self.wanted(value, sink.clone(), Wanted::Name),
                "placeholders" => self.wanted(value, sink.clone(), Wanted::Map),
                _ => {
                    let how = self.reload(value);
                    if how.is_none() { Template::Literal(serde_json::Value::Null) } else { self.template(value, sink.clone()) }
                }
            };
            values.push(((*key).to_owned(), value));
        }
        Template::map(values)
    }
}

/// Whether a text may be the URL of a web server: what is computed may be.
fn may_be_web(url: &str) -> bool {
    let literal = url.split("{{").next().unwrap_or_default();
    let lower = literal.trim_start().to_ascii_lowercase();
    let whole = literal.len() == url.len();
    let begins = |scheme: &str| lower.starts_with(scheme) || (!whole && scheme.starts_with(&lower));
    begins("http://") || begins("https://") || (!whole && !lower.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::may_be_web;

    #[test]
    fn only_a_url_of_the_web_can_be_asked() {
        for good in ["https://a/b", "HTTP://a", "{{ base }}/x", "http{{ s }}://a", "https://{{ host }}:8080/"] {
            assert!(may_be_web(good), "{good}");
        }
        for bad in ["ftp://a", "a.example/x", "", "file://{{ path }}"] {
            assert!(!may_be_web(bad), "{bad}");
        }
    }
}
