//! Why there is no valid token.

use std::time::Duration;

use crate::error::FlowError;
use crate::store::StoreError;

/// Why an account gives no valid token.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The entry is not there.
    #[error("the entry is not there")]
    UnknownEntry,
    /// No account is linked to the entry.
    #[error("no account is linked to the entry")]
    NotLinked,
    /// The provider refuses the tokens for good, and nothing more is sent with them. A reauth has begun by itself, where the
    /// definition has one.
    #[error("the account has to be linked again ({detail})")]
    ReauthRequired {
        /// The code of what was found, such as `token.provider_error` or `token.refresh_interrupted`.
        detail: String,
    },
    /// The token has ended, and the provider gives no new one now. Nothing is lost: a later call tries again.
    #[error("the provider gives no new token now ({detail})")]
    Unreachable {
        /// The code of what was found, such as `token.timeout`.
        detail: String,
        /// When a call will try again; earlier ones fail at once.
        retry_after: Option<Duration>,
    },
    /// Another process is refreshing the token, and takes longer than it may.
    #[error("another process is refreshing the token")]
    Busy,
    /// The definition's account cannot be found at a provider: the catalogue does not have it.
    #[error("the account's provider cannot be used ({detail})")]
    Provider {
        /// The code of what was found, such as `provider.unknown`.
        detail: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    Closed,
}

impl AccountError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownEntry => "account.unknown_entry",
            Self::NotLinked => "account.not_linked",
            Self::ReauthRequired { .. } => "account.reauth_required",
            Self::Unreachable { .. } => "account.unreachable",
            Self::Busy => "account.busy",
            Self::Provider { .. } => "account.provider",
            Self::Store(error) => error.code(),
            Self::Closed => "account.closed",
        }
    }

    /// The code of what was found, where there is one behind the error's own.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::ReauthRequired { detail } | Self::Unreachable { detail, .. } | Self::Provider { detail } => Some(detail),
            _ => None,
        }
    }
}

impl From<FlowError> for AccountError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::UnknownEntry => Self::UnknownEntry,
            FlowError::Store(error) => Self::Store(error),
            _ => Self::Closed,
        }
    }
}
