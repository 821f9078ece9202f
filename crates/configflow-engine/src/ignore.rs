//! Ignores what was found: an entry of source `ignore` keeps its unique id, so that it is not announced again.

use configflow_core::Event;
use serde_json::Map;

use crate::caller::Caller;
use crate::error::FlowError;
use crate::notice::Notice;
use crate::store::{Commit, Entry, Write};

impl Caller {
    /// Ends a flow, and remembers that what it found is to be left alone. A person can still set it up, which replaces the
    /// entry that this makes; so does removing that entry.
    ///
    /// # Errors
    /// [`FlowError::NoUniqueId`] where nothing tells what was found from anything else; an unknown flow.
    pub async fn ignore(&self, flow_id: &str, title: &str) -> Result<Entry, FlowError> {
        let flow = self.flow(flow_id)?;
        let inner = self.inner();
        let unique_id = flow.state().context().unique_id.clone().ok_or(FlowError::NoUniqueId)?;
        let now = inner.clock.now();
        let entry = Entry {
            entry_id: inner.ulid()?,
            domain: flow.definition.domain.clone(),
            title: title.to_owned(),
            data: Map::new(),
            options: Map::new(),
            unique_id: Some(unique_id),
            source: "ignore".to_owned(),
            version: flow.definition.version,
            minor_version: flow.definition.minor_version,
            subentries: Vec::new(),
            account_key: None,
            disabled_by: None,
            created_at: now,
            modified_at: now,
        };
        inner.apply(&flow, Event::Cancelled).await?;
        let write = Write::Create(Box::new(entry));
        let committed = inner.store.commit(Commit { flow_id: flow.id.clone(), now, write, token: None }).await?;
        inner.end_others(&flow, &committed.entry).await;
        inner.notify(Notice::EntryAdded { entry_id: committed.entry.entry_id.clone() });
        Ok(committed.entry)
    }
}
