//! Tokens of linked accounts: for requests, and at their end.

use configflow_core::Failure;
use configflow_oauth::{Account, Secret};
use serde_json::Value;
use time::Duration;

use super::Link;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::{Entry, Store, StoreError, Token};

/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::seconds(60);

impl Link {
    /// The public part of the account that an entry is linked to.
    pub(crate) async fn account_of(&self, store: &dyn Store, entry: &Entry) -> Result<Value, StoreError> {
        let Some(key) = &entry.account_key else { return Ok(Value::Null) };
        // A token that cannot be read must not keep anybody from linking again.
        match store.token(&entry.domain, key).await {
            Ok(token) => Ok(token.map_or(Value::Null, |token| token.account)),
            Err(StoreError::Unreadable) => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }

    async fn account(&self, token: &Token) -> Option<Account> {
        let resolved = self.client.resolve(&self.catalogue, &token.provider, &token.parameters).await.ok()?;
        Account::new(resolved, &token.client_id, token.client_secret.clone(), token.scopes.clone()).ok()
    }

    /// Revokes a token where its provider can; that it cannot is no fault of the person who removes an entry.
    pub(crate) async fn revoke(&self, token: &Token) {
        let Some(account) = self.account(token).await else { return };
        if let Err(error) = self.client.revoke(&account, &token.tokens).await {
            tracing::info!(code = error.code(), "the token was not revoked");
        }
    }
}

impl Inner {
    /// A valid access token of the flow's account: the one that it just linked, or its entry's.
    pub(in crate::action) async fn access_token(&self, flow: &Flow) -> Result<Secret, Failure> {
        let unauthorized = || Failure::code("unauthorized").with("status", 401);
        if let Some(token) = self.link.linked(&flow.id) {
            return Ok(token.tokens.access().clone());
        }
        let state = flow.state();
        let entry_id = state.context().entry_id.as_deref().ok_or_else(unauthorized)?;
        let entry = self.entry(entry_id).await.map_err(|_| unauthorized())?;
        let key = entry.account_key.as_deref().ok_or_else(unauthorized)?;
        let token = self.store.token(&entry.domain, key).await.ok().flatten().ok_or_else(unauthorized)?;
        let fresh = token.tokens.expires_at().is_none_or(|end| end - MARGIN > self.clock.now());
        if fresh {
            return Ok(token.tokens.access().clone());
        }
        let account = self.link.account(&token).await.ok_or_else(unauthorized)?;
        let refreshed = self.link.client.refresh(&account, &token.tokens).await.map_err(|error| {
            let code = if error.is_final() { "unauthorized" } else { "connect" };
            Failure::code(code).with("detail", error.code())
        })?;
        let access = refreshed.tokens.access().clone();
        // A rotated token is durable before it is used (RFC 9700 §4.14).
        let kept = self.store.save_token(Token { tokens: refreshed.tokens, ..token }).await;
        kept.map_err(|error| Failure::code("connect").with("detail", error.code()))?;
        Ok(access)
    }
}
