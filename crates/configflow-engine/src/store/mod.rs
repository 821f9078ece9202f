//! What outlives a flow: entries, tokens, and the flows themselves.
//!
//! A store decides in one transaction: entry, options and token are written together or not at all. Everything is looked
//! up by key, so nothing here is linear in the number of flows or entries.

mod commit;
mod entry;
mod memory;

use futures_util::future::BoxFuture;

pub use commit::{Commit, Committed, Write};
pub use entry::{Entry, EntryId, Subentry};
pub use memory::MemoryStore;

use configflow_core::State;
use configflow_oauth::{Secret, TokenSet};
use serde_json::Value;
use std::collections::BTreeMap;

/// A linked account's tokens, kept apart from the entry's data under a key of the integration.
#[derive(Clone)]
pub struct Token {
    /// The integration.
    pub domain: String,
    /// What tells accounts of the integration apart.
    pub key: String,
    /// The provider's name in the catalogue.
    pub provider: String,
    /// The provider's parameters.
    pub parameters: BTreeMap<String, String>,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Option<Secret>,
    /// The scopes that were asked for.
    pub scopes: Vec<String>,
    /// The tokens.
    pub tokens: TokenSet,
    /// The account's public part: `api`, `provider`, `username`, …
    pub account: Value,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// What a store answers, some day.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Keeps flows, entries and tokens.
pub trait Store: Send + Sync + 'static {
    /// Keeps where a flow stands. Durable before it returns.
    fn save_flow<'a>(&'a self, state: &'a State) -> Answer<'a, ()>;
    /// Forgets a flow.
    fn remove_flow<'a>(&'a self, flow_id: &'a str) -> Answer<'a, ()>;
    /// Every flow that was kept, for a restart.
    fn flows(&self) -> Answer<'_, Vec<State>>;
    /// Writes what a flow ends with.
    fn commit(&self, commit: Commit) -> Answer<'_, Committed>;
    /// An entry.
    fn entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<Entry>>;
    /// The entries of an integration, or all, in the order of their making.
    fn entries<'a>(&'a self, domain: Option<&'a str>) -> Answer<'a, Vec<Entry>>;
    /// The entry of an integration that has this unique id.
    fn entry_by_unique_id<'a>(&'a self, domain: &'a str, unique_id: &'a str) -> Answer<'a, Option<Entry>>;
    /// Removes an entry, and the token that belongs to it. Gives back what was removed.
    fn remove_entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<(Entry, Option<Token>)>>;
    /// The token under a key.
    fn token<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Token>>;
    /// Keeps a token, such as a refreshed one. Durable before it returns.
    fn save_token(&self, token: Token) -> Answer<'_, ()>;
}

/// Why a store could not do it. Nothing was written then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another entry of the integration has the unique id.
    #[error("another entry has this unique id")]
    AlreadyConfigured,
    /// The entry is not there.
    #[error("the entry is not there")]
    NoEntry,
    /// The token is there but cannot be read.
    #[error("the token cannot be read")]
    Unreadable,
    /// The storage failed.
    #[error("the storage failed: {reason}")]
    Failed {
        /// What the storage says; never what was to be stored.
        reason: String,
    },
}

impl StoreError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyConfigured => "store.already_configured",
            Self::NoEntry => "store.no_entry",
            Self::Unreadable => "store.unreadable",
            Self::Failed { .. } => "store.failed",
        }
    }
}
