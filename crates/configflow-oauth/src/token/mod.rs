//! Tokens, and the operations that bring, renew and end them.
//!
//! Not their keeping: a caller encrypts what [`TokenSet::into_sealable`] gives and stores it.

mod error;
pub(crate) mod exchange;
pub(crate) mod quirks;
mod redeem;
mod refresh;
mod revoke;
mod wire;

pub use error::TokenError;
pub use redeem::{Linked, RedeemError};
pub(crate) use redeem::{identify, linked};
pub use refresh::{RefreshError, Refreshed};
pub use revoke::RevokeError;
pub(crate) use wire::WireToken;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::account::Account;
use crate::authorize::SealableError;
use crate::catalogue::ExpiresInRule;
use crate::errors::Fields;
use crate::secret::{Exposed, Secret};
use wire::{Lifetime, ScopeText};

const SEALABLE_VERSION: u8 = 1;

/// The tokens of an account. Not serialisable but through [`Self::into_sealable`].
#[derive(Clone)]
pub struct TokenSet {
    access: Secret,
    refresh: Option<Secret>,
    expires_at: Option<OffsetDateTime>,
    scopes: Vec<String>,
    token_type: String,
    extra: Map<String, Value>,
    /// The redirect URI of the link, where a refresh must repeat it.
    redirect_uri: Option<String>,
}

impl TokenSet {
    /// The access token.
    #[must_use]
    pub fn access(&self) -> &Secret {
        &self.access
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    /// When the access token ends; nothing if the provider does not say.
    #[must_use]
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        self.expires_at
    }

    /// The scopes that were granted, as the provider writes them, or as they were asked for where it does not say.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The kind of the token, as the provider writes it.
    #[must_use]
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// The other fields of the answer that the provider's file calls public.
    #[must_use]
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("token_type".into(), json!(self.token_type));
        fields.insert("scopes".into(), json!(self.scopes));
        fields.insert("expires_at".into(), json!(self.expires_at.map(OffsetDateTime::unix_timestamp)));
        fields.insert("refreshable".into(), json!(self.refresh.is_some()));
        fields.insert("extra".into(), Value::Object(self.extra.clone()));
        fields
    }

    /// The form to be encrypted at rest.
    #[must_use]
    pub fn into_sealable(self) -> SealableTokens {
        SealableTokens {
            version: SEALABLE_VERSION,
            access: Exposed(self.access),
            refresh: self.refresh.map(Exposed),
            expires_at: self.expires_at.map(OffsetDateTime::unix_timestamp),
            scopes: self.scopes,
            token_type: self.token_type,
            extra: self.extra,
            redirect_uri: self.redirect_uri,
        }
    }

    /// The tokens again, after decryption.
    ///
    /// # Errors
    /// When the form is of another version or impossible.
    pub fn from_sealable(form: SealableTokens) -> Result<Self, SealableError> {
        if form.version != SEALABLE_VERSION {
            return Err(SealableError::Version);
        }
        let expires_at = form.expires_at.map(OffsetDateTime::from_unix_timestamp).transpose();
        Ok(Self {
            access: form.access.0,
            refresh: form.refresh.map(|token| token.0),
            expires_at: expires_at.map_err(|_| SealableError::Malformed)?,
            scopes: form.scopes,
            token_type: form.token_type,
            extra: form.extra,
            redirect_uri: form.redirect_uri,
        })
    }

    /// Takes over an answer; what it leaves out stays as it was (RFC 6749 §5.1 and §6).
    fn take(account: &Account, wire: &WireToken, now: OffsetDateTime, before: Option<&Self>) -> Result<Self, TokenError> {
        let provider = account.provider();
        let rules = provider.provider().token_rules();
        let token_type = wire.type_name.clone().unwrap_or_else(|| "Bearer".to_owned());
        if !rules.types.iter().any(|usable| usable.eq_ignore_ascii_case(&token_type)) {
            return Err(TokenError::TokenType);
        }
        let usual = rules.lifetime.map(|seconds| std::time::Duration::from_secs(seconds.into()));
        let lifetime = match (rules.expires_in, wire.lifetime) {
            (ExpiresInRule::Ignored, _) | (ExpiresInRule::Optional, Lifetime::Unsaid) => usual,
            (_, Lifetime::Known(lifetime)) => Some(lifetime),
            (_, Lifetime::Junk) | (ExpiresInRule::Required, Lifetime::Unsaid) if usual.is_none() => {
                return Err(TokenError::ExpiresIn);
            }
            (_, Lifetime::Junk | Lifetime::Unsaid) => usual,
        };
        let expires_at = lifetime
            .map(|lifetime| time::Duration::try_from(lifetime).ok().and_then(|lifetime| now.checked_add(lifetime)))
            .map(|moment| moment.ok_or(TokenError::ExpiresIn))
            .transpose()?;
        let (access, refresh) = wire.secrets();
        let scopes = granted(account, wire)
            .unwrap_or_else(|| before.map_or_else(|| provider.scopes.asked(account.scopes()), |before| before.scopes.clone()));
        let public = &rules.public_fields;
        let mut extra = before.map(|before| before.extra.clone()).unwrap_or_default();
        extra.extend(wire.others.iter().filter(|(name, _)| public.contains(name)).cloned());
        let refresh = refresh.or_else(|| before.and_then(|before| before.refresh.clone()));
        let redirect_uri = before.and_then(|before| before.redirect_uri.clone());
        Ok(Self { access, refresh, expires_at, scopes, token_type, extra, redirect_uri })
    }
}

/// The scopes that the answer names.
fn granted(account: &Account, wire: &WireToken) -> Option<Vec<String>> {
    match wire.scope.as_ref()? {
        ScopeText::Text(text) => Some(account.provider().scopes.split(text)),
        ScopeText::List(list) => Some(list.clone()),
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenSet")
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("refreshable", &self.refresh.is_some())
            .finish_non_exhaustive()
    }
}

/// Tokens in the clear, to be encrypted at once. Only an explicit call makes them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealableTokens {
    version: u8,
    access: Exposed,
    refresh: Option<Exposed>,
    expires_at: Option<i64>,
    scopes: Vec<String>,
    token_type: String,
    extra: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
}
