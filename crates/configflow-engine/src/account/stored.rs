//! The account of an entry as it is stored.

use std::sync::Arc;

use configflow_core::Failure;
use configflow_oauth::{Account, Secret};
use serde_json::Value;

use super::AccountError;
use super::renew::Wanted;
use crate::action::Link;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::{Entry, StoreError, Token};

impl Link {
    /// The account that a token belongs to, as the OAuth backend wants it.
    pub(crate) async fn account(&self, token: &Token) -> Result<Account, AccountError> {
        let resolved = self.client.resolve(&self.catalogue, &token.provider, &token.parameters).await;
        let resolved = resolved.map_err(|error| match error {
            configflow_oauth::ResolveError::Discovery(error) => {
                AccountError::Unreachable { detail: error.code().to_owned(), retry_after: None }
            }
            error => AccountError::Provider { detail: error.code().to_owned() },
        })?;
        let account = Account::new(resolved, &token.client_id, token.client_secret.clone(), token.scopes.clone());
        account.map_err(|error| AccountError::Provider { detail: error.code().to_owned() })
    }
}

impl Inner {
    /// The public part of the account that an entry is linked to.
    pub(crate) async fn account_of(&self, entry: &Entry) -> Result<Value, StoreError> {
        let Some(key) = &entry.account_key else { return Ok(Value::Null) };
        // A token that cannot be read must not keep anybody from linking again.
        match self.store.token(&entry.domain, key).await {
            Ok(token) => Ok(token.map_or(Value::Null, |token| token.account)),
            Err(StoreError::Unreadable) => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }

    /// A valid access token for a request of a flow: of the account that it just linked, or of its entry's.
    pub(crate) async fn token_for(self: &Arc<Self>, flow: &Flow, wanted: Wanted<'_>) -> Result<Secret, Failure> {
        let unauthorized = || Failure::code("unauthorized").with("status", 401);
        if let Some(token) = self.link.linked(&flow.id) {
            return Ok(token.tokens.access().clone());
        }
        let state = flow.state();
        let entry_id = state.context().entry_id.as_deref().ok_or_else(unauthorized)?;
        let entry = self.entry(entry_id).await.map_err(|_| unauthorized())?;
        self.token_of(&entry, wanted).await.map_err(|error| match error {
            AccountError::ReauthRequired { detail } if detail == super::renew::INTERRUPTED => {
                Failure::interrupted().with("detail", detail)
            }
            AccountError::ReauthRequired { detail } => unauthorized().with("detail", detail),
            AccountError::Unreachable { detail, .. } => Failure::code("connect").with("detail", detail),
            AccountError::Busy | AccountError::Store(_) | AccountError::Closed => {
                Failure::code("connect").with("detail", error.code())
            }
            AccountError::Provider { .. } | AccountError::NotLinked | AccountError::UnknownEntry => {
                unauthorized().with("detail", error.code())
            }
        })
    }
}
