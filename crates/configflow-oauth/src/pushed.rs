//! An authorization request whose parameters are sent beforehand (RFC 9126): the browser carries only what stands for them.
//!
//! It is done wherever the provider's endpoint for it is known, from its file or its metadata; a failure is never answered by
//! putting the parameters into the browser after all.

use std::time::Duration;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::authorize::{Attempt, Begin, BeginError};
use crate::catalogue::ClientAuth;
use crate::client::Client;
use crate::errors::{Fields, ProviderError};
use crate::http::HttpError;
use crate::secret::Secret;
use crate::token::TokenError;
use crate::token::exchange::{judge, post};

/// An answer's `request_uri` may be this long.
const MOST_REQUEST_URI: usize = 2048;
/// So much of a lifetime is left at least, or the URL counts as ended: the person has to get there.
const MARGIN: Duration = Duration::from_secs(5);

/// The parameters could not be sent beforehand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The provider names an error: a wrong redirect URI or scope shows here, before the person leaves.
    #[error(transparent)]
    Rejected(ProviderError),
    /// The client is not accepted.
    #[error("{}", unauthorized(provider.as_ref()))]
    Unauthorized {
        /// What the provider said.
        provider: Option<ProviderError>,
    },
    /// No answer.
    #[error("the provider could not be asked to begin the login: {0}")]
    Http(HttpError),
    /// Asked too often.
    #[error("the provider is asked too often to begin a login; try again later")]
    RateLimited {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// Another status than a success, and no error named.
    #[error("the provider was asked to begin the login and failed with status {status}; try again later")]
    Status {
        /// The status.
        status: u16,
    },
    /// The answer holds nothing that stands for the parameters, or no lifetime.
    #[error("the provider was asked to begin the login and its answer lacks {lacks}")]
    Malformed {
        /// What is missing.
        lacks: &'static str,
    },
}

fn unauthorized(provider: Option<&ProviderError>) -> String {
    match provider {
        Some(error) => error.to_string(),
        None => "the provider does not accept the client id or the client secret; enter them again".to_owned(),
    }
}

impl PushError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "par.rejected",
            Self::Unauthorized { .. } => "par.unauthorized",
            Self::Http(_) => "par.http",
            Self::RateLimited { .. } => "par.rate_limited",
            Self::Status { .. } => "par.status",
            Self::Malformed { .. } => "par.malformed",
        }
    }

    /// What the provider said, where it said something.
    #[must_use]
    pub fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Rejected(error) | Self::Unauthorized { provider: Some(error) } => Some(error),
            _ => None,
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = self.provider_error().map(ProviderError::public_fields).unwrap_or_default();
        match self {
            Self::Http(error) => {
                fields.extend(error.public_fields());
                fields.insert("transport".into(), json!(error.code()));
            }
            Self::Status { status } => {
                fields.insert("status".into(), json!(status));
            }
            Self::RateLimited { retry_after: Some(wait) } => {
                fields.insert("retry_after".into(), json!(wait.as_secs()));
            }
            _ => {}
        }
        fields
    }
}

impl From<TokenError> for PushError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Provider(error) => Self::Rejected(error),
            TokenError::Unauthorized { provider } => Self::Unauthorized { provider },
            TokenError::Http(error) => Self::Http(error),
            TokenError::RateLimited { retry_after } => Self::RateLimited { retry_after },
            TokenError::Server { status, .. } | TokenError::Redirect { status } | TokenError::Rejected { status } => {
                Self::Status { status }
            }
            TokenError::NotJson { status } if !(200..300).contains(&status) => Self::Status { status },
            TokenError::NotJson { .. } => Self::Malformed { lacks: "everything: it is not JSON" },
            _ => Self::Malformed { lacks: "a request_uri" },
        }
    }
}

/// An attempt cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It cannot be begun.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// Its parameters could not be sent beforehand.
    #[error(transparent)]
    Push(#[from] PushError),
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Begin(error) => error.code(),
            Self::Push(error) => error.code(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::Begin(error) => error.public_fields(),
            Self::Push(error) => error.public_fields(),
        }
    }
}

