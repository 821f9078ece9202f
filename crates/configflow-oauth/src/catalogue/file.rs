//! A provider's file as it is written. Not what the rest of the crate works with: see `provider.rs`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Format;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    pub(crate) name: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) parameters: Vec<ParameterFile>,
    pub(crate) endpoints: Option<EndpointsFile>,
    pub(crate) discover: Option<String>,
    pub(crate) issuer: Option<IssuerFile>,
    pub(crate) methods: Vec<Method>,
    #[serde(default)]
    pub(crate) client: ClientFile,
    pub(crate) pkce: PkceFile,
    #[serde(default)]
    pub(crate) authorize: AuthorizeFile,
    pub(crate) token: TokenFile,
    pub(crate) scopes: ScopesFile,
    pub(crate) identity: Option<IdentityFile>,
    pub(crate) native: Option<NativeFile>,
    pub(crate) api: Option<String>,
    pub(crate) errors: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterFile {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) choices: Vec<ChoiceFile>,
    pub(crate) format: Option<Format>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceFile {
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) sets: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointsFile {
    pub(crate) authorization: Option<String>,
    pub(crate) token: String,
    pub(crate) device_authorization: Option<String>,
    pub(crate) revocation: Option<String>,
    pub(crate) jwks: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuerFile {
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) promised_in_response: bool,
    pub(crate) bound: Option<BoundFile>,
}

/// A parameter that, where it names one tenant exactly, a claim must equal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundFile {
    pub(crate) claim: String,
    pub(crate) parameter: String,
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
}

/// A way to link an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// The provider sends the browser back to the hub's public address.
    Callback,
    /// The provider sends the browser to a listener on the machine of the browser (RFC 8252 §7.3).
    Loopback,
    /// A code is typed on another device (RFC 8628).
    Device,
    /// The returned address is pasted.
    Paste,
}

impl Method {
    /// The name in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Loopback => "loopback",
            Self::Device => "device",
            Self::Paste => "paste",
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientFile {
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) secret: SecretUse,
}

/// Whether an account of the provider has a client secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretUse {
    /// Confidential and public clients both work.
    #[default]
    Optional,
    /// Only confidential clients work.
    Required,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PkceFile {
    pub(crate) support: PkceSupport,
    pub(crate) reason: Option<String>,
}

/// S256 is sent in any case; this says whether the provider is known to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PkceSupport {
    /// It checks the verifier.
    Confirmed,
    /// Not known; the file has the written reason.
    Unconfirmed,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorizeFile {
    #[serde(default)]
    pub(crate) extra: Vec<ExtraFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtraFile {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFile {
    pub(crate) auth: ClientAuth,
    #[serde(default)]
    pub(crate) expires_in: ExpiresInRule,
    #[serde(default)]
    pub(crate) public_fields: Vec<String>,
}

/// How a confidential client shows its secret at the token endpoint (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuth {
    /// In the body.
    Post,
    /// As HTTP Basic.
    Basic,
}

/// What is made of `expires_in`; a number written as a text is a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExpiresInRule {
    /// May be missing; anything but a number is a fault.
    #[default]
    Optional,
    /// Missing is a fault too.
    Required,
    /// The provider's value is worthless, whatever it is.
    Ignored,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopesFile {
    #[serde(default)]
    pub(crate) prefix: String,
    #[serde(default = "space")]
    pub(crate) separator: String,
    #[serde(default = "spaces")]
    pub(crate) answer_separators: Vec<String>,
    pub(crate) order: ScopeOrder,
    #[serde(default)]
    pub(crate) base: Vec<String>,
    #[serde(default)]
    pub(crate) unprefixed: Vec<String>,
    #[serde(default)]
    pub(crate) implies: Vec<ImpliesFile>,
}

fn space() -> String {
    " ".to_owned()
}

fn spaces() -> Vec<String> {
    vec![space()]
}

/// The order in which scopes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScopeOrder {
    Sorted,
    Given,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpliesFile {
    pub(crate) granted: String,
    pub(crate) gives: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityFile {
    pub(crate) key: Vec<String>,
    #[serde(default)]
    pub(crate) display_name: Vec<String>,
    #[serde(default)]
    pub(crate) username: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NativeFile {
    pub(crate) redirect_uri: String,
    #[serde(default)]
    pub(crate) dead_ends: Vec<String>,
}
