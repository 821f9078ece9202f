//! A provider whose parameters have values: what a request needs. Not an account: no client id, no scopes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use url::Url;

use super::file::{ClientAuth, IdentityFile, IdentitySource, Purpose};
use super::issuer::{Bound, Issuer, bound_value};
use super::provider::Provider;
use super::template;
use crate::discovery::DiscoveryError;
use crate::errors::{ErrorTable, Fields};
use crate::scopes::ScopeRules;

/// Where the requests go.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Where the browser is sent.
    pub authorization: Option<Url>,
    /// Where codes and refresh tokens are redeemed.
    pub token: Url,
    /// Where the device grant begins (RFC 8628).
    pub device_authorization: Option<Url>,
    /// Where the parameters of an authorization request are sent beforehand (RFC 9126).
    pub pushed_authorization: Option<Url>,
    /// Where tokens are revoked (RFC 7009).
    pub revocation: Option<Url>,
    /// The keys of ID tokens.
    pub jwks: Option<Url>,
}

/// A page of the provider's to which native clients redirect.
#[derive(Clone, Debug)]
pub struct Native {
    /// The redirect URI.
    pub redirect_uri: String,
    /// Paths to which the page moves on, and where there is no code left.
    pub dead_ends: Vec<String>,
}

/// A request that tells who an account is, where the provider has no ID token.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The address.
    pub url: Url,
    /// A header that names the client's id.
    pub client_id_header: Option<String>,
}

/// A provider with values.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(crate) provider: Arc<Provider>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) endpoints: Endpoints,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) native: Option<Native>,
    pub(crate) api: Option<String>,
    pub(crate) profile: Option<Profile>,
    pub(crate) scopes: ScopeRules,
    pub(crate) auth: ClientAuth,
    pub(crate) authorize_extra: Vec<(String, String)>,
    pub(crate) token_extra: Vec<TokenExtra>,
}

/// A parameter of token requests, and in which ones it is sent.
#[derive(Clone, Debug)]
pub(crate) struct TokenExtra {
    pub(crate) name: String,
    pub(crate) value: String,
    with: Vec<Purpose>,
}

impl Resolved {
    /// The provider's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.provider.name()
    }

    /// The provider of the catalogue.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// All parameters with their values; with the name they are enough to resolve the provider again.
    #[must_use]
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// Where the requests go.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The identifier of the authorization server.
    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// The provider's own page for native clients.
    #[must_use]
    pub fn native(&self) -> Option<&Native> {
        self.native.as_ref()
    }

    /// The base URL of the provider's API, without a slash at the end.
    #[must_use]
    pub fn api(&self) -> Option<&str> {
        self.api.as_deref()
    }

    /// The request that tells who an account is; `Client::profile` sends it.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The rules about scopes.
    #[must_use]
    pub fn scopes(&self) -> &ScopeRules {
        &self.scopes
    }

    pub(crate) fn errors(&self) -> &ErrorTable {
        self.provider.errors()
    }

    /// What a token request for this purpose has beside the standard's parameters.
    pub(crate) fn token_extra(&self, purpose: Purpose) -> impl Iterator<Item = (&str, &str)> {
        let sent = self.token_extra.iter().filter(move |extra| extra.with.contains(&purpose));
        sent.map(|extra| (extra.name.as_str(), extra.value.as_str()))
    }

    pub(crate) fn identity(&self) -> Option<&IdentityFile> {
        self.provider.file.identity.as_ref()
    }
}

/// A provider with values, or one whose metadata must be asked for first.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// All is known.
    Ready(Box<Resolved>),
    /// The issuer must be asked: `Client::resolve` does.
    Discover(Box<Discoverable>),
}

/// A provider that is known by its issuer only.
#[derive(Clone, Debug)]
pub struct Discoverable {
    pub(crate) provider: Arc<Provider>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) issuer: String,
}

