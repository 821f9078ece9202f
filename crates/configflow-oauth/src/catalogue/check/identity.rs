//! By what accounts are told apart.

use crate::catalogue::file::{IdentitySource, ProviderFile};
use crate::catalogue::problem::{Problems, route};

pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    let Some(identity) = &file.identity else {
        return;
    };
    if identity.key.is_empty() {
        problems.error("catalogue.identity_key", route!["identity", "key"], "an identity needs at least one claim as its key");
    }
    match (identity.from, &identity.url) {
        (IdentitySource::Profile, None) => {
            problems.error("catalogue.account_field", route!["identity", "from"], "an identity from a profile needs its `url`");
        }
        (IdentitySource::Profile, Some(_)) | (_, None) => {}
        (_, Some(_)) => {
            let message = "only an identity `from: profile` has a `url`";
            problems.error("catalogue.account_field", route!["identity", "url"], message);
        }
    }
    if identity.client_id_header.is_some() && identity.from != IdentitySource::Profile {
        let message = "only an identity `from: profile` sends a header";
        problems.error("catalogue.account_field", route!["identity", "client_id_header"], message);
    }
    if identity.from != IdentitySource::IdToken {
        return;
    }
    if !file.scopes.base.iter().any(|scope| scope == "openid") {
        problems.error("catalogue.identity_openid", route!["identity"], "an identity needs the base scope openid");
    }
    let has_keys = file.endpoints.as_ref().is_none_or(|endpoints| endpoints.jwks.is_some() && file.issuer.is_some());
    if !has_keys {
        problems.error("catalogue.identity_issuer", route!["identity"], "an identity needs an issuer and its keys");
    }
}
