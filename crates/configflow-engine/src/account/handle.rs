//! The account of an entry, for whoever sends requests with its token.

use std::sync::Arc;

use configflow_oauth::Secret;
use time::OffsetDateTime;

use super::AccountError;
use super::renew::Wanted;
use crate::builder::Engine;
use crate::store::{Entry, Token};

/// The account of an entry. Cheap to clone; it finds its token in the store whenever it is asked, so it may be kept as long as
/// the entry is there, also while the account is linked again.
#[derive(Clone)]
pub struct AccountHandle {
    engine: Engine,
    entry_id: Arc<str>,
}

impl std::fmt::Debug for AccountHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountHandle").field("entry_id", &self.entry_id).finish_non_exhaustive()
    }
}

impl Engine {
    /// The account of an entry. That it is linked is seen when a token is asked for.
    #[must_use]
    pub fn account(&self, entry_id: &str) -> AccountHandle {
        AccountHandle { engine: self.clone(), entry_id: entry_id.into() }
    }
}

impl AccountHandle {
    /// The entry.
    #[must_use]
    pub fn entry_id(&self) -> &str {
        &self.entry_id
    }

    /// A valid access token, renewed where it has to be. Of many who ask at once, in this process and in others that share the
    /// store, one renews it.
    ///
    /// # Errors
    /// [`AccountError::ReauthRequired`] where the provider refuses the account for good (a reauth has begun), and
    /// [`AccountError::Unreachable`] where it gives no new token now; both say why in their detail. Others as documented there.
    pub async fn access_token(&self) -> Result<Secret, AccountError> {
        self.engine.inner.token_of(&self.entry().await?, Wanted::Valid).await
    }

    /// Another access token than one that was refused with 401. Where that one was got for the same reason a moment ago, it comes
    /// back: then it is not the token that is refused.
    ///
    /// # Errors
    /// As for [`Self::access_token`].
    pub async fn renewed(&self, refused: &Secret) -> Result<Secret, AccountError> {
        self.engine.inner.token_of(&self.entry().await?, Wanted::OtherThan(refused)).await
    }

    /// Begins a reauth, unless one is in progress: for whoever is refused by the API for reasons that no token mends.
    ///
    /// # Errors
    /// Where the entry is not there.
    pub async fn begin_reauth(&self, code: &str) -> Result<(), AccountError> {
        self.engine.inner.begin_reauth(&self.entry().await?, code);
        Ok(())
    }

    /// When the client secret ends, where that was recorded.
    ///
    /// # Errors
    /// Where no account is linked, or the store fails.
    pub async fn client_secret_expires(&self) -> Result<Option<OffsetDateTime>, AccountError> {
        Ok(self.token().await?.client_secret_expires)
    }

    /// Records when the client secret ends; whoever tends the accounts is warned before.
    ///
    /// # Errors
    /// Where no account is linked, or the store fails.
    pub async fn set_client_secret_expires(&self, at: Option<OffsetDateTime>) -> Result<(), AccountError> {
        let inner = &self.engine.inner;
        inner.rewrite(&self.entry().await?, |token| token.client_secret_expires = at).await
    }

    async fn entry(&self) -> Result<Entry, AccountError> {
        self.engine.inner.store.entry(&self.entry_id).await?.ok_or(AccountError::UnknownEntry)
    }

    async fn token(&self) -> Result<Token, AccountError> {
        let entry = self.entry().await?;
        let key = entry.account_key.as_deref().ok_or(AccountError::NotLinked)?;
        self.engine.inner.store.token(&entry.domain, key).await?.ok_or(AccountError::NotLinked)
    }
}
