//! A valid token: the stored one, or a new one for its refresh token.
//!
//! That a refresh begins is durable before anything is sent, and the new token is durable before it is used (RFC 9700 §4.14.2). Who has the
//! lease and finds a refresh that began and never ended knows that a process died in it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use configflow_oauth::{RefreshError, Secret};
use tokio::time::{Instant, sleep, timeout};
use tracing::Instrument;

use super::watch::{Condition, Now};
use super::{AccountError, AccountKey, retry};
use crate::builder::Inner;
use crate::store::{Entry, Lease, StoreError, Token};

/// How long somebody who has a token that is still good waits for a new one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether another process is done.
const LOOK: Duration = Duration::from_millis(50);
/// A token that was got since another one was refused with 401 is not renewed for the same reason before so long.
pub(super) const FORCED_AGAIN: Duration = Duration::from_secs(60);
/// What a refresh is called in which a process died.
pub(super) const INTERRUPTED: &str = "token.refresh_interrupted";

/// Which token is wanted.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// One that is good by our reckoning.
    Valid,
    /// Another one than this, which was refused with 401.
    OtherThan(&'a Secret),
}

impl Inner {
    /// A token of an entry's account, renewed where it has to be.
    pub(crate) async fn token_of(self: &Arc<Self>, entry: &Entry, wanted: Wanted<'_>) -> Result<Secret, AccountError> {
        let (entry, account) = self.account_of_entry(entry).await?;
        let token = self.usable(&entry, &account).await?;
        let condition = self.accounts.watch.condition(&account, &token.tokens, self.moment());
        let access = token.tokens.access();
        let rejected = matches!(wanted, Wanted::OtherThan(other) if access.matches(other.expose()));
        let is_good = condition != Condition::Ended && !rejected;
        if condition == Condition::Fresh && !rejected {
            return Ok(access.clone());
        }
        if let Some((left, detail)) = self.accounts.watch.paused(&account, self.moment()) {
            return if is_good { Ok(access.clone()) } else { Err(AccountError::Unreachable { detail, retry_after: Some(left) }) };
        }
        if rejected && condition == Condition::Fresh && !self.accounts.watch.may_force(&account, self.moment(), FORCED_AGAIN) {
            return Ok(access.clone());
        }
        let renewal = Renewal { inner: Arc::clone(self), entry, account, old: access.clone(), is_good };
        // Whoever gives up waiting must not end a refresh between the provider's answer and the store.
        let renewal = tokio::spawn(renewal.run().in_current_span());
        if !is_good {
            return renewal.await.unwrap_or(Err(AccountError::Closed));
        }
        match timeout(PATIENCE, renewal).await {
            Ok(Ok(Err(AccountError::Unreachable { .. } | AccountError::Busy | AccountError::Store(_)))) | Err(_) => {
                Ok(access.clone())
            }
            Ok(renewed) => renewed.unwrap_or(Err(AccountError::Closed)),
        }
    }

    /// Goes on where a process died in a refresh: it is run again where the provider takes the old token again, else the account
    /// has to be linked anew.
    pub(super) async fn after_interruption(self: &Arc<Self>, entry: &Entry) -> Result<(), AccountError> {
        let (entry, account) = self.account_of_entry(entry).await?;
        let token = self.usable(&entry, &account).await?;
        self.accounts.watch.condition(&account, &token.tokens, self.moment());
        let old = token.tokens.access().clone();
        let renewal = Renewal { inner: Arc::clone(self), entry, account, old, is_good: false };
        tokio::spawn(renewal.run().in_current_span()).await.unwrap_or(Err(AccountError::Closed)).map(|_| ())
    }

    /// This moment, by both clocks.
    pub(super) fn moment(&self) -> Now {
        Now { by_clock: self.clock.now(), by_time: std::time::Instant::now() }
    }

    /// The right to refresh a token, within the time that a refresh may take.
    pub(super) async fn lease_of(&self, account: &AccountKey) -> Result<Lease, AccountError> {
        let until = Instant::now() + self.limits.refresh;
        loop {
            if let Some(lease) = self.store.lease(&account.domain, &account.key).await? {
                return Ok(lease);
            }
            if Instant::now() >= until {
                return Err(AccountError::Busy);
            }
            sleep(LOOK.mul_f64(0.5 + retry::fraction())).await;
        }
    }

    /// The stored token, if the provider has not refused it for good.
    async fn usable(self: &Arc<Self>, entry: &Entry, account: &AccountKey) -> Result<Token, AccountError> {
        let token = self.store.token(&account.domain, &account.key).await?.ok_or(AccountError::NotLinked)?;
        match &token.refused {
            None => Ok(token),
            Some(code) => {
                self.begin_reauth(entry, code);
                Err(AccountError::ReauthRequired { detail: code.clone() })
            }
        }
    }
}

/// One renewal.
struct Renewal {
    inner: Arc<Inner>,
    entry: Entry,
    account: AccountKey,
    /// The token that is to be renewed.
    old: Secret,
    /// It can be used until it is.
    is_good: bool,
}

