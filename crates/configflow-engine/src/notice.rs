//! What the engine tells whoever listens; nothing of it is an event of a flow.

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// A flow began.
    FlowAdded {
        /// The flow.
        flow_id: String,
    },
    /// A flow is over.
    FlowRemoved {
        /// The flow.
        flow_id: String,
    },
    /// An entry was made.
    EntryAdded {
        /// The entry.
        entry_id: String,
    },
    /// An entry was changed.
    EntryUpdated {
        /// The entry.
        entry_id: String,
        /// Whether the core should reload it.
        reload: bool,
    },
    /// An entry was removed.
    EntryRemoved {
        /// The entry.
        entry_id: String,
    },
}
