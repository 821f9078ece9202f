//! The checks of a provider's file, one function for each thing that may contradict another. All that is wrong is found at once.

mod addresses;
mod identity;
mod linking;
mod templates;
mod tokens;

use std::collections::BTreeSet;

use super::file::ProviderFile;
use super::problem::{Problems, route};

/// Every code that a check can note, with what it stands for, sorted.
pub(super) const CODES: [(&str, &str); 30] = [
    ("catalogue.account_field", "an identity from a profile needs its address, and no other has one"),
    ("catalogue.authorize_parameter", "an authorize parameter that the client sets by itself"),
    ("catalogue.claim", "a claim in the issuer, or bound to it, that does not fit"),
    ("catalogue.dead_end", "a dead end of the native page that is no path"),
    ("catalogue.endpoint", "an address that is not https"),
    ("catalogue.endpoints", "neither `endpoints` nor `discover`, or an issuer beside `discover`"),
    ("catalogue.error_table", "an error table that there is not"),
    ("catalogue.identity_issuer", "an identity from ID tokens without issuer or keys"),
    ("catalogue.identity_key", "an identity without a key"),
    ("catalogue.identity_openid", "an identity from ID tokens without the scope `openid`"),
    ("catalogue.integration", "an integration's domain that is none, or that stands twice"),
    ("catalogue.loopback", "loopback addresses that do not fit the methods"),
    ("catalogue.method_endpoint", "a method without the endpoint or page that it needs"),
    ("catalogue.method_twice", "a method that stands twice"),
    ("catalogue.methods", "no method, and no reason for it"),
    ("catalogue.name", "a name of other signs than lowercase letters, digits and underscores"),
    ("catalogue.parameter_choices", "choices that set different values, or a default that is none of them"),
    ("catalogue.parameter_form", "a parameter with neither choices nor a format, or with both"),
    ("catalogue.parameter_twice", "a parameter that is declared twice"),
    ("catalogue.pkce_reason", "unconfirmed support of PKCE without a written reason"),
    ("catalogue.public_field", "a field that is called public although it is a secret"),
    ("catalogue.register", "no word about what must be registered (a warning)"),
    ("catalogue.revocation", "a way of revoking without its endpoint"),
    ("catalogue.separator", "an empty separator of scopes"),
    ("catalogue.source", "no word about where the entry comes from (a warning)"),
    ("catalogue.template", "a name in braces that is no parameter"),
    ("catalogue.title", "an empty title"),
    ("catalogue.token_parameter", "a token parameter that the client sets by itself"),
    ("catalogue.token_types", "an empty list of token types"),
    ("catalogue.unlinkable", "a reason why no account can be linked, beside methods that link one"),
];

/// Looks for all that is wrong with a file by itself.
pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    names(file, problems);
    templates::check(file, problems);
    addresses::check(file, problems);
    linking::check(file, problems);
    tokens::check(file, problems);
    identity::check(file, problems);
    origin(file, problems);
}

fn names(file: &ProviderFile, problems: &mut Problems) {
    if !is_name(&file.name) {
        problems.error("catalogue.name", route!["name"], "the name must be of lowercase letters, digits and underscores");
    }
    if file.title.trim().is_empty() {
        problems.error("catalogue.title", route!["title"], "the title must not be empty");
    }
    let mut seen = BTreeSet::new();
    for (index, domain) in file.integrations.iter().enumerate() {
        if !is_name(domain) {
            let message = format!("`{domain}` is no domain of an integration: lowercase letters, digits and underscores");
            problems.error("catalogue.integration", route!["integrations", index], message);
        } else if !seen.insert(domain) {
            problems.error("catalogue.integration", route!["integrations", index], format!("`{domain}` stands there twice"));
        }
    }
    for domain in file.scopes.usual.keys().filter(|domain| !file.integrations.contains(domain)) {
        let message = format!("`{domain}` is none of the `integrations`");
        problems.error("catalogue.integration", route!["scopes", "usual", domain.as_str()], message);
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn origin(file: &ProviderFile, problems: &mut Problems) {
    if !file.verified && file.source.is_empty() {
        let message = "an entry that is not verified should say in `source` what it was read from";
        problems.warning("catalogue.source", route!["name"], message);
    }
    if file.register.is_none() && !file.methods.is_empty() {
        problems.warning("catalogue.register", route!["name"], "`register` should say what a person must register, and where");
    }
}
