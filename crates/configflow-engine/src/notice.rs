//! What the engine tells whoever listens; nothing of it is an event of a flow.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::store::Entry;

/// A notice.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// A flow stands elsewhere, or a callback came for it: ask again.
    FlowProgressed {
        /// The flow.
        flow_id: String,
        /// Its `handler`, as JSON text.
        handler: String,
    },
    /// A long action said how far it is, from 0 to 1000 thousandths.
    FlowProgress {
        /// The flow.
        flow_id: String,
        /// Its `handler`, as JSON text.
        handler: String,
        /// Thousandths.
        thousandths: u16,
    },
    /// A flow has shown its first step.
    FlowAdded {
        /// The flow.
        flow_id: String,
        /// Whether lists of flows in progress have it: those that no person began.
        listed: bool,
    },
    /// A flow that has shown something is over.
    FlowRemoved {
        /// The flow.
        flow_id: String,
        /// Whether lists of flows in progress had it.
        listed: bool,
    },
    /// An entry was made.
    EntryAdded {
        /// The entry.
        entry: Arc<Entry>,
    },
    /// An entry was changed.
    EntryUpdated {
        /// The entry.
        entry: Arc<Entry>,
        /// Whether the core should reload it.
        reload: bool,
    },
    /// The provider refuses the account of an entry for good. A reauth begins, where the definition has one.
    ReauthNeeded {
        /// The entry.
        entry: Arc<Entry>,
        /// Why.
        code: String,
    },
    /// The client secret of an entry's account ends soon, or has ended.
    SecretExpires {
        /// The entry.
        entry: Arc<Entry>,
        /// When.
        at: OffsetDateTime,
    },
    /// The tokens of an account that is no longer linked could not be revoked: at the provider they live on.
    NotRevoked {
        /// The integration.
        domain: String,
        /// Why.
        code: String,
    },
    /// An entry was removed.
    EntryRemoved {
        /// The entry.
        entry: Arc<Entry>,
    },
}
