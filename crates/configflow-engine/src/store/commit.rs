//! What a flow ends with, as one transaction.

use configflow_core::Change;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Entry, StoreError, Subentry, Token};

/// One transaction.
pub struct Commit {
    /// The flow that ends; it is forgotten in the same transaction. Empty where the operator changes an entry.
    pub flow_id: String,
    /// When.
    pub now: OffsetDateTime,
    /// What is written.
    pub write: Write,
    /// The token of the account that the flow linked.
    pub token: Option<Token>,
}

/// What is written.
pub enum Write {
    /// A new entry. One that is ignored and has the same unique id gives way.
    Create(Box<Entry>),
    /// Changes of an entry.
    Update {
        /// Which.
        entry_id: String,
        /// What changes.
        change: Change,
    },
    /// The options of an entry.
    SetOptions {
        /// Which.
        entry_id: String,
        /// The options.
        options: Map<String, Value>,
    },
    /// A new sub-entry.
    CreateSubentry {
        /// Of which entry.
        entry_id: String,
        /// The sub-entry.
        subentry: Subentry,
    },
    /// Changes of a sub-entry.
    UpdateSubentry {
        /// Of which entry.
        entry_id: String,
        /// Which.
        subentry_id: String,
        /// What changes.
        change: Change,
    },
    /// What the operator changes of an entry.
    Edit {
        /// Which entry.
        entry_id: String,
        /// What changes.
        edit: Edit,
    },
}

/// What the operator changes of an entry.
pub enum Edit {
    /// Its title and its preferences. A `None` leaves as it is.
    Settings {
        /// The title.
        title: Option<String>,
        /// What nothing here reads, such as `pref_disable_polling`; merged.
        more: Map<String, Value>,
    },
    /// Who disabled it; nobody enables it again.
    Disable {
        /// Who.
        by: Option<String>,
    },
    /// A sub-entry goes.
    RemoveSubentry {
        /// Which.
        subentry_id: String,
    },
}

/// What was written.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The entry as it is now.
    pub entry: Entry,
    /// Whether anything of it is different from before.
    pub changed: bool,
}

impl Write {
    /// The entry that it makes or changes.
    #[must_use]
    pub fn entry_id(&self) -> &str {
        match self {
            Self::Create(entry) => &entry.entry_id,
            Self::Update { entry_id, .. }
            | Self::SetOptions { entry_id, .. }
            | Self::CreateSubentry { entry_id, .. }
            | Self::UpdateSubentry { entry_id, .. }
            | Self::Edit { entry_id, .. } => entry_id,
        }
    }

    /// Applies the write to the entry that it changes, for stores that keep whole entries.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be; the entry is then to be left as it was.
    pub fn apply(self, entry: &mut Entry, now: OffsetDateTime) -> Result<bool, StoreError> {
        let before = entry.clone();
        match self {
            Self::Create(new) => *entry = *new,
            Self::Update { change, .. } => {
                replace(&mut entry.data, change.data, change.data_updates);
                replace(&mut entry.options, change.options, change.options_updates);
                if let Some(title) = change.title {
                    entry.title = title;
                }
                if let Some(unique_id) = change.unique_id {
                    entry.unique_id = Some(unique_id);
                }
            }
            Self::SetOptions { options, .. } => entry.options = options,
            Self::CreateSubentry { subentry, .. } => {
                let taken = |other: &Subentry| subentry.unique_id.is_some() && other.unique_id == subentry.unique_id;
                if entry.subentries.iter().any(taken) {
                    return Err(StoreError::AlreadyConfigured);
                }
                entry.subentries.push(subentry);
            }
            Self::UpdateSubentry { subentry_id, change, .. } => {
                let found = entry.subentries.iter_mut().find(|subentry| subentry.subentry_id == subentry_id);
                let subentry = found.ok_or(StoreError::NoEntry)?;
                replace(&mut subentry.data, change.data, change.data_updates);
                if let Some(title) = change.title {
                    subentry.title = title;
                }
                if let Some(unique_id) = change.unique_id {
                    subentry.unique_id = Some(unique_id);
                }
            }
            Self::Edit { edit, .. } => edit.apply(entry)?,
        }
        let changed = *entry != before;
        if changed && entry.entry_id == before.entry_id {
            entry.modified_at = now;
        }
        Ok(changed)
    }
}

impl Edit {
    fn apply(self, entry: &mut Entry) -> Result<(), StoreError> {
        match self {
            Self::Settings { title, more } => {
                if let Some(title) = title {
                    entry.title = title;
                }
                entry.more.extend(more);
            }
            Self::Disable { by } => entry.disabled_by = by,
            Self::RemoveSubentry { subentry_id } => {
                let before = entry.subentries.len();
                entry.subentries.retain(|subentry| subentry.subentry_id != subentry_id);
                if entry.subentries.len() == before {
                    return Err(StoreError::NoEntry);
                }
            }
        }
        Ok(())
    }
}

fn replace(target: &mut Map<String, Value>, whole: Option<Map<String, Value>>, updates: Option<Map<String, Value>>) {
    if let Some(whole) = whole {
        *target = whole;
    }
    if let Some(updates) = updates {
        target.extend(updates);
    }
}
