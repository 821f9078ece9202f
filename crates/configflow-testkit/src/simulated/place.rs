//! Which endpoint of which provider a URL is.
//!
//! Not a catalogue: it knows endings of paths, and how the providers it plays differ where a client can see it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::script::Script;

/// A kind of endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The authorization endpoint, where the person logs in.
    Authorize,
    /// The token endpoint, for codes and device codes.
    Token,
    /// The token endpoint, for refresh tokens.
    Refresh,
    /// The set of keys.
    Keys,
    /// The metadata.
    Metadata,
    /// The device authorization endpoint.
    Device,
    /// The revocation endpoint.
    Revoke,
    /// The userinfo endpoint.
    Userinfo,
    /// Anything else: the API behind the provider.
    Api,
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Refresh => "refresh",
            Self::Keys => "keys",
            Self::Metadata => "metadata",
            Self::Device => "device",
            Self::Revoke => "revoke",
            Self::Userinfo => "userinfo",
            Self::Api => "api",
        }
    }

    /// What is at a URL; the answers of the script's API go first, then its paths. `Refresh` is told from `Token` by the body.
    pub(crate) fn of(method: &str, url: &Url, script: &Script) -> Self {
        if script.api.iter().any(|answer| answer.is_at(method, url)) {
            return Self::Api;
        }
        script.paths.place(url).or_else(|| ending(url.path()).map(|(place, _)| place)).unwrap_or(Self::Api)
    }
}

/// The parts of paths that tell metadata.
pub(crate) const WELL_KNOWN: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

const ENDINGS: &[(Place, &[&str])] = &[
    (Place::Keys, &["/discovery/v2.0/keys", "/.well-known/jwks.json", "/jwks.json", "/jwks", "/certs"]),
    (Place::Authorize, &["/authorize", "/.auth/oauth2/login", "/auth"]),
    (Place::Token, &["/token", "/access_token"]),
    (Place::Device, &["/devicecode", "/device/code", "/device_authorization", "/oauth2/device"]),
    (Place::Revoke, &["/revoke", "/revocation"]),
    (Place::Userinfo, &["/userinfo"]),
];

/// The endpoint that a path's ending tells, and what is before the ending.
pub(crate) fn ending(path: &str) -> Option<(Place, &str)> {
    if let Some((before, _)) = WELL_KNOWN.iter().find_map(|mark| path.split_once(mark)) {
        return Some((Place::Metadata, before));
    }
    ENDINGS
        .iter()
        .find_map(|(place, endings)| endings.iter().find_map(|ending| path.strip_suffix(ending).map(|before| (*place, before))))
}

/// Whose ways an endpoint has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Entra,
    Google,
    GitHub,
    Plain,
}

impl Flavour {
    pub(crate) fn of(url: &Url) -> Self {
        match url.host_str() {
            Some("login.microsoftonline.com" | "login.partner.microsoftonline.cn" | "login.microsoftonline.us") => Self::Entra,
            Some("accounts.google.com" | "oauth2.googleapis.com" | "www.googleapis.com" | "openidconnect.googleapis.com") => {
                Self::Google
            }
            Some("github.com" | "api.github.com") => Self::GitHub,
            _ => Self::Plain,
        }
    }
}

/// The tenant in a URL of Entra: the first segment of its path.
pub(crate) fn tenant(url: &Url) -> &str {
    url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default()
}

/// Whether a tenant is named by its id rather than by `common`, `organizations`, `consumers` or a domain.
pub(crate) fn is_tenant_id(tenant: &str) -> bool {
    let groups: Vec<&str> = tenant.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A URL's scheme, host and port.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_known_by_their_endings() {
        let script = Script::default();
        for (url, place) in [
            ("https://login.microsoftonline.com/common/oauth2/v2.0/authorize", Place::Authorize),
            ("https://login.microsoftonline.com/common/oauth2/v2.0/token", Place::Token),
            ("https://login.microsoftonline.com/common/oauth2/v2.0/devicecode", Place::Device),
            ("https://login.microsoftonline.com/common/discovery/v2.0/keys", Place::Keys),
            ("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration", Place::Metadata),
            ("https://accounts.google.com/o/oauth2/v2/auth", Place::Authorize),
            ("https://www.googleapis.com/oauth2/v3/certs", Place::Keys),
            ("https://github.com/login/oauth/access_token", Place::Token),
            ("https://github.com/login/device/code", Place::Device),
            ("https://auth.iotty.com/.auth/oauth2/login", Place::Authorize),
            ("https://acme.example/oauth2/device", Place::Device),
            ("https://acme.example/oauth2/revoke", Place::Revoke),
            ("https://id.example/.well-known/oauth-authorization-server/realm", Place::Metadata),
            ("https://graph.microsoft.com/v1.0/me/calendars", Place::Api),
        ] {
            assert_eq!(Place::of("GET", &Url::parse(url).unwrap(), &script), place, "{url}");
        }
    }

    #[test]
    fn the_script_goes_before_the_endings() {
        let script: Script = serde_json::from_str(
            r#"{"paths": {"token": ["https://id.example/change"]}, "api": [{"url": "https://id.example/v1/token"}]}"#,
        )
        .unwrap();
        assert_eq!(Place::of("POST", &Url::parse("https://id.example/change").unwrap(), &script), Place::Token);
        assert_eq!(Place::of("GET", &Url::parse("https://id.example/v1/token").unwrap(), &script), Place::Api);
        assert_eq!(Place::of("POST", &Url::parse("https://id.example/v1/token").unwrap(), &script), Place::Token);
    }

    #[test]
    fn a_tenant_id_is_a_guid() {
        assert!(is_tenant_id("9188040d-6c67-4c5b-b112-36a304b66dad"));
        assert!(!is_tenant_id("common") && !is_tenant_id("contoso.example"));
    }
}
