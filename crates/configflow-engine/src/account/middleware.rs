//! A middleware of `reqwest-middleware` that authorises requests.

use http::Extensions;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, Response, StatusCode, Url};
use reqwest_middleware::{Error, Middleware, Next, Result};
use zeroize::Zeroizing;

use configflow_oauth::Secret;

use super::{AccountError, AccountHandle};

/// Sends requests with the token of an account, and once more with a renewed one where the answer is 401 (RFC 6750 §3.1).
///
/// A token goes to the origins that were named, and nowhere else: a request to another one is refused, and `reqwest` takes the
/// token off when it follows a redirect to another host or port. A request whose body cannot be cloned is sent once.
#[derive(Clone, Debug)]
pub struct Authorize {
    account: AccountHandle,
    origins: Vec<url::Origin>,
}

impl Authorize {
    /// Authorises requests to the origins of these addresses, such as `https://graph.microsoft.com`. An address that is none, or that
    /// is neither https nor on this machine, is left out.
    #[must_use]
    pub fn new<'a>(account: AccountHandle, addresses: impl IntoIterator<Item = &'a str>) -> Self {
        let origins = addresses.into_iter().filter_map(|address| Url::parse(address).ok());
        Self { account, origins: origins.filter(is_safe).map(|url| url.origin()).collect() }
    }

    fn is_for(&self, url: &Url) -> bool {
        self.origins.contains(&url.origin())
    }
}

/// Whether a token may go there at all: it is a secret for whoever reads the request.
fn is_safe(url: &Url) -> bool {
    let on_this_machine = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || on_this_machine
}

/// Why a request was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizeError {
    /// The request goes elsewhere than the account's tokens may.
    #[error("the account's token is not for this host")]
    ForeignHost,
    /// There is no token.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl AuthorizeError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ForeignHost => "account.foreign_host",
            Self::Account(error) => error.code(),
        }
    }
}

impl From<AuthorizeError> for Error {
    fn from(error: AuthorizeError) -> Self {
        Self::middleware(error)
    }
}

#[async_trait::async_trait]
impl Middleware for Authorize {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        if !self.is_for(request.url()) {
            return Err(AuthorizeError::ForeignHost.into());
        }
        let token = self.account.access_token().await.map_err(AuthorizeError::Account)?;
        let (again, origin) = (request.try_clone(), request.url().origin());
        let answer = next.clone().run(with(request, &token)?, extensions).await?;
        // A 401 of where a redirect led says nothing about the token: it was not sent there.
        if answer.status() != StatusCode::UNAUTHORIZED || answer.url().origin() != origin {
            return Ok(answer);
        }
        let Some(again) = again else { return Ok(answer) };
        match self.account.renewed(&token).await {
            Ok(renewed) if !renewed.matches(token.expose()) => next.run(with(again, &renewed)?, extensions).await,
            // The answer says more than that there is no other token.
            _ => Ok(answer),
        }
    }
}

/// The request with a bearer token (RFC 6750 §2.1).
fn with(mut request: Request, token: &Secret) -> std::result::Result<Request, AuthorizeError> {
    let value = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&value).map_err(|_| AccountError::Provider { detail: "token.malformed".to_owned() })?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(request)
}
