//! A store that keeps everything in memory, and fails to keep refreshed tokens while it is told to, as a full disk does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use configflow_core::{EffectId, EffectOutcome};
use configflow_engine::store::{Answer, Commit, Committed, Entry, Kept, KeptFlow, Lease};
use configflow_engine::{Implementation, MemoryStore, Store, StoreError, Token};
use configflow_oauth::Secret;

/// What it says of itself then.
pub(crate) const FULL: &str = "no space left";

/// The store.
#[derive(Default)]
pub(crate) struct FailingStore {
    memory: MemoryStore,
    full: AtomicBool,
    refused: Mutex<Option<Token>>,
}

impl FailingStore {
    /// Whether refreshed tokens cannot be kept from now on.
    pub(crate) fn is_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// The token that it could not keep last.
    pub(crate) fn refused(&self) -> Option<Token> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store for FailingStore {
    fn finish_refresh(&self, token: Token) -> Answer<'_, bool> {
        if self.full.load(Ordering::SeqCst) {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
            return Box::pin(async { Err(StoreError::Failed { reason: FULL.to_owned() }) });
        }
        self.memory.finish_refresh(token)
    }

    fn save_flow<'a>(&'a self, flow: &'a KeptFlow) -> Answer<'a, ()> {
        self.memory.save_flow(flow)
    }

    fn save_link<'a>(&'a self, flow_id: &'a str, link: Secret) -> Answer<'a, ()> {
        self.memory.save_link(flow_id, link)
    }

    fn begin_once<'a>(&'a self, flow_id: &'a str, effect: EffectId) -> Answer<'a, ()> {
        self.memory.begin_once(flow_id, effect)
    }

    fn end_once<'a>(
        &'a self,
        flow_id: &'a str,
        effect: EffectId,
        outcome: &'a EffectOutcome,
        link: Option<Secret>,
    ) -> Answer<'a, ()> {
        self.memory.end_once(flow_id, effect, outcome, link)
    }

    fn remove_flow<'a>(&'a self, flow_id: &'a str) -> Answer<'a, ()> {
        self.memory.remove_flow(flow_id)
    }

    fn flows(&self) -> Answer<'_, Kept> {
        self.memory.flows()
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        self.memory.commit(commit)
    }

    fn entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<Entry>> {
        self.memory.entry(entry_id)
    }

    fn entries<'a>(&'a self, domain: Option<&'a str>) -> Answer<'a, Vec<Entry>> {
        self.memory.entries(domain)
    }

    fn entry_by_unique_id<'a>(&'a self, domain: &'a str, unique_id: &'a str) -> Answer<'a, Option<Entry>> {
        self.memory.entry_by_unique_id(domain, unique_id)
    }

    fn remove_entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<(Entry, Option<Token>)>> {
        self.memory.remove_entry(entry_id)
    }

    fn token<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Token>> {
        self.memory.token(domain, key)
    }

    fn save_token(&self, token: Token) -> Answer<'_, ()> {
        self.memory.save_token(token)
    }

    fn lease<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Lease>> {
        self.memory.lease(domain, key)
    }

    fn begin_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, bool> {
        self.memory.begin_refresh(domain, key)
    }

    fn end_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, ()> {
        self.memory.end_refresh(domain, key)
    }

    fn refreshes(&self) -> Answer<'_, Vec<(String, String)>> {
        self.memory.refreshes()
    }

    fn implementations(&self) -> Answer<'_, Vec<(String, Implementation)>> {
        self.memory.implementations()
    }

    fn save_implementation<'a>(&'a self, domain: &'a str, implementation: &'a Implementation) -> Answer<'a, ()> {
        self.memory.save_implementation(domain, implementation)
    }

    fn remove_implementation<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        self.memory.remove_implementation(id)
    }
}
