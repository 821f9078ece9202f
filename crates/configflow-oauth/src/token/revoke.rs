//! Tokens end (RFC 7009 §2.1). A POST of our own, as `oauth2` insists on https before the rewrite for loopback tests.

use super::TokenError;
use super::TokenSet;
use super::exchange::{judge, post};
use crate::account::Account;
use crate::client::Client;
use crate::errors::Fields;

/// Tokens were not revoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The provider has no revocation endpoint.
    #[error("the provider offers no revocation; remove the application in the settings of the account")]
    Unsupported,
    /// The endpoint failed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl RevokeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported => "token.revoke_unsupported",
            Self::Token(error) => error.code(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::Unsupported => Fields::new(),
            Self::Token(error) => error.public_fields(),
        }
    }
}

impl Client {
    /// Revokes the refresh token, which ends the access token too, or the access token where there is no other.
    ///
    /// # Errors
    /// When the provider has no revocation endpoint, or it fails.
    pub async fn revoke(&self, account: &Account, tokens: &TokenSet) -> Result<(), RevokeError> {
        let provider = account.provider();
        let endpoint = provider.endpoints.revocation.as_ref().ok_or(RevokeError::Unsupported)?;
        let (token, hint) = match tokens.refresh() {
            Some(token) => (token, "refresh_token"),
            None => (tokens.access(), "access_token"),
        };
        let form = [("token", token.expose()), ("token_type_hint", hint)];
        let answer = post(self, account, endpoint, &form).await.map_err(TokenError::Http)?;
        // RFC 7009 §2.2: 200 also for a token that the provider does not know.
        if answer.status.is_success() { Ok(()) } else { Err(judge(self, provider.errors(), &answer).into()) }
    }
}
