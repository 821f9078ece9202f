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

mod builtin;
mod check;
mod file;
mod issuer;
mod problem;
mod provider;
mod resolved;
pub(crate) mod template;
pub(crate) mod yaml;

pub use file::{
    ClientAuth, ExpiresInRule, IdentitySource, LoopbackHost, LoopbackPort, Method, PkceSupport, RequestBody, RevocationWay,
    Rotation, SecretUse,
};
pub(crate) use file::{IdentityFile, ImpliesFile, Purpose, ScopeOrder, ScopesFile};
pub use issuer::Issuer;
pub use problem::{Gravity, Problem, Step};
pub use provider::{Loopback, Parameter, Provider, Registration};
pub use resolved::{Discoverable, Endpoints, Native, Profile, Resolution, ResolveError, Resolved};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::errors::{ErrorTable, ErrorTableError};
use builtin::Builtin;
use file::ProviderFile;
use problem::{Problems, route};

/// The providers that there are.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    builtin: &'static [Builtin],
    added: BTreeMap<String, Arc<Provider>>,
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
    #[error("the provider {provider} cannot be used: {}", listed(problems))]
    Invalid {
        /// The provider.
        provider: String,
        /// All that is wrong.
        problems: Vec<Problem>,
    },
    /// There is one of this name.
    #[error("there is a provider or error table {0} already; choose another name")]
    Duplicate(String),
    /// An error table cannot be used.
    #[error(transparent)]
    Table(#[from] ErrorTableError),
}

fn listed(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.gravity == Gravity::Error);
    errors.map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
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

    /// The providers that come with this crate. Their files are read when they are first asked for.
    #[must_use]
    pub fn builtin() -> Self {
        Self { builtin: &builtin::PROVIDERS, ..Self::default() }
    }

    /// The texts of the built-in providers, by name.
    pub fn builtin_files() -> impl Iterator<Item = (&'static str, &'static str)> {
        builtin::PROVIDERS.iter().map(|provider| (provider.name, provider.text))
    }

    /// Adds a provider.
    ///
    /// # Errors
    /// When the text is not a usable provider, or its name is taken.
    pub fn with(mut self, yaml: &str) -> Result<Self, CatalogueError> {
        let file: ProviderFile = yaml::read(yaml).map_err(CatalogueError::Shape)?;
        let name = file.name.clone();
        if self.contains(&name) {
            return Err(CatalogueError::Duplicate(name));
        }
        let invalid = |problems| CatalogueError::Invalid { provider: name.clone(), problems };
        let table = match &file.errors {
            None => Arc::new(ErrorTable::empty()),
            Some(table) => self.table(table).cloned().ok_or_else(|| invalid(vec![no_table(table)]))?,
        };
        let provider = Provider::take(file, table).map_err(invalid)?;
        self.added.insert(name, provider);
        Ok(self)
    }

    /// All that is wrong with a provider's file, the warnings too, and where. It is not added.
    ///
    /// # Errors
    /// When the text is not of a provider's shape.
    pub fn check(&self, yaml: &str) -> Result<Vec<Problem>, CatalogueError> {
        let file: ProviderFile = yaml::read(yaml).map_err(CatalogueError::Shape)?;
        let mut problems = Problems::default();
        check::check(&file, &mut problems);
        let mut problems = problems.into_vec();
        problems.extend(file.errors.iter().filter(|table| self.table(table).is_none()).map(|table| no_table(table)));
        Ok(problems)
    }

    /// The codes of the problems that [`Self::check`] finds, each with what it stands for.
    #[must_use]
    pub fn problem_codes() -> &'static [(&'static str, &'static str)] {
        &check::CODES
    }

    /// Adds an error table, to which a provider added later may refer.
    ///
    /// # Errors
    /// When the text is not a usable table, or its name is taken.
    pub fn with_errors(mut self, yaml: &str) -> Result<Self, CatalogueError> {
        let table = ErrorTable::from_yaml(yaml)?;
        if self.table(table.name()).is_some() {
            return Err(CatalogueError::Duplicate(table.name().to_owned()));
        }
        self.tables.insert(table.name().to_owned(), Arc::new(table));
        Ok(self)
    }

    /// A provider by its name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.added.get(name).or_else(|| self.builtin_of(name).map(Builtin::provider))
    }

    /// The provider of one of Home Assistant's integrations, by the integration's domain.
    ///
    /// ```
    /// let catalogue = configflow_oauth::Catalogue::builtin();
    /// assert_eq!(catalogue.for_integration("google_drive").map(|provider| provider.name()), Some("google"));
    /// assert!(catalogue.for_integration("nobody").is_none());
    /// ```
    #[must_use]
    pub fn for_integration(&self, domain: &str) -> Option<&Arc<Provider>> {
        let added = self.added.values().find(|provider| provider.integrations().iter().any(|served| served == domain));
        added.or_else(|| self.builtin.iter().find(|provider| provider.integrations.contains(&domain)).map(Builtin::provider))
    }

    /// All providers, by name. This reads the files that were not read before.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.names().filter_map(|name| self.provider(name))
    }

    /// The names of all providers, sorted. This reads no file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<_> = self.builtin.iter().map(|provider| provider.name).collect();
        names.extend(self.added.keys().map(String::as_str));
        names.sort_unstable();
        names.into_iter()
    }

    /// The parameters of a provider. This reads no file of a provider that has none.
    pub fn parameters_of(&self, name: &str) -> impl Iterator<Item = Parameter<'_>> {
        let without = self.builtin_of(name).is_some_and(|provider| !provider.parameters);
        let provider = if without { None } else { self.provider(name) };
        provider.into_iter().flat_map(|provider| provider.parameters())
    }

    fn contains(&self, name: &str) -> bool {
        self.added.contains_key(name) || self.builtin_of(name).is_some()
    }

    fn builtin_of(&self, name: &str) -> Option<&'static Builtin> {
        if self.builtin.is_empty() { None } else { builtin::find(name) }
    }

    fn table(&self, name: &str) -> Option<&Arc<ErrorTable>> {
        let builtin = || if self.builtin.is_empty() { None } else { builtin::table(name) };
        self.tables.get(name).or_else(builtin)
    }

    /// Finds a provider and gives its parameters their values.
    ///
    /// # Errors
    /// When there is no such provider, or a parameter does not fit.
    pub fn resolve(&self, name: &str, parameters: &BTreeMap<String, String>) -> Result<Resolution, ResolveError> {
        let provider = self.provider(name).ok_or_else(|| ResolveError::UnknownProvider {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })?;
        provider.resolve(parameters)
    }
}

fn no_table(name: &str) -> Problem {
    let message = format!("there is no error table {name}");
    Problem { code: "catalogue.error_table", gravity: Gravity::Error, route: route!["errors"].into(), message }
}
