//! A store in memory: for tests, for the command line, and for a core that keeps its entries itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use configflow_core::{EffectId, EffectOutcome};
use configflow_oauth::Secret;

use crate::action::Implementation;

use super::{Answer, Commit, Committed, Entry, Kept, KeptFlow, Lease, Once, Store, StoreError, StoredFlow, Tables, Token};

/// Flows, entries and tokens, gone with the process.
#[derive(Default)]
pub struct MemoryStore {
    kept: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    flows: HashMap<String, StoredFlow>,
    /// By id; ULIDs sort by the time of their making.
    entries: BTreeMap<String, Entry>,
    by_unique_id: HashMap<(String, String), String>,
    tokens: HashMap<(String, String), Token>,
    refreshing: HashSet<(String, String)>,
    /// Nobody has the right to refresh whose mark is gone.
    leased: HashMap<(String, String), Weak<()>>,
    implementations: Vec<(String, Implementation)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Inside> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an entry there as it is, for the beginning of a test or of a core's own store.
    pub fn insert(&self, entry: Entry) {
        self.kept().put(entry);
    }
}

impl Inside {
    fn put(&mut self, entry: Entry) {
        if let Some(old) = self.entries.get(&entry.entry_id)
            && let Some(unique_id) = &old.unique_id
        {
            self.by_unique_id.remove(&(old.domain.clone(), unique_id.clone()));
        }
        if let Some(unique_id) = &entry.unique_id {
            self.by_unique_id.insert((entry.domain.clone(), unique_id.clone()), entry.entry_id.clone());
        }
        self.entries.insert(entry.entry_id.clone(), entry);
    }

    fn remove(&mut self, entry_id: &str) -> Option<Entry> {
        let entry = self.entries.remove(entry_id)?;
        if let Some(unique_id) = &entry.unique_id {
            self.by_unique_id.remove(&(entry.domain.clone(), unique_id.clone()));
        }
        Some(entry)
    }

    fn keep(&mut self, token: Token) {
        let account = (token.domain.clone(), token.key.clone());
        self.refreshing.remove(&account);
        self.tokens.insert(account, token);
    }

    fn flow(&mut self, flow_id: &str) -> Result<&mut StoredFlow, StoreError> {
        self.flows.get_mut(flow_id).ok_or(StoreError::NoFlow)
    }
}

impl Tables for Inside {
    fn entry(&self, entry_id: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.entries.get(entry_id).cloned())
    }

    fn entry_by_unique_id(&self, domain: &str, unique_id: &str) -> Result<Option<Entry>, StoreError> {
        let owner = self.by_unique_id.get(&(domain.to_owned(), unique_id.to_owned()));
        Ok(owner.and_then(|entry_id| self.entries.get(entry_id)).cloned())
    }

    fn has_token(&self, domain: &str, key: &str) -> Result<bool, StoreError> {
        Ok(self.tokens.contains_key(&(domain.to_owned(), key.to_owned())))
    }

    fn put_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.put(entry.clone());
        Ok(())
    }

    fn drop_entry(&mut self, entry_id: &str) -> Result<(), StoreError> {
        self.remove(entry_id);
        Ok(())
    }

    fn put_token(&mut self, token: Token) -> Result<(), StoreError> {
        self.keep(token);
        Ok(())
    }

    fn drop_token(&mut self, domain: &str, key: &str) -> Result<(), StoreError> {
        let account = (domain.to_owned(), key.to_owned());
        self.refreshing.remove(&account);
        self.tokens.remove(&account);
        Ok(())
    }

    fn drop_flow(&mut self, flow_id: &str) -> Result<(), StoreError> {
        self.flows.remove(flow_id);
        Ok(())
    }
}

