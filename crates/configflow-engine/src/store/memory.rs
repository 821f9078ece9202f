//! A store in memory: for tests, for the command line, and for a core that keeps its entries itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use configflow_core::{EffectId, EffectOutcome};
use configflow_oauth::Secret;

use super::{Answer, Commit, Committed, Entry, Kept, KeptFlow, Lease, Once, Store, StoreError, StoredFlow, Token, Write};

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

    fn commit(&mut self, commit: Commit) -> Result<Committed, StoreError> {
        let (entry, changed) = match commit.write {
            Write::Create(entry) => {
                if let Some(token) = &commit.token
                    && self.tokens.contains_key(&(token.domain.clone(), token.key.clone()))
                {
                    return Err(StoreError::AlreadyConfigured);
                }
                let owner =
                    entry.unique_id.as_ref().and_then(|id| self.by_unique_id.get(&(entry.domain.clone(), id.clone())).cloned());
                if let Some(owner) = owner {
                    if self.entries.get(&owner).is_some_and(|owner| owner.source != "ignore") {
                        return Err(StoreError::AlreadyConfigured);
                    }
                    self.remove(&owner);
                }
                (*entry, true)
            }
            write => {
                let entry_id = match &write {
                    Write::Update { entry_id, .. }
                    | Write::SetOptions { entry_id, .. }
                    | Write::CreateSubentry { entry_id, .. }
                    | Write::UpdateSubentry { entry_id, .. }
                    | Write::Edit { entry_id, .. } => entry_id,
                    Write::Create(entry) => &entry.entry_id,
                };
                let mut entry = self.entries.get(entry_id).cloned().ok_or(StoreError::NoEntry)?;
                let changed = write.apply(&mut entry, commit.now)?;
                let taken = entry.unique_id.as_ref().and_then(|id| self.by_unique_id.get(&(entry.domain.clone(), id.clone())));
                if taken.is_some_and(|owner| *owner != entry.entry_id) {
                    return Err(StoreError::AlreadyConfigured);
                }
                (entry, changed)
            }
        };
        let mut entry = entry;
        if let Some(token) = commit.token {
            entry.account_key = Some(token.key.clone());
            self.keep(token);
        }
        self.put(entry.clone());
        self.flows.remove(&commit.flow_id);
        Ok(Committed { entry, changed })
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
        ready(self.kept().commit(commit))
    }

    fn entry<'a>(&'a self, entry_id: &'a str) -> Answer<'a, Option<Entry>> {
        ready(Ok(self.kept().entries.get(entry_id).cloned()))
    }

    fn entries<'a>(&'a self, domain: Option<&'a str>) -> Answer<'a, Vec<Entry>> {
        let kept = self.kept();
        let entries = kept.entries.values().filter(|entry| domain.is_none_or(|domain| entry.domain == domain));
        ready(Ok(entries.cloned().collect()))
    }

    fn entry_by_unique_id<'a>(&'a self, domain: &'a str, unique_id: &'a str) -> Answer<'a, Option<Entry>> {
        let kept = self.kept();
        let owner = kept.by_unique_id.get(&(domain.to_owned(), unique_id.to_owned()));
        ready(Ok(owner.and_then(|entry_id| kept.entries.get(entry_id)).cloned()))
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
}
