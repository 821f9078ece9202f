//! An entry: one account, device or helper that was set up.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// The id of an entry: a ULID.
pub type EntryId = String;

/// What a flow made. `Debug` shows neither data nor options.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    pub entry_id: EntryId,
    /// The integration.
    pub domain: String,
    /// Its title.
    pub title: String,
    /// What the integration needs; may be secret.
    pub data: Map<String, Value>,
    /// What may be changed later by an options flow.
    pub options: Map<String, Value>,
    /// What it is in the world, so that it is set up once only.
    pub unique_id: Option<String>,
    /// How its flow was started.
    pub source: String,
    /// The version of its data.
    pub version: u32,
    /// The minor version of its data.
    pub minor_version: u32,
    /// What belongs to it.
    pub subentries: Vec<Subentry>,
    /// The key of its token.
    pub account_key: Option<String>,
    /// Who disabled it.
    pub disabled_by: Option<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub modified_at: OffsetDateTime,
    /// What Home Assistant keeps of an entry and nothing here reads, such as `discovery_keys`; it survives export and import.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub more: Map<String, Value>,
}

/// Something that belongs to an entry.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Subentry {
    /// Its id.
    pub subentry_id: String,
    /// Its type.
    pub subentry_type: String,
    /// Its title.
    pub title: String,
    /// Its data.
    pub data: Map<String, Value>,
    /// What it is in the world.
    pub unique_id: Option<String>,
    /// What nothing here reads; it survives export and import.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub more: Map<String, Value>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("entry_id", &self.entry_id).field("domain", &self.domain).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subentry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subentry").field("subentry_id", &self.subentry_id).finish_non_exhaustive()
    }
}

impl Entry {
    /// The sub-entry of this id.
    #[must_use]
    pub fn subentry(&self, subentry_id: &str) -> Option<&Subentry> {
        self.subentries.iter().find(|subentry| subentry.subentry_id == subentry_id)
    }
}
