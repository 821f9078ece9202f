//! The faults of a token endpoint, sorted so that each has its own code. Not the errors of an operation: those are in its file.

use std::time::Duration;

use serde_json::json;

use crate::errors::{Fields, ProviderError};
use crate::http::HttpError;

/// Why a token endpoint gave no tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Status 401.
    #[error("{}", unauthorized(provider.as_ref()))]
    Unauthorized {
        /// What the provider said.
        provider: Option<ProviderError>,
    },
    /// The provider named an error.
    #[error(transparent)]
    Provider(ProviderError),
    /// A status of the 400s and no error named.
    #[error("the provider rejected the request with status {status}; check the client id and the client secret")]
    Rejected {
        /// The status.
        status: u16,
    },
    /// Status 429.
    #[error("the provider is asked too often; try again later")]
    RateLimited {
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// A status of the 500s.
    #[error("the provider failed with status {status}; try again later")]
    Server {
        /// The status.
        status: u16,
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// A redirect, which is not followed.
    #[error("the provider redirected the request with status {status}, which is not followed; check the provider's address")]
    Redirect {
        /// The status.
        status: u16,
    },
    /// The answer is a web page, or nothing.
    #[error(
        "the provider's answer (status {status}) is not JSON; check the provider's address, and whether a proxy is in the way"
    )]
    NotJson {
        /// The status.
        status: u16,
    },
    /// The answer is of another type than JSON, such as a form.
    #[error("the provider's answer is of another type than JSON, which its address may not be made for; check the address")]
    ContentType,
    /// JSON without what is needed.
    #[error("the provider's answer lacks {lacks}")]
    Malformed {
        /// What is missing.
        lacks: &'static str,
    },
    /// `expires_in` is not a number, or is missing where the provider always sends it.
    #[error("the provider's answer does not say in seconds how long the token lives")]
    ExpiresIn,
    /// A kind of token that we cannot use (RFC 6749 §7.1).
    #[error("the provider gave a token of a kind other than bearer")]
    TokenType,
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
}

fn unauthorized(provider: Option<&ProviderError>) -> String {
    match provider {
        Some(error) => error.to_string(),
        None => "the provider does not accept the client id or the client secret; enter them again".to_owned(),
    }
}

impl TokenError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "token.unauthorized",
            Self::Provider(_) => "token.provider_error",
            Self::Rejected { .. } => "token.rejected",
            Self::RateLimited { .. } => "token.rate_limited",
            Self::Server { .. } => "token.server_error",
            Self::Redirect { .. } => "token.redirect",
            Self::NotJson { .. } => "token.not_json",
            Self::ContentType => "token.content_type",
            Self::Malformed { .. } => "token.malformed",
            Self::ExpiresIn => "token.expires_in",
            Self::TokenType => "token.token_type",
            Self::Http(HttpError::Timeout) => "token.timeout",
            Self::Http(HttpError::Tls) => "token.tls",
            Self::Http(HttpError::Reset) => "token.reset",
            Self::Http(HttpError::TooLarge { .. }) => "token.too_large",
            Self::Http(HttpError::NotHttps) => "token.not_https",
            Self::Http(HttpError::Refused | HttpError::NameNotFound | HttpError::Connect) => "token.connect",
        }
    }

    /// What the provider said, where it said something.
    #[must_use]
    pub fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Provider(error) | Self::Unauthorized { provider: Some(error) } => Some(error),
            _ => None,
        }
    }

    /// Whether the same request can never succeed. A time-out, a broken connection, a 429 and a 5xx are not final, and neither
    /// is an answer that a proxy may have put in the way.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Provider(error) | Self::Unauthorized { provider: Some(error) } => error.is_final(),
            Self::Unauthorized { provider: None } => true,
            Self::Rejected { .. }
            | Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::Redirect { .. }
            | Self::NotJson { .. }
            | Self::ContentType
            | Self::Malformed { .. }
            | Self::ExpiresIn
            | Self::TokenType
            | Self::Http(_) => false,
        }
    }

    /// How long the provider asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = self.provider_error().map(ProviderError::public_fields).unwrap_or_default();
        match self {
            Self::Rejected { status } | Self::Server { status, .. } | Self::Redirect { status } | Self::NotJson { status } => {
                fields.insert("status".into(), json!(status));
            }
            Self::Http(error) => {
                fields.extend(error.public_fields());
                fields.insert("transport".into(), json!(error.code()));
            }
            _ => {}
        }
        if let Some(wait) = self.retry_after() {
            fields.insert("retry_after".into(), json!(wait.as_secs()));
        }
        fields
    }
}
