//! A provider's file as it is written. Not what the rest of the crate works with: see `provider.rs`.
//!
//! The comments of the fields are the descriptions in the JSON Schema, so they speak to whoever writes a file.

mod endpoints;
mod identity;
mod method;
mod scopes;
mod token;

pub use endpoints::RevocationWay;
pub(crate) use endpoints::{EndpointsFile, IssuerFile, RevocationFile};
pub(crate) use identity::IdentityFile;
pub use identity::IdentitySource;
pub(crate) use method::{ClientFile, LoopbackFile, NativeFile, PkceFile};
pub use method::{LoopbackHost, LoopbackPort, Method, PkceSupport, SecretUse};
pub(crate) use scopes::{ImpliesFile, ScopeOrder, ScopesFile};
pub use token::{ClientAuth, ExpiresInRule, RequestBody, Rotation};
pub(crate) use token::{Purpose, TokenFile};

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Format;

/// A provider at which accounts are linked.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    /// The name by which definitions refer to it: lowercase letters, digits and underscores.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: String,
    /// The domains of Home Assistant's integrations that it serves.
    #[serde(default)]
    pub(crate) integrations: Vec<String>,
    /// Whether the endpoints were seen to work, by a recording or against the provider. Otherwise `source` says what they were read from.
    #[serde(default)]
    pub(crate) verified: bool,
    /// What the entry was read from: files with their release, or addresses of the provider's documentation.
    #[serde(default)]
    pub(crate) source: Vec<String>,
    /// What a person must register, and where.
    pub(crate) register: Option<RegisterFile>,
    /// What else a reader should know.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    /// What an account must say of itself before the endpoints are known, such as its tenant.
    #[serde(default)]
    pub(crate) parameters: Vec<ParameterFile>,
    /// Where requests go. This or `discover` is needed.
    pub(crate) endpoints: Option<EndpointsFile>,
    /// The issuer whose metadata names the endpoints (RFC 8414, OpenID Connect Discovery). With `endpoints` beside it, those are used
    /// where the issuer has no metadata.
    pub(crate) discover: Option<String>,
    /// The issuer's identifier, where the endpoints are given.
    pub(crate) issuer: Option<IssuerFile>,
    /// The ways to link an account, the best first.
    pub(crate) methods: Vec<Method>,
    /// Why there is no way to link an account; only with an empty list of methods.
    pub(crate) unlinkable: Option<String>,
    /// Which loopback addresses the provider takes as redirect URIs.
    pub(crate) loopback: Option<LoopbackFile>,
    /// The client.
    #[serde(default)]
    pub(crate) client: ClientFile,
    /// What is known of PKCE (RFC 7636). S256 is sent in any case.
    pub(crate) pkce: PkceFile,
    /// What the authorization request needs beside the standard's parameters.
    #[serde(default)]
    pub(crate) authorize: AuthorizeFile,
    /// How tokens are asked for, and how the answers are read.
    pub(crate) token: TokenFile,
    /// How tokens are revoked; the address is among the endpoints.
    #[serde(default)]
    pub(crate) revocation: RevocationFile,
    /// How scopes are written.
    pub(crate) scopes: ScopesFile,
    /// By what an account is told from another.
    pub(crate) identity: Option<IdentityFile>,
    /// The provider's own page to which native clients redirect.
    pub(crate) native: Option<NativeFile>,
    /// The base address of the provider's API, without a slash at the end.
    pub(crate) api: Option<String>,
    /// The table of the provider's errors.
    pub(crate) errors: Option<String>,
}

/// What a person must register, and where.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterFile {
    /// The address of the page.
    pub(crate) at: Option<String>,
    /// What to choose and to enter there.
    pub(crate) note: String,
}

/// What an account must say of itself.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ParameterFile {
    /// The name, which stands as `{name}` in addresses.
    pub(crate) name: String,
    /// The name for people.
    pub(crate) title: String,
    /// The value where none is given; without one the parameter is required.
    pub(crate) default: Option<String>,
    /// The values that it may have. Either this or `format`.
    #[serde(default)]
    pub(crate) choices: Vec<ChoiceFile>,
    /// What a free value must look like.
    pub(crate) format: Option<Format>,
}

/// A value of a parameter, and what it sets.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoiceFile {
    /// The value.
    pub(crate) value: String,
    /// More names for addresses, with their values. Every choice sets the same names.
    #[serde(default)]
    pub(crate) sets: BTreeMap<String, String>,
}

/// What the authorization request needs beside the standard's parameters.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorizeFile {
    /// More parameters. A value may hold the names of the provider's parameters in braces.
    #[serde(default)]
    pub(crate) extra: Vec<ExtraFile>,
}

/// A parameter of a request.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtraFile {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}
