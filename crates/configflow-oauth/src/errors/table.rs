//! A table of a provider's errors: YAML data, read strictly. Not the error itself.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Told;
use crate::catalogue::yaml;

/// The standard's own errors, behind every provider's table.
pub(crate) static STANDARD: LazyLock<ErrorTable> =
    LazyLock::new(|| built_in(include_str!("../../providers/errors/standard.yaml")));

/// Reads a table that is part of this crate.
#[expect(clippy::expect_used, reason = "the text is part of the crate, and a test reads every table")]
pub(crate) fn built_in(text: &str) -> ErrorTable {
    ErrorTable::from_yaml(text).expect("a built-in error table is valid")
}

/// Who or what can mend an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Blame {
    /// The client id.
    ClientId,
    /// The client secret.
    ClientSecret,
    /// The tenant.
    Tenant,
    /// The redirect URI of the registered application.
    RedirectUri,
    /// The account of the person who logs in.
    Account,
    /// An administrator of the provider's tenant.
    Administrator,
    /// The definition: its scopes or its provider.
    Definition,
    /// Nobody: another attempt will do.
    Retry,
}

impl Blame {
    /// The name in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::Tenant => "tenant",
            Self::RedirectUri => "redirect_uri",
            Self::Account => "account",
            Self::Administrator => "administrator",
            Self::Definition => "definition",
            Self::Retry => "retry",
        }
    }
}

/// An error table that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorTableError {
    /// The text is not YAML, or not of the table's shape.
    #[error("the error table cannot be read: {0}")]
    Shape(String),
    /// `codes` without the prefix that marks them.
    #[error("the error table {0} has codes, so it needs a code_prefix")]
    NoPrefix(String),
}

impl ErrorTableError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "catalogue.table_shape",
            Self::NoPrefix(_) => "catalogue.table_no_prefix",
        }
    }
}

/// What one error means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explanation {
    pub(crate) cause: String,
    pub(crate) remedy: String,
    pub(crate) blame: Vec<Blame>,
    #[serde(rename = "final")]
    pub(crate) is_final: bool,
}

/// The meanings of a provider's errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorTable {
    name: String,
    #[serde(default)]
    code_prefix: String,
    #[serde(default)]
    codes: BTreeMap<String, Explanation>,
    #[serde(default)]
    errors: BTreeMap<String, Explanation>,
}

impl ErrorTable {
    /// Reads a table.
    ///
    /// # Errors
    /// When the text is not a table.
    pub fn from_yaml(text: &str) -> Result<Self, ErrorTableError> {
        let table: Self = yaml::read(text).map_err(ErrorTableError::Shape)?;
        if !table.codes.is_empty() && table.code_prefix.is_empty() {
            return Err(ErrorTableError::NoPrefix(table.name));
        }
        Ok(table)
    }

    /// A table that explains nothing; the standard one is behind it.
    #[must_use]
    pub fn empty() -> Self {
        Self { name: "none".to_owned(), code_prefix: String::new(), codes: BTreeMap::new(), errors: BTreeMap::new() }
    }

    /// The name by which a provider's file refers to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The codes that it explains, with their prefix.
    pub fn codes(&self) -> impl Iterator<Item = String> + '_ {
        self.codes.keys().map(|code| format!("{}{code}", self.code_prefix))
    }

    pub(crate) fn code_prefix(&self) -> &str {
        &self.code_prefix
    }

    pub(crate) fn by_code(&self, code: &str) -> Option<&Explanation> {
        self.codes.get(code)
    }

    pub(crate) fn by_error(&self, error: &str) -> Option<&Explanation> {
        self.errors.get(error)
    }

    /// The provider's number: the first one that the table knows, else the first one that was told.
    pub(crate) fn code_of(&self, told: Told<'_>) -> Option<String> {
        if self.code_prefix.is_empty() {
            return None;
        }
        let written = told.description.into_iter().flat_map(|text| {
            text.split(self.code_prefix.as_str())
                .skip(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_digit).take(12).collect::<String>())
                .filter(|digits| !digits.is_empty())
        });
        let numbers = told.numbers.iter().map(u64::to_string).chain(written).collect::<Vec<_>>();
        numbers.iter().find(|number| self.codes.contains_key(*number)).or_else(|| numbers.first()).cloned()
    }
}