impl Renewal {
    async fn run(self) -> Result<Secret, AccountError> {
        let accounts = &self.inner.accounts;
        let _turn = accounts.turns.turn(&self.account).await;
        let until = Instant::now() + self.inner.limits.refresh;
        let unsaved = accounts.unsaved.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.account);
        if let Some((token, lease)) = unsaved {
            return self.keep(token, lease).await;
        }
        let lease = loop {
            if let Some(lease) = self.inner.store.lease(&self.account.domain, &self.account.key).await? {
                break lease;
            }
            if let Some(found) = self.found().await? {
                return Ok(found);
            }
            if Instant::now() >= until {
                return Err(AccountError::Busy);
            }
            sleep(LOOK.mul_f64(0.5 + retry::fraction())).await;
        };
        match self.found().await? {
            Some(found) => Ok(found),
            None => self.refresh(lease, until).await,
        }
    }

    /// The token that somebody else got meanwhile.
    async fn found(&self) -> Result<Option<Secret>, AccountError> {
        let token = self.inner.usable(&self.entry, &self.account).await?;
        if !token.tokens.access().matches(self.old.expose()) {
            let condition = self.inner.accounts.watch.condition(&self.account, &token.tokens, self.inner.moment());
            return Ok((condition != Condition::Ended).then(|| token.tokens.access().clone()));
        }
        match self.inner.accounts.watch.paused(&self.account, self.inner.moment()) {
            Some((left, detail)) => Err(AccountError::Unreachable { detail, retry_after: Some(left) }),
            None => Ok(None),
        }
    }

    /// Asks the provider, again where it does not answer, and within a bounded time.
    async fn refresh(&self, lease: Lease, until: Instant) -> Result<Secret, AccountError> {
        let (store, watch) = (&self.inner.store, &self.inner.accounts.watch);
        let (domain, key) = (self.account.domain.as_str(), self.account.key.as_str());
        loop {
            let token = self.inner.usable(&self.entry, &self.account).await?;
            if token.tokens.refresh().is_none() {
                let detail = RefreshError::NoRefreshToken.code();
                if self.is_good || !self.has_ended(&token) {
                    return Err(AccountError::ReauthRequired { detail: detail.to_owned() });
                }
                store.begin_refresh(domain, key).await?;
                return self.refuse(token, detail).await;
            }
            let linked = match self.inner.link.account(&token).await {
                Ok(linked) => linked,
                Err(error) => return Err(self.unreachable(error)),
            };
            if !store.begin_refresh(domain, key).await? {
                if !keeps_old_token(&linked) {
                    return self.refuse(token, INTERRUPTED).await;
                }
                tracing::info!(entry_id = %self.entry.entry_id, "a refresh was interrupted, and is run again");
            }
            let error = match self.inner.link.client.refresh(&linked, &token.tokens).await {
                Ok(refreshed) => return self.keep(Token { tokens: refreshed.tokens, ..token }, lease).await,
                Err(error) => error,
            };
            if error.is_final() {
                return self.refuse(token, error.code()).await;
            }
            store.end_refresh(domain, key).await?;
            let wait = retry::wait(watch.failed(&self.account), error.retry_after());
            tracing::info!(entry_id = %self.entry.entry_id, code = error.code(), "the token was not refreshed");
            if self.is_good || Instant::now() + wait >= until {
                watch.pause(&self.account, self.inner.moment(), wait, error.code());
                return Err(AccountError::Unreachable { detail: error.code().to_owned(), retry_after: Some(wait) });
            }
            sleep(wait).await;
        }
    }

    fn has_ended(&self, token: &Token) -> bool {
        self.inner.accounts.watch.condition(&self.account, &token.tokens, self.inner.moment()) == Condition::Ended
    }

    fn unreachable(&self, error: AccountError) -> AccountError {
        if let AccountError::Unreachable { detail, .. } = &error {
            let wait = retry::wait(self.inner.accounts.watch.failed(&self.account), None);
            self.inner.accounts.watch.pause(&self.account, self.inner.moment(), wait, detail);
        }
        error
    }

    /// Keeps a new token, and gives it out only then. Where the store fails, it and the lease wait for the next who asks.
    async fn keep(&self, token: Token, lease: Lease) -> Result<Secret, AccountError> {
        match self.inner.store.finish_refresh(token.clone()).await {
            Ok(true) => Ok(token.tokens.access().clone()),
            Ok(false) => self.superseded(Some(token)).await,
            Err(error) => {
                tracing::error!(entry_id = %self.entry.entry_id, code = error.code(), "a new token cannot be stored");
                let mut unsaved = self.inner.accounts.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
                unsaved.insert(self.account.clone(), (token, lease));
                Err(error.into())
            }
        }
    }

    /// Keeps that the provider refuses a token for good, and begins a reauth.
    async fn refuse(&self, token: Token, code: &str) -> Result<Secret, AccountError> {
        let refused = Token { refused: Some(code.to_owned()), ..token };
        if !self.inner.store.finish_refresh(refused).await? {
            return self.superseded(None).await;
        }
        tracing::warn!(entry_id = %self.entry.entry_id, code, "the account has to be linked again");
        self.inner.begin_reauth(&self.entry, code);
        Err(AccountError::ReauthRequired { detail: code.to_owned() })
    }

    /// The account was removed, or linked anew, while its token was refreshed.
    async fn superseded(&self, got: Option<Token>) -> Result<Secret, AccountError> {
        match self.inner.store.token(&self.account.domain, &self.account.key).await {
            Ok(Some(token)) => Ok(token.tokens.access().clone()),
            Ok(None) => {
                if let Some(token) = got {
                    self.inner.revoke(token).await;
                }
                Err(AccountError::NotLinked)
            }
            Err(error) => Err(StoreError::into(error)),
        }
    }
}

/// Whether the provider takes a refresh token again after it has given another one for it.
fn keeps_old_token(account: &configflow_oauth::Account) -> bool {
    account.provider().provider().rotation().allows_retry()
}
