//! A refresh token becomes new tokens (RFC 6749 §6). One request; when to send it, and one at a time, is the caller's business.

use oauth2::RefreshToken;

use super::exchange::{Recorder, protocol};
use super::{TokenError, TokenSet};
use crate::account::Account;
use crate::catalogue::Purpose;
use crate::client::Client;
use crate::errors::Fields;

/// What a refresh brought.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The tokens, with all that the answer left out taken from before.
    pub tokens: TokenSet,
    /// Whether the provider gave another refresh token: store it before the tokens are used (RFC 9700 §4.14).
    pub rotated: bool,
}

/// A refresh failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// There is no refresh token.
    #[error("the provider gave no refresh token; link the account again")]
    NoRefreshToken,
    /// The token endpoint gave no tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl RefreshError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRefreshToken => "token.no_refresh_token",
            Self::Token(error) => error.code(),
        }
    }

    /// Whether the account must be linked again: `invalid_grant` and its like are final, a time-out and a 5xx are not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::NoRefreshToken => true,
            Self::Token(error) => error.is_final(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::NoRefreshToken => Fields::new(),
            Self::Token(error) => error.public_fields(),
        }
    }
}

impl Client {
    /// Renews tokens.
    ///
    /// # Errors
    /// When there is no refresh token, or the provider gives no tokens for it.
    pub async fn refresh(&self, account: &Account, tokens: &TokenSet) -> Result<Refreshed, RefreshError> {
        let old = tokens.refresh().ok_or(RefreshError::NoRefreshToken)?;
        let recorder = Recorder::new(self.http(), account);
        let client = protocol(account);
        let refresh_token = RefreshToken::new(old.expose().to_owned());
        let mut request = client.exchange_refresh_token(&refresh_token);
        for (name, value) in account.provider().token_extra(Purpose::Refresh) {
            request = request.add_extra_param(name.to_owned(), value.to_owned());
        }
        if let Some(redirect_uri) = &tokens.redirect_uri {
            request = request.add_extra_param("redirect_uri", redirect_uri.clone());
        }
        let outcome = request.request_async(&recorder).await;
        let wire = recorder.settle(self, account, outcome)?;
        let new = TokenSet::take(account, &wire, self.now(), Some(tokens))?;
        let rotated = new.refresh().is_some_and(|new| !new.matches(old.expose()));
        Ok(Refreshed { tokens: new, rotated })
    }
}
