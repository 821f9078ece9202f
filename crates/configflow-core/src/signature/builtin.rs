//! The signatures of the built-in actions, as documentation and the checker show them.

use std::sync::{Arc, LazyLock};

use super::{FailureCode, Parameter, Repeat, Shape, Signature, ValueKind};

/// Namespaces that an embedder's actions may not use.
pub const RESERVED_NAMESPACES: [&str; 5] = ["entry", "flow", "http", "link", "token"];

/// The built-in action of this name.
#[must_use]
pub fn builtin(name: &str) -> Option<Arc<Signature>> {
    BUILTINS.iter().find(|signature| signature.name == name).cloned()
}

/// Every built-in action.
#[must_use]
pub fn builtins() -> &'static [Arc<Signature>] {
    &BUILTINS
}

static BUILTINS: LazyLock<Vec<Arc<Signature>>> = LazyLock::new(|| {
    vec![
    signature("entry.unique", "Sets the unique id of the entry to be, and ends the flow where an entry or another flow has it.")
        .takes("id", ValueKind::String)
        .takes("match", ValueKind::Map)
        .takes("configured", ValueKind::Map)
        .takes("other", ValueKind::Map)
        .takes("in_progress", ValueKind::OneOf(vec!["abort".to_owned(), "allow".to_owned()]))
        .done(),
    signature("entry.list", "The other entries of the integration, without their secrets.")
        .takes("domain", ValueKind::String)
        .gives(Shape::List)
        .done(),
    signature("flow.unique", "Ends the flow where another one of the integration in progress has the same values.")
        .needs("match", ValueKind::Map)
        .takes("reason", ValueKind::String)
        .done(),
    signature("flow.describe", "What the card of this flow shows.")
        .takes("title_placeholders", ValueKind::Map)
        .takes("configuration_url", ValueKind::String)
        .takes("confirm_only", ValueKind::Boolean)
        .done(),
    signature("http.request", "One HTTP request, and values out of its JSON answer.")
        .needs("url", ValueKind::String)
        .takes("method", ValueKind::String)
        .takes("headers", ValueKind::Map)
        .takes("query", ValueKind::Map)
        .takes("body", ValueKind::Secret)
        .takes("json", ValueKind::Any)
        .takes("authorized", ValueKind::Boolean)
        .takes("verify_tls", ValueKind::Boolean)
        .takes("timeout", ValueKind::Number)
        .takes("extract", ValueKind::Map)
        .gives(Shape::KeysOf("extract".to_owned()))
        .fails("unauthorized", &["status", "detail"])
        .fails("forbidden", &["status"])
        .fails("not_found", &["status"])
        .fails("status", &["status"])
        .fails("timeout", &[])
        .fails("connect", &["detail"])
        .fails("tls", &[])
        .fails("bad_url", &[])
        .fails("bad_json", &[])
        .fails("missing", &["path"])
        .done(),
    signature("link.require_new", "Fails where the account's key has a token already.")
        .account()
        .fails("exists", &[])
        .fails("unreadable", &[])
        .done(),
    signature("link.methods", "The ways in which the account can be linked here, the best first. Ends the flow where there are none.")
        .takes("methods", ValueKind::List)
        .takes("failed", ValueKind::List)
        .takes("callback_path", ValueKind::String)
        .takes("implementation", ValueKind::String)
        .gives(Shape::Fields(vec![
            ("available".to_owned(), ValueKind::List),
            ("count".to_owned(), ValueKind::Integer),
            ("only".to_owned(), ValueKind::String),
            ("rank".to_owned(), ValueKind::Map),
            ("redirect_uri".to_owned(), ValueKind::String),
            ("redirect_uris".to_owned(), ValueKind::Map),
            ("reasons".to_owned(), ValueKind::Map),
        ]))
        .account()
        .done(),
    signature("link.authorize", "Begins an attempt: makes `link.url`, which the person opens. Ends the flow where the hub has no URL to come back to.")
        .takes("redirect", ValueKind::OneOf(["native", "callback", "loopback", "paste"].map(str::to_owned).into()))
        .takes("callback_path", ValueKind::String)
        .takes("implementation", ValueKind::String)
        .gives(Shape::Fields(vec![
            ("url".to_owned(), ValueKind::String),
            ("redirect_uri".to_owned(), ValueKind::String),
            ("method".to_owned(), ValueKind::String),
            ("implementation".to_owned(), ValueKind::String),
            ("implementation_name".to_owned(), ValueKind::String),
        ]))
        .account()
        .done(),
    signature("link.redeem", "Redeems what came back from the provider: the pasted URL, or what the callback brought.")
        .takes("returned", ValueKind::Secret)
        .gives(Shape::Open)
        .account()
        .once()
        .fails("returned_url", RETURNED_URL)
        .fails("token", PROVIDER)
        .fails("scopes_missing", SCOPES)
        .done(),
    signature("link.device_start", "Asks the provider for a user code (RFC 8628 §3.1).")
        .takes("implementation", ValueKind::String)
        .gives(Shape::Fields(vec![
            ("user_code".to_owned(), ValueKind::String),
            ("verification_uri".to_owned(), ValueKind::String),
            ("verification_uri_complete".to_owned(), ValueKind::String),
            ("qr_code".to_owned(), ValueKind::String),
            ("expires_at".to_owned(), ValueKind::Integer),
            ("expires_in".to_owned(), ValueKind::Integer),
            ("interval".to_owned(), ValueKind::Integer),
        ]))
        .account()
        .fails("connect", PROVIDER)
        .fails("timeout", PROVIDER)
        .fails("provider", PROVIDER)
        .done(),
    signature("link.device_poll", "Waits until the person entered the user code (RFC 8628 §3.4).")
        .gives(Shape::Open)
        .account()
        .fails("expired", PROVIDER)
        .fails("denied", PROVIDER)
        .fails("timeout", PROVIDER)
        .fails("token", PROVIDER)
        .fails("scopes_missing", SCOPES)
        .done(),
    signature("link.implementations", "The credentials that the operator stored for this integration, for a person to choose from. Ends the flow where there are none.")
        .gives(Shape::Fields(vec![("available".to_owned(), ValueKind::Map), ("count".to_owned(), ValueKind::Integer), ("first".to_owned(), ValueKind::Any)]))
        .account()
        .done(),
]
});

