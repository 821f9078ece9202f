//! What the operator does with entries, beside their dialogs.

use std::sync::Arc;

use configflow_core::{Change, Event};
use serde_json::{Map, Value};

use crate::builder::Engine;
use crate::error::FlowError;
use crate::notice::Notice;
use crate::store::{Commit, Edit, Entry, StoreError, Write};

impl Engine {
    /// Removes an entry with its token, which is revoked where the provider can.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], or what the store says.
    pub async fn remove_entry(&self, entry_id: &str) -> Result<Arc<Entry>, FlowError> {
        let removed = self.inner.store.remove_entry(entry_id).await?;
        let (entry, token) = removed.ok_or(FlowError::UnknownEntry)?;
        let unsaved = self.inner.accounts.forget(&entry);
        if let Some(token) = unsaved.or(token) {
            self.inner.revoke(token).await;
        }
        for reauth in self.inner.flows.of_unique_id(&entry.domain, &reauth_claim(&entry.entry_id)) {
            self.inner.give_up(&reauth).await;
        }
        let entry = Arc::new(entry);
        self.inner.notify(Notice::EntryRemoved { entry: Arc::clone(&entry) });
        Ok(entry)
    }

    /// Changes the title of an entry, and preferences of its that nothing here reads.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], or what the store says.
    pub async fn update_entry(
        &self,
        entry_id: &str,
        title: Option<String>,
        preferences: Map<String, Value>,
    ) -> Result<Arc<Entry>, FlowError> {
        self.edit(entry_id, Edit::Settings { title, more: preferences }, false).await
    }

    /// Disables an entry, or enables it again.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], or what the store says.
    pub async fn disable_entry(&self, entry_id: &str, by: Option<String>) -> Result<Arc<Entry>, FlowError> {
        self.edit(entry_id, Edit::Disable { by }, true).await
    }

    /// Asks the core to reload an entry.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], or what the store says.
    pub async fn reload_entry(&self, entry_id: &str) -> Result<Arc<Entry>, FlowError> {
        let entry = Arc::new(self.inner.entry(entry_id).await?);
        self.inner.notify(Notice::EntryUpdated { entry: Arc::clone(&entry), reload: true });
        Ok(entry)
    }

    /// Renames a sub-entry.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], [`FlowError::UnknownSubentry`], or what the store says.
    pub async fn rename_subentry(&self, entry_id: &str, subentry_id: &str, title: String) -> Result<Arc<Entry>, FlowError> {
        self.inner.entry(entry_id).await?.subentry(subentry_id).ok_or(FlowError::UnknownSubentry)?;
        let change = Change { title: Some(title), ..Change::default() };
        let write = Write::UpdateSubentry { entry_id: entry_id.to_owned(), subentry_id: subentry_id.to_owned(), change };
        self.write(write, true).await
    }

    /// Removes a sub-entry.
    ///
    /// # Errors
    /// [`FlowError::UnknownEntry`], [`FlowError::UnknownSubentry`], or what the store says.
    pub async fn remove_subentry(&self, entry_id: &str, subentry_id: &str) -> Result<Arc<Entry>, FlowError> {
        self.inner.entry(entry_id).await?.subentry(subentry_id).ok_or(FlowError::UnknownSubentry)?;
        self.edit(entry_id, Edit::RemoveSubentry { subentry_id: subentry_id.to_owned() }, true).await
    }

    /// Gives a flow up for good: an entry of the source `ignore` takes its unique id, so that it is not offered again.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`], [`FlowError::NoUniqueId`], or what the store says.
    pub async fn ignore_flow(&self, flow_id: &str, title: String) -> Result<Arc<Entry>, FlowError> {
        let inner = &self.inner;
        let flow = inner.flows.get(flow_id).ok_or(FlowError::UnknownFlow)?;
        let state = flow.state();
        let unique_id = state.context().unique_id.clone().ok_or(FlowError::NoUniqueId)?;
        let now = inner.clock.now();
        let entry = Entry {
            entry_id: inner.ulid()?,
            domain: flow.definition.domain.clone(),
            title,
            data: Map::new(),
            options: Map::new(),
            unique_id: Some(unique_id),
            source: "ignore".to_owned(),
            version: 1,
            minor_version: 1,
            subentries: Vec::new(),
            account_key: None,
            disabled_by: None,
            created_at: now,
            modified_at: now,
            more: discovery_keys(state.context().discovery_key.as_ref()),
        };
        let commit = Commit { flow_id: String::new(), now, write: Write::Create(Box::new(entry)), token: None };
        let committed = inner.store.commit(commit).await?;
        inner.apply(&flow, Event::Cancelled).await?;
        let entry = Arc::new(committed.entry);
        inner.notify(Notice::EntryAdded { entry: Arc::clone(&entry) });
        Ok(entry)
    }

    async fn edit(&self, entry_id: &str, edit: Edit, reload: bool) -> Result<Arc<Entry>, FlowError> {
        self.write(Write::Edit { entry_id: entry_id.to_owned(), edit }, reload).await
    }

    async fn write(&self, write: Write, reload: bool) -> Result<Arc<Entry>, FlowError> {
        let commit = Commit { flow_id: String::new(), now: self.inner.clock.now(), write, token: None };
        let committed = self.inner.store.commit(commit).await.map_err(|error| match error {
            StoreError::NoEntry => FlowError::UnknownEntry,
            other => FlowError::Store(other),
        })?;
        let entry = Arc::new(committed.entry);
        if committed.changed {
            self.inner.notify(Notice::EntryUpdated { entry: Arc::clone(&entry), reload });
        }
        Ok(entry)
    }
}

/// What a reauth of an entry claims: there is one at a time.
pub(crate) fn reauth_claim(entry_id: &str) -> String {
    format!("reauth {entry_id}")
}

/// What an entry keeps of what told the engine of its device.
pub(crate) fn discovery_keys(key: Option<&Value>) -> Map<String, Value> {
    let Some(key) = key else { return Map::new() };
    let Some(domain) = key.get("domain").and_then(Value::as_str) else { return Map::new() };
    let keys = Map::from_iter([(domain.to_owned(), Value::Array(vec![key.clone()]))]);
    Map::from_iter([("discovery_keys".to_owned(), Value::Object(keys))])
}
