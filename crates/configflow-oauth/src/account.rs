//! Whose link it is going to be: a provider with values, a client, and the scopes that are wanted. Not a linked account: no tokens.

use std::sync::Arc;

use crate::catalogue::{Resolved, SecretUse};
use crate::errors::Fields;
use crate::secret::Secret;

/// What is needed to link an account.
#[derive(Clone, Debug)]
pub struct Account {
    provider: Arc<Resolved>,
    client_id: String,
    client_secret: Option<Secret>,
    scopes: Vec<String>,
}

/// An account that cannot be linked as it is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// No client id, and the provider has none for everybody.
    #[error("a client id is required")]
    ClientIdMissing,
    /// The client id holds control characters or white space.
    #[error("the client id must be one word")]
    ClientIdMalformed,
    /// The provider wants a client secret.
    #[error("the provider wants a client secret")]
    ClientSecretMissing,
    /// A scope is empty or holds white space.
    #[error("a scope must be one word of visible characters")]
    ScopeMalformed,
}

impl AccountError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ClientIdMissing => "account.client_id_missing",
            Self::ClientIdMalformed => "account.client_id_malformed",
            Self::ClientSecretMissing => "account.client_secret_missing",
            Self::ScopeMalformed => "account.scope_malformed",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        Fields::new()
    }
}

impl Account {
    /// Describes an account. An empty client id stands for the provider's own, an empty secret for none.
    ///
    /// # Errors
    /// When the client or a scope is missing or malformed.
    pub fn new(
        provider: Arc<Resolved>,
        client_id: &str,
        client_secret: Option<Secret>,
        scopes: Vec<String>,
    ) -> Result<Self, AccountError> {
        let client_id = match client_id {
            "" => provider.provider().default_client_id().ok_or(AccountError::ClientIdMissing)?,
            given => given,
        };
        if !is_word(client_id) {
            return Err(AccountError::ClientIdMalformed);
        }
        let client_secret = client_secret.filter(|secret| !secret.is_empty());
        if client_secret.is_none() && provider.provider().secret_use() == SecretUse::Required {
            return Err(AccountError::ClientSecretMissing);
        }
        if !scopes.iter().all(|scope| is_word(scope)) {
            return Err(AccountError::ScopeMalformed);
        }
        let client_id = client_id.to_owned();
        Ok(Self { provider, client_id, client_secret, scopes })
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &Arc<Resolved> {
        &self.provider
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The scopes that the definition asks for, as it writes them.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The client secret, for whoever keeps it to renew tokens.
    #[must_use]
    pub fn client_secret(&self) -> Option<&Secret> {
        self.client_secret.as_ref()
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 1024 && !text.chars().any(|character| character.is_whitespace() || character.is_control())
}
