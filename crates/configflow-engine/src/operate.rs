//! What the operator does with flows and entries, beside their dialogs.

use configflow_core::Event;
use serde_json::Map;

use crate::builder::Engine;
use crate::error::FlowError;
use crate::notice::Notice;
use crate::store::{Commit, Entry, Write};

impl Engine {
    /// Gives a flow up for good: an entry of the source `ignore` takes its unique id, so that it is not offered again. A person
    /// can still set it up, which replaces that entry.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`], [`FlowError::NoUniqueId`], or what the store says.
    pub async fn ignore_flow(&self, flow_id: &str, title: String) -> Result<Entry, FlowError> {
        let inner = &self.inner;
        let flow = inner.flows.get(flow_id).ok_or(FlowError::UnknownFlow)?;
        let unique_id = flow.state().context().unique_id.clone().ok_or(FlowError::NoUniqueId)?;
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
            more: Map::new(),
        };
        let commit = Commit { flow_id: String::new(), now, write: Write::Create(Box::new(entry)), token: None };
        let committed = inner.store.commit(commit).await?;
        inner.apply(&flow, Event::Cancelled).await?;
        inner.notify(Notice::EntryAdded { entry_id: committed.entry.entry_id.clone() });
        Ok(committed.entry)
    }
}
