//! Linked accounts after their linking: valid tokens for requests, renewed in time; the same account when it is linked again; and
//! the end.
//!
//! A token has one keeper, the store. Whoever needs one finds it there; who finds it old renews it, one at a time per account,
//! across tasks by a turn and across processes by a lease of the store's. What the provider says is final is written beside the token,
//! and a reauth begins by itself. It is not the linking: that is `action::link`.

mod adopt;
mod error;
mod handle;
mod identity;
mod reauth;
mod renew;
mod retry;
mod revoke;
mod stored;
mod tend;
mod turns;
mod watch;

#[cfg(feature = "middleware")]
mod middleware;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

pub use error::AccountError;
pub use handle::AccountHandle;
#[cfg(feature = "middleware")]
pub use middleware::{Authorize, AuthorizeError};
pub(crate) use renew::Wanted;
pub use tend::Tended;

use crate::store::{Entry, Lease, Token};
use turns::Turns;
use watch::Watch;

/// What this process knows of accounts beside what is stored.
#[derive(Default)]
pub(crate) struct Accounts {
    turns: Turns,
    watch: Watch,
    /// Tokens that the provider gave and the store could not keep, each with the right to refresh it.
    unsaved: Mutex<HashMap<AccountKey, (Token, Lease)>>,
    /// When a reauth of an entry was last begun by itself.
    reauths: Mutex<HashMap<String, Instant>>,
    /// When the end of an entry's client secret was last told.
    secrets: Mutex<HashMap<String, Instant>>,
}

/// What a token is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccountKey {
    domain: String,
    key: String,
}

impl AccountKey {
    /// The account of an entry, if it has one.
    fn of(entry: &Entry) -> Option<Self> {
        Some(Self { domain: entry.domain.clone(), key: entry.account_key.clone()? })
    }
}

impl Accounts {
    /// Whether something that was not done for this entry lately is to be done now.
    fn is_time(last: &Mutex<HashMap<String, Instant>>, entry_id: &str, pause: std::time::Duration) -> bool {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if last.get(entry_id).is_some_and(|then| now.saturating_duration_since(*then) < pause) {
            return false;
        }
        last.insert(entry_id.to_owned(), now);
        true
    }

    /// Forgets what is known of an account and its entry. Gives the token that the store could not keep, if there is one: the
    /// provider takes this one, and no longer the stored one.
    pub(crate) fn forget(&self, entry: &Entry) -> Option<Token> {
        for last in [&self.reauths, &self.secrets] {
            last.lock().unwrap_or_else(PoisonError::into_inner).remove(&entry.entry_id);
        }
        let account = AccountKey::of(entry)?;
        self.watch.forget(&account);
        let unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
        unsaved.map(|(token, _lease)| token)
    }
}
