//! A provider whose file has been checked. Not yet an account's: its parameters have no values (see `resolved.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::file::{ClientAuth, ExpiresInRule, Method, ParameterFile, PkceSupport, ProviderFile, SecretUse};
use super::resolved::{Resolution, ResolveError};
use super::template;
use crate::errors::ErrorTable;

const RESERVED: [&str; 10] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "response_mode",
    "client_secret",
];

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

    pub(crate) fn expires_in(&self) -> ExpiresInRule {
        self.file.token.expires_in
    }

    pub(crate) fn public_token_fields(&self) -> &[String] {
        &self.file.token.public_fields
    }

    /// Gives the parameters their values.
    ///
    /// # Errors
    /// When a parameter is unknown, missing or of the wrong shape.
    pub fn resolve(self: &Arc<Self>, parameters: &BTreeMap<String, String>) -> Result<Resolution, ResolveError> {
        super::resolved::resolve(self, parameters)
    }

    pub(crate) fn check(file: ProviderFile, errors: Arc<ErrorTable>) -> Result<Arc<Self>, String> {
        check_name(&file)?;
        check_parameters(&file)?;
        check_templates(&file)?;
        check_endpoints(&file)?;
        check_methods(&file)?;
        check_identity(&file)?;
        check_rest(&file)?;
        let provider = Arc::new(Self { file, errors });
        if provider.file.parameters.iter().all(|parameter| parameter.default.is_some()) {
            provider.resolve(&BTreeMap::new()).map_err(|error| error.to_string())?;
        }
        Ok(provider)
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

fn check_name(file: &ProviderFile) -> Result<(), String> {
    let shaped =
        !file.name.is_empty() && file.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if shaped { Ok(()) } else { Err("the name must be of lowercase letters, digits and underscores".to_owned()) }
}

fn check_parameters(file: &ProviderFile) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for parameter in &file.parameters {
        let name = &parameter.name;
        if !seen.insert(name) {
            return Err(format!("the parameter `{name}` is declared twice"));
        }
        match (parameter.choices.first(), parameter.format) {
            (None, None) | (Some(_), Some(_)) => {
                return Err(format!("the parameter `{name}` needs either choices or a format"));
            }
            (Some(first), None) => {
                let keys = first.sets.keys().collect::<Vec<_>>();
                if parameter.choices.iter().any(|choice| choice.sets.keys().collect::<Vec<_>>() != keys) {
                    return Err(format!("every choice of the parameter `{name}` must set the same values"));
                }
                if parameter.default.as_ref().is_some_and(|value| parameter.choices.iter().all(|choice| choice.value != *value)) {
                    return Err(format!("the default of the parameter `{name}` is none of its choices"));
                }
            }
            (None, Some(format)) => {
                if parameter.default.as_ref().is_some_and(|value| !format.accepts(value)) {
                    return Err(format!("the default of the parameter `{name}` must be {}", format.expected()));
                }
            }
        }
    }
    Ok(())
}

fn check_templates(file: &ProviderFile) -> Result<(), String> {
    let known = file
        .parameters
        .iter()
        .flat_map(|parameter| {
            let sets = parameter.choices.first().into_iter().flat_map(|choice| choice.sets.keys());
            sets.chain([&parameter.name]).map(String::as_str)
        })
        .collect::<BTreeSet<_>>();
    let endpoints = file.endpoints.iter().flat_map(|endpoints| {
        [
            endpoints.authorization.as_deref(),
            Some(endpoints.token.as_str()),
            endpoints.device_authorization.as_deref(),
            endpoints.revocation.as_deref(),
            endpoints.jwks.as_deref(),
        ]
    });
    let others = [
        file.discover.as_deref(),
        file.api.as_deref(),
        file.native.as_ref().map(|native| native.redirect_uri.as_str()),
        Some(file.scopes.prefix.as_str()),
    ];
    for template in endpoints.chain(others).flatten() {
        if let Some(name) = template::names(template)?.into_iter().find(|name| !known.contains(name)) {
            return Err(format!("`{{{name}}}` is not a parameter"));
        }
    }
    if let Some(issuer) = &file.issuer {
        let names = template::names(&issuer.value)?;
        if let Some(name) = names.iter().find(|name| !known.contains(*name) && !name.starts_with("claim:")) {
            return Err(format!("`{{{name}}}` in the issuer is neither a parameter nor a claim"));
        }
        if let Some(bound) = issuer.bound.as_ref().filter(|bound| !known.contains(bound.parameter.as_str())) {
            return Err(format!("the issuer is bound to `{}`, which is not a parameter", bound.parameter));
        }
    }
    Ok(())
}

fn check_endpoints(file: &ProviderFile) -> Result<(), String> {
    match (&file.endpoints, &file.discover) {
        (Some(_), None) => Ok(()),
        (None, Some(_)) if file.issuer.is_some() => Err("a discovered provider gets its issuer from `discover`".to_owned()),
        (None, Some(_)) => Ok(()),
        _ => Err("either `endpoints` or `discover` is needed, and not both".to_owned()),
    }
}

fn check_methods(file: &ProviderFile) -> Result<(), String> {
    if file.methods.is_empty() {
        return Err("at least one method is needed".to_owned());
    }
    let Some(endpoints) = &file.endpoints else {
        return Ok(());
    };
    for method in &file.methods {
        let missing = match method {
            Method::Callback | Method::Loopback if endpoints.authorization.is_none() => "an authorization endpoint",
            Method::Paste if endpoints.authorization.is_none() => "an authorization endpoint",
            Method::Paste if file.native.is_none() => "a native redirect URI",
            Method::Device if endpoints.device_authorization.is_none() => "a device authorization endpoint",
            _ => continue,
        };
        return Err(format!("the method {} needs {missing}", method.as_str()));
    }
    Ok(())
}

fn check_identity(file: &ProviderFile) -> Result<(), String> {
    let Some(identity) = &file.identity else {
        return Ok(());
    };
    if identity.key.is_empty() {
        return Err("an identity needs at least one claim as its key".to_owned());
    }
    if !file.scopes.base.iter().any(|scope| scope == "openid") {
        return Err("an identity needs the base scope openid".to_owned());
    }
    let checked = match &file.endpoints {
        Some(endpoints) => endpoints.jwks.is_some() && file.issuer.is_some(),
        None => true,
    };
    if checked { Ok(()) } else { Err("an identity needs an issuer and its keys".to_owned()) }
}

fn check_rest(file: &ProviderFile) -> Result<(), String> {
    if file.pkce.support == PkceSupport::Unconfirmed && file.pkce.reason.as_ref().is_none_or(String::is_empty) {
        return Err("unconfirmed support of PKCE needs a written reason".to_owned());
    }
    if file.scopes.separator.is_empty() || file.scopes.answer_separators.iter().any(String::is_empty) {
        return Err("a separator of scopes must not be empty".to_owned());
    }
    if let Some(extra) = file.authorize.extra.iter().find(|extra| RESERVED.contains(&extra.name.as_str())) {
        return Err(format!("the authorize parameter {} is set by us", extra.name));
    }
    let dead_ends = file.native.iter().flat_map(|native| &native.dead_ends);
    if let Some(path) = dead_ends.into_iter().find(|path| !path.starts_with('/')) {
        return Err(format!("the dead end {path} must be a path that begins with a slash"));
    }
    Ok(())
}
