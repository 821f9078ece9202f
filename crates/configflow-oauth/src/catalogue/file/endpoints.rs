//! Where requests go, who answers there, and how tokens end.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::token::ClientAuth;

/// Where requests go; beside `discover`, only where the issuer has no metadata. An address may hold the names of the provider's parameters in braces.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointsFile {
    /// Where the browser is sent.
    pub(crate) authorization: Option<String>,
    /// Where codes and refresh tokens are redeemed.
    pub(crate) token: String,
    /// Where the device grant begins (RFC 8628).
    pub(crate) device_authorization: Option<String>,
    /// Where the parameters of an authorization request are sent beforehand (RFC 9126).
    pub(crate) pushed_authorization: Option<String>,
    /// Where tokens are revoked. `{client_id}` stands for the client's id.
    pub(crate) revocation: Option<String>,
    /// The keys of ID tokens.
    pub(crate) jwks: Option<String>,
}

/// The identifier of the authorization server.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuerFile {
    /// The identifier. `{claim:tid}` stands for a claim of the ID token.
    pub(crate) value: String,
    /// Other spellings that the provider uses.
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    /// Whether the provider promises `iss` in the authorization response (RFC 9207).
    #[serde(default)]
    pub(crate) promised_in_response: bool,
    /// A parameter that, where it names one tenant exactly, a claim must equal.
    pub(crate) bound: Option<BoundFile>,
}

/// A parameter that, where it names one tenant exactly, a claim must equal.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundFile {
    /// The claim.
    pub(crate) claim: String,
    /// The parameter.
    pub(crate) parameter: String,
    /// Words that the parameter may hold, and the claim's value for each.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
}

/// How tokens are revoked.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationFile {
    /// The way.
    #[serde(default)]
    pub(crate) way: RevocationWay,
    /// How the client shows its secret there, where that is not as at the token endpoint.
    pub(crate) auth: Option<ClientAuth>,
}

/// How tokens are revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RevocationWay {
    /// The refresh token, or else the access token, in a form (RFC 7009).
    #[default]
    Standard,
    /// As the standard has it, but only the access token is taken.
    AccessToken,
    /// A POST without a body, with the access token as its bearer.
    Bearer,
    /// A DELETE with the access token as JSON, and the client's id and secret as HTTP Basic.
    DeleteJson,
}
