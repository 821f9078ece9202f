//! What an issuer says of itself (OpenID Connect Discovery 1.0 §4, RFC 8414 §3). Not the providers of the catalogue, whose data is ours.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::catalogue::template::https_url;
use crate::catalogue::{ClientAuth, Description, Discoverable, Endpoints, ResolveError, Resolved};
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
    /// The issuer fails.
    #[error("the issuer failed with status {status} when it was asked for its description; try again later")]
    Unavailable {
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
    /// Only ways of client authentication that we do not have.
    #[error("the provider offers no way for the client to show its secret that is known here: HTTP Basic, in the body, or none")]
    NoClientAuth,
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
            Self::Unavailable { .. } => "discovery.unavailable",
            Self::Malformed => "discovery.malformed",
            Self::Issuer => "discovery.issuer",
            Self::Missing { .. } => "discovery.missing",
            Self::NotHttps { .. } => "discovery.not_https",
            Self::NoPkce => "discovery.no_pkce",
            Self::NoClientAuth => "discovery.no_client_auth",
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
            Self::NotFound { status } | Self::Unavailable { status } => {
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
    #[serde(default)]
    require_pushed_authorization_requests: bool,
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
    /// Asks an issuer for its metadata. One that has none is used as the provider's file says, if it says how.
    pub(crate) async fn discover(&self, provider: Discoverable) -> Result<Resolved, ResolveError> {
        match self.metadata(provider.issuer()).await {
            Ok(metadata) => {
                let description = metadata.read(provider.issuer(), provider.needs_keys())?;
                Ok(provider.described(description))
            }
            Err(DiscoveryError::NotFound { status }) => {
                provider.undescribed().unwrap_or(Err(DiscoveryError::NotFound { status }.into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn metadata(&self, issuer: &str) -> Result<Metadata, DiscoveryError> {
        let mut failure = None;
        for place in places(issuer) {
            let answer = self.http().get(&place).await?;
            let status = answer.status.as_u16();
            let found = if answer.status.is_success() {
                match serde_json::from_slice(&answer.body) {
                    Ok(metadata) => return Ok(metadata),
                    // A site may answer every address with its front page.
                    Err(_) => DiscoveryError::Malformed,
                }
            } else if answer.status.is_server_error() || status == 429 {
                DiscoveryError::Unavailable { status }
            } else {
                DiscoveryError::NotFound { status }
            };
            // What went wrong says more than what was not there.
            match failure {
                None | Some(DiscoveryError::NotFound { .. }) => failure = Some(found),
                Some(_) => {}
            }
        }
        Err(failure.unwrap_or(DiscoveryError::Malformed))
    }
}

impl Metadata {
    /// What the metadata comes to, if it is the issuer's and the client can work with it.
    fn read(self, issuer: &str, needs_keys: bool) -> Result<Description, DiscoveryError> {
        // Simple string comparison (RFC 8414 §3.3): an issuer that differs by a slash is another issuer.
        if self.issuer != issuer {
            return Err(DiscoveryError::Issuer);
        }
        let rules_out =
            |list: &Option<Vec<String>>, wanted: &str| list.as_ref().is_some_and(|list| list.iter().all(|one| one != wanted));
        if rules_out(&self.response_types_supported, "code") {
            return Err(DiscoveryError::NoCodeGrant);
        }
        if rules_out(&self.code_challenge_methods_supported, "S256") {
            return Err(DiscoveryError::NoPkce);
        }
        let endpoints = Endpoints {
            authorization: endpoint("authorization", self.authorization_endpoint.as_deref())?,
            token: required("token", self.token_endpoint.as_deref())?,
            device_authorization: endpoint("device authorization", self.device_authorization_endpoint.as_deref())?,
            pushed_authorization: endpoint("pushed authorization", self.pushed_authorization_request_endpoint.as_deref())?,
            revocation: endpoint("revocation", self.revocation_endpoint.as_deref())?,
            jwks: endpoint("jwks", self.jwks_uri.as_deref())?,
        };
        // Only ID tokens need keys (RFC 8414 §2: optional; OpenID Connect Discovery §3: required).
        if needs_keys && endpoints.jwks.is_none() {
            return Err(DiscoveryError::Missing { endpoint: "jwks" });
        }
        // RFC 9126 §5: where only pushed requests are taken, there is an endpoint for them.
        if self.require_pushed_authorization_requests && endpoints.pushed_authorization.is_none() {
            return Err(DiscoveryError::Missing { endpoint: "pushed authorization" });
        }
        Ok(Description {
            endpoints,
            promises_issuer: self.authorization_response_iss_parameter_supported,
            requires_push: self.require_pushed_authorization_requests,
            auth: client_auth(self.token_endpoint_auth_methods_supported.as_deref())?,
            scopes_offered: self.scopes_supported,
        })
    }
}

/// RFC 8414 §2: `client_secret_basic` is what an omitted list means.
fn client_auth(offered: Option<&[String]>) -> Result<ClientAuth, DiscoveryError> {
    let Some(offered) = offered else {
        return Ok(ClientAuth::Basic);
    };
    let has = |wanted: &str| offered.iter().any(|method| method == wanted);
    match (has("client_secret_basic"), has("client_secret_post"), has("none")) {
        (true, _, _) => Ok(ClientAuth::Basic),
        (_, true, _) => Ok(ClientAuth::Post),
        // A public client shows no secret, and its id stands in the body.
        (_, _, true) => Ok(ClientAuth::Post),
        _ => Err(DiscoveryError::NoClientAuth),
    }
}

/// Where the metadata may be. OpenID Connect Discovery §4 puts the well-known path behind the issuer's path, RFC 8414 §3 before it,
/// and §5 there says that both occur with either name.
fn places(issuer: &str) -> Vec<Url> {
    let Some(base) = https_url(issuer) else {
        return Vec::new();
    };
    let path = base.path().trim_end_matches('/').to_owned();
    let mut places: Vec<Url> = Vec::new();
    for path in [
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
        format!("/.well-known/openid-configuration{path}"),
        format!("{path}/.well-known/oauth-authorization-server"),
    ] {
        let mut place = base.clone();
        place.set_path(&path);
        place.set_query(None);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn endpoint(endpoint: &'static str, text: Option<&str>) -> Result<Option<Url>, DiscoveryError> {
    text.map(|text| https_url(text).ok_or(DiscoveryError::NotHttps { endpoint })).transpose()
}

fn required(name: &'static str, text: Option<&str>) -> Result<Url, DiscoveryError> {
    endpoint(name, text)?.ok_or(DiscoveryError::Missing { endpoint: name })
}