fn ready<'a, T: Send + 'a>(answer: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Store for MemoryStore {
    fn save_flow<'a>(&'a self, flow: &'a KeptFlow) -> Answer<'a, ()> {
        let mut kept = self.kept();
        match kept.flows.get_mut(flow.flow_id()) {
            Some(stored) => stored.flow = flow.clone(),
            None => {
                let stored = StoredFlow { flow: flow.clone(), link: None, once: None };
                kept.flows.insert(flow.flow_id().to_owned(), stored);
            }
        }
        ready(Ok(()))
    }

    fn save_link<'a>(&'a self, flow_id: &'a str, link: Secret) -> Answer<'a, ()> {
        if let Ok(flow) = self.kept().flow(flow_id) {
            flow.link = Some(link);
        }
        ready(Ok(()))
    }

    fn begin_once<'a>(&'a self, flow_id: &'a str, effect: EffectId) -> Answer<'a, ()> {
        ready(self.kept().flow(flow_id).map(|flow| flow.once = Some(Once { effect, outcome: None })))
    }

    fn end_once<'a>(
        &'a self,
        flow_id: &'a str,
        effect: EffectId,
        outcome: &'a EffectOutcome,
        link: Option<Secret>,
    ) -> Answer<'a, ()> {
        ready(self.kept().flow(flow_id).map(|flow| {
            flow.once = Some(Once { effect, outcome: Some(outcome.clone()) });
            if link.is_some() {
                flow.link = link;
            }
        }))
    }

    fn remove_flow<'a>(&'a self, flow_id: &'a str) -> Answer<'a, ()> {
        self.kept().flows.remove(flow_id);
        ready(Ok(()))
    }

    fn flows(&self) -> Answer<'_, Kept> {
        ready(Ok(Kept { flows: self.kept().flows.values().cloned().collect(), unreadable: Vec::new() }))
    }

    fn commit(&self, commit: Commit) -> Answer<'_, Committed> {
        ready(commit.write_to(&mut *self.kept()))
    }

    fn entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<Entry>> {
        ready(self.kept().entry(entry_id))
    }

    fn entries<'a>(&'a self, domain: Option<&'a str>) -> Answer<'a, Vec<Entry>> {
        let kept = self.kept();
        let entries = kept.entries.values().filter(|entry| domain.is_none_or(|domain| entry.domain == domain));
        ready(Ok(entries.cloned().collect()))
    }

    fn entry_by_unique_id<'a>(&'a self, domain: &'a str, unique_id: &'a str) -> Answer<'a, Option<Entry>> {
        ready(self.kept().entry_by_unique_id(domain, unique_id))
    }

    fn remove_entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<(Entry, Option<Token>)>> {
        let mut kept = self.kept();
        let removed = kept.remove(entry_id).map(|entry| {
            let token = entry.account_key.as_ref().and_then(|key| {
                let account = (entry.domain.clone(), key.clone());
                kept.refreshing.remove(&account);
                kept.tokens.remove(&account)
            });
            (entry, token)
        });
        ready(Ok(removed))
    }

    fn token<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Token>> {
        ready(Ok(self.kept().tokens.get(&(domain.to_owned(), key.to_owned())).cloned()))
    }

    fn save_token(&self, token: Token) -> Answer<'_, ()> {
        self.kept().keep(token);
        ready(Ok(()))
    }

    fn begin_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, bool> {
        let (mut kept, account) = (self.kept(), (domain.to_owned(), key.to_owned()));
        let begins = kept.tokens.contains_key(&account) && kept.refreshing.insert(account);
        ready(Ok(begins))
    }

    fn lease<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, Option<Lease>> {
        let (mut kept, account) = (self.kept(), (domain.to_owned(), key.to_owned()));
        kept.leased.retain(|_, mark| mark.strong_count() > 0);
        let lease = (!kept.leased.contains_key(&account)).then(|| {
            let mark = Arc::new(());
            kept.leased.insert(account, Arc::downgrade(&mark));
            Lease::new(mark)
        });
        ready(Ok(lease))
    }

    fn finish_refresh(&self, token: Token) -> Answer<'_, bool> {
        let mut kept = self.kept();
        let began = kept.refreshing.contains(&(token.domain.clone(), token.key.clone()));
        if began {
            kept.keep(token);
        }
        ready(Ok(began))
    }

    fn refreshes(&self) -> Answer<'_, Vec<(String, String)>> {
        ready(Ok(self.kept().refreshing.iter().cloned().collect()))
    }

    fn end_refresh<'a>(&'a self, domain: &'a str, key: &'a str) -> Answer<'a, ()> {
        self.kept().refreshing.remove(&(domain.to_owned(), key.to_owned()));
        ready(Ok(()))
    }

    fn implementations(&self) -> Answer<'_, Vec<(String, Implementation)>> {
        ready(Ok(self.kept().implementations.clone()))
    }

    fn save_implementation<'a>(&'a self, domain: &'a str, implementation: &'a Implementation) -> Answer<'a, ()> {
        let (mut kept, new) = (self.kept(), (domain.to_owned(), implementation.clone()));
        match kept.implementations.iter_mut().find(|(_, known)| known.id == implementation.id) {
            Some(known) => *known = new,
            None => kept.implementations.push(new),
        }
        ready(Ok(()))
    }

    fn remove_implementation<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
        self.kept().implementations.retain(|(_, known)| known.id != id);
        ready(Ok(()))
    }
}