impl Discoverable {
    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn with(
        self,
        endpoints: Endpoints,
        promises_issuer: bool,
        auth: ClientAuth,
        offered: Option<&[String]>,
    ) -> Resolved {
        let mut scopes = ScopeRules::new(&self.provider.file.scopes, &self.values);
        if let Some(offered) = offered {
            scopes.keep_base(offered);
        }
        Resolved {
            native: native(&self.provider, &self.values),
            api: api(&self.provider, &self.values),
            profile: profile(&self.provider, &self.values),
            authorize_extra: authorize_extra(&self.provider, &self.values),
            token_extra: token_extra(&self.provider, &self.values),
            issuer: Some(Issuer::new(self.issuer, Vec::new(), promises_issuer, None)),
            provider: self.provider,
            parameters: self.parameters,
            endpoints,
            scopes,
            auth,
        }
    }
}

/// A provider that cannot be used as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No such provider.
    #[error("there is no provider {name}; there are {}", known.join(", "))]
    UnknownProvider {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// No such parameter.
    #[error("the provider has no parameter {parameter}")]
    UnknownParameter {
        /// The name that was given.
        parameter: String,
    },
    /// No value, and no default.
    #[error("the provider's parameter {parameter} is required")]
    MissingParameter {
        /// The parameter.
        parameter: String,
    },
    /// None of the choices.
    #[error("the provider's parameter {parameter} must be one of {}", choices.join(", "))]
    NotAChoice {
        /// The parameter.
        parameter: String,
        /// What it may be.
        choices: Vec<String>,
    },
    /// Not of the format.
    #[error("the provider's parameter {parameter} must be {expected}")]
    WrongFormat {
        /// The parameter.
        parameter: String,
        /// What it may be.
        expected: &'static str,
    },
    /// An endpoint does not come out as an https URL.
    #[error("the provider's {endpoint} endpoint is not an https address")]
    Endpoint {
        /// Which one.
        endpoint: &'static str,
    },
    /// The issuer's metadata could not be had.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

impl ResolveError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider { .. } => "provider.unknown",
            Self::UnknownParameter { .. } => "provider.parameter_unknown",
            Self::MissingParameter { .. } => "provider.parameter_missing",
            Self::NotAChoice { .. } => "provider.parameter_choice",
            Self::WrongFormat { .. } => "provider.parameter_format",
            Self::Endpoint { .. } => "provider.endpoint",
            Self::Discovery(error) => error.code(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::UnknownProvider { name, known } => {
                fields.insert("provider".into(), json!(name));
                fields.insert("known".into(), json!(known));
            }
            Self::UnknownParameter { parameter } | Self::MissingParameter { parameter } => {
                fields.insert("parameter".into(), json!(parameter));
            }
            Self::NotAChoice { parameter, choices } => {
                fields.insert("parameter".into(), json!(parameter));
                fields.insert("choices".into(), json!(choices));
            }
            Self::WrongFormat { parameter, expected } => {
                fields.insert("parameter".into(), json!(parameter));
                fields.insert("expected".into(), json!(expected));
            }
            Self::Endpoint { endpoint } => {
                fields.insert("endpoint".into(), json!(endpoint));
            }
            Self::Discovery(error) => return error.public_fields(),
        }
        fields
    }
}

