//! A code becomes tokens, once (RFC 6749 §4.1.3). Both the attempt and the code are taken, so neither can be sent again.

use std::borrow::Cow;

use oauth2::{PkceCodeVerifier, RedirectUrl};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::exchange::{Recorder, protocol};
use super::{TokenError, TokenSet, WireToken, granted};
use crate::account::Account;
use crate::authorize::{ATTEMPT_LIFETIME, Attempt};
use crate::catalogue::{IdentitySource, Purpose};
use crate::client::Client;
use crate::errors::Fields;
use crate::id_token::{IdTokenError, Identity};
use crate::identity::{identity_of_access_token, identity_of_answer};
use crate::returned::AuthorizationCode;
use crate::scopes::ScopeReport;
use crate::secret::Secret;

/// A linked account.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Its tokens.
    pub tokens: TokenSet,
    /// Who it is, where the provider says so.
    pub identity: Option<Identity>,
    /// What was asked for and what was granted.
    pub scopes: ScopeReport,
}

/// A code cannot be redeemed, or what it brought cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedeemError {
    /// Another user than the one who began. Nothing was sent.
    #[error("the link was begun by another user; start it again")]
    ForeignPrincipal,
    /// The attempt or the code is of another account or attempt. Nothing was sent.
    #[error("the link was begun for another account; start it again")]
    ForeignAttempt,
    /// Too late. Nothing was sent.
    #[error("the link has expired; start it again and finish it within {minutes} minutes")]
    Expired {
        /// How long an attempt may take.
        minutes: i64,
    },
    /// The token endpoint gave no tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The ID token proves nothing.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
}

impl RedeemError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ForeignPrincipal => "link.foreign_principal",
            Self::ForeignAttempt => "link.foreign_attempt",
            Self::Expired { .. } => "link.expired",
            Self::Token(error) => error.code(),
            Self::IdToken(error) => error.code(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::ForeignPrincipal | Self::ForeignAttempt => Fields::new(),
            Self::Expired { minutes } => Fields::from_iter([("minutes".to_owned(), json!(minutes))]),
            Self::Token(error) => error.public_fields(),
            Self::IdToken(error) => error.public_fields(),
        }
    }
}

impl Client {
    /// Redeems a code. The request is sent at most once; whatever comes of it, the attempt is spent.
    ///
    /// ```compile_fail,E0382
    /// # use configflow_oauth::{Account, Attempt, AuthorizationCode, Client};
    /// # async fn twice(client: Client, account: Account, attempt: Attempt, one: AuthorizationCode, two: AuthorizationCode) {
    /// let _ = client.redeem(&account, attempt, one, "anna").await;
    /// let _ = client.redeem(&account, attempt, two, "anna").await; // the attempt is gone
    /// # }
    /// ```
    ///
    /// # Errors
    /// When attempt, account, code and principal do not belong together, or the provider gives nothing that can be trusted.
    pub async fn redeem(
        &self,
        account: &Account,
        attempt: Attempt,
        code: AuthorizationCode,
        principal: &str,
    ) -> Result<Linked, RedeemError> {
        let provider = account.provider();
        if !bool::from(attempt.principal.as_bytes().ct_eq(principal.as_bytes())) {
            return Err(RedeemError::ForeignPrincipal);
        }
        // RFC 9700 §4.4: a code goes to the endpoint of the provider with which its attempt was begun, and to no other.
        let fits = attempt.provider == provider.name()
            && attempt.client_id == account.client_id()
            && attempt.token_endpoint == provider.endpoints.token
            && attempt.state_hash() == code.attempt;
        if !fits {
            return Err(RedeemError::ForeignAttempt);
        }
        if self.now() >= attempt.expires_at {
            return Err(RedeemError::Expired { minutes: ATTEMPT_LIFETIME.whole_minutes() });
        }
        let redirect = RedirectUrl::new(attempt.redirect_uri.clone()).map_err(|_| RedeemError::ForeignAttempt)?;
        let recorder = Recorder::new(self.http(), account);
        let client = protocol(account);
        let mut request = client
            .exchange_code(oauth2::AuthorizationCode::new(code.code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.expose().to_owned()))
            .set_redirect_uri(Cow::Owned(redirect));
        for (name, value) in provider.token_extra(Purpose::Redeem) {
            request = request.add_extra_param(name.to_owned(), value.to_owned());
        }
        let outcome = request.request_async(&recorder).await;
        let wire = recorder.settle(self, account, outcome)?;
        let identity = identify(self, account, &wire, Some(&attempt.nonce)).await?;
        let mut linked = linked(self, account, &wire, identity)?;
        if provider.provider().token_rules().refresh_redirect_uri {
            linked.tokens.redirect_uri = Some(attempt.redirect_uri);
        }
        Ok(linked)
    }
}

/// Who an answer is of, where the provider's file says how to know.
pub(crate) async fn identify(
    client: &Client,
    account: &Account,
    wire: &WireToken,
    nonce: Option<&Secret>,
) -> Result<Option<Identity>, IdTokenError> {
    let Some(wanted) = account.provider().identity() else {
        return Ok(None);
    };
    match wanted.from {
        IdentitySource::Answer => return identity_of_answer(wanted, &wire.others).map(Some),
        IdentitySource::AccessToken => return identity_of_access_token(wanted, &wire.secrets().0).map(Some),
        // Asked for by `Client::profile`: a link must not fail by one more request.
        IdentitySource::Profile => return Ok(None),
        IdentitySource::IdToken => {}
    }
    match &wire.id_token {
        Some(token) => client.verify(account, wanted, token, nonce).await.map(Some),
        // A discovered provider without the scope was not asked for one.
        None if !account.provider().scopes.asks_openid() => Ok(None),
        None => Err(IdTokenError::Missing),
    }
}

pub(crate) fn linked(
    client: &Client,
    account: &Account,
    wire: &WireToken,
    identity: Option<Identity>,
) -> Result<Linked, TokenError> {
    let tokens = TokenSet::take(account, wire, client.now(), None)?;
    let scopes = account.provider().scopes.compare(account.scopes(), granted(account, wire).as_deref());
    Ok(Linked { tokens, identity, scopes })
}
