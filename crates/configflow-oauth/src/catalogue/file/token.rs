//! How tokens are asked for, and how the answers are read.

use serde::Deserialize;

/// How tokens are asked for, and how the answers are read.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenFile {
    /// How the client shows its secret.
    pub(crate) auth: ClientAuth,
    /// How the request's body is written.
    #[serde(default)]
    pub(crate) body: RequestBody,
    /// More parameters of token requests.
    #[serde(default)]
    pub(crate) extra: Vec<TokenExtraFile>,
    /// Whether a refresh must repeat the redirect URI of the link.
    #[serde(default)]
    pub(crate) refresh_redirect_uri: bool,
    /// The field of the answer in which the tokens stand, as a path of names. Where it has none, the answer itself is read.
    #[serde(default)]
    pub(crate) within: Vec<String>,
    /// The kinds of tokens that are used as bearer tokens. An answer that names no kind gives one.
    #[serde(default = "bearer")]
    pub(crate) types: Vec<String>,
    /// What is made of `expires_in`.
    #[serde(default)]
    pub(crate) expires_in: ExpiresInRule,
    /// How many seconds an access token lives where the answer does not say, or says it wrongly.
    pub(crate) lifetime: Option<u32>,
    /// What a refresh does to the refresh token.
    #[serde(default)]
    pub(crate) rotation: Rotation,
    /// Fields of the answer beside the standard's that are no secrets.
    #[serde(default)]
    pub(crate) public_fields: Vec<String>,
}

fn bearer() -> Vec<String> {
    vec!["bearer".to_owned()]
}

/// A parameter of token requests.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenExtraFile {
    /// Its name.
    pub(crate) name: String,
    /// Its value, which may hold the names of the provider's parameters in braces.
    pub(crate) value: String,
    /// In which requests it is sent; in all where nothing is said.
    #[serde(default = "every_purpose")]
    pub(crate) with: Vec<Purpose>,
}

fn every_purpose() -> Vec<Purpose> {
    vec![Purpose::Redeem, Purpose::Refresh, Purpose::Device]
}

/// What a token request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// A code becomes tokens.
    Redeem,
    /// A refresh token becomes tokens.
    Refresh,
    /// A poll of the device grant.
    Device,
}

/// How a confidential client shows its secret at the token endpoint (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuth {
    /// In the body.
    Post,
    /// As HTTP Basic.
    Basic,
    /// Both at once, which the standard forbids and some providers want.
    Both,
}

/// How the body of a token request is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestBody {
    /// As a form (RFC 6749 §4.1.3).
    #[default]
    Form,
    /// As a JSON object.
    Json,
}

/// What is made of `expires_in`; a number written as a text is a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What a refresh does to the refresh token (RFC 6749 §6, RFC 9700 §4.14.2). It decides what can be saved when an answer is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rotation {
    /// Not known, so the worst must be feared: that the old token has ended.
    #[default]
    Unknown,
    /// The refresh token stays the same: a refresh may be sent again.
    None,
    /// A refresh brings another one, and the old one stays valid for a while: a refresh may be sent again.
    KeepsOld,
    /// A refresh brings another one, and the old one ends; using it again may end the whole link.
    Revokes,
}

impl Rotation {
    /// Whether a refresh whose answer was lost may be sent again with the same token.
    #[must_use]
    pub fn allows_retry(self) -> bool {
        matches!(self, Self::None | Self::KeepsOld)
    }

    /// The name in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::KeepsOld => "keeps_old",
            Self::Revokes => "revokes",
        }
    }
}
