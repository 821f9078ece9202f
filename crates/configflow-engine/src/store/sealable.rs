//! Tokens and client secrets in the clear, to be encrypted at once.

use std::collections::BTreeMap;
use std::fmt;

use configflow_oauth::{SealableError, SealableTokens, Secret, TokenSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Token;
use crate::action::Implementation;

/// A token in the clear. Only an explicit call makes one; `Debug` shows nothing of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealableToken {
    domain: String,
    key: String,
    provider: String,
    parameters: BTreeMap<String, String>,
    client_id: String,
    client_secret: Option<Exposed>,
    scopes: Vec<String>,
    tokens: SealableTokens,
    account: Value,
}

impl Token {
    /// The form to be encrypted at rest.
    #[must_use]
    pub fn into_sealable(self) -> SealableToken {
        SealableToken {
            domain: self.domain,
            key: self.key,
            provider: self.provider,
            parameters: self.parameters,
            client_id: self.client_id,
            client_secret: self.client_secret.map(Exposed),
            scopes: self.scopes,
            tokens: self.tokens.into_sealable(),
            account: self.account,
        }
    }

    /// The token again, after decryption.
    ///
    /// # Errors
    /// When the form is of another version or impossible.
    pub fn from_sealable(form: SealableToken) -> Result<Self, SealableError> {
        Ok(Self {
            domain: form.domain,
            key: form.key,
            provider: form.provider,
            parameters: form.parameters,
            client_id: form.client_id,
            client_secret: form.client_secret.map(|secret| secret.0),
            scopes: form.scopes,
            tokens: TokenSet::from_sealable(form.tokens)?,
            account: form.account,
        })
    }
}

impl fmt::Debug for SealableToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealableToken").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// A client id and secret of the operator's in the clear. Only an explicit call makes one; `Debug` shows nothing of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealableImplementation {
    domain: String,
    id: String,
    name: String,
    client_id: String,
    client_secret: Exposed,
}

impl SealableImplementation {
    /// The form to be encrypted at rest.
    #[must_use]
    pub fn new(domain: &str, implementation: &Implementation) -> Self {
        Self {
            domain: domain.to_owned(),
            id: implementation.id.clone(),
            name: implementation.name.clone(),
            client_id: implementation.client_id.clone(),
            client_secret: Exposed(implementation.client_secret.clone()),
        }
    }

    /// The integration, and its client id and secret again, after decryption.
    #[must_use]
    pub fn into_parts(self) -> (String, Implementation) {
        let Self { domain, id, name, client_id, client_secret } = self;
        (domain, Implementation { id, name, client_id, client_secret: client_secret.0 })
    }
}

impl fmt::Debug for SealableImplementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealableImplementation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A secret inside a form that is encrypted at once.
pub(crate) struct Exposed(pub(crate) Secret);

impl Serialize for Exposed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Exposed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}