/// What `failure` says about a URL that cannot be right.
const RETURNED_URL: &[&str] = &["reason", "text", "error", "aadsts", "cause", "remedy", "blame"];
/// What `failure` says about permissions that were not given.
const SCOPES: &[&str] = &["missing_scopes", "granted_scopes", "requested_scopes"];
/// What `failure` says about a provider's refusal: `detail` is the code of what was found; `reason` is `unauthorized`, `failed`, `timeout`, `connect`, `junk` or `denied`.
const PROVIDER: &[&str] = &["reason", "detail", "error", "aadsts", "cause", "remedy", "blame", "text"];

struct Builder(Signature);

fn signature(name: &str, summary: &str) -> Builder {
    Builder(Signature {
        name: name.to_owned(),
        summary: summary.to_owned(),
        takes: Vec::new(),
        gives: Shape::Fields(Vec::new()),
        fails: Vec::new(),
        repeat: Repeat::Repeatable,
        account: false,
    })
}

impl Builder {
    fn takes(mut self, name: &str, kind: ValueKind) -> Self {
        self.0.takes.push(Parameter { name: name.to_owned(), kind, required: false });
        self
    }

    fn needs(mut self, name: &str, kind: ValueKind) -> Self {
        self.0.takes.push(Parameter { name: name.to_owned(), kind, required: true });
        self
    }

    fn gives(mut self, shape: Shape) -> Self {
        self.0.gives = shape;
        self
    }

    fn account(mut self) -> Self {
        self.0.account = true;
        self
    }

    fn once(mut self) -> Self {
        self.0.repeat = Repeat::Once;
        self
    }

    fn fails(mut self, code: &str, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.0.fails.push(FailureCode { code: code.to_owned(), fields });
        self
    }

    fn done(self) -> Arc<Signature> {
        Arc::new(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_stands_in_a_reserved_namespace_and_once() {
        let mut names: Vec<&str> = builtins().iter().map(|signature| signature.name.as_str()).collect();
        for name in &names {
            let namespace = name.split('.').next().unwrap_or_default();
            assert!(RESERVED_NAMESPACES.contains(&namespace), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
