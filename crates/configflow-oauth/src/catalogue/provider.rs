//! A provider whose file has been checked. Not yet an account's: its parameters have no values (see `resolved.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check;
use super::file::{
    ClientAuth, IdentitySource, LoopbackFile, LoopbackHost, LoopbackPort, Method, ParameterFile, PkceSupport, ProviderFile,
    RegisterFile, RevocationFile, Rotation, SecretUse, TokenFile,
};
use super::problem::{Problem, Problems};
use super::resolved::{Resolution, ResolveError};
use crate::errors::ErrorTable;

/// A provider of the catalogue.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(crate) file: ProviderFile,
    pub(crate) errors: Arc<ErrorTable>,
}

impl Provider {
    /// The name by which definitions refer to it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// The name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.file.title
    }

    /// The domains of Home Assistant's integrations that it serves.
    #[must_use]
    pub fn integrations(&self) -> &[String] {
        &self.file.integrations
    }

    /// Whether its endpoints were seen to work.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.file.verified
    }

    /// What the entry was read from.
    #[must_use]
    pub fn source(&self) -> &[String] {
        &self.file.source
    }

    /// What a person must register, and where.
    #[must_use]
    pub fn register(&self) -> Option<Registration<'_>> {
        self.file.register.as_ref().map(Registration)
    }

    /// The scopes that an integration asks for in Home Assistant, beside those that are always asked for.
    #[must_use]
    pub fn usual_scopes(&self, integration: &str) -> &[String] {
        self.file.scopes.usual.get(integration).map_or(&[], Vec::as_slice)
    }

    /// What else a reader should know.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.file.notes
    }

    /// Why no account can be linked, where there is no way.
    #[must_use]
    pub fn unlinkable(&self) -> Option<&str> {
        self.file.unlinkable.as_deref()
    }

    /// Which loopback addresses it takes as redirect URIs, where that is known.
    #[must_use]
    pub fn loopback(&self) -> Option<Loopback<'_>> {
        self.file.loopback.as_ref().map(Loopback)
    }

    /// What a refresh does to the refresh token: whether one whose answer was lost may be sent again.
    #[must_use]
    pub fn rotation(&self) -> Rotation {
        self.file.token.rotation
    }

    /// Where an account's identity is read, where there is one.
    #[must_use]
    pub fn identity_source(&self) -> Option<IdentitySource> {
        self.file.identity.as_ref().map(|identity| identity.from)
    }

    /// The ways to link, the best first.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.file.methods
    }

    /// The parameters that an account may give.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.file.parameters.iter().map(Parameter)
    }

    /// Whether its endpoints come from its issuer's metadata.
    #[must_use]
    pub fn is_discovered(&self) -> bool {
        self.file.discover.is_some()
    }

    /// The client id that everybody uses, if there is one.
    #[must_use]
    pub fn default_client_id(&self) -> Option<&str> {
        self.file.client.id.as_deref()
    }

    /// Whether a client secret is needed.
    #[must_use]
    pub fn secret_use(&self) -> SecretUse {
        self.file.client.secret
    }

    /// Whether it is known to check PKCE; S256 is sent to everybody.
    #[must_use]
    pub fn pkce_support(&self) -> PkceSupport {
        self.file.pkce.support
    }

    /// Why its support of PKCE is not confirmed.
    #[must_use]
    pub fn pkce_reason(&self) -> Option<&str> {
        self.file.pkce.reason.as_deref()
    }

    /// The meanings of its errors.
    #[must_use]
    pub fn errors(&self) -> &ErrorTable {
        &self.errors
    }

    pub(crate) fn token_auth(&self) -> ClientAuth {
        self.file.token.auth
    }

    pub(crate) fn token_rules(&self) -> &TokenFile {
        &self.file.token
    }

    /// Gives the parameters their values.
    ///
    /// # Errors
    /// When a parameter is unknown, missing or of the wrong shape.
    pub fn resolve(self: &Arc<Self>, parameters: &BTreeMap<String, String>) -> Result<Resolution, ResolveError> {
        super::resolved::resolve(self, parameters)
    }

    pub(crate) fn revocation(&self) -> &RevocationFile {
        &self.file.revocation
    }

    /// Takes a file, unless something in it is wrong.
    pub(crate) fn take(file: ProviderFile, errors: Arc<ErrorTable>) -> Result<Arc<Self>, Vec<Problem>> {
        let mut problems = Problems::default();
        check::check(&file, &mut problems);
        if problems.has_errors() { Err(problems.into_vec()) } else { Ok(Arc::new(Self { file, errors })) }
    }
}

/// A parameter of a provider, such as its tenant.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a>(&'a ParameterFile);

impl<'a> Parameter<'a> {
    /// The name.
    #[must_use]
    pub fn name(self) -> &'a str {
        &self.0.name
    }

    /// The name for people.
    #[must_use]
    pub fn title(self) -> &'a str {
        &self.0.title
    }

    /// The value where none is given; without one the parameter is required.
    #[must_use]
    pub fn default_value(self) -> Option<&'a str> {
        self.0.default.as_deref()
    }

    /// The values that it may have; none if it is free.
    pub fn choices(self) -> impl Iterator<Item = &'a str> {
        self.0.choices.iter().map(|choice| choice.value.as_str())
    }
}

/// What a person must register at a provider, and where.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a>(&'a RegisterFile);

impl<'a> Registration<'a> {
    /// The address of the page.
    #[must_use]
    pub fn at(self) -> Option<&'a str> {
        self.0.at.as_deref()
    }

    /// What to choose and to enter there.
    #[must_use]
    pub fn note(self) -> &'a str {
        &self.0.note
    }
}

/// The loopback addresses that a provider takes as redirect URIs.
#[derive(Clone, Copy, Debug)]
pub struct Loopback<'a>(&'a LoopbackFile);

impl<'a> Loopback<'a> {
    /// The hosts, the best first.
    #[must_use]
    pub fn hosts(self) -> &'a [LoopbackHost] {
        &self.0.hosts
    }

    /// Whether the port may be chosen when the link begins.
    #[must_use]
    pub fn port(self) -> LoopbackPort {
        self.0.port
    }
}
