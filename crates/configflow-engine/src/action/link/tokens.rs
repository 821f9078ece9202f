//! Tokens of linked accounts: for requests, and at their end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use configflow_core::Failure;
use configflow_oauth::{Account, Client, Secret};
use serde_json::Value;
use time::Duration;

use super::Link;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::{Entry, Store, StoreError, Token};

/// How long before its end a token is renewed.
const MARGIN: Duration = Duration::seconds(60);

/// Whose turn it is to refresh a token, by integration and key.
#[derive(Default)]
pub(super) struct Refreshes {
    turns: Mutex<HashMap<(String, String), Turn>>,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

impl Refreshes {
    fn turn(&self, domain: &str, key: &str) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Turns that nobody holds or waits for are forgotten.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry((domain.to_owned(), key.to_owned())).or_default())
    }
}

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
        let store = &self.store;
        // One refresh at a time per account: whoever comes second finds the first one's token.
        let turn = self.link.refreshes.turn(&entry.domain, key).lock_owned().await;
        let token = store.token(&entry.domain, key).await.ok().flatten().ok_or_else(unauthorized)?;
        let fresh = token.tokens.expires_at().is_none_or(|end| end - MARGIN > self.clock.now());
        if fresh {
            return Ok(token.tokens.access().clone());
        }
        let account = self.link.account(&token).await.ok_or_else(unauthorized)?;
        let (store, client) = (Arc::clone(store), self.link.client.clone());
        // A flow that is given up must not end a refresh between the provider's answer and the store.
        let refresh = tokio::spawn(async move {
            let _turn = turn;
            refresh(&*store, &client, &account, token).await
        });
        refresh.await.map_err(|_| Failure::code("internal_error"))?
    }
}

/// Refreshes a token. That it begins is durable before anything is sent, and the new token is durable before it is used
/// (RFC 9700 §4.14). A refresh that a crash interrupted is not run again: only linking the account anew helps then.
async fn refresh(store: &dyn Store, client: &Client, account: &Account, token: Token) -> Result<Secret, Failure> {
    let connect = |error: &StoreError| Failure::code("connect").with("detail", error.code());
    if !store.begin_refresh(&token.domain, &token.key).await.map_err(|error| connect(&error))? {
        return Err(Failure::interrupted().with("detail", "token.refresh_interrupted"));
    }
    match client.refresh(account, &token.tokens).await {
        Ok(refreshed) => {
            let access = refreshed.tokens.access().clone();
            let kept = store.save_token(Token { tokens: refreshed.tokens, ..token }).await;
            kept.map_err(|error| connect(&error))?;
            Ok(access)
        }
        Err(error) => {
            store.end_refresh(&token.domain, &token.key).await.map_err(|error| connect(&error))?;
            let code = if error.is_final() { "unauthorized" } else { "connect" };
            Err(Failure::code(code).with("detail", error.code()))
        }
    }
}