pub(crate) fn resolve(provider: &Arc<Provider>, given: &BTreeMap<String, String>) -> Result<Resolution, ResolveError> {
    let (parameters, values) = evaluate(provider, given)?;
    let file = &provider.file;
    let Some(templates) = &file.endpoints else {
        let issuer = template::expand(file.discover.as_deref().unwrap_or_default(), &values);
        template::https_url(&issuer).ok_or(ResolveError::Endpoint { endpoint: "issuer" })?;
        return Ok(Resolution::Discover(Box::new(Discoverable { provider: Arc::clone(provider), parameters, values, issuer })));
    };
    let url = |endpoint: &'static str, text: &str| {
        template::https_url(&template::expand(text, &values)).ok_or(ResolveError::Endpoint { endpoint })
    };
    let optional = |endpoint: &'static str, text: &Option<String>| text.as_deref().map(|text| url(endpoint, text)).transpose();
    let endpoints = Endpoints {
        authorization: optional("authorization", &templates.authorization)?,
        token: url("token", &templates.token)?,
        device_authorization: optional("device authorization", &templates.device_authorization)?,
        pushed_authorization: optional("pushed authorization", &templates.pushed_authorization)?,
        revocation: optional("revocation", &templates.revocation)?,
        jwks: optional("jwks", &templates.jwks)?,
    };
    let issuer = file.issuer.as_ref().map(|issuer| {
        let bound = issuer.bound.as_ref().and_then(|bound| {
            let value = bound_value(parameters.get(&bound.parameter)?, &bound.values)?;
            Some(Bound { claim: bound.claim.clone(), value })
        });
        Issuer::new(template::expand(&issuer.value, &values), issuer.aliases.clone(), issuer.promised_in_response, bound)
    });
    Ok(Resolution::Ready(Box::new(Resolved {
        provider: Arc::clone(provider),
        endpoints,
        issuer,
        native: native(provider, &values),
        api: api(provider, &values),
        profile: profile(provider, &values),
        authorize_extra: authorize_extra(provider, &values),
        token_extra: token_extra(provider, &values),
        scopes: ScopeRules::new(&file.scopes, &values),
        auth: provider.token_auth(),
        parameters,
    })))
}

type Values = BTreeMap<String, String>;

/// The parameters' values, and with them what the choices set.
fn evaluate(provider: &Provider, given: &Values) -> Result<(Values, Values), ResolveError> {
    let declared = &provider.file.parameters;
    if let Some(unknown) = given.keys().find(|name| declared.iter().all(|parameter| parameter.name != **name)) {
        return Err(ResolveError::UnknownParameter { parameter: unknown.clone() });
    }
    let (mut parameters, mut values) = (Values::new(), Values::new());
    for parameter in declared {
        let name = || parameter.name.clone();
        let value = given
            .get(&parameter.name)
            .or(parameter.default.as_ref())
            .ok_or_else(|| ResolveError::MissingParameter { parameter: name() })?;
        match parameter.format {
            Some(format) if !format.accepts(value) => {
                return Err(ResolveError::WrongFormat { parameter: name(), expected: format.expected() });
            }
            Some(_) => {}
            None => {
                let choice = parameter.choices.iter().find(|choice| choice.value == *value).ok_or_else(|| {
                    let choices = parameter.choices.iter().map(|choice| choice.value.clone()).collect();
                    ResolveError::NotAChoice { parameter: name(), choices }
                })?;
                values.extend(choice.sets.clone());
            }
        }
        values.insert(name(), value.clone());
        parameters.insert(name(), value.clone());
    }
    Ok((parameters, values))
}

fn native(provider: &Provider, values: &Values) -> Option<Native> {
    provider.file.native.as_ref().map(|native| Native {
        redirect_uri: template::expand(&native.redirect_uri, values),
        dead_ends: native.dead_ends.clone(),
    })
}

fn api(provider: &Provider, values: &Values) -> Option<String> {
    let text = template::expand(provider.file.api.as_deref()?, values);
    Some(text.trim_end_matches('/').to_owned())
}

fn profile(provider: &Provider, values: &Values) -> Option<Profile> {
    let identity = provider.file.identity.as_ref().filter(|identity| identity.from == IdentitySource::Profile)?;
    let url = template::https_url(&template::expand(identity.url.as_deref()?, values))?;
    Some(Profile { url, client_id_header: identity.client_id_header.clone() })
}

fn authorize_extra(provider: &Provider, values: &Values) -> Vec<(String, String)> {
    let extra = provider.file.authorize.extra.iter();
    extra.map(|extra| (extra.name.clone(), template::expand(&extra.value, values))).collect()
}

fn token_extra(provider: &Provider, values: &Values) -> Vec<TokenExtra> {
    let extra = provider.file.token.extra.iter().map(|extra| TokenExtra {
        name: extra.name.clone(),
        value: template::expand(&extra.value, values),
        with: extra.with.clone(),
    });
    extra.collect()
}
