//! The catalogue of providers: what differs from one to the next is data (`providers/*.yaml`), not code.
//!
//! Not a registry of accounts or credentials.
//!
//! ```
//! use std::collections::BTreeMap;
//! use configflow_oauth::{Catalogue, Resolution};
//!
//! let catalogue = Catalogue::builtin();
//! let cloud = BTreeMap::from([("cloud".to_owned(), "MS365 GCC".to_owned())]);
//! let Resolution::Ready(entra) = catalogue.resolve("microsoft_entra", &cloud)? else { unreachable!() };
//! assert_eq!(entra.api(), Some("https://graph.microsoft.us"));
//! # Ok::<(), configflow_oauth::ResolveError>(())
//! ```

mod file;
mod issuer;
mod provider;
mod resolved;
pub(crate) mod template;
pub(crate) mod yaml;

pub use file::{ClientAuth, ExpiresInRule, Method, PkceSupport, SecretUse};
pub(crate) use file::{IdentityFile, ImpliesFile, ScopeOrder, ScopesFile};
pub use issuer::Issuer;
pub use provider::{Parameter, Provider};
pub use resolved::{Discoverable, Endpoints, Native, Resolution, ResolveError, Resolved};

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use crate::errors::{ErrorTable, ErrorTableError};
use file::ProviderFile;

const PROVIDERS: [&str; 7] = [
    include_str!("../../providers/acme_cloud.yaml"),
    include_str!("../../providers/generic_oidc.yaml"),
    include_str!("../../providers/github.yaml"),
    include_str!("../../providers/google.yaml"),
    include_str!("../../providers/iotty.yaml"),
    include_str!("../../providers/microsoft_entra.yaml"),
    include_str!("../../providers/spotify.yaml"),
];

const TABLES: [&str; 2] =
    [include_str!("../../providers/errors/github.yaml"), include_str!("../../providers/errors/microsoft_entra.yaml")];

static BUILTIN: LazyLock<Catalogue> = LazyLock::new(read_builtin);

/// The providers that there are.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    providers: BTreeMap<String, Arc<Provider>>,
    tables: BTreeMap<String, Arc<ErrorTable>>,
}

/// A provider's file that cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// The text is not YAML, or not of a provider's shape.
    #[error("the provider's file cannot be read: {0}")]
    Shape(String),
    /// The file contradicts itself or lacks something.
    #[error("the provider {provider} cannot be used: {problem}")]
    Invalid {
        /// The provider.
        provider: String,
        /// What is wrong, and what was expected.
        problem: String,
    },
    /// There is one of this name.
    #[error("there is a provider or error table {0} already; choose another name")]
    Duplicate(String),
    /// An error table cannot be used.
    #[error(transparent)]
    Table(#[from] ErrorTableError),
}

impl CatalogueError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Shape(_) => "catalogue.shape",
            Self::Invalid { .. } => "catalogue.invalid",
            Self::Duplicate(_) => "catalogue.duplicate",
            Self::Table(error) => error.code(),
        }
    }
}

impl Catalogue {
    /// No providers at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The providers that come with this crate.
    #[must_use]
    pub fn builtin() -> Self {
        BUILTIN.clone()
    }

    /// Adds a provider.
    ///
    /// # Errors
    /// When the text is not a usable provider, or its name is taken.
    pub fn with(mut self, yaml: &str) -> Result<Self, CatalogueError> {
        let file: ProviderFile = yaml::read(yaml).map_err(CatalogueError::Shape)?;
        let name = file.name.clone();
        if self.providers.contains_key(&name) {
            return Err(CatalogueError::Duplicate(name));
        }
        let invalid = |problem| CatalogueError::Invalid { provider: name.clone(), problem };
        let table = match &file.errors {
            None => Arc::new(ErrorTable::empty()),
            Some(table) => self.tables.get(table).cloned().ok_or_else(|| invalid(format!("there is no error table {table}")))?,
        };
        let provider = Provider::check(file, table).map_err(invalid)?;
        self.providers.insert(name, provider);
        Ok(self)
    }

    /// Adds an error table, to which a provider added later may refer.
    ///
    /// # Errors
    /// When the text is not a usable table, or its name is taken.
    pub fn with_errors(mut self, yaml: &str) -> Result<Self, CatalogueError> {
        let table = ErrorTable::from_yaml(yaml)?;
        if self.tables.contains_key(table.name()) {
            return Err(CatalogueError::Duplicate(table.name().to_owned()));
        }
        self.tables.insert(table.name().to_owned(), Arc::new(table));
        Ok(self)
    }

    /// A provider by its name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.get(name)
    }

    /// All providers, by name.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.values()
    }

    /// Finds a provider and gives its parameters their values.
    ///
    /// # Errors
    /// When there is no such provider, or a parameter does not fit.
    pub fn resolve(&self, name: &str, parameters: &BTreeMap<String, String>) -> Result<Resolution, ResolveError> {
        let provider = self.provider(name).ok_or_else(|| ResolveError::UnknownProvider {
            name: name.to_owned(),
            known: self.providers.keys().cloned().collect(),
        })?;
        provider.resolve(parameters)
    }
}

#[expect(clippy::expect_used, reason = "the files are part of the crate, and a test reads every one")]
fn read_builtin() -> Catalogue {
    let tables = TABLES.iter().try_fold(Catalogue::empty(), |catalogue, text| catalogue.with_errors(text));
    let providers = tables.and_then(|tables| PROVIDERS.iter().try_fold(tables, |catalogue, text| catalogue.with(text)));
    providers.expect("the built-in providers are valid")
}
