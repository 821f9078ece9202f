//! What an issuer says of itself (OpenID Connect Discovery 1.0 §4, RFC 8414 §3). Not the providers of the catalogue, whose data is ours.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::catalogue::template::https_url;
use crate::catalogue::{ClientAuth, Discoverable, Endpoints, Resolved};
use crate::client::Client;
use crate::errors::Fields;
use crate::http::HttpError;

/// An issuer whose metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// No answer.
    #[error("the provider's description could not be had: {0}")]
    Http(#[from] HttpError),
    /// There is no metadata.
    #[error("the issuer has no description (status {status}); check the issuer's address")]
    NotFound {
        /// The status.
        status: u16,
    },
    /// Not the metadata's shape.
    #[error("the provider's description cannot be read; check the issuer's address")]
    Malformed,
    /// Another issuer (RFC 8414 §3.3).
    #[error(
        "the description is of another issuer than the one that was asked for; write the issuer exactly as the provider does"
    )]
    Issuer,
    /// An endpoint is missing.
    #[error("the provider's description lacks the {endpoint} endpoint")]
    Missing {
        /// Which one.
        endpoint: &'static str,
    },
    /// An endpoint is not https.
    #[error("the provider's {endpoint} endpoint is not an https address")]
    NotHttps {
        /// Which one.
        endpoint: &'static str,
    },
    /// PKCE by S256 is ruled out.
    #[error("the provider does not offer PKCE with S256, without which no link is begun")]
    NoPkce,
    /// The code grant is ruled out.
    #[error("the provider does not offer the authorization code grant")]
    NoCodeGrant,
}

impl DiscoveryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Http(_) => "discovery.http",
            Self::NotFound { .. } => "discovery.not_found",
            Self::Malformed => "discovery.malformed",
            Self::Issuer => "discovery.issuer",
            Self::Missing { .. } => "discovery.missing",
            Self::NotHttps { .. } => "discovery.not_https",
            Self::NoPkce => "discovery.no_pkce",
            Self::NoCodeGrant => "discovery.no_code_grant",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::Http(error) => {
                fields.insert("transport".into(), json!(error.code()));
            }
            Self::NotFound { status } => {
                fields.insert("status".into(), json!(status));
            }
            Self::Missing { endpoint } | Self::NotHttps { endpoint } => {
                fields.insert("endpoint".into(), json!(endpoint));
            }
            _ => {}
        }
        fields
    }
}

/// The members that we use; the others are let be.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    jwks_uri: Option<String>,
    response_types_supported: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Client {
    /// Asks an issuer for its metadata.
    pub(crate) async fn discover(&self, provider: Discoverable) -> Result<Resolved, DiscoveryError> {
        let metadata = self.metadata(provider.issuer()).await?;
        // Simple string comparison: an issuer that differs by a slash is another issuer.
        if metadata.issuer != provider.issuer() {
            return Err(DiscoveryError::Issuer);
        }
        let rules_out =
            |list: &Option<Vec<String>>, wanted: &str| list.as_ref().is_some_and(|list| list.iter().all(|one| one != wanted));
        if rules_out(&metadata.response_types_supported, "code") {
            return Err(DiscoveryError::NoCodeGrant);
        }
        if rules_out(&metadata.code_challenge_methods_supported, "S256") {
            return Err(DiscoveryError::NoPkce);
        }
        let endpoints = Endpoints {
            authorization: endpoint("authorization", metadata.authorization_endpoint.as_deref())?,
            token: required("token", metadata.token_endpoint.as_deref())?,
            device_authorization: endpoint("device authorization", metadata.device_authorization_endpoint.as_deref())?,
            pushed_authorization: endpoint("pushed authorization", metadata.pushed_authorization_request_endpoint.as_deref())?,
            revocation: endpoint("revocation", metadata.revocation_endpoint.as_deref())?,
            jwks: Some(required("jwks", metadata.jwks_uri.as_deref())?),
        };
        // RFC 8414 §2: client_secret_basic is what an omitted list means.
        let auth = match &metadata.token_endpoint_auth_methods_supported {
            Some(methods) if methods.iter().any(|method| method == "client_secret_basic") => ClientAuth::Basic,
            Some(methods) if methods.iter().any(|method| method == "client_secret_post") => ClientAuth::Post,
            _ => ClientAuth::Basic,
        };
        let promises = metadata.authorization_response_iss_parameter_supported;
        Ok(provider.with(endpoints, promises, auth, metadata.scopes_supported.as_deref()))
    }

    async fn metadata(&self, issuer: &str) -> Result<Metadata, DiscoveryError> {
        let mut status = 0;
        for place in places(issuer) {
            let answer = self.http().get(&place).await?;
            if answer.status.is_success() {
                return serde_json::from_slice(&answer.body).map_err(|_| DiscoveryError::Malformed);
            }
            status = answer.status.as_u16();
        }
        Err(DiscoveryError::NotFound { status })
    }
}

/// OpenID Connect puts the well-known path behind the issuer's path, RFC 8414 §3.1 before it.
fn places(issuer: &str) -> Vec<Url> {
    let Some(base) = https_url(issuer) else {
        return Vec::new();
    };
    let path = base.path().trim_end_matches('/').to_owned();
    [format!("{path}/.well-known/openid-configuration"), format!("/.well-known/oauth-authorization-server{path}")]
        .into_iter()
        .map(|path| {
            let mut place = base.clone();
            place.set_path(&path);
            place
        })
        .collect()
}

fn endpoint(endpoint: &'static str, text: Option<&str>) -> Result<Option<Url>, DiscoveryError> {
    text.map(|text| https_url(text).ok_or(DiscoveryError::NotHttps { endpoint })).transpose()
}

fn required(name: &'static str, text: Option<&str>) -> Result<Url, DiscoveryError> {
    endpoint(name, text)?.ok_or(DiscoveryError::Missing { endpoint: name })
}
