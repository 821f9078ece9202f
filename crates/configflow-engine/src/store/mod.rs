//! What outlives a flow: entries, tokens, and the flows themselves.
//!
//! A store decides in one transaction: entry, options and token are written together or not at all. Everything is looked
//! up by key, so nothing here is linear in the number of flows or entries.

mod commit;
mod entry;
mod kept;
mod memory;
mod sealable;
mod tables;

use futures_util::future::BoxFuture;

pub use commit::{Commit, Committed, Edit, Write};
pub use entry::{Entry, EntryId, Subentry};
pub use kept::{Kept, KeptFlow, Once, StoredFlow};
pub use memory::MemoryStore;
pub(crate) use sealable::Exposed;
pub use sealable::{SealableImplementation, SealableToken};
pub use tables::Tables;

use crate::action::Implementation;
use configflow_core::{EffectId, EffectOutcome};
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
    fn save_flow<'a>(&'a self, flow: &'a KeptFlow) -> Answer<'a, ()>;
    /// Keeps what a flow did towards linking, which is secret. Durable before it returns; of a flow that is not there
    /// nothing is kept.
    fn save_link<'a>(&'a self, flow_id: &'a str, link: Secret) -> Answer<'a, ()>;
    /// Keeps that an effect which may run only once is about to begin. Durable before it returns; the one before it is
    /// forgotten.
    fn begin_once<'a>(&'a self, flow_id: &'a str, effect: EffectId) -> Answer<'a, ()>;
    /// Keeps what came of an effect that began, together with what the flow did towards linking. Durable before it returns.
    fn end_once<'a>(
        &'a self,
        flow_id: &'a str,
        effect: EffectId,
        outcome: &'a EffectOutcome,
        link: Option<Secret>,
    ) -> Answer<'a, ()>;
    /// Forgets a flow, and all that belongs to it.
    fn remove_flow<'a>(&'a self, flow_id: &'a str) -> Answer<'a, ()>;
    /// Every flow that was kept, for a restart. From here on its flows are run by this process and by no other.
    fn flows(&self) -> Answer<'_, Kept>;
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
    /// Keeps a token, such as a refreshed one; a refresh that had begun has ended. Durable before it returns.
    fn save_token(&self, token: Token) -> Answer<'_, ()>;
    /// Keeps that a token is about to be refreshed; false where a refresh began before and never ended, so that nobody knows
    /// whether the provider answered. Durable before it returns.
    fn begin_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, bool>;
    /// Keeps that a refresh ended without a new token.
    fn end_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, ()>;
    /// The operator's client ids and secrets, with their integrations, in the order in which they were kept.
    fn implementations(&self) -> Answer<'_, Vec<(String, Implementation)>>;
    /// Keeps a client id and secret of the operator's for an integration, under its id; they are secret. Durable before it
    /// returns.
    fn save_implementation<'a>(&'a self, domain: &'a str, implementation: &'a Implementation) -> Answer<'a, ()>;
    /// Forgets a client id and secret of the operator's. Durable before it returns.
    fn remove_implementation<'a>(&'a self, id: &'a str) -> Answer<'a, ()>;
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
    /// What was asked for is there but cannot be read: another key sealed it, or it was changed.
    #[error("what is stored cannot be read")]
    Unreadable,
    /// The flow is not there.
    #[error("the flow is not there")]
    NoFlow,
    /// Another process runs the flows of this store.
    #[error("another process runs the flows of this store")]
    InUse,
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
            Self::NoFlow => "store.no_flow",
            Self::InUse => "store.in_use",
            Self::Failed { .. } => "store.failed",
        }
    }
}
