//! The ways to link an account, and what the client brings.

use serde::Deserialize;

/// A way to link an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// Which loopback addresses the provider takes as redirect URIs (RFC 8252 §7.3).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct LoopbackFile {
    /// The hosts, the best first.
    pub(crate) hosts: Vec<LoopbackHost>,
    /// Whether the port may be chosen when the link begins.
    pub(crate) port: LoopbackPort,
}

/// A loopback host in a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum LoopbackHost {
    /// `127.0.0.1`.
    #[serde(rename = "127.0.0.1")]
    V4,
    /// `[::1]`.
    #[serde(rename = "[::1]")]
    V6,
    /// `localhost`, which a machine may resolve to something else (RFC 8252 §8.3).
    #[serde(rename = "localhost")]
    Localhost,
}

impl LoopbackHost {
    /// As it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "127.0.0.1",
            Self::V6 => "[::1]",
            Self::Localhost => "localhost",
        }
    }
}

/// Whether the port of a loopback redirect may be chosen when the link begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoopbackPort {
    /// Any port is taken, as RFC 8252 §7.3 has it.
    Any,
    /// Only one that was registered.
    Registered,
}

/// The client.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientFile {
    /// The client id that everybody uses.
    pub(crate) id: Option<String>,
    /// Whether a client secret is needed.
    #[serde(default)]
    pub(crate) secret: SecretUse,
}

/// Whether an account of the provider has a client secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretUse {
    /// Confidential and public clients both work.
    #[default]
    Optional,
    /// Only confidential clients work.
    Required,
}

/// What is known of PKCE (RFC 7636).
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PkceFile {
    /// Whether the provider is known to check it.
    pub(crate) support: PkceSupport,
    /// Why it is not confirmed.
    pub(crate) reason: Option<String>,
}

/// S256 is sent in any case; this says whether the provider is known to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PkceSupport {
    /// It checks the verifier.
    Confirmed,
    /// Not known; the file has the written reason.
    Unconfirmed,
}

/// The provider's own page to which native clients redirect.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NativeFile {
    /// Its address, which is the redirect URI.
    pub(crate) redirect_uri: String,
    /// Paths to which the page moves on, and where there is no code left.
    #[serde(default)]
    pub(crate) dead_ends: Vec<String>,
}
