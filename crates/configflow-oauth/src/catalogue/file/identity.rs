//! By what an account is told from another.

use serde::Deserialize;

/// By what an account is told from another.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityFile {
    /// Where the fields are looked up.
    #[serde(default)]
    pub(crate) from: IdentitySource,
    /// The address of the profile; only with `from: profile`.
    pub(crate) url: Option<String>,
    /// A header in which the profile request names the client's id.
    pub(crate) client_id_header: Option<String>,
    /// The fields that together identify the account for good. `a.b` is a field within a field, `a.0` the first of a list.
    pub(crate) key: Vec<String>,
    /// The fields that may hold the person's name, the best first.
    #[serde(default)]
    pub(crate) display_name: Vec<String>,
    /// The fields that may hold the name with which the person logs in, the best first.
    #[serde(default)]
    pub(crate) username: Vec<String>,
}

/// Where an account's identity is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentitySource {
    /// From the claims of the ID token, whose signature is checked.
    #[default]
    IdToken,
    /// From the token endpoint's answer itself.
    Answer,
    /// From the claims of the access token, which came straight from the token endpoint; its signature is not checked.
    AccessToken,
    /// From a request of its own with the access token.
    Profile,
}
