//! How scopes are written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How scopes are written.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ScopesFile {
    /// What stands before a scope on the wire and may be left out in definitions.
    #[serde(default)]
    pub(crate) prefix: String,
    /// What stands between scopes in a request.
    #[serde(default = "space")]
    pub(crate) separator: String,
    /// What may stand between scopes in an answer.
    #[serde(default = "spaces")]
    pub(crate) answer_separators: Vec<String>,
    /// The parameter that holds them, where it is not `scope`.
    pub(crate) parameter: Option<String>,
    /// The order in which scopes are asked for.
    pub(crate) order: ScopeOrder,
    /// Scopes that are always asked for.
    #[serde(default)]
    pub(crate) base: Vec<String>,
    /// Scopes that never have the prefix.
    #[serde(default)]
    pub(crate) unprefixed: Vec<String>,
    /// Scopes that give others.
    #[serde(default)]
    pub(crate) implies: Vec<ImpliesFile>,
    /// What each integration asks for in Home Assistant beside the base, for whoever writes its definition.
    #[serde(default)]
    pub(crate) usual: BTreeMap<String, Vec<String>>,
}

fn space() -> String {
    " ".to_owned()
}

fn spaces() -> Vec<String> {
    vec![space()]
}

/// The order in which scopes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScopeOrder {
    /// By the alphabet.
    Sorted,
    /// As the definition has them.
    Given,
}

/// A scope that gives others.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpliesFile {
    /// The scope that was granted. `*` stands for one part between dots, `**` for any number.
    pub(crate) granted: String,
    /// What it gives, with the same stars.
    pub(crate) gives: Vec<String>,
}
