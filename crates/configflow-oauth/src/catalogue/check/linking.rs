//! The ways to link: each needs its endpoint or page, and none needs a reason.

use crate::catalogue::file::{Method, PkceSupport, ProviderFile};
use crate::catalogue::problem::{Problems, route};

/// What we set ourselves in the authorization request.
const RESERVED: [&str; 12] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "response_mode",
    "client_secret",
    "request",
    "request_uri",
];

pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    match (&file.unlinkable, file.methods.is_empty()) {
        (None, true) => {
            problems.error("catalogue.methods", route!["methods"], "at least one method is needed, or a reason in `unlinkable`");
        }
        (Some(_), false) => {
            let message = "a provider with methods is not unlinkable";
            problems.error("catalogue.unlinkable", route!["unlinkable"], message);
        }
        _ => {}
    }
    methods(file, problems);
    if let Some(loopback) = &file.loopback {
        if loopback.hosts.is_empty() {
            problems.error("catalogue.loopback", route!["loopback", "hosts"], "at least one loopback host is needed");
        }
        if !file.methods.contains(&Method::Loopback) && !file.methods.contains(&Method::Paste) {
            let message = "loopback addresses are of no use without the method loopback or paste";
            problems.error("catalogue.loopback", route!["loopback"], message);
        }
    }
    if file.pkce.support == PkceSupport::Unconfirmed && file.pkce.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
        problems.error("catalogue.pkce_reason", route!["pkce"], "unconfirmed support of PKCE needs a written reason");
    }
    for (index, extra) in file.authorize.extra.iter().enumerate() {
        let own = file.scopes.parameter.as_ref() == Some(&extra.name);
        if own || RESERVED.contains(&extra.name.as_str()) {
            let message = format!("the authorize parameter {} is set by us", extra.name);
            problems.error("catalogue.authorize_parameter", route!["authorize", "extra", index, "name"], message);
        }
    }
    let dead_ends = file.native.iter().flat_map(|native| native.dead_ends.iter().enumerate());
    for (index, path) in dead_ends.filter(|(_, path)| !path.starts_with('/')) {
        let message = format!("the dead end {path} must be a path that begins with a slash");
        problems.error("catalogue.dead_end", route!["native", "dead_ends", index], message);
    }
}

fn methods(file: &ProviderFile, problems: &mut Problems) {
    for (index, method) in file.methods.iter().enumerate() {
        if file.methods.iter().take(index).any(|other| other == method) {
            let message = format!("the method {} stands there twice", method.as_str());
            problems.error("catalogue.method_twice", route!["methods", index], message);
        }
        let Some(endpoints) = &file.endpoints else {
            continue;
        };
        let missing = match method {
            Method::Callback | Method::Loopback | Method::Paste if endpoints.authorization.is_none() => {
                "an authorization endpoint"
            }
            Method::Paste if file.native.is_none() && file.loopback.is_none() => "a native redirect URI",
            Method::Device if endpoints.device_authorization.is_none() => "a device authorization endpoint",
            _ => continue,
        };
        let message = format!("the method {} needs {missing}", method.as_str());
        problems.error("catalogue.method_endpoint", route!["methods", index], message);
    }
}
