//! Looks after all accounts, from time to time: what nobody asked for meanwhile is renewed, and what needs a person is said.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::renew::Wanted;
use super::{AccountError, AccountKey, Accounts};
use crate::builder::{Engine, Inner};
use crate::notice::Notice;
use crate::store::{Entry, StoreError, Token};

/// How many accounts are looked after at a time.
const AT_ONCE: usize = 8;
/// How often the end of a client secret is told.
const TOLD_AGAIN: Duration = Duration::from_secs(24 * 60 * 60);

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tended {
    /// Accounts with a token that is good.
    pub good: usize,
    /// Accounts that a person has to link again; a reauth has begun where the definition has one.
    pub refused: usize,
    /// Accounts whose provider gives no new token now.
    pub unreachable: usize,
    /// Accounts whose client secret ends soon, or has ended.
    pub secrets: usize,
}

impl Engine {
    /// Looks after every linked account: renews tokens that are about to end, also those that nobody asks for, since a
    /// refresh token that is not used may end too; begins the reauth of those that a provider refused, or in whose refresh a process died; and
    /// tells of client secrets that end soon. To be called after [`Engine::resume`], and from time to time.
    ///
    /// # Errors
    /// Where the entries cannot be read.
    pub async fn tend_accounts(&self) -> Result<Tended, StoreError> {
        let inner = &self.inner;
        let interrupted = inner.store.refreshes().await?;
        let entries = inner.store.entries(None).await?;
        let linked = entries.into_iter().filter(|entry| entry.account_key.is_some() && entry.disabled_by.is_none());
        let tended = futures_util::stream::iter(linked).map(|entry| {
            let account = AccountKey::of(&entry);
            let began = account.is_some_and(|account| interrupted.contains(&(account.domain, account.key)));
            inner.tend(entry, began)
        });
        let found: Vec<(State, bool)> = tended.buffer_unordered(AT_ONCE).collect().await;
        let count = |state: State| found.iter().filter(|(one, _)| *one == state).count();
        Ok(Tended {
            good: count(State::Good),
            refused: count(State::Refused),
            unreachable: count(State::Unreachable),
            secrets: found.iter().filter(|(_, secret)| *secret).count(),
        })
    }

    /// How the account of an entry is, for an operator: `state` is `linked` or `reauth_required` (then `detail` says why), and when
    /// its client secret ends. Null where no account is linked.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn account_view(&self, entry: &Entry) -> Result<Value, StoreError> {
        let Some(key) = &entry.account_key else { return Ok(Value::Null) };
        let token = match self.inner.store.token(&entry.domain, key).await {
            Ok(Some(token)) => token,
            Ok(None) => return Ok(Value::Null),
            Err(StoreError::Unreadable) => {
                return Ok(json!({"state": "reauth_required", "detail": StoreError::Unreadable.code()}));
            }
            Err(error) => return Err(error),
        };
        let expires = token.client_secret_expires;
        let moment = expires.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok());
        Ok(json!({
            "state": if token.refused.is_some() { "reauth_required" } else { "linked" },
            "detail": token.refused,
            "provider": token.provider,
            "username": token.account.get("username"),
            "client_secret_expires": moment,
            "client_secret_expires_soon": self.inner.secret_ends_soon(&token),
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Refused,
    Unreachable,
}

impl Inner {
    /// Looks after one account; says also whether its client secret ends soon.
    async fn tend(self: &Arc<Self>, entry: Entry, began: bool) -> (State, bool) {
        let renewed =
            if began { self.after_interruption(&entry).await } else { self.token_of(&entry, Wanted::Valid).await.map(|_| ()) };
        let state = match renewed {
            Ok(()) => State::Good,
            Err(AccountError::ReauthRequired { .. }) => State::Refused,
            Err(error) => {
                tracing::info!(entry_id = %entry.entry_id, code = error.code(), detail = error.detail(), "no valid token");
                State::Unreachable
            }
        };
        (state, self.tell_secret(&entry).await)
    }

    /// Tells of a client secret that ends soon, once a day.
    async fn tell_secret(&self, entry: &Entry) -> bool {
        let Some(key) = &entry.account_key else { return false };
        let Ok(Some(token)) = self.store.token(&entry.domain, key).await else { return false };
        let Some(at) = token.client_secret_expires.filter(|_| self.secret_ends_soon(&token)) else { return false };
        if Accounts::is_time(&self.accounts.secrets, &entry.entry_id, TOLD_AGAIN) {
            let days = (at - self.clock.now()).whole_days();
            tracing::warn!(entry_id = %entry.entry_id, days, "the client secret of the account ends soon");
            self.notify(Notice::SecretExpires { entry: Arc::new(entry.clone()), at });
        }
        true
    }

    fn secret_ends_soon(&self, token: &Token) -> bool {
        token.client_secret_expires.is_some_and(|at| at - self.clock.now() <= self.limits.secret_warning)
    }

    /// Changes what is kept of a token, apart from the tokens themselves, while nobody refreshes it.
    pub(super) async fn rewrite(self: &Arc<Self>, entry: &Entry, change: impl FnOnce(&mut Token)) -> Result<(), AccountError> {
        let (_, account) = self.account_of_entry(entry).await?;
        let _turn = self.accounts.turns.turn(&account).await;
        let _lease = self.lease_of(&account).await?;
        let mut token = self.store.token(&account.domain, &account.key).await?.ok_or(AccountError::NotLinked)?;
        change(&mut token);
        if !self.store.begin_refresh(&account.domain, &account.key).await? {
            // A process died in a refresh: that stays to be found, and what is written here would hide it.
            return Err(AccountError::Busy);
        }
        if self.store.finish_refresh(token).await? { Ok(()) } else { Err(AccountError::NotLinked) }
    }
}

impl Engine {
    /// After a restart: begins the reauths that are due, of accounts that a provider refused and of those in whose refresh a process
    /// died. It waits for none of them.
    pub(crate) async fn tend_after_restart(&self) -> Result<(), StoreError> {
        let interrupted = self.inner.store.refreshes().await?;
        for entry in self.inner.store.entries(None).await? {
            let Some(account) = AccountKey::of(&entry).filter(|_| entry.disabled_by.is_none()) else { continue };
            let began = interrupted.iter().any(|(domain, key)| *domain == account.domain && *key == account.key);
            if began {
                let inner = Arc::clone(&self.inner);
                tokio::spawn(async move {
                    if let Err(error) = inner.after_interruption(&entry).await {
                        tracing::info!(entry_id = %entry.entry_id, code = error.code(), detail = error.detail(), "no valid token");
                    }
                });
            } else if let Ok(Some(token)) = self.inner.store.token(&account.domain, &account.key).await
                && let Some(code) = &token.refused
            {
                self.inner.begin_reauth(&entry, code);
            }
        }
        Ok(())
    }
}