impl Client {
    /// Begins an attempt, and sends its parameters beforehand where the provider has an endpoint for that.
    ///
    /// # Errors
    /// When the attempt cannot be begun, or the provider does not take its parameters.
    pub async fn start(&self, account: &Account, begin: Begin<'_>) -> Result<Attempt, StartError> {
        let mut attempt = self.attempt(account, begin)?;
        self.renew_url(account, &mut attempt).await?;
        Ok(attempt)
    }

    /// Sends the parameters of an attempt again if its URL has ended meanwhile; says whether the URL is another one now. State
    /// and verifier stay the same.
    ///
    /// # Errors
    /// When the provider does not take the parameters.
    pub async fn renew_url(&self, account: &Account, attempt: &mut Attempt) -> Result<bool, PushError> {
        let fits = attempt.provider == account.provider().name() && attempt.client_id == account.client_id();
        let Some(endpoint) = account.provider().endpoints.pushed_authorization.as_ref().filter(|_| fits) else {
            return Ok(false);
        };
        if attempt.pushed.as_ref().is_some_and(|(_, until)| self.now() + MARGIN < *until) {
            return Ok(false);
        }
        let pairs = parameters(account, &attempt.url);
        let form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = post(self, account, endpoint, &form).await.map_err(PushError::Http)?;
        let json = serde_json::from_slice::<Map<String, Value>>(&answer.body).ok();
        // RFC 9126 §2.2: the status is 201; a 200 with the same in it does no harm.
        let json = json.filter(|json| answer.status.is_success() && json.contains_key("request_uri"));
        let Some(json) = json else {
            return Err(judge(self, account.provider().errors(), &answer).into());
        };
        attempt.pushed = Some(read(account, attempt, &json, self.now())?);
        Ok(true)
    }
}

/// What the URL would have carried. The client's id is written by the client's authentication, but for HTTP Basic.
fn parameters(account: &Account, url: &Secret) -> Vec<(String, Zeroizing<String>)> {
    let in_header = account.provider().auth == ClientAuth::Basic && account.client_secret().is_some();
    let query = url.expose().split_once('?').map_or("", |(_, query)| query);
    let endpoint = account.provider().endpoints.authorization.as_ref();
    let own: Vec<_> =
        endpoint.into_iter().flat_map(|endpoint| endpoint.query_pairs()).map(|(name, _)| name.into_owned()).collect();
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| in_header || name != "client_id")
        // What belongs to the endpoint's own address stays there.
        .filter(|(name, _)| !own.iter().any(|one| one == name))
        .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
        .collect()
}

/// The short URL of an answer, and its end (RFC 9126 §2.2 and §4).
fn read(
    account: &Account,
    attempt: &Attempt,
    json: &Map<String, Value>,
    now: OffsetDateTime,
) -> Result<(Secret, OffsetDateTime), PushError> {
    let request_uri = json.get("request_uri").and_then(Value::as_str);
    let usable = |uri: &&str| !uri.is_empty() && uri.len() <= MOST_REQUEST_URI && !uri.contains(char::is_control);
    let request_uri = request_uri.filter(usable).ok_or(PushError::Malformed { lacks: "a request_uri" })?;
    let seconds = match json.get("expires_in") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let lifetime = seconds.filter(|seconds| *seconds > 0.0).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = lifetime.and_then(|lifetime| now.checked_add(time::Duration::try_from(lifetime).ok()?));
    let until = until.ok_or(PushError::Malformed { lacks: "how long it lasts" })?;
    let endpoint = account.provider().endpoints.authorization.as_ref();
    let mut url = endpoint.ok_or(PushError::Malformed { lacks: "a page to log in at" })?.clone();
    url.query_pairs_mut().append_pair("client_id", account.client_id()).append_pair("request_uri", request_uri);
    Ok((Secret::new(String::from(url)), until.min(attempt.expires_at)))
}
